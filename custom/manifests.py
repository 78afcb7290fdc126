"""What a data set is: where its images and labels lie, what the label values mean, how it is split.

A manifest is a JSON file, in ``data_manifests/`` or named ``manifest.json`` in the data folder itself. Nothing in it is
ever evaluated. `datalists` turns it into the items that the transforms read.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from .errors import InputError

MANIFEST_FOLDER = Path(__file__).resolve().parent.parent / "data_manifests"
LAYOUTS = ("paired_folders", "stacks")
PAIRINGS = ("number", "stem")
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class LabelRule:
    """How the values of a label file become class numbers 0, 1, ….

    Args:
        values: the value of each class, by class number.
        names: the name of each class, by class number.
        threshold: for two classes with soft edges: a value above it is the higher of the two.
        tolerance: a value that differs by no more than this from a declared one counts as it.
    """

    values: tuple[int, ...]
    names: tuple[str, ...]
    threshold: float | None = None
    tolerance: float = 0


@dataclass(frozen=True)
class Manifest:
    """A data set, checked. The fields are the keys of the JSON file, plus the folder that they are relative to.

    Args:
        folder: the data folder.
        name: short name.
        layout: ``"paired_folders"`` or ``"stacks"``.
        image: folder (or a glob) of images, or a stack file, relative to ``folder``.
        label: the same for the labels.
        labels: class name → label value, background first; the order gives the class numbers.
        region: folder of annotated regions; loss and scores count only where these are not 0.
        pair_by: ``"number"`` or ``"stem"``, for paired folders.
        number_pattern: regular expression that finds the number of a file; default: the last number in the stem.
        channels: ``"equal"`` or ``"luminance"``: how RGB becomes gray, see `readers.read_image`.
        label_threshold, label_tolerance: see `LabelRule`.
        pixel_size_um: (row, column) size of a pixel in µm.
        splits: split name → ``{"numbers": [...]}``, ``{"stems": [...]}``, ``{"pages": [start, stop]}`` or
            ``{"fraction": 0.7}``.
        split_seed: shuffles the pairs before fractions are cut.
        description, source, license, citation: for the reader; not used.
    """

    folder: Path
    name: str
    layout: str
    image: str
    label: str
    labels: dict[str, int]
    region: str | None = None
    pair_by: str = "number"
    number_pattern: str | None = None
    channels: str = "equal"
    label_threshold: float | None = None
    label_tolerance: float = 0
    pixel_size_um: list[float] | None = None
    splits: dict[str, dict] = field(default_factory=dict)
    split_seed: int = 0
    description: str = ""
    source: str = ""
    license: str = ""
    citation: list[str] = field(default_factory=list)

    @property
    def rule(self) -> LabelRule:
        """How label values become class numbers."""
        names, values = tuple(self.labels), tuple(self.labels.values())
        return LabelRule(values, names, self.label_threshold, self.label_tolerance)


# ---------------------------------------------------------------------------------------------------------- finding it


def open_datasets(folders: Sequence[Path], manifest: str | Path | None, default: str) -> list[Manifest]:
    """Return the manifests of several data folders; arguments and errors as in `open_dataset`."""
    return [open_dataset(folder, manifest, default) for folder in folders]


def open_dataset(folder: str | Path, manifest: str | Path | None, default: str) -> Manifest:
    """Return the manifest that describes ``folder``.

    Args:
        folder: the data folder; relative to where the user stands.
        manifest: a path, the name of one in ``data_manifests/``, or None: then it is ``manifest.json`` in the folder,
            else the one in ``data_manifests/`` that is named like the folder, else ``default``.
        default: name of the manifest that fits a folder nothing is known about.

    Raises:
        InputError: when the folder or the manifest is missing, or the manifest is wrong.
    """
    root = Path(folder).expanduser().resolve()
    if not root.is_dir():
        raise InputError.about(root, "a file" if root.exists() else "nothing", "a folder with the data set")
    return load_manifest(_find_manifest(root, manifest, default), root)


def _find_manifest(root: Path, manifest: str | Path | None, default: str) -> Path:
    if manifest is not None:
        given = Path(manifest).expanduser()
        return given.resolve() if given.is_file() else _by_name(str(manifest))
    if (root / "manifest.json").is_file():
        return root / "manifest.json"
    named = MANIFEST_FOLDER / f"{root.name}.json"
    return named if named.is_file() else _by_name(default)


def _by_name(name: str) -> Path:
    path = MANIFEST_FOLDER / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in MANIFEST_FOLDER.glob("*.json")))
        raise InputError.about(name, "no such manifest", f"a JSON file or one of: {known}")
    return path


# --------------------------------------------------------------------------------------------------------- checking it


def load_manifest(path: Path, folder: Path) -> Manifest:
    """Read and check the manifest at ``path`` for the data in ``folder``.

    Raises:
        InputError: when it is not JSON, has an unknown or missing key, a value of the wrong kind, names a path outside
            its folder, or has splits that overlap.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError.about(path, f"no valid JSON ({error})", "a manifest") from error
    if not isinstance(content, dict):
        raise InputError.about(path, type(content).__name__, "a JSON object")
    _check_keys(path, content)
    manifest = Manifest(folder=folder, **content)
    _check_values(path, manifest)
    _check_splits(path, manifest)
    return manifest


