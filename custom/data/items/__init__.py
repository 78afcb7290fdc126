"""Lists of images with their labels, one dictionary for each page."""
