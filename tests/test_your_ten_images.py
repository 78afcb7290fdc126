"""The page for a new user: its commands, run as typed one after another, on two drawn images."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from bundle_runs import ROOT

from custom.images import read_labels, write_image

PAGE = ROOT / "docs" / "your_ten_images.md"
QUICK = ["--max_epochs", "1", "--train#dataset#samples_per_item", "1"]  # of training


def commands() -> list[list[str]]:
    return [line.split() for line in re.findall(r"^ {4}(microscopy .*)", PAGE.read_text(encoding="utf-8"), re.M)]


def cells(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return an image of nine discs with texture, and their numbers."""
    rows, columns = np.mgrid[:150, :150]
    labels = np.zeros((150, 150), np.uint16)
    for number, (row, column) in enumerate(np.ndindex(3, 3), start=1):
        labels[np.hypot(rows - 25 - 50 * row, columns - 25 - 50 * column) < 18] = number
    noise = np.random.default_rng(seed).normal(0, 20, labels.shape)
    return np.where(labels > 0, 120 + 2 * noise, 120 + noise / 4).clip(0, 255).astype(np.uint8), labels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        image, labels = cells(ord(name))
        write_image(tmp_path / "my_images" / f"{name}.tif", image)
        write_image(tmp_path / "kept_aside" / f"{name}.tif", image)
        tifffile.imwrite(tmp_path / "kept_aside" / f"{name}_masks.tif", labels)
    return tmp_path


def run(words: list[str], folder: Path) -> str:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    words = [sys.executable, "-m", "custom", *words[1:], *(QUICK if words[1] == "train" else [])]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_the_page_as_it_is_typed(folder: Path) -> None:
    segment, train, again, more, evaluate = commands()
    assert [words[1] for words in (segment, train, again, more, evaluate)] == [
        *("segment", "train", "segment", "train", "evaluate")
    ]
    run(segment, folder)
    labels = cells(ord("a"))[1]
    tifffile.imwrite(folder / "first" / "a_labels.tif", labels.astype(np.int32), compression="zlib")  # as napari saves
    assert "a is measured anew" in run(segment, folder)
    assert "Corrected by hand" in (folder / "first" / "report.html").read_text(encoding="utf-8")
    assert "Start: " in run(train, folder)
    record = json.loads((folder / "mine" / "run.json").read_text())
    assert record["images"] == {"training": 1, "validation": 1}
    assert record["start"]["loaded"] == record["start"]["tensors"]
    run(again, folder)
    tifffile.imwrite(folder / "second" / "b_labels.tif", labels)
    run(more, folder)
    record = json.loads((folder / "mine_2" / "run.json").read_text())
    assert record["images"] == {"training": 2, "validation": 2}
    assert Path(record["start"]["file"]).parent.name == "mine"
    run(evaluate, folder)
    assert len((folder / "scores" / "scores.csv").read_text().splitlines()) == 3
    assert np.array_equal(read_labels(folder / "first" / "a_labels.tif"), labels)
