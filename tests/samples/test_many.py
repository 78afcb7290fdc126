"""Large sets of sample data: the same for any number of workers, complete or absent, and the command."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from custom import samples
from custom.errors import InputError
from custom.samples import make_many_samples
from custom.samples.__main__ import main
from custom.samples._pairs import Pairs, write_pairs

Bytes = dict[str, bytes]


def contents(folder: Path) -> Bytes:
    """Return the bytes of all files by their path in the folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def draw(rng: np.random.Generator, size: tuple[int, int], split: str) -> tuple[np.ndarray, np.ndarray]:
    """Draw a pair that encodes its split and its random numbers."""
    image = rng.integers(0, 1000, size).astype(np.uint16)
    return image, np.full(size, len(split), np.uint8)


IN_FOLDERS = Pairs(draw, {"name": "sample_drawn", "layout": "paired_folders"})
NUMBERED = Pairs(draw, {"name": "sample_drawn"}, "image/{number:03d}.tif", "label/{number:03d}.tif")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a task ``"drawn"`` that takes no time."""
    add_task(monkeypatch, IN_FOLDERS)


def add_task(monkeypatch: pytest.MonkeyPatch, pairs: Pairs) -> None:
    module = types.ModuleType("drawn")
    module.PAIRS = pairs  # type: ignore[attr-defined]
    module.make = lambda folder, seed: write_pairs(pairs, folder, {"train": 1}, (8, 8), seed)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "custom.samples.drawn", module)
    for names in ("_TASKS", "_TASKS_OF_PAIRS"):
        monkeypatch.setattr(samples, names, (*getattr(samples, names), "drawn"))


def test_splits_with_folders_of_their_own(tmp_path: Path) -> None:
    write_pairs(IN_FOLDERS, tmp_path, {"train": 2, "validation": 1, "test": 0}, (8, 12), seed=0)
    assert list(contents(tmp_path)) == [
        "manifest.json",
        "train/img/00001.tif",
        "train/img/00002.tif",
        "train/mask/00001.npy",
        "train/mask/00002.npy",
        "val/img/00003.tif",
        "val/mask/00003.npy",
    ]
    assert json.loads((tmp_path / "manifest.json").read_text()) == {
        "name": "sample_drawn",
        "layout": "paired_folders",
        "splits": {
            "train": {"folders": ["train/img", "train/mask"]},
            "validation": {"folders": ["val/img", "val/mask"]},
        },
    }
    image, mask = tifffile.imread(tmp_path / "val/img/00003.tif"), np.load(tmp_path / "val/mask/00003.npy")
    assert image.shape == mask.shape == (8, 12)
    assert (mask == len("validation")).all()


def test_splits_by_number(tmp_path: Path) -> None:
    write_pairs(NUMBERED, tmp_path, {"train": 2, "validation": 1}, (8, 8), seed=0)
    splits = json.loads((tmp_path / "manifest.json").read_text())["splits"]
    assert splits == {"train": {"numbers": [1, 2]}, "validation": {"numbers": [3]}}
    assert sorted(p.name for p in (tmp_path / "label").iterdir()) == ["001.tif", "002.tif", "003.tif"]


def test_a_pair_depends_on_seed_split_and_index_alone(tmp_path: Path) -> None:
    made = {}
    for name, counts, seed in (("few", (2, 1), 0), ("many", (5, 2), 0), ("other", (2, 1), 1)):
        (tmp_path / name).mkdir()
        write_pairs(IN_FOLDERS, tmp_path / name, dict(zip(("train", "validation"), counts, strict=True)), (8, 8), seed)
        made[name] = {
            split: [p.read_bytes() for p in sorted((tmp_path / name / split / "img").iterdir())]
            for split in ("train", "val")
        }
    for split in ("train", "val"):
        assert made["few"][split] == made["many"][split][: len(made["few"][split])]
        assert not set(made["few"][split]) & set(made["other"][split])
    everything = made["many"]["train"] + made["many"]["val"]
    assert len(set(everything)) == len(everything)


def test_the_number_of_workers_changes_nothing(tmp_path: Path) -> None:
    one = make_many_samples("cytoskeleton", tmp_path / "one", 6, side=64, seed=3)
    two = make_many_samples("cytoskeleton", tmp_path / "two", 6, side=64, seed=3, workers=2)
    assert contents(one) == contents(two)
    assert len(contents(one)) == 13


@pytest.mark.parametrize("task", samples._TASKS_OF_PAIRS)
def test_every_task_can_be_made_in_any_number(task: str, tmp_path: Path) -> None:
    folder = make_many_samples(task, tmp_path / "set", 2, side=64)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["name"] == f"sample_{task}"
    assert list(manifest["splits"]) == ["train", "validation"]
    assert len(contents(folder)) == 5


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize(("count", "validation"), [(2, 1), (10, 1), (26, 3)])
def test_one_of_ten_is_for_validation(count: int, validation: int, tmp_path: Path) -> None:
    folder = make_many_samples("drawn", tmp_path / "set", count, side=64)
    assert len(list((folder / "train/img").iterdir())) == count - validation
    assert len(list((folder / "val/img").iterdir())) == validation


def test_interrupted_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(rng: np.random.Generator, size: tuple[int, int], split: str) -> tuple[np.ndarray, np.ndarray]:
        if split == "validation":
            raise KeyboardInterrupt
        return draw(rng, size, split)

    add_task(monkeypatch, Pairs(interrupted, {}))
    with pytest.raises(KeyboardInterrupt):
        make_many_samples("drawn", tmp_path / "set", 4, side=64)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("drawn")
def test_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'dendrite', expected one of .*drawn"):
        make_many_samples("dendrite", tmp_path / "set", 4)
    for wrong in ({"count": 1}, {"side": 63}, {"seed": -1}, {"workers": 0}):
        with pytest.raises(InputError, match=r"found -?\d+, expected at least \d+"):
            make_many_samples("drawn", tmp_path / "set", **({"count": 4} | wrong))
    folder = make_many_samples("drawn", tmp_path / "set", 4, side=64)
    with pytest.raises(InputError, match="a new or empty folder"):
        make_many_samples("drawn", folder, 4)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="other files"):
        make_many_samples("drawn", tmp_path, 4)


@pytest.mark.usefixtures("drawn")
def test_command_line(tmp_path: Path, exit_code: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(main, "drawn", tmp_path / "small") == 0
    assert len(contents(tmp_path / "small")) == 3
    big = (tmp_path / "big", "--count", 3, "--size", 70, "--seed", 4, "--workers", 1)
    assert exit_code(main, "drawn", *big) == 0
    assert f"Sample data: {tmp_path / 'big'}" in capsys.readouterr().out
    assert contents(tmp_path / "big") == contents(make_many_samples("drawn", tmp_path / "again", 3, side=70, seed=4))
    assert exit_code(main, "drawn", *big) == 1
    assert exit_code(main, "drawn", tmp_path / "big", "--seed", 5) == 1  # it is there, of another seed
    assert exit_code(main, "drawn", tmp_path / "small", "--seed", -1) == 1
    assert exit_code(main, "drawn", tmp_path / "new", "--seed", -1) == 1
    assert exit_code(main, "drawn", tmp_path / "big" / "manifest.json" / "new") == 1
    assert exit_code(main, "kidney", tmp_path / "kidney", "--count", 3) == 1
    assert exit_code(main, "kidney", tmp_path / "kidney") == 1
    errors = capsys.readouterr().err
    assert errors.count("Error: ") == 7
    assert "seed: found -1, expected at least 0" in errors
    assert "cannot be created" in errors
    assert "Traceback" not in errors
    with pytest.raises(SystemExit):
        exit_code(main, "drawn", tmp_path / "set", "--size", 64)
