"""The options of all bundles: the kind and the range of each, checked before a run, and their list for ``--help``.

Options have the same meaning in all bundles.
"""

from __future__ import annotations

import difflib
import json
import math
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError


class Kind(NamedTuple):
    """Kind of an option: its values in words, and a function that tells them."""

    words: str
    accepts: Callable[[Any], bool]
    choices: Sequence[str] = ()


def _number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _whole(least: int) -> Kind:
    return Kind(f"a whole number of at least {least}", lambda value: type(value) is int and value >= least)


def _choice(*choices: str) -> Kind:
    return Kind(" or ".join(choices), lambda value: value in choices, choices)


def _colors(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(
        isinstance(color, (list, tuple))
        and len(color) == 3
        and all(type(part) is int and 0 <= part < 256 for part in color)
        for color in value
    )


def _sizes(value: Any) -> bool:
    sides = value if isinstance(value, (list, tuple)) else [value]
    return len(sides) in (1, 2) and all(_number(side) and side > 0 for side in sides)


SWITCH = Kind("true or false", lambda value: str(value).lower() in ("true", "false", "yes", "no", "1", "0"))
_FROM_ZERO = Kind("a number of at least 0", lambda value: _number(value) and value >= 0)
_ABOVE_ZERO = Kind("a number above 0", lambda value: _number(value) and value > 0)
_FRACTION = Kind("a number from 0 to 1", lambda value: _number(value) and 0 <= value <= 1)
_MICROMETERS = Kind("a number above 0, in µm, or [row, column]", _sizes)
_SCALE = Kind("a number above 0, in µm, or none", lambda value: value == "none" or (_number(value) and value > 0))
_USUAL = Kind("a number above 0, in µm, [row, column], or none", lambda value: value == "none" or _sizes(value))
_NAMES = Kind("a list of names", lambda value: isinstance(value, (str, int, list, tuple)) and bool(value))
_TEXT = Kind("a text", lambda value: value is not None)

KINDS: dict[str, Kind] = {
    **dict.fromkeys(("max_epochs", "val_interval", "picture_interval", "batch_size", "width"), _whole(1)),
    **dict.fromkeys(("size", "tile_size", "validation_window"), _whole(1)),
    **dict.fromkeys(("crop_size", "patch_size"), _whole(16)),  # smaller ones have no pixel left at the lowest level
    **dict.fromkeys(("tiles_per_image", "crops_per_slice", "patches_per_image", "min_length"), _whole(1)),
    **dict.fromkeys(("num_workers", "seed", "min_area", "margin", "max_gap", "tail", "channel"), _whole(0)),
    **dict.fromkeys(("cache_rate", "frozen_fraction", "elastic_probability", "division_threshold"), _FRACTION),
    **dict.fromkeys(("threshold", "seed_threshold", "max_cost"), _FRACTION),
    "smallest_zoom": Kind("a number above 0, at most 1", lambda value: _number(value) and 0 < value <= 1),
    **dict.fromkeys(("learning_rate", "sigma", "seed_depth", "max_distance"), _ABOVE_ZERO),
    **dict.fromkeys(("checkpoint_minutes", "w0", "ridge_width", "distance_weight", "overlap_weight"), _FROM_ZERO),
    **dict.fromkeys(("area_weight", "appearance_weight"), _FROM_ZERO),
    "frames_per_second": Kind("a number from 0.01 to 100", lambda value: _number(value) and 0.01 <= value <= 100),
    "pixel_size": _MICROMETERS,
    "usual_pixel_size": _USUAL,
    "network_pixel_size": _SCALE,
    **dict.fromkeys(("recursive", "rois", "ome_zarr", "tta", "deterministic", "overwrite", "resume"), SWITCH),
    **dict.fromkeys(("bfloat16", "restore_size", "geff", "precompute", "extreme_intensity"), SWITCH),
    "channels": _choice("equal", "luminance"),
    "best_by": _choice("metric", "loss", "last"),
    "spatial_mode": _choice("resize", "tiles"),
    "labels": _choice("edited", "all"),
    "truth": _choice("silver", "gold"),
    "separation": _choice("watershed", "components", "borders"),
    "solver": _choice("assignment", "ilp"),
    "optimization": _choice("adamw", "sgd"),
    "input_normalization": _choice("log", "percentile", "zscore", "range16"),
    **dict.fromkeys(("splits", "train_splits", "sequences", "classes"), _NAMES),
    "pretrained": _TEXT,
    **dict.fromkeys(("manifest", "train_images", "train_masks", "val_images", "val_masks", "masks", "input"), _TEXT),
    "axes": Kind("letters, such as ZYX", lambda value: isinstance(value, str)),
    "frames": Kind("first and last frame, such as 0-35", lambda value: bool(re.fullmatch(r"(\d+-\d+)?", str(value)))),
    "colors": Kind("a list of [red, green, blue], each 0 to 255", _colors),
    "class_ratios": Kind(
        "a list of numbers", lambda value: isinstance(value, (list, tuple)) and all(map(_number, value))
    ),
}
"""Name of an option in any config → its kind."""


_NULL_IS_A_VALUE = {"seed"}  # no seeding


def check_kinds(options: Mapping[str, Any], defaults: Mapping[str, Any] | None = None) -> None:
    """Refuse values of another kind or out of range.

    Args:
        options: id → value in a config; expressions, references and other ids than options are left alone.
        defaults: id → value in the files of the config; an option may be null if its default is, or if it has none.

    Raises:
        InputError: a value is refused; the sentence names the option.

    Examples:
        >>> check_kinds({"max_epochs": 40, "learning_rate": 0.01, "network_def": {}})
        >>> check_kinds({"max_epochs": 0})
        Traceback (most recent call last):
        custom.errors.InputError: --max_epochs: found 0, expected a whole number of at least 1.
    """
    for name in options.keys() & KINDS:
        value = options[name]
        if value is None and (name in _NULL_IS_A_VALUE or (defaults or {}).get(name) is None):
            continue
        if isinstance(value, dict) or str(value).startswith(("$", "@", "%")):
            continue
        if not KINDS[name].accepts(value):
            near = difflib.get_close_matches(str(value), KINDS[name].choices, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise InputError(f"--{name}: found {value!r}, expected {KINDS[name].words}{hint}.")


def listed_options(files: Sequence[Path], content: Mapping[str, Any]) -> str:
    """Return the options of a config for a terminal of 80 columns: name, the comment in the file, kind and default.

    Args:
        files: the config files; comments of later files count.
        content: their content.
    """
    comments: dict[str, str] = {}
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            found = re.match(r"(\w+): .*?\s# (.+)", line)
            if found:
                comments[found[1]] = found[2].rstrip(",")
    plain = {name: value for name, value in content.items() if name in KINDS or name in PLACES}
    width = max(map(len, plain), default=0) + 6
    lines = []
    for name, value in plain.items():
        default = "" if str(value).startswith("$") else json.dumps(value, ensure_ascii=False).strip('"')
        words = KINDS[name].words if name in KINDS else ""
        about = [
            comments.get(name, PLACES.get(name, "")),
            words if "number" in words else "",
            default and f"default {default}",
        ]
        start = f"  --{name}".ljust(width)
        text = "; ".join(part for part in about if part)
        lines.append(textwrap.fill(text, 80, initial_indent=start, subsequent_indent=" " * width) or start)
    return "\n".join(lines)


PLACES = {
    "dataset_dir": "folder of the data; without it, sample data",
    "output_dir": "folder for the results",
    "device": "cpu, cuda or cuda:0; without it, a GPU if there is one",
    "ckpt_path": "file of weights; without it, those of the bundle",
}
"""Name of an option for a place or a device → its meaning, if the config has no comment."""
