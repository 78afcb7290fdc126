"""From a manifest, or from what the user gives for inference, to the list of items that the transforms read."""

from ._datalist import datalist
from ._inputs import input_files, input_list
from ._scale import describe_scale

__all__ = ["datalist", "describe_scale", "input_files", "input_list"]
