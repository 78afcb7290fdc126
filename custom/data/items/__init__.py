"""Lists of items: a dictionary for each page, with the paths of an image and its label."""
