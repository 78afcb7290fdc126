"""Tracking runs: invalid plans, valid results, no stale files, scores."""

from __future__ import annotations

import csv
import hashlib
import json
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from drawn_cells import colony, draw
from filelock import FileLock
from monai.engines import SupervisedEvaluator
from PIL import Image
from torch import nn

from custom.errors import InputError
from custom.images import read_labels, write_image
from custom.runs._tracking_run import announce_tracking
from custom.score import ctc, score_folders
from custom.tracking import (
    LabelWriter,
    Link,
    LinkingSettings,
    ResultWriter,
    TrackingPlan,
    movie_loaders,
    open_labels,
    open_movie,
    open_sequences,
    segment_movies,
    sequence_of,
    track,
    track_movies,
    validate,
)
from custom.tracking.run import _plan
from custom.tracking.run._doubts import CellCounts
from custom.transforms import ReadImaged

NOWHERE = Path("nowhere/model.pt")


def write_movie(folder: Path, masks: Mapping[int, np.ndarray], name: str = "01") -> tuple[Path, Path]:
    """Write frames and masks; return both folders."""
    for frame, labels in masks.items():
        write_image(folder / name / f"t{frame:03d}.tif", (labels > 0).astype(np.uint8) * 100 + 50)
        write_image(folder / f"{name}_masks" / f"cells{frame:03d}.tif", labels)
    return folder / name, folder / f"{name}_masks"


def write_truth(folder: Path, masks: Mapping[int, np.ndarray], name: str = "01", outlines: Sequence[int] = ()) -> None:
    """Write gold truth, with segmentation truth in some frames, and silver truth."""
    truth = folder / f"{name}_GT"
    track(sequence_of(masks), ResultWriter(truth / "TRA"), LinkingSettings(max_distance=30))
    (truth / "TRA" / "res_track.txt").rename(truth / "TRA" / "man_track.txt")
    for frame in masks:
        file = (truth / "TRA" / f"mask{frame:03d}.tif").rename(truth / "TRA" / f"man_track{frame:03d}.tif")
        write_image(folder / f"{name}_ST" / "SEG" / f"man_seg{frame:03d}.tif", read_labels(file))
        if frame in outlines:
            write_image(truth / "SEG" / f"man_seg{frame:03d}.tif", read_labels(file))


def plan_of(
    folder: Path, drawn: Sequence[np.ndarray] | Mapping[int, np.ndarray], frames: str = "", **options: Any
) -> TrackingPlan:
    """Return the plan to track the drawn cells."""
    by_frame = drawn if isinstance(drawn, Mapping) else dict(enumerate(drawn))
    source, given = write_movie(folder / "data", by_frame)
    settings: dict[str, Any] = {"folder": folder / "out", "linking": LinkingSettings(), "masks": given}
    return TrackingPlan([open_movie(source, frames=frames)], **settings | options)


# -------------------------------------------------------------------------------------------------------- invalid plans


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"margin": -1}, "--margin: found -1, expected a whole number of pixels"),
        ({"margin": 30}, r"t000.tif: found 60 × 60 pixels, which a margin of 30 covers"),
        ({"tail": -1}, "--tail: found -1, expected a whole number of frames"),
        ({"tail": 2.5}, "--tail: found 2.5, expected a whole number of frames"),
        ({"frames_per_second": 0}, "--frames_per_second: found 0, expected a number from 0.01 to 100"),
        ({"frames_per_second": 1e5}, "--frames_per_second: found 100000.0, expected a number from 0.01 to 100"),
        ({"frames_per_second": "fast"}, "--frames_per_second: found fast, expected a number from 0.01 to 100"),
        ({"masks": Path("nowhere")}, "nowhere: found nothing, expected a folder of label images, or a stack"),
        ({"truth": Path("nowhere")}, "nowhere/01_GT: found neither TRA nor SEG"),
    ],
)
def test_options_out_of_range(tmp_path: Path, options: dict[str, Any], expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        plan_of(tmp_path, [draw({1: (20, 20, 9, 9)})] * 2, **options)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"linking": LinkingSettings(solver="ilp")},
            "--solver: found ilp without the package motile, .*pip install motile",
        ),
        ({"geff": True}, "--geff: found true without the package geff, .*pip install geff"),
    ],
)
def test_packages_that_are_not_installed(
    tmp_path: Path, options: dict[str, Any], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_plan, "find_spec", lambda _: None)
    plan_of(tmp_path, [draw({})])
    with pytest.raises(InputError, match=expected):
        plan_of(tmp_path, [draw({})], **options)


