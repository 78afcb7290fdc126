"""The first and last lines of a run: absolute paths, counts, results and next commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_engines import Training
from torch import nn

from custom.data import Inputs, Manifest, open_datasets, open_inputs
from custom.inference import ImageQueue
from custom.runs._evaluation_run import announce_evaluation
from custom.runs._inference_run import announce_inference, conclude_inference
from custom.runs._training_run import announce_training, conclude_training
from custom.weights import RUN_FILE, record_training

WEIGHTS = Path("/models/model.pt")


def data_set(folder: Path, name: str) -> Manifest:
    folder.mkdir()
    manifest = {"name": name, "layout": "stacks", "image": "image.tif", "label": "label.tif"}
    manifest |= {"labels": {"cell": 0, "membrane": 255}, "splits": {"train": {"pages": [0, 3]}}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return open_datasets([folder], None, name)[0]


def test_before_a_training(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    data = [data_set(tmp_path / "one", "first"), data_set(tmp_path / "two", "second")]
    images = {"training": 28, "validation": 6}
    announce_training("dendrite", "cpu", data, images, nn.Conv2d(100, 100, 10), tmp_path / "out")
    assert capsys.readouterr().out.splitlines() == [
        "Training dendrite on CPU: Conv2d with 1.00 million parameters.",
        f"Images: 28 training, 6 validation, from {tmp_path / 'one'} (first), {tmp_path / 'two'} (second)",
        f"Results: {tmp_path / 'out'}",
    ]


def test_before_an_evaluation(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    data = [data_set(tmp_path / "one", "first")]
    announce_evaluation("neuron_em", "cpu", data, {"validation": 5, "test": 7}, WEIGHTS, 0.456)
    assert capsys.readouterr().out.splitlines() == [
        "Scoring neuron_em on CPU with /models/model.pt, threshold 0.46.",
        f"Images: 5 validation, 7 test, from {tmp_path / 'one'} (first)",
    ]


def test_an_evaluation_without_a_threshold(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    data = [data_set(tmp_path / "one", "first")]
    announce_evaluation("tem", "cpu", data, {"test": 7}, WEIGHTS, None)
    assert capsys.readouterr().out.splitlines()[0] == "Scoring tem on CPU with /models/model.pt."


def pictures(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        Image.fromarray(np.zeros((4, 6), np.uint8)).save(folder / name)
    return folder


@pytest.mark.parametrize(
    ("names", "given", "first"),
    [
        (("a.png", "b.tif"), "in", "Segmenting 2 image(s), 2 page(s), from {}/in"),
        (("a.png",), "in/a.png", "Segmenting 1 image(s), 1 page(s), from {}/in/a.png"),
    ],
)
def test_before_an_inference(
    names: tuple[str, ...],
    given: str,
    first: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    """The input may be a relative path; printed paths are absolute."""
    pictures(tmp_path / "in", *names)
    monkeypatch.chdir(tmp_path)
    announce_inference("dendrite", "cpu", open_inputs(given), WEIGHTS, 0.5, tmp_path / "out")
    assert capsys.readouterr().out.splitlines() == [
        first.format(tmp_path),
        "dendrite on CPU with /models/model.pt, threshold 0.50.",
        f"Results: {tmp_path / 'out'}",
    ]


def test_stacks_and_files_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    pages = [Image.fromarray(np.full((4, 6), 50 * page, np.uint8)) for page in range(3)]
    pictures(tmp_path / "in", "a.png")
    pages[0].save(tmp_path / "in" / "stack.tif", save_all=True, append_images=pages[1:])
    (tmp_path / "in" / "broken.tif").write_bytes(b"")
    announce_inference("dendrite", "cpu", open_inputs(tmp_path / "in"), WEIGHTS, 0.5, tmp_path)
    source = tmp_path / "in"
    assert capsys.readouterr().out.splitlines()[:2] == [
        f"Segmenting 2 image(s), 4 page(s), from {source}; 1 more cannot be read (listed at the end)",
        "Stacks: 1; their 3 pages are processed independently.",
    ]


def test_an_inference_without_a_threshold(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    inputs = open_inputs(pictures(tmp_path / "in", "a.png"))
    announce_inference("tem", "cpu", inputs, WEIGHTS, None, tmp_path / "out")
    assert capsys.readouterr().out.splitlines()[1] == "tem on CPU with /models/model.pt."


@pytest.mark.parametrize(
    ("best_by", "said"),
    [
        ("metric", "epoch 2 (best validation score, 0.75)"),
        ("loss", "epoch 1 (lowest validation loss, 1.25)"),
        ("last", "epoch 2 (last epoch)"),
    ],
)
def test_after_a_training(tmp_path: Path, capsys: pytest.CaptureFixture, best_by: str, said: str) -> None:
    Training(tmp_path, max_epochs=2, best_by=best_by, scores=[0.5, 0.75], losses=[1.25, 2.5], history=True).run()
    record_training(tmp_path, 0, "cpu", [], {"training": 4})
    assert (tmp_path / RUN_FILE).is_file()
    capsys.readouterr()
    conclude_training(tmp_path)
    weights = tmp_path / "model.pt"
    assert capsys.readouterr().out.splitlines() == [
        f"Saved weights: {said}: {weights}",
        f"Curves: {tmp_path / 'history.png'}   Pictures: {tmp_path / 'pictures'}",
    ]


def queue_of(folder: Path, failed: int, **results: tuple[str, ...]) -> ImageQueue:
    """Return a queue with results of these kinds, and with ``failed`` failed images."""
    faults = {folder / f"bad{number:02d}.tif": f"found {number}, expected more." for number in range(failed)}
    queue = ImageQueue(Inputs(folder, [], faults, single=False), folder, WEIGHTS, "")
    queue.results = {name: [folder / f"{name}_{kind}" for kind in kinds] for name, kinds in results.items()}
    queue.written = [file for files in queue.results.values() for file in files]
    return queue


def test_after_an_inference(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    kinds = ("probability.tif", "mask.tif", "labels.tif", "overlay.tif", "overlay.png")
    (tmp_path / "measurements.csv").touch()
    queue = queue_of(tmp_path, 0, a=kinds, b=kinds, c=kinds)
    queue.written = queue.results["c"]  # the others were finished before
    conclude_inference(queue)
    assert capsys.readouterr().out.splitlines() == [
        "Wrote 5 files.",
        f"Mask: {tmp_path / 'a_mask.tif'} and 2 more",
        f"Labels: {tmp_path / 'a_labels.tif'} and 2 more",
        f"Measurements: {tmp_path / 'measurements.csv'}",
        f"Look at: {tmp_path / 'a_overlay.png'} and 2 more",
    ]


def test_after_an_inference_of_one_image_without_instances(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    conclude_inference(queue_of(tmp_path, 0, a=("probability.tif", "mask.tif", "overlay.png")))
    assert capsys.readouterr().out.splitlines() == [
        "Wrote 3 files.",
        f"Mask: {tmp_path / 'a_mask.tif'}",
        f"Look at: {tmp_path / 'a_overlay.png'}",
    ]


@pytest.mark.parametrize(("failed", "more"), [(2, []), (12, ["  and 2 other reasons"])])
def test_what_failed_comes_last(tmp_path: Path, failed: int, more: list[str], capsys: pytest.CaptureFixture) -> None:
    conclude_inference(queue_of(tmp_path, failed))
    assert capsys.readouterr().out.splitlines() == [
        f"Failed: {failed} images, see {tmp_path / 'failed.csv'}",
        *(f"  bad{number:02d}.tif: found {number}, expected more." for number in range(min(failed, 10))),
        *more,
    ]


def test_one_reason_of_many_images_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    queue = queue_of(tmp_path, 0)
    queue.failed = {tmp_path / f"{number}.tif": "found color, expected gray." for number in range(3)}
    conclude_inference(queue)
    assert capsys.readouterr().out.splitlines()[-1] == "  0.tif and 2 more: found color, expected gray."
