"""Sample data: reproducible, in the layout of the real data, never visible while incomplete."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from bundle_runs import ROOT
from PIL import Image

from custom.errors import InputError
from custom.samples import make_samples
from custom.samples._fields import smooth_field, smooth_line, smooth_stack

TASKS = ("dendrite", "neuron_em")


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all files by their path in the folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the folder of each task's sample data."""
    parent = tmp_path_factory.mktemp("samples")
    return {task: make_samples(task, parent / "deep" / task) for task in TASKS}


@pytest.fixture(scope="module")
def dendrite_pairs(made: dict[str, Path]) -> list[tuple[np.ndarray, np.ndarray]]:
    folder = made["dendrite"]
    names = [(f"image/{n}.png", f"mask/{n}_mask.png") for n in range(1, 41)]
    return [(np.asarray(Image.open(folder / image)), np.asarray(Image.open(folder / mask))) for image, mask in names]


@pytest.fixture(scope="module")
def neuron_labels(made: dict[str, Path]) -> np.ndarray:
    return tifffile.imread(made["neuron_em"] / "train-labels.tif")


@pytest.mark.parametrize("task", TASKS)
def test_same_seed_same_bytes(task: str, made: dict[str, Path], tmp_path: Path) -> None:
    assert contents(make_samples(task, tmp_path / task)) == contents(made[task])


@pytest.mark.parametrize("task", TASKS)
def test_other_seed_other_data(task: str, made: dict[str, Path], tmp_path: Path) -> None:
    first, other = contents(made[task]), contents(make_samples(task, tmp_path / task, seed=1))
    assert first.keys() == other.keys()
    assert [name for name in first if first[name] == other[name]] == ["manifest.json"]


@pytest.mark.parametrize(("task", "megabytes"), [("dendrite", 6), ("neuron_em", 2)])
def test_small(task: str, megabytes: float, made: dict[str, Path]) -> None:
    assert sum(len(data) for data in contents(made[task]).values()) < megabytes * 1e6


def test_dendrite_layout(made: dict[str, Path], dendrite_pairs: list[tuple[np.ndarray, np.ndarray]]) -> None:
    manifest = json.loads((made["dendrite"] / "manifest.json").read_text())
    numbers = [n for split in manifest["splits"].values() for n in split["numbers"]]
    assert sorted(numbers) == list(range(1, 41))
    assert len(contents(made["dendrite"])) == 81
    assert len({image.shape for image, _ in dendrite_pairs}) > 30
    for image, mask in dendrite_pairs:
        assert image.dtype == mask.dtype == np.uint8
        assert image.shape == mask.shape
        assert image.shape[0] != image.shape[1]
        assert 360 <= min(image.shape) <= max(image.shape) <= 480
        assert np.unique(mask).tolist() == [0, 255]


def test_dendrite_foreground_is_thin_and_brighter(dendrite_pairs: list[tuple[np.ndarray, np.ndarray]]) -> None:
    for image, mask in dendrite_pairs:
        assert 0.015 < (mask > 0).mean() < 0.065
        assert np.median(image[mask > 0]) > 1.7 * np.median(image[mask == 0])


def test_dendrite_brightness_differs_between_images(dendrite_pairs: list[tuple[np.ndarray, np.ndarray]]) -> None:
    medians = [np.median(image) for image, _ in dendrite_pairs]
    assert min(medians) < 16
    assert max(medians) > 28
    assert any((image == 255).mean() > 0.005 for image, _ in dendrite_pairs)


def test_neuron_em_layout(made: dict[str, Path], neuron_labels: np.ndarray) -> None:
    volume, test = (tifffile.imread(made["neuron_em"] / f"{name}-volume.tif") for name in ("train", "test"))
    assert volume.dtype == test.dtype == neuron_labels.dtype == np.uint8
    assert volume.shape == neuron_labels.shape == (12, 256, 256)
    assert test.shape == (4, 256, 256)
    assert np.unique(neuron_labels).tolist() == [0, 255]
    manifest = json.loads((made["neuron_em"] / "manifest.json").read_text())
    assert list(manifest["labels"]) == ["cell", "membrane"]


