"""What a data set is: where its images and labels lie, what the label values mean, how it is split.

A manifest is a JSON file, in ``data_manifests/`` or named ``manifest.json`` in the data folder itself. Nothing in it is
ever evaluated. `datalists` turns it into the items that the transforms read.
"""

from ._checking import load_manifest
from ._downloads import Download, read_downloads
from ._finding import MANIFEST_FOLDER, find_manifest, open_dataset, open_datasets
from ._folders import open_folders
from ._manifest import SPLITS, LabelRule, Manifest
from ._splits import frame_blocks

__all__ = [
    "MANIFEST_FOLDER",
    "SPLITS",
    "Download",
    "LabelRule",
    "Manifest",
    "find_manifest",
    "frame_blocks",
    "load_manifest",
    "open_dataset",
    "open_datasets",
    "open_folders",
    "read_downloads",
]
