"""Cells through time: label sequences, linking, the files of the Cell Tracking Challenge."""

from ._cell_counts import count_cells, write_cell_counts
from ._colors import track_colors
from ._comparison import comparison
from ._division_times import Division, divisions
from ._geff import write_geff
from ._lineage_tree import draw_lineage
from ._linking import Linker
from ._margin import check_margin, without_margin
from ._movie import write_movie
from ._names import TRACK_LIST, digits_for
from ._napari import write_napari
from ._painting import TrackPainter
from ._pictures import write_pictures
from ._regions import Regions, measure_regions
from ._repair import repair
from ._report import SequenceReport, write_report
from ._result import Link, Merge, Tracking
from ._sequences import LabelSequence, find_track_list, open_labels, sequence_of
from ._settings import Settings
from ._tables import write_divisions, write_links, write_merges
from ._thumbnails import Thumbnail, thumbnails
from ._tracks import Track, read_tracks, write_tracks
from ._two_passes import track
from ._validation import Violation, validate
from ._writing import ResultWriter

__all__ = [
    "TRACK_LIST",
    "Division",
    "LabelSequence",
    "Link",
    "Linker",
    "Merge",
    "Regions",
    "ResultWriter",
    "SequenceReport",
    "Settings",
    "Thumbnail",
    "Track",
    "TrackPainter",
    "Tracking",
    "Violation",
    "check_margin",
    "comparison",
    "count_cells",
    "digits_for",
    "divisions",
    "draw_lineage",
    "find_track_list",
    "measure_regions",
    "open_labels",
    "read_tracks",
    "repair",
    "sequence_of",
    "thumbnails",
    "track",
    "track_colors",
    "validate",
    "without_margin",
    "write_cell_counts",
    "write_divisions",
    "write_geff",
    "write_links",
    "write_merges",
    "write_movie",
    "write_napari",
    "write_pictures",
    "write_report",
    "write_tracks",
]
