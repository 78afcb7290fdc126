"""What the bundles need and MONAI lacks. Configs reach everything through this package: ``$import custom``."""

from . import (
    announcements,
    confusion,
    distributed,
    following,
    handlers,
    inferers,
    instances,
    losses,
    measurements,
    metrics,
    movies,
    networks,
    scoring,
    tracking,
    transforms,
    weight_maps,
)
from .augmentation import draw_augmentation
from .classes import check_classes
from .datalists import datalist, describe_scale, in_windows, input_list
from .datasets import EpochDataset, SeedEpoch, loaders
from .errors import InputError
from .evaluation import ScoreTable, evaluate
from .handlers.thresholds import read_threshold
from .manifests import open_datasets, with_folders
from .options import choice, flag, number, path, paths, typed
from .provenance import record_training
from .samples import make_samples
from .settings import check_settings
from .workflow import begin, bundle_root

__all__ = [
    "EpochDataset",
    "InputError",
    "ScoreTable",
    "SeedEpoch",
    "announcements",
    "begin",
    "bundle_root",
    "check_classes",
    "check_settings",
    "choice",
    "confusion",
    "datalist",
    "describe_scale",
    "distributed",
    "draw_augmentation",
    "evaluate",
    "flag",
    "following",
    "handlers",
    "in_windows",
    "inferers",
    "input_list",
    "instances",
    "loaders",
    "losses",
    "make_samples",
    "measurements",
    "metrics",
    "movies",
    "networks",
    "number",
    "open_datasets",
    "path",
    "paths",
    "read_threshold",
    "record_training",
    "scoring",
    "tracking",
    "transforms",
    "typed",
    "weight_maps",
    "with_folders",
]