def test_masks_are_of_one_movie(tmp_path: Path) -> None:
    frames, masks = write_movie(tmp_path / "data", dict(enumerate([draw({})] * 2)))
    with pytest.raises(InputError, match="--masks: found masks of one movie for 2 movies, expected one movie"):
        TrackingPlan([open_movie(frames)] * 2, tmp_path, LinkingSettings(), masks)


def test_masks_of_other_frames(tmp_path: Path) -> None:
    frames, masks = write_movie(tmp_path / "data", dict(enumerate([draw({})] * 4)))
    (masks / "cells002.tif").unlink()
    with pytest.raises(InputError, match="01_masks: found no mask of frame 2, expected one for every frame of 01"):
        TrackingPlan([open_movie(frames)], tmp_path, LinkingSettings(), masks)
    assert TrackingPlan([open_movie(frames, frames="0-1")], tmp_path, LinkingSettings(), masks).instances
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([draw({})] * 3), photometric="minisblack")
    with pytest.raises(InputError, match=r"stack.tif: found no mask of frame 3"):
        TrackingPlan([open_movie(frames)], tmp_path, LinkingSettings(), tmp_path / "stack.tif")


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        (["TRA", "SEG"], "01_GT: found neither TRA nor SEG, expected a truth folder"),
        (["TRA/man_track.txt"], "man_track.txt: found nothing"),
        (["TRA/man_track003.tif"], "TRA: found no markers of frame 3, expected an image of every frame to score"),
        (["TRA", "SEG/man_seg001.tif", "SEG/man_seg002.tif"], "01_GT: found no truth of frames 0 to 3"),
    ],
)
def test_invalid_truth(tmp_path: Path, gone: list[str], expected: str) -> None:
    movie = colony(1)
    write_truth(tmp_path / "data", dict(enumerate(movie)), outlines=[1, 2, 5])
    for name in gone:
        path = tmp_path / "data" / "01_GT" / name
        path.rename(tmp_path / path.name)
    with pytest.raises(InputError, match=expected):
        plan_of(tmp_path, movie[:4], truth=tmp_path / "data")


# -------------------------------------------------------------------------------------------------------------- results


