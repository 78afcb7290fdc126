"""Outlines of objects in files of ImageJ, QuPath and labelme, and the pixels inside them."""
