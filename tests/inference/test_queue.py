"""Inference over many images: failures are recorded and the run continues; finished images are skipped."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from bundle_runs import command, config, infer, kill
from PIL import Image
from tiny_data import untrained

from custom import inference, networks
from custom.errors import find_input_error
from custom.ground.growing_table import DONE
from custom.images import write_image

OPTIONS: dict[str, Any] = {"spatial_mode": "tiles", "tile_size": 64, "min_area": 1, "threshold": 0.5, "device": "cpu"}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained("dendrite", tmp_path_factory.mktemp("weights"))


def gray(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, shape, dtype=np.uint8)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Return a folder of two good images and a good stack."""
    for name, shape in (("a", (40, 50)), ("b ß", (50, 40)), ("stack", (3, 40, 44))):
        write_image(tmp_path / "images" / f"{name}.tif", gray(*shape))
    return tmp_path / "images"


GOOD = {"a", "b ß", "stack"}


def run(images: Path, output: Path, weights: Path, **options: Any) -> int:
    """Run an inference of dendrites, and return its exit code."""
    try:
        infer("dendrite", images, output, weights, **(OPTIONS | options))
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def masks(output: Path) -> set[str]:
    return {file.name.removesuffix("_mask.tif") for file in output.glob("*_mask.tif")}


def measured(output: Path) -> set[str]:
    with (output / "measurements_summary.csv").open(newline="", encoding="utf-8") as stream:
        return {row["image"] for row in csv.DictReader(stream)}


def failed(output: Path) -> dict[str, str]:
    with (output / "failed.csv").open(newline="", encoding="utf-8") as stream:
        return {Path(row["file"]).name: row["reason"] for row in csv.DictReader(stream)}


# -------------------------------------------------------------------------------------------------------- failures


