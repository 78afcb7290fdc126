"""Tracks for other programs: napari, geff and tables."""
