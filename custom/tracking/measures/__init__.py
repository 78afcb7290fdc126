"""Measures of tracks: those of the Cell Tracking Challenge, HOTA, IDF1 and MOTA."""
