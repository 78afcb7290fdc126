"""Results of the Cell Tracking Challenge: reading, validation, repair and writing."""