def _check_keys(path: Path, content: dict) -> None:
    known = [f.name for f in fields(Manifest) if f.name != "folder"]
    for key in content:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            raise InputError.about(path, f"the unknown key {key!r}", f"{near[0]!r}" if near else f"one of {known}")
    missing = [key for key in ("name", "layout", "image", "label", "labels") if key not in content]
    if missing:
        raise InputError.about(
            path, f"no {' and no '.join(map(repr, missing))}", "all of name, layout, image, label, labels"
        )


def _check_values(path: Path, manifest: Manifest) -> None:
    _check_choice(path, "layout", manifest.layout, LAYOUTS)
    _check_choice(path, "pair_by", manifest.pair_by, PAIRINGS)
    _check_choice(path, "channels", manifest.channels, ("equal", "luminance"))
    for key in ("image", "label", "region"):
        _check_inside(path, key, getattr(manifest, key))
    values = list(manifest.labels.values()) if isinstance(manifest.labels, dict) else []
    if len(values) < 2 or not all(type(value) is int for value in values) or len(set(values)) < len(values):
        raise InputError.about(
            path, f"labels {manifest.labels!r}", "two or more class names with different whole numbers"
        )
    if manifest.label_threshold is not None and len(values) != 2:
        raise InputError.about(path, f"label_threshold with {len(values)} classes", "two classes")
    if manifest.number_pattern is not None:
        _check_pattern(path, manifest.number_pattern)
    if manifest.region is not None and manifest.layout == "stacks":
        raise InputError.about(path, "region with the layout 'stacks'", "the layout 'paired_folders'")
    _check_numbers(path, manifest)


def _check_numbers(path: Path, manifest: Manifest) -> None:
    size = [1, 1] if manifest.pixel_size_um is None else manifest.pixel_size_um
    if not isinstance(size, list) or len(size) != 2 or not all(type(v) in (int, float) and v > 0 for v in size):
        raise InputError.about(path, f"pixel_size_um {size!r}", "[row, column], two numbers above 0")
    threshold, tolerance, seed = manifest.label_threshold, manifest.label_tolerance, manifest.split_seed
    if threshold is not None and type(threshold) not in (int, float):
        raise InputError.about(path, f"label_threshold {threshold!r}", "a number")
    if type(tolerance) not in (int, float) or tolerance < 0:
        raise InputError.about(path, f"label_tolerance {tolerance!r}", "a number from 0 up")
    if type(seed) is not int or seed < 0:
        raise InputError.about(path, f"split_seed {seed!r}", "a whole number from 0 up")


def _check_choice(path: Path, key: str, found: object, choices: Sequence[str]) -> None:
    if found not in choices:
        raise InputError.about(path, f"{key} {found!r}", " or ".join(map(repr, choices)))


def _check_inside(path: Path, key: str, value: object) -> None:
    if value is None and key == "region":
        return
    if not isinstance(value, str) or Path(value).is_absolute() or ".." in Path(value).parts:
        raise InputError.about(path, f"{key} {value!r}", "a path inside the data folder")


def _check_pattern(path: Path, pattern: object) -> None:
    try:
        re.compile(pattern)  # type: ignore[call-overload]
    except (re.error, TypeError) as error:
        raise InputError.about(path, f"number_pattern {pattern!r} ({error})", "a regular expression") from error


def _check_splits(path: Path, manifest: Manifest) -> None:
    by_name = "numbers" if manifest.pair_by == "number" else "stems"
    kinds = ("pages",) if manifest.layout == "stacks" else (by_name, "fraction")
    taken: dict[object, str] = {}
    if not isinstance(manifest.splits, dict):
        raise InputError.about(path, f"splits {manifest.splits!r}", "an object with the names of splits")
    for name, split in manifest.splits.items():
        _check_choice(path, "split", name, SPLITS)
        if not isinstance(split, dict) or len(split) != 1 or next(iter(split)) not in kinds:
            raise InputError.about(path, f"split {name} {split!r}", f"one of {', '.join(kinds)}")
        for member in _members(path, name, split):
            if member in taken:
                raise InputError.about(
                    path, f"{member!r} in both {taken[member]} and {name}", "splits that do not overlap"
                )
            taken[member] = name
    by_fraction = [name for name, split in manifest.splits.items() if "fraction" in split]
    if by_fraction and len(by_fraction) < len(manifest.splits):
        raise InputError.about(path, f"fraction for {' and '.join(by_fraction)} alone", "fractions for all splits")
    total = sum(split.get("fraction", 0) for split in manifest.splits.values())
    if total > 1 + 1e-9:
        raise InputError.about(path, f"fractions that add up to {total:g}", "at most 1")


def _members(path: Path, name: str, split: dict) -> Iterable[object]:
    kind, value = next(iter(split.items()))
    if kind == "fraction":
        if not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise InputError.about(path, f"split {name} {split!r}", "a fraction from 0 to 1")
        return ()
    if not isinstance(value, list):
        raise InputError.about(path, f"split {name} {split!r}", "a list")
    if kind != "pages":
        if not all(type(member) in (int, str) for member in value):
            raise InputError.about(path, f"split {name} {split!r}", "a list of numbers or names")
        return value
    if len(value) != 2 or not all(type(v) is int for v in value) or not 0 <= value[0] < value[1]:
        raise InputError.about(path, f"split {name} {split!r}", "[first page, page after the last]")
    return range(*value)
