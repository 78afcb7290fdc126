"""What is in a result, object by object, in pixels and in µm: the tables that inference and tracking leave."""

from ._centerlines import Branch, branch_lengths, centerlines, without_crossings
from ._dendrites import dendrites
from ._filaments import filaments
from ._files import OBJECTS, SUMMARY, GrowingTable, Measurements, join_tables, write_table
from ._page import Measure, Page, PixelSize, Table
from ._regions import objects, region_table, without_small
from ._summary import summarize
from ._tissue import g_ratios, tissue
from ._vesicles import vesicles

__all__ = [
    "OBJECTS",
    "SUMMARY",
    "Branch",
    "GrowingTable",
    "Measure",
    "Measurements",
    "Page",
    "PixelSize",
    "Table",
    "branch_lengths",
    "centerlines",
    "dendrites",
    "filaments",
    "g_ratios",
    "join_tables",
    "objects",
    "region_table",
    "summarize",
    "tissue",
    "vesicles",
    "without_crossings",
    "without_small",
    "write_table",
]
