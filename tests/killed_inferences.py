"""Kill inference at random times, repeat it each time, and compare its results with those of an uninterrupted run.

python tests/killed_inferences.py FOLDER [KILLS [SEED]]

Then two runs start simultaneously in one folder. Every run is a process forked from this one, as in `kills`.
"""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
from bundle_runs import infer
from kills import ended, forked, wait
from tiny_data import untrained

from custom.ground.growing_table import DONE
from custom.images import read_image, write_image

BUNDLE = "dendrite"
OPTIONS = {"spatial_mode": "tiles", "tile_size": 64, "min_area": 1, "threshold": 0.5, "device": "cpu"}
IMAGES = 10


def write_images(folder: Path) -> None:
    """Write some images; one is a stack."""
    generator = np.random.default_rng(0)
    for number in range(IMAGES):
        pages = generator.integers(0, 255, (3, 64, 70), dtype=np.uint8)
        write_image(folder / f"image {number:02d}.tif", pages if number == 5 else pages[0])


def finished(output: Path) -> int:
    """Return the number of images with a marker."""
    return len(list((output / DONE).glob("[!.]*.json")))


def start(images: Path, output: Path, weights: Path) -> int:
    return forked(lambda: infer(BUNDLE, images, output, weights, **OPTIONS), output.with_suffix(".log"))


def results(folder: Path) -> dict[str, bytes]:
    """Return the results of a run, without the report, which contains the date."""
    return {file.name: file.read_bytes() for file in folder.glob("[!.]*") if file.suffix in (".tif", ".png", ".csv")}


def assert_whole(folder: Path) -> int:
    """Read every file left by a killed run, and return the number of finished images."""
    for name in results(folder):
        if name.endswith(".csv"):
            with (folder / name).open(newline="", encoding="utf-8") as stream:
                columns, *rows = csv.reader(stream)
            assert all(len(row) == len(columns) for row in rows), name
        else:
            read_image(folder / name, channels="luminance")
    records = sorted((folder / DONE).glob("[!.]*.json"))
    for record in records:
        for name, size in json.loads(record.read_text())["files"].items():
            assert (folder / name).stat().st_size == size, name
    return len(records)


def assert_equal(folder: Path, whole: Path) -> None:
    """Compare the results of two runs, byte for byte."""
    assert results(folder) == results(whole)
    assert assert_whole(folder) == IMAGES
    assert {path.name for path in folder.rglob(".*")} == {".lock", DONE}, "files of killed writers are left"


def killed(images: Path, output: Path, weights: Path, kills: int, seconds: float, generator: random.Random) -> int:
    """Run inference to its end, killed at most ``kills`` times after up to ``seconds``; return the number of kills."""
    done = 0
    while True:
        process = start(images, output, weights)
        if done < kills:
            before = finished(output)
            while not ended(process) and finished(output) == before:
                time.sleep(0.002)
            time.sleep(generator.uniform(0, seconds))
        if done == kills or ended(process):
            wait(process, output.with_suffix(".log"))
            return done
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        done += 1
        print(f"killed when {assert_whole(output)} of {IMAGES} images were done", flush=True)


def two_at_once(images: Path, output: Path, weights: Path) -> None:
    """Start a second run while the first one works; it is stopped until the second one waits for it."""
    first, log = start(images, output, weights), output.with_suffix(".second.log")
    while not finished(output):
        time.sleep(0.002)
    os.kill(first, signal.SIGSTOP)
    second = forked(lambda: infer(BUNDLE, images, output, weights, **OPTIONS), log)
    waiting = f"Another run is active in {output}; waiting for it to finish."
    while not ended(second) and not (log.exists() and waiting in log.read_text()):
        time.sleep(0.02)
    os.kill(first, signal.SIGCONT)
    wait(first, output.with_suffix(".log"))
    wait(second, log)
    said = log.read_text()
    assert waiting in said, said
    assert f"All {IMAGES} images are already finished" in said, said


def main(folder: Path, kills: int = 3, seed: int = 0) -> None:
    """Kill inference runs ``kills`` times in all."""
    images, whole = folder / "images", folder / "whole"
    write_images(images)
    weights = untrained(BUNDLE, folder)
    infer(BUNDLE, images, whole, weights, **OPTIONS)  # in this process, so that forked ones inherit its imports
    assert assert_whole(whole) == IMAGES
    times = sorted(file.stat().st_mtime for file in (whole / DONE).glob("*.json"))
    seconds, done, generator = times[-1] - times[0], 0, random.Random(seed)
    while done < kills:
        broken = folder / f"broken_{done}"
        done += killed(images, broken, weights, kills - done, seconds, generator)
        assert_equal(broken, whole)
        assert "Another run" not in broken.with_suffix(".log").read_text(), "the lock of a killed process is left"
    two_at_once(images, folder / "both", weights)
    assert_equal(folder / "both", whole)
    print(f"{done} kills; the results equal those of an uninterrupted run, as do those of two simultaneous runs.")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), *map(int, sys.argv[2:]))
