"""Results in other formats: ROIs for ImageJ, OME-Zarr."""
