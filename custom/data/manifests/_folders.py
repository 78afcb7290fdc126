"""A data set from folders given on the command line, without a manifest file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...ground.command_line import path
from ._finding import described_by, read_as
from ._manifest import Manifest

_OPTIONS = {"train": ("train_images", "train_masks"), "validation": ("val_images", "val_masks")}


def open_folders(
    manifest: str | Path | None,
    default: str,
    train: Sequence[Any] = (None, None),
    validation: Sequence[Any] = (None, None),
    channel: int | None = None,
    axes: str | None = None,
) -> list[Manifest]:
    """Return one data set made of the given folders, or an empty list if there are none.

    Images and masks are paired by name, without suffix.

    Args:
        manifest: the manifest that defines the label values, as in `open_dataset`.
        default: as in `open_dataset`.
        train: [images, masks], the options ``--train_images`` and ``--train_masks``; each a folder, or None.
        validation: [images, masks], the options ``--val_images`` and ``--val_masks``.
        channel: as in `open_datasets`.
        axes: as in `open_datasets`.

    Raises:
        InputError: images are given without masks or masks without images, a folder is missing, or a folder is given
            twice.
    """
    given = {"train": list(train), "validation": list(validation)}
    chosen = {split: pair for split, pair in given.items() if any(folder is not None for folder in pair)}
    if not chosen:
        return []
    taken: dict[Path, str] = {}
    for split, pair in chosen.items():
        for option, partner, folder in zip(_OPTIONS[split], reversed(_OPTIONS[split]), pair, strict=True):
            if folder is None:
                raise InputError(f"--{partner}: found no --{option}, expected both.")
            _take(path(option, folder), option, taken)
    places = list(taken)
    splits = {split: {"folders": [str(places.pop(0)), str(places.pop(0))]} for split in chosen}
    rules = read_as(described_by(next(iter(taken)), manifest, default), channel, axes)
    return [
        Manifest(
            folder=next(iter(taken)).parent,
            name="folders of the command line",
            layout="paired_folders",
            labels=rules.labels,
            colors=rules.colors,
            pair_by="stem",
            channels=rules.channels,
            channel=rules.channel,
            axes=rules.axes,
            label_threshold=rules.label_threshold,
            label_tolerance=rules.label_tolerance,
            splits=splits,
        )
    ]


def _take(folder: Path, option: str, taken: dict[Path, str]) -> None:
    if not folder.is_dir():
        raise InputError.about(folder, "a file" if folder.exists() else "nothing", f"a folder for --{option}")
    if folder in taken:
        raise InputError.about(folder, f"the folder of --{taken[folder]}", f"another one for --{option}")
    taken[folder] = option