def write_bad_images(folder: Path) -> dict[str, str]:
    """Write files that cannot be segmented, one of each kind, and return the reason for each."""
    folder.mkdir(exist_ok=True)
    stack = gray(3, 40, 44).astype(np.float32)
    tifffile.imwrite(folder / "whole.tif", stack, photometric="minisblack")
    content = (folder / "whole.tif").read_bytes()
    (folder / "whole.tif").unlink()
    (folder / "cut.tif").write_bytes(content[: len(content) // 2])
    (folder / "header.tif").write_bytes(b"no image at all")
    (folder / "empty.png").touch()
    (folder / "folder.tif").mkdir()
    (folder / "gone.tif").symlink_to(folder / "nowhere.tif")
    tifffile.imwrite(folder / "nan.tif", np.full((40, 40), np.nan, np.float32))
    stack[1, 2, 3] = np.inf
    tifffile.imwrite(folder / "page.tif", stack, photometric="minisblack")
    Image.fromarray(gray(40, 40, 3)).save(folder / "color.png")
    for name in ("twice.tif", "twice.png"):
        Image.fromarray(gray(40, 40)).save(folder / name)
    expected = {
        "cut.tif": "found a",
        "header.tif": "found a broken or incomplete file",
        "empty.png": "found an empty file of 0 bytes",
        "folder.tif": "found a folder",
        "gone.tif": "found no such file",
        "nan.tif": "found 1600 NaN or infinite pixels",
        "page.tif": "page 1: found 1 NaN or infinite pixels",
        "color.png": "found color: 3 channels",
        "twice.tif": f"found the same name as {folder / 'twice.png'}",
        "twice.png": f"found the same name as {folder / 'twice.tif'}",
    }
    if not os.access(write_locked(folder / "locked.png"), os.R_OK):
        expected["locked.png"] = "found"
    else:
        (folder / "locked.png").unlink()  # root may read it
    return expected


def write_locked(file: Path) -> Path:
    Image.fromarray(gray(40, 40)).save(file)
    file.chmod(0)
    return file


@pytest.mark.parametrize("options", [{}, {"num_workers": 2}, {"dataloader#batch_size": 4, "spatial_mode": "resize"}])
def test_good_images_among_bad_ones(
    images: Path, weights: Path, tmp_path: Path, options: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Also in a batch with an unreadable page."""
    expected = write_bad_images(images)
    assert run(images, tmp_path / "out", weights, **options) == 2
    assert masks(tmp_path / "out") == measured(tmp_path / "out") == GOOD
    found = failed(tmp_path / "out")
    assert found.keys() == expected.keys()
    for name, words in expected.items():
        assert found[name].startswith(words)
        assert "expected" in found[name]
    said = capsys.readouterr().out.splitlines()
    assert said[-1 - len(expected)] == f"Failed: {len(expected)} images, see {tmp_path / 'out' / 'failed.csv'}"
    assert said[-len(expected) :] == [f"  {name}: {reason}" for name, reason in sorted(found.items())]


def test_failures_of_an_earlier_run_are_removed(images: Path, weights: Path, tmp_path: Path) -> None:
    tifffile.imwrite(images / "nan.tif", np.full((40, 40), np.nan, np.float32))
    (images / "empty.tif").touch()
    assert run(images, tmp_path / "out", weights) == 2
    assert failed(tmp_path / "out").keys() == {"nan.tif", "empty.tif"}
    write_image(images / "nan.tif", gray(40, 40))
    assert run(images, tmp_path / "out", weights) == 2
    assert failed(tmp_path / "out").keys() == {"empty.tif"}
    (images / "empty.tif").unlink()
    assert run(images, tmp_path / "out", weights) == 0
    assert not (tmp_path / "out" / "failed.csv").exists()
    assert masks(tmp_path / "out") == measured(tmp_path / "out") == GOOD | {"nan"}


def test_only_bad_images(weights: Path, tmp_path: Path) -> None:
    expected = write_bad_images(tmp_path / "in")
    assert run(tmp_path / "in", tmp_path / "out", weights) == 2
    assert failed(tmp_path / "out").keys() == expected.keys()
    assert not masks(tmp_path / "out")


@pytest.mark.parametrize("name", ["nan.tif", "header.tif", "page.tif"])
def test_one_bad_image_that_was_named_is_an_error(name: str, weights: Path, tmp_path: Path) -> None:
    words = write_bad_images(tmp_path / "in")[name]
    with pytest.raises(Exception) as caught:  # noqa: PT011 the configs wrap it
        run(tmp_path / "in" / name, tmp_path / "out", weights)
    sentence = find_input_error(caught.value) or ""
    assert sentence.startswith(f"{tmp_path / 'in' / name}: {words}")
    assert not (tmp_path / "out").exists()


def break_forward(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Make the network fail for images of 50 rows."""
    forward = networks.UNet.forward

    def broken(self: networks.UNet, image: torch.Tensor) -> torch.Tensor:
        if broken.rows == 50:
            raise error
        return forward(self, image)

    def noting(self: inference.ImageQueue, engine: Any, batch: dict[str, Any]) -> Any:
        broken.rows = batch["image"].shape[-2] if "image" in batch else 0
        return predict(self, engine, batch)

    broken.rows = 0
    predict = inference.ImageQueue.predict
    monkeypatch.setattr(networks.UNet, "forward", broken)
    monkeypatch.setattr(inference.ImageQueue, "predict", noting)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9.00 GiB."),
        MemoryError(),
    ],
)
def test_an_image_too_large_for_the_memory(
    images: Path, weights: Path, tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_forward(monkeypatch, error)
    assert run(images, tmp_path / "out", weights) == 2
    assert masks(tmp_path / "out") == GOOD - {"b ß"}
    assert failed(tmp_path / "out")["b ß.tif"].startswith("found an image that is too large for the memory")


def test_an_error_of_ours_ends_the_run(
    images: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a traceback; images finished before remain finished."""
    break_forward(monkeypatch, ZeroDivisionError("our fault"))
    with pytest.raises(RuntimeError) as caught:
        run(images, tmp_path / "out", weights)
    assert find_input_error(caught.value) is None
    assert masks(tmp_path / "out") == measured(tmp_path / "out") == {"a"}
    monkeypatch.undo()
    assert run(images, tmp_path / "out", weights) == 0
    assert masks(tmp_path / "out") == GOOD


def test_a_result_that_cannot_be_written_ends_only_its_image(
    images: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(result: Any) -> list[Path]:
        if result.name == "a":
            raise ZeroDivisionError("our fault")
        return []

    monkeypatch.setattr(inference, "result_formats", lambda *_: [fail])
    assert run(images, tmp_path / "out", weights) == 2
    assert masks(tmp_path / "out") - {"a"} == GOOD - {"a"}
    reason = "found results that cannot be written (ZeroDivisionError: our fault), expected no error."
    assert failed(tmp_path / "out") == {"a.tif": reason}
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c(
    images: Path,
    weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    break_forward(monkeypatch, KeyboardInterrupt())  # type: ignore[arg-type]
    assert run(images, tmp_path / "out", weights) == 130
    assert "Stopped. Repeat the command to process the missing images." in capsys.readouterr().err
    assert masks(tmp_path / "out") == measured(tmp_path / "out") == {"a"}


def test_a_wrong_option_is_not_the_fault_of_an_image(images: Path, tmp_path: Path) -> None:
    """It ends the run, even if it is checked only when an image is processed."""
    (tmp_path / "models").mkdir()
    weights = untrained("hela_track", tmp_path / "models")
    with pytest.raises(Exception) as caught:  # noqa: PT011
        infer("hela_track", images, tmp_path / "out", weights, seed_depth=-1, tile_size=100)
    assert (find_input_error(caught.value) or "").startswith("--seed_depth: found -1")


def test_as_typed(images: Path, weights: Path, tmp_path: Path) -> None:
    tifffile.imwrite(images / "nan.tif", np.full((40, 40), np.nan, np.float32))
    options = [text for name, value in OPTIONS.items() for text in (f"--{name}", str(value))]
    typed = ["--config_file", *config("dendrite", "inference"), "--input", "images", "--output_dir", "out"]
    result = command("inference", *typed, "--ckpt_path", str(weights), *options, cwd=tmp_path)
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout.splitlines()[-1] == "  nan.tif: found 1600 NaN or infinite pixels, expected finite values."


# ------------------------------------------------------------------------------------------------------ finished images


@pytest.fixture
def finished(weights: Path, tmp_path: Path) -> Path:
    """Return a folder with `images` and, in `out`, their results."""
    folder = tmp_path
    for name, shape in (("a", (40, 50)), ("b", (50, 40)), ("stack", (3, 40, 44))):
        write_image(folder / "images" / f"{name}.tif", gray(*shape))
    (folder / "weights").mkdir()
    for file in (weights, weights.with_name("threshold.json")):
        shutil.copy(file, folder / "weights")
    assert run(folder / "images", folder / "out", folder / "weights" / "model.pt") == 0
    return folder


def again(finished: Path, capsys: pytest.CaptureFixture[str], **options: Any) -> set[str]:
    """Repeat the inference, and return the names of the images that were processed again."""
    out = finished / "out"
    before = {file: file.stat().st_mtime_ns for file in (out / DONE).glob("*.json")}
    assert run(finished / "images", out, finished / "weights" / "model.pt", **options) == 0
    records = set((out / DONE).glob("*.json"))
    done = {file for file in records if file not in before or file.stat().st_mtime_ns > before[file]}
    said = "images are already finished (--overwrite true re-processes them)." in capsys.readouterr().out
    assert said == (done != records)
    assert masks(out) == measured(out) == {file.stem for file in (finished / "images").iterdir()}
    return {file.stem for file in done}


def test_finished_images_are_skipped(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {path: path.read_bytes() for path in (finished / "out").glob("*.[tpc][ins][fgv]")}
    assert again(finished, capsys) == set()
    assert again(finished, capsys, num_workers=2, device="cpu") == set()
    assert {path: path.read_bytes() for path in files} == files


def remove_mask(folder: Path) -> set[str]:
    (folder / "out" / "a_mask.tif").unlink()
    return {"a"}


def cut_overlay(folder: Path) -> set[str]:
    file = folder / "out" / "stack_overlay.png"
    file.write_bytes(file.read_bytes()[:-100])
    return {"stack"}


def remove_rows(folder: Path) -> set[str]:
    (folder / "out" / DONE / "measurements_summary.csv" / "b.csv").unlink()
    return {"b"}


def remove_tables(folder: Path) -> set[str]:
    for file in (folder / "out").glob("*.csv"):
        file.unlink()
    return set()


def damage_record(folder: Path) -> set[str]:
    (folder / "out" / DONE / "a.json").write_text("{")
    return {"a"}


def change_image(folder: Path) -> set[str]:
    write_image(folder / "images" / "b.tif", gray(50, 40, seed=1))
    return {"b"}


def touch_image(folder: Path) -> set[str]:
    os.utime(folder / "images" / "a.tif", ns=(0, 10**18))
    return {"a"}


def new_image(folder: Path) -> set[str]:
    write_image(folder / "images" / "new.tif", gray(40, 40))
    return {"new"}


def other_weights(folder: Path) -> set[str]:
    state = torch.load(folder / "weights" / "model.pt", weights_only=True)
    torch.save({name: values * 1.01 for name, values in state.items()}, folder / "weights" / "model.pt")
    return {"a", "b", "stack"}


def other_threshold(folder: Path) -> set[str]:
    (folder / "weights" / "threshold.json").write_text('{"threshold": 0.4}')
    return {"a", "b", "stack"}


def correct_mask(folder: Path) -> set[str]:
    """Correct a mask by hand; it must not be lost, and is measured anew."""
    tifffile.imwrite(folder / "out" / "a_mask.tif", np.zeros((40, 50), np.uint8))
    return {"a"}


CHANGES = [
    remove_mask,
    cut_overlay,
    remove_rows,
    remove_tables,
    damage_record,
    change_image,
    touch_image,
    other_weights,
    other_threshold,
    correct_mask,
    new_image,
]


def test_changed_images_are_processed_again(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for change in CHANGES:
        expected = change(finished)
        assert again(finished, capsys) == expected, change.__name__
    assert not tifffile.imread(finished / "out" / "a_mask.tif").any(), "the mask that was corrected"


def test_other_options_process_all_images_again(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options in ({"threshold": 0.4}, {"min_area": 2}, {"inferer#overlap": 0.5}, {"overwrite": "true"}):
        assert again(finished, capsys, **options) == {"a", "b", "stack"}, options


def test_moved_images_are_processed_again(finished: Path, tmp_path: Path) -> None:
    """Another folder may contain other images with the same name, size and time."""
    (finished / "images").rename(tmp_path / "moved")
    (tmp_path / "images").symlink_to(tmp_path / "moved")
    before = (finished / "out" / DONE / "a.json").stat().st_mtime_ns
    run(tmp_path / "images", finished / "out", finished / "weights" / "model.pt")
    assert (finished / "out" / DONE / "a.json").stat().st_mtime_ns > before


def test_results_of_other_settings_are_removed(images: Path, weights: Path, tmp_path: Path) -> None:
    """A stack that has become a single image has no stack of overlays."""
    output = tmp_path / "out"
    run(images, output, weights)
    assert (output / "stack_overlay.tif").is_file()
    write_image(images / "stack.tif", gray(40, 44))
    run(images, output, weights)
    assert not (output / "stack_overlay.tif").exists()
    assert (output / "stack_overlay.png").is_file()


def test_rows_of_images_in_another_folder_are_kept(images: Path, weights: Path, tmp_path: Path) -> None:
    write_image(tmp_path / "others" / "x.tif", gray(40, 40))
    run(images, tmp_path / "out", weights)
    run(tmp_path / "others", tmp_path / "out", weights)
    assert measured(tmp_path / "out") == GOOD | {"x"}


def test_a_marker_lists_what_results_were_made_with(finished: Path) -> None:
    record = json.loads((finished / "out" / DONE / "stack.json").read_text())
    assert record["input"]["file"] == str(finished / "images" / "stack.tif")
    assert record["made_with"].keys() == {"weights", "settings", "threshold.json"}
    names = {f"stack_{kind}" for kind in ("probability.tif", "mask.tif", "overlay.tif", "overlay.png")}
    tables = {f"{DONE}/{name}.csv/stack.csv" for name in ("measurements", "measurements_summary")}
    assert record["files"].keys() >= names | tables


def test_killed_inferences_and_two_at_once(tmp_path: Path) -> None:
    """SIGKILL at three random times; then two runs start in one folder at the same time."""
    assert "3 kills; the results equal" in kill("killed_inferences.py", tmp_path)
