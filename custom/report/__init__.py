"""Reports that open in any browser without a network: one HTML file with its pictures in it."""

from ._page import LARGEST_EMBEDDED, picture_source, write_page

__all__ = ["LARGEST_EMBEDDED", "picture_source", "write_page"]