def test_neuron_em_membranes_are_dark_and_thin(made: dict[str, Path], neuron_labels: np.ndarray) -> None:
    volume = tifffile.imread(made["neuron_em"] / "train-volume.tif")
    for page, labels in zip(volume, neuron_labels, strict=True):
        assert 0.15 < (labels == 0).mean() < 0.30
        assert page[labels == 0].mean() < page[labels == 255].mean() - 30


def test_neuron_em_neighbors_are_alike_and_splits_are_not(neuron_labels: np.ndarray) -> None:
    def alike(first: int, second: int) -> float:
        return float((neuron_labels[first] == neuron_labels[second]).mean())

    neighbors = min(alike(page, page + 1) for page in range(7))
    assert neighbors > max(alike(page, page + 5) for page in range(3)) + 0.05
    assert neighbors > max(alike(7, 8), alike(9, 10), alike(7, 10)) + 0.05


def test_only_the_generator_of_the_task_is_loaded(tmp_path: Path) -> None:
    code = """
import sys
import custom
custom.make_samples("tem", sys.argv[1])
print(*sorted(name for name in sys.modules if name.startswith("custom.samples.")))
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, str(tmp_path / "set")]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1].split() == [
        f"custom.samples.{name}" for name in ("_fields", "_nerve", "_pairs", "tem")
    ]


def test_second_call_leaves_the_files_alone(made: dict[str, Path]) -> None:
    before = {path: path.stat().st_mtime_ns for path in made["neuron_em"].iterdir()}
    assert make_samples("neuron_em", made["neuron_em"], seed=5) == made["neuron_em"]
    assert {path: path.stat().st_mtime_ns for path in made["neuron_em"].iterdir()} == before


def test_interrupted_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(folder: Path, seed: int) -> None:
        (folder / "train-volume.tif").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("custom.samples.neuron_em.make", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_samples("neuron_em", tmp_path / "set")
    assert list(tmp_path.iterdir()) == []


def test_second_process_uses_what_the_first_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "set"

    def overtaken(made: Path, seed: int) -> None:
        for place, content in ((folder, "first"), (made, "second")):
            place.mkdir(exist_ok=True)
            (place / "manifest.json").write_text(json.dumps({"name": "sample_neuron_em", "by": content}))

    monkeypatch.setattr("custom.samples.neuron_em.make", overtaken)
    make_samples("neuron_em", folder)
    assert json.loads((folder / "manifest.json").read_text())["by"] == "first"
    assert list(tmp_path.iterdir()) == [folder]


def test_says_what_is_wrong(made: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'kidney'"):
        make_samples("kidney", tmp_path / "set")
    with pytest.raises(InputError, match="sample_dendrite"):
        make_samples("neuron_em", made["dendrite"])
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="other files"):
        make_samples("dendrite", tmp_path)
    with pytest.raises(InputError, match="a file"):
        make_samples("dendrite", tmp_path / "mine.txt")
    with pytest.raises(InputError, match="cannot be created"):
        make_samples("dendrite", tmp_path / "mine.txt" / "set")
    with pytest.raises(InputError, match="seed: found -1, expected at least 0"):
        make_samples("dendrite", tmp_path / "set", seed=-1)


@pytest.mark.parametrize("manifest", ["{", "[]", "{}"])
def test_a_folder_with_a_manifest_that_is_none(manifest: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(InputError, match=r"found a manifest\.json without a name, expected a new folder"):
        make_samples("dendrite", tmp_path)


def test_fields_are_standardized() -> None:
    rng = np.random.default_rng(0)
    for field in (smooth_line(rng, 20000, 9.0), smooth_field(rng, (500, 400), 1.5), smooth_field(rng, (500, 400), 6.0)):
        assert abs(field.mean()) < 0.1
        assert 0.8 < field.std() < 1.2
    pages = smooth_stack(rng, (40, 200, 200), 6.0, 3.0)
    assert 0.8 < pages.std() < 1.2
    assert np.abs(np.diff(pages, axis=0)).mean() < 0.5 * np.abs(pages[10:] - pages[:-10]).mean()
