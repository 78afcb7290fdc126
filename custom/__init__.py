"""What the bundles need and MONAI lacks. Configs reach everything through this package: ``$import custom``."""

from . import (
    announcements,
    batches,
    confusion,
    distributed,
    doubt,
    experiment_tracking,
    following,
    formats,
    handlers,
    inferers,
    instances,
    locks,
    losses,
    measurements,
    metrics,
    movies,
    networks,
    report,
    scoring,
    tracking,
    transforms,
    weight_maps,
)
from .augmentation import draw_augmentation
from .batches import Batch
from .classes import check_classes
from .datalists import datalist, describe_scale, in_windows, input_list, open_inputs
from .datasets import CachedDataset, EpochDataset, PlainDataset, SeedEpoch, loaders
from .errors import InputError
from .evaluation import ScoreTable, evaluate
from .handlers.thresholds import read_threshold
from .manifests import open_datasets, open_folders
from .options import choice, flag, number, path, paths, typed
from .provenance import record_training
from .samples import make_samples
from .settings import check_settings
from .workflow import begin, bundle_root, settings_digest

__all__ = [
    "Batch",
    "CachedDataset",
    "EpochDataset",
    "InputError",
    "PlainDataset",
    "ScoreTable",
    "SeedEpoch",
    "announcements",
    "batches",
    "begin",
    "bundle_root",
    "check_classes",
    "check_settings",
    "choice",
    "confusion",
    "datalist",
    "describe_scale",
    "distributed",
    "doubt",
    "draw_augmentation",
    "evaluate",
    "experiment_tracking",
    "flag",
    "following",
    "formats",
    "handlers",
    "in_windows",
    "inferers",
    "input_list",
    "instances",
    "loaders",
    "locks",
    "losses",
    "make_samples",
    "measurements",
    "metrics",
    "movies",
    "networks",
    "number",
    "open_datasets",
    "open_folders",
    "open_inputs",
    "path",
    "paths",
    "read_threshold",
    "record_training",
    "report",
    "scoring",
    "settings_digest",
    "tracking",
    "transforms",
    "typed",
    "weight_maps",
]
