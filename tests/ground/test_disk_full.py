"""A full disk gives one clear sentence, and files completed before stay readable."""

from __future__ import annotations

import csv
import errno
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from bundle_runs import infer, train, weights
from tiny_data import untrained
from torch.utils.tensorboard import SummaryWriter

from custom.errors import OutputError, find_input_error, show_input_errors
from custom.ground.files import atomic_path
from custom.ground.growing_table import DONE
from custom.images import read_image, read_labels, write_image, write_png
from custom.samples import make_samples
from custom.transforms import precompute_weight_maps
from custom.weights import CHECKPOINT_FILE, save_weights

NOISE = np.random.default_rng(0).random((300, 300)).astype(np.float32)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Limit the size of files, for which the system raises another error than for a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Disk:
    """A file system in memory with a given size."""

    def __init__(self, folder: Path, size: str) -> None:
        self.folder = folder
        folder.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], check=False)
        if mounted.returncode:
            pytest.skip("mounting a small disk is not allowed here")

    def resize(self, size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.folder)], check=True)

    def remove(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Disk]]:
    """Return a function that mounts a disk of a given size at the folder ``disk``."""
    disks: list[Disk] = []

    def make(size: str) -> Disk:
        disks.append(Disk(tmp_path / "disk", size))
        return disks[-1]

    yield make
    for one in disks:
        one.remove()


def figure(path: Path) -> None:
    picture, axes = plt.subplots()
    axes.imshow(NOISE)
    with atomic_path(path) as temporary:
        picture.savefig(temporary, format="png", dpi=300)
    plt.close(picture)


def array(path: Path) -> None:
    with atomic_path(path) as temporary:
        np.save(temporary, NOISE)


def text(path: Path) -> None:
    with atomic_path(path) as temporary, temporary.open("w", newline="") as stream:
        csv.writer(stream).writerows(NOISE.tolist())


WRITERS: dict[str, Callable[[Path], None]] = {
    "a.tif": lambda path: write_image(path, NOISE),
    "b.png": lambda path: write_png(path, (255 * np.dstack([NOISE] * 3)).astype(np.uint8)),
    "c.pt": lambda path: save_weights({"x": torch.from_numpy(NOISE)}, path),
    "d.png": figure,
    "e.npy": array,
    "f.csv": text,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_says_one_sentence_and_keeps_the_old_file(name: str, tmp_path: Path) -> None:
    """The libraries of the writers raise different exceptions."""
    file = tmp_path / name
    file.write_text("old")
    with files_of_at_most(50_000), pytest.raises(OutputError) as caught:
        WRITERS[name](file)
    assert str(caught.value).startswith(f"{file}: the file exceeds the size limit of the disk or the process: ")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_on_a_full_disk(name: str, disk: Callable[[str], Disk]) -> None:
    folder = disk("64k").folder
    (folder / name).write_text("old")
    with pytest.raises(OutputError) as caught:
        WRITERS[name](folder / name)
    assert str(caught.value).startswith(f"{folder / name}: the disk is full: ")
    assert str(caught.value).endswith("; files completed before are kept.")
    assert (folder / name).read_text() == "old"
    assert list(folder.iterdir()) == [folder / name]


def test_the_sentence_says_how_much_is_needed(disk: Callable[[str], Disk]) -> None:
    with pytest.raises(OutputError, match=r"61\.4kB are free, this file needs about 360kB;"):
        write_image(disk("60k").folder / "a.tif", NOISE)


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    for error in (OSError(errno.EIO, "broken"), RuntimeError("ours"), ValueError("ours")):
        with pytest.raises(type(error), match=str(error.args[-1])), atomic_path(tmp_path / "a"):
            raise error
    assert not list(tmp_path.iterdir())


def sentence_of(run: Callable[[], Any]) -> str:
    with pytest.raises(Exception) as caught:  # noqa: PT011 the configs wrap it
        run()
    return find_input_error(caught.value) or ""


def test_a_training_keeps_its_last_checkpoint_and_goes_on(tmp_path: Path, disk: Callable[[str], Disk]) -> None:
    data, small = make_samples("dendrite", tmp_path / "data"), disk("3m")
    output = small.folder / "run"
    said = sentence_of(lambda: train("dendrite", data, output, max_epochs=3))
    assert said.startswith(f"{output / CHECKPOINT_FILE}: the disk is full: ")
    assert "this file needs about 1.47MB" in said
    finished = weights(output / CHECKPOINT_FILE)["trainer"]["epoch"]
    assert finished >= 1
    assert weights(output / "model.pt")
    with (output / "history.csv").open(newline="") as stream:
        assert len(list(csv.DictReader(stream))) >= finished
    small.resize("30m")
    train("dendrite", data, output, max_epochs=3, resume="true")
    assert weights(output / CHECKPOINT_FILE)["trainer"]["epoch"] == 3
    assert not list(output.glob(".*-*")), "a half file is left"


def test_an_inference_keeps_what_is_done_and_goes_on(tmp_path: Path, disk: Callable[[str], Disk]) -> None:
    for number in range(6):
        write_image(tmp_path / "in" / f"{number}.tif", NOISE)
    model, small = untrained("dendrite", tmp_path), disk("1500k")
    output, options = small.folder / "out", {"size": 300, "min_area": 1}
    said = sentence_of(lambda: infer("dendrite", tmp_path / "in", output, model, **options))
    assert ": the disk is full: " in said
    done = sorted(file.stem for file in (output / DONE).glob("[!.]*.json"))
    assert 1 <= len(done) < 6
    with (output / "measurements_summary.csv").open(newline="") as stream:
        assert [row["image"] for row in csv.DictReader(stream)] == done
    for name in done:
        assert read_image(output / f"{name}_mask.tif").shape == (300, 300)
    small.resize("30m")
    infer("dendrite", tmp_path / "in", output, model, **options)
    assert len(list(output.glob("*_mask.tif"))) == len(list((output / DONE).glob("[!.]*.json"))) == 6


def test_weight_maps_and_sample_data(tmp_path: Path, disk: Callable[[str], Disk]) -> None:
    folder = disk("1m").folder
    labels = np.zeros((300, 300), np.uint16)
    labels[20:40, 30:60] = 1
    for number in range(4):
        write_image(folder / "SEG" / f"man_seg{number}.tif", labels)
    items = [{"label": str(file)} for file in sorted((folder / "SEG").iterdir())]
    reading = [lambda item: {"label": read_labels(item["label"])[None].astype(np.int32)}]
    assert "weight_map_2.npy: the disk is full: " in sentence_of(
        lambda: precompute_weight_maps(items, reading, w0=10.0, sigma=5.0)
    )
    maps = sorted((folder / "WEIGHT_MAPS").glob("*.npy"))
    assert [np.load(file).shape for file in maps] == [(300, 300)] * 2
    before = sorted(folder.iterdir())
    said = sentence_of(lambda: make_samples("vesicle", folder / "sample"))
    assert said == f"{folder / 'sample'}: the disk is full; the incomplete folder was removed."
    assert sorted(folder.iterdir()) == before


def test_tensorboard_does_not_hang_or_shout(
    disk: Callable[[str], Disk], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its thread passes the error on to the next call that writes."""
    import sys
    import threading

    for module, name in ((sys, "excepthook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))
    show_input_errors()
    writer = SummaryWriter(str(disk("64k").folder))

    def write() -> None:
        for step in range(1000):
            writer.add_image("noise", NOISE[None], step)
            writer.flush()

    assert sentence_of(write) == "the disk is full; files completed before are kept."
    assert capsys.readouterr().err == ""
