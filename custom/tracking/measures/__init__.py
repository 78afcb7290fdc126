"""How good are tracks? The measures of the Cell Tracking Challenge, HOTA, IDF1 and MOTA."""
