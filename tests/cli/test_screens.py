"""What the commands print, as it is shown in docs/command_line.md."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from bundle_runs import ROOT
from test_microscopy import microscopy

import custom
from custom.data._shipped import shipped_bundle

SCREENS = re.findall(r"```text\n\$ microscopy (.*?)```", (ROOT / "docs" / "command_line.md").read_text(), re.DOTALL)


def shape(line: str) -> str:
    """Return a line with each number as 0, so that scores and times may differ."""
    return re.sub(r"(\d+ h )?\d+ (s|min) left", "0 left", re.sub(r"\d+(\.\d+)?", "0", line)).rstrip()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Write a folder of images, and masks with results."""
    samples = custom.make_samples("dendrite", shipped_bundle("dendrite") / "data" / "sample")
    for folder in ("images", "truth", "result"):
        (tmp_path / folder).mkdir()
    for file in sorted((Path(samples) / "image").iterdir())[:3]:
        shutil.copy(file, tmp_path / "images")
    mask = np.zeros((64, 64), np.uint8)
    mask[10:30, 10:30] = 255
    for name in "ab":
        tifffile.imwrite(tmp_path / "truth" / f"{name}.tif", mask)
        tifffile.imwrite(tmp_path / "result" / f"{name}_mask.tif", np.roll(mask, 2, 1))
    return tmp_path


@pytest.mark.slow
def test_screens_show_what_is_printed(home: Path) -> None:
    assert len(SCREENS) == 7
    package = str(shipped_bundle("dendrite").parents[1])
    for screen in SCREENS:
        command, *lines = screen.splitlines()
        done = microscopy(*shlex.split(command), cwd=home)
        printed = (done.stdout + done.stderr).replace(package, "…").replace(str(home), "/home/ada")
        known = {shape(line) for line in printed.splitlines()}
        assert [line for line in lines if line != "…" and shape(line) not in known] == [], command