@pytest.mark.parametrize(
    "masks",
    [
        [draw({1: (20, 20, 9, 9)})],
        [draw({})] * 2,
        [draw({1: (20, 20, 9, 9)}), draw({}), draw({4: (20, 20, 9, 9)})],
        [draw({1: (0, 0, 9, 9), 2: (51, 40, 9, 20), 3: (10, 59, 20, 1)})] * 2,
        dict(enumerate([draw({1: (20, 20, 9, 9)})] * 2, start=7)),
        dict(enumerate([draw({1: (20, 20, 9, 9)})] * 3, start=998)),
        [draw({1: (20, 20, 9, 9)}).astype(np.uint32) * 70000] * 2,
    ],
    ids=["one frame", "no cells", "an empty frame", "at the border", "from 7", "four digits", "large labels"],
)
def test_a_result_is_valid_and_drawn(
    tmp_path: Path, masks: list[np.ndarray] | dict[int, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    plan = plan_of(tmp_path, masks, geff=True)
    announce_tracking("hela_track", "cpu", plan, NOWHERE, None)
    track_movies(plan, NOWHERE, None)
    movie, frames = plan.movies[0], plan.movies[0].frames
    assert validate(plan.result(movie)) == []
    assert open_labels(plan.result(movie)).frames == tuple(frames)
    names = {file.name for file in plan.report(movie).iterdir()}
    assert names >= {
        "report.html",
        "links.csv",
        "merges.csv",
        "divisions.csv",
        "measurements.csv",
        "overlay.gif",
        "overlay.mp4",
        "tracks.csv",
        "tracks.geff",
    }
    assert len(list((plan.report(movie) / "overlay").iterdir())) == len(frames)
    with (plan.report(movie) / "cells.csv").open(newline="") as file:
        assert [int(row["frame"]) for row in csv.DictReader(file)] == list(frames)
    assert str(plan.masks) in (plan.report(movie) / "report.html").read_text()
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"Tracking 01: frames {frames[0]} to {frames[-1]} of {tmp_path / 'data' / '01'}"
    assert said[1] == f"Masks: {plan.masks}"
    assert said[-1] == f"Look at: {tmp_path / 'out' / '01_report' / 'report.html'}"


def test_files_of_an_earlier_run_are_deleted(tmp_path: Path) -> None:
    masks = dict(enumerate(colony(2)))
    write_truth(tmp_path / "data", masks, outlines=range(6))
    track_movies(plan_of(tmp_path, masks, truth=tmp_path / "data", geff=True), NOWHERE, None)
    assert (tmp_path / "out" / "scores.json").is_file()
    track_movies(plan_of(tmp_path, masks, frames="2-3"), NOWHERE, None)
    assert not (tmp_path / "out" / "scores.json").exists()
    written = {str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("[!.]*") if file.is_file()}
    report = "report.html links.csv merges.csv divisions.csv measurements.csv cells.csv cells.png lineage.png "
    report += "tracks.csv graph.json overlay.gif overlay.mp4 overlay/overlay002.png overlay/overlay003.png"
    assert written == {f"01_RES/{name}" for name in ("mask002.tif", "mask003.tif", "res_track.txt")} | {
        f"01_report/{name}" for name in report.split()
    }


def test_measurements_of_every_cell_in_every_frame(tmp_path: Path) -> None:
    """Areas in pixels and µm, gray values of the frame, and the frame of the division."""
    source, given = write_movie(tmp_path / "data", dict(enumerate(colony(3), start=7)))
    movie = open_movie(source, pixel_size=0.5)
    plan = TrackingPlan([movie], tmp_path / "out", LinkingSettings(), given)
    track_movies(plan, NOWHERE, None)
    with (plan.report(movie) / "measurements.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for frame, labels in open_labels(plan.result(movie)):
        areas = {int(row["label"]): int(row["area_px2"]) for row in rows if int(row["frame"]) == frame}
        assert areas == {int(label): int((labels == label).sum()) for label in np.unique(labels) if label}
    assert {row["image"] for row in rows} == {"01"}
    assert {float(row["area_um2"]) / float(row["area_px2"]) for row in rows} == {0.25}
    assert {row["mean_intensity"] for row in rows} == {"150"}
    with (plan.report(movie) / "divisions.csv").open(newline="") as file:
        assert [row["frame"] for row in csv.DictReader(file)] == ["9"]


@pytest.mark.parametrize("rate", [0.01, 100])
def test_the_slowest_and_the_fastest_movie(tmp_path: Path, rate: float) -> None:
    plan = plan_of(tmp_path, [draw({1: (20, 20, 9, 9)})] * 2, frames_per_second=rate)
    track_movies(plan, NOWHERE, None)
    with Image.open(plan.report(plan.movies[0]) / "overlay.gif") as movie:
        assert movie.info["duration"] == 1000 / rate


def test_masks_that_the_result_would_overwrite(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, colony(2))
    track_movies(plan, NOWHERE, None)
    again = plan_of(tmp_path, colony(2), masks=plan.result(plan.movies[0]))
    with pytest.raises(InputError, match="01_RES: found the masks to link, which the result would replace"):
        track_movies(again, NOWHERE, None)
    assert validate(plan.result(plan.movies[0])) == []
    assert (plan.report(plan.movies[0]) / "report.html").is_file()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "01: 4 tracks and 0 divisions in 3 frames."),
        ({"margin": 4}, "01: 3 tracks and 0 divisions in 3 frames."),
        ({"margin": 4, "linking": LinkingSettings(max_distance=10)}, "01: 1 track and 0 divisions in 3 frames."),
    ],
)
def test_margin_and_settings_count(
    tmp_path: Path, options: dict[str, Any], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cell that moves by more than its diameter, and a cell at the border."""
    masks = [draw({1: (20, 20 + 9 * frame, 6, 6), 2: (0, 30, 4, 9)}) for frame in range(3)]
    track_movies(plan_of(tmp_path, masks, **options), NOWHERE, None)
    assert capsys.readouterr().out.splitlines()[0] == expected


@pytest.mark.parametrize(("margin", "warned"), [(0, False), (10, False), (28, True)])
def test_truth_with_cells_in_the_margin_is_reported(
    tmp_path: Path, margin: int, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    masks = [draw({1: (18, 18, 9, 9)})] * 2
    write_truth(tmp_path / "data", dict(enumerate(masks)))
    plan = plan_of(tmp_path, masks, margin=margin, truth=tmp_path / "data")
    announce_tracking("hela_track", "cpu", plan, NOWHERE, None)
    assert ("count as missed; --margin 0 scores all cells." in capsys.readouterr().out) == warned


def test_divisions_are_counted_as_in_their_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = plan_of(tmp_path, colony(4))
    track_movies(plan, NOWHERE, None)
    with (plan.report(plan.movies[0]) / "divisions.csv").open(newline="") as file:
        divisions = len(list(csv.DictReader(file)))
    assert divisions > 0
    assert f" and {divisions} division" in capsys.readouterr().out.splitlines()[0]


def test_a_run_waits_for_another_run_in_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = plan_of(tmp_path, colony(2))
    plan.folder.mkdir(exist_ok=True)
    held = threading.Event()

    def hold() -> None:
        with FileLock(plan.folder / ".lock"):
            held.set()
            time.sleep(0.5)

    threading.Thread(target=hold).start()
    held.wait()
    track_movies(plan, NOWHERE, None)
    assert f"Another run is active in {plan.folder}; waiting for it to finish." in capsys.readouterr().err
    FileLock(plan.folder / ".lock").acquire(timeout=0)


# --------------------------------------------------------------------------------------------------------- segmentation


class Cells(nn.Module):
    """Predicts background and cell; the prediction is the frame itself."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.cat([1 - image, image], dim=1)


def test_segmentation_and_tracking(tmp_path: Path) -> None:
    """The labels of each frame are written; frames of an earlier run are deleted."""
    masks = {frame: labels.astype(np.uint8) for frame, labels in enumerate(colony(3), start=998)}
    for frame, labels in masks.items():
        write_image(tmp_path / "01" / f"t{frame:04d}.tif", labels)
    movies = open_sequences(tmp_path, "01")
    stale = tmp_path / "out" / "01_instances" / "mask0004.tif"
    write_image(stale, masks[998])
    loaders = movie_loaders(movies, ReadImaged(keys="image"), num_workers=0)
    evaluator = SupervisedEvaluator(
        device="cpu",
        val_data_loader=loaders["01"],
        network=Cells(),
        val_handlers=[LabelWriter(tmp_path / "out", lambda found: found[1].astype(np.uint16))],
    )
    segment_movies(evaluator, loaders, tmp_path / "out")
    assert not stale.exists()
    instances = open_labels(tmp_path / "out" / "01_instances")
    assert instances.frames == tuple(masks)
    assert all((labels == masks[frame]).all() for frame, labels in instances)
    weights = tmp_path / "model.pt"
    weights.write_bytes(b"weights")
    track_movies(TrackingPlan(movies, tmp_path / "out", LinkingSettings()), weights, 0.5)
    assert validate(tmp_path / "out" / "01_RES") == []
    report = (tmp_path / "out" / "01_report" / "report.html").read_text()
    assert f"{weights}, SHA-256 {hashlib.sha256(b'weights').hexdigest()}" in report


# --------------------------------------------------------------------------------------------------------------- scores


def scored(folder: Path, plan: TrackingPlan) -> dict[str, Any]:
    """Track, and return the content of the score file."""
    track_movies(plan, NOWHERE, None)
    return json.loads((folder / "out" / "scores.json").read_text())


def test_the_truth_itself_scores_one(tmp_path: Path) -> None:
    masks = dict(enumerate(colony(2)))
    write_truth(tmp_path / "data", masks, outlines=[1, 4])
    plan = plan_of(tmp_path, masks, linking=LinkingSettings(max_distance=30), truth=tmp_path / "data")
    scores = scored(tmp_path, plan)
    assert {"command", "masks", "margin", "linking", "versions", "machine", "gold", "silver"} == set(scores)
    gold, silver = scores["gold"]["01"], scores["silver"]["01"]
    assert [gold[name] for name in ("SEG", "DET", "LNK", "TRA", "IDF1", "warping_error", "AOGM")] == [1] * 5 + [0, 0]
    assert silver["SEG"] == 1
    assert "DET" not in silver
    report = plan.report(plan.movies[0])
    assert sorted(file.name for file in (report / "comparison").iterdir()) == ["frame_001.png", "frame_004.png"]
    assert len((report / "errors.csv").read_text().splitlines()) == 1


def test_scores_are_those_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With errors, for a part of the movie that does not start at its first frame."""
    truth, masks = (dict(enumerate(colony(2))) for _ in range(2))
    write_truth(tmp_path / "data", truth, outlines=[1, 4])
    masks[3][masks[3] == 2] = 0
    masks[4][(masks[4] == 3) | (masks[4] == 6)] = 3
    masks[2][80:90, 80:90] = 12
    plan = plan_of(tmp_path, masks, frames="1-5", truth=tmp_path / "data", margin=2)
    scores = scored(tmp_path, plan)
    folders = str(tmp_path / "data" / "01_GT"), str(tmp_path / "out" / "01_RES")
    ctc(*folders, json=str(tmp_path / "ctc.json"), frames="1-5", warping=True)
    assert scores["gold"]["01"] == json.loads((tmp_path / "ctc.json").read_text())["sequences"]["01_RES"]
    silver = score_folders(tmp_path / "data" / "01_ST", tmp_path / "out" / "01_RES", range(1, 6)).numbers
    assert scores["silver"]["01"] == pytest.approx(silver)
    assert scores["gold"]["01"]["FN"] > 0
    report = plan.report(plan.movies[0])
    with (report / "errors.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) >= 3
    assert "Errors with the largest penalties" in (report / "report.html").read_text()


@pytest.mark.parametrize(
    ("gone", "measures"),
    [
        (["01_ST"], {"gold": {"SEG", "DET", "TRA", "IoU"}}),
        (["01_GT/TRA"], {"gold": {"SEG", "IoU"}, "silver": {"SEG", "IoU"}}),
        (["01_GT/SEG"], {"gold": {"DET", "TRA"}, "silver": {"SEG", "IoU"}}),
        (["01_GT/SEG/man_seg004.tif"], {"gold": {"DET", "TRA"}, "silver": {"SEG", "IoU"}}),
    ],
    ids=["no silver truth", "no markers", "no outlines", "no outlines of these frames"],
)
def test_incomplete_truth(tmp_path: Path, gone: list[str], measures: dict[str, set[str]]) -> None:
    masks = dict(enumerate(colony(2)))
    write_truth(tmp_path / "data", masks, outlines=[1, 4])
    for number, name in enumerate(gone):
        (tmp_path / "data" / name).rename(tmp_path / f"gone{number}")
    plan = plan_of(tmp_path, masks, frames="2-4", truth=tmp_path / "data")
    scores = scored(tmp_path, plan)
    found = {
        kind: set(scores[kind]["01"]) & {"SEG", "DET", "TRA", "IoU"} for kind in ("gold", "silver") if kind in scores
    }
    assert found == measures
    assert (plan.report(plan.movies[0]) / "errors.csv").is_file() == ("DET" in measures["gold"])


def test_several_movies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Mean and pooled scores are added; a missing score of a movie is null and not in the mean."""
    movies = []
    for name, seed in (("01", 2), ("02", 5)):
        masks = dict(enumerate(colony(seed)[:3]))
        movies.append(open_movie(write_movie(tmp_path, masks, name)[0]))
        write_truth(tmp_path, masks, name, outlines=[1])
        masks[1][masks[1] == 3] = 0
        for frame, labels in masks.items():
            write_image(tmp_path / "out" / f"{name}_instances" / f"mask{frame:04d}.tif", labels)
    (tmp_path / "02_GT" / "TRA").rename(tmp_path / "gone")
    weights = tmp_path / "model.pt"
    weights.write_bytes(b"weights")
    track_movies(TrackingPlan(movies, tmp_path / "out", LinkingSettings(), truth=tmp_path), weights, 0.5)
    gold = json.loads((tmp_path / "out" / "scores.json").read_text())["gold"]
    assert list(gold) == ["01", "02", "mean", "pooled"]
    assert (gold["02"]["DET"], gold["mean"]["DET"], gold["pooled"]["DET"]) == (None, *[gold["01"]["DET"]] * 2)
    assert gold["mean"]["SEG"] == pytest.approx((gold["01"]["SEG"] + gold["02"]["SEG"]) / 2)
    assert 0 < gold["01"]["SEG"] < 1
    assert "Against gold truth:" in capsys.readouterr().out


@pytest.mark.parametrize("binary", [False, True])
def test_unrelated_frames_and_binary_masks_are_mentioned(binary: bool) -> None:
    """Cells far away in every other frame; one value for two cells."""
    frames = []
    for frame in range(4):
        labels = np.zeros((64, 64), np.uint8)
        top = 4 if binary or frame % 2 else 50
        labels[top : top + 6, 4:10], labels[top : top + 6, 50:56] = 1, 1 if binary else 2
        frames.append(labels)
    cells = CellCounts(sequence_of(frames))
    for frame in cells.counted().frames:
        cells.counted().read(frame)
    links = [Link(frame, 1, frame + 1, 1, 1.0, "move") for frame in range(3)] if binary else []
    (note,) = cells.notes("01", links)
    assert ("binary masks" if binary else "only 0 % of the cells are linked") in note
