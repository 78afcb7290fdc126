"""Exports of tracks: napari, geff and CSV tables."""
