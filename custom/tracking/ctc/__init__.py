"""Files of the Cell Tracking Challenge: read, validated, repaired and written."""
