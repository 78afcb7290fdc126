"""From a manifest, or from what the user gives for inference, to the list of items that the transforms read."""

from ._datalist import datalist, items_of
from ._inputs import Inputs, input_files, input_list, open_inputs, reason_of
from ._scale import describe_scale
from ._windows import in_windows

__all__ = [
    "Inputs",
    "datalist",
    "describe_scale",
    "in_windows",
    "input_files",
    "input_list",
    "items_of",
    "open_inputs",
    "reason_of",
]
