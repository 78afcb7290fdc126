"""The root folder of a bundle, and the start of a run."""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser, ConfigWorkflow
from monai.utils import set_determinism

import custom

CONFIG = """\
imports: [$import custom]
this_config: '@imports'
bundle_root: $custom.bundle_root(@this_config, 'x')
size: 250
training: ["$custom.begin('cpu', 0)", "$print('size', @size)"]
"""


def write_config(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "x.yaml").write_text(CONFIG)
    return folder / "x.yaml"


def root_of(config: str | Path) -> str:
    workflow = ConfigWorkflow(config_file=str(config), workflow_type="train")
    workflow.initialize()
    return workflow.bundle_root


def drawn() -> tuple[float, float, float]:
    return random.random(), float(np.random.random()), float(torch.rand(()))


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to a folder outside the bundle."""
    folder = tmp_path / "outside"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Restore the settings that `custom.begin` changes in the process."""
    logger = logging.getLogger("ignite.engine")
    monkeypatch.setattr(logger, "level", logger.level)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(sys, "argv", ["pytest"])
    with warnings.catch_warnings():
        yield
    set_determinism(None)


@pytest.mark.usefixtures("outside")
def test_root_is_above_configs(tmp_path: Path) -> None:
    config = write_config(tmp_path / "my bundle" / "configs")
    assert root_of(config) == str((tmp_path / "my bundle").resolve())


@pytest.mark.usefixtures("outside")
def test_root_of_a_relative_config(tmp_path: Path) -> None:
    config = write_config(tmp_path / "bundle" / "configs")
    assert root_of(os.path.relpath(config)) == str((tmp_path / "bundle").resolve())


@pytest.mark.usefixtures("outside")
def test_root_is_the_folder_of_the_config(tmp_path: Path) -> None:
    config = write_config(tmp_path / "loose")
    assert root_of(config) == str((tmp_path / "loose").resolve())


@pytest.mark.usefixtures("outside")
def test_two_bundles_in_one_process(tmp_path: Path) -> None:
    first, second = (write_config(tmp_path / name / "configs") for name in ("first", "second"))
    assert [Path(root_of(config)).name for config in (first, second, first)] == ["first", "second", "first"]


@pytest.mark.usefixtures("outside")
def test_content_evaluated_after_initialize(tmp_path: Path) -> None:
    """By another program, which does not call from within the workflow."""
    config = write_config(tmp_path / "copy" / "configs")
    workflow = ConfigWorkflow(config_file=str(config), workflow_type="train")
    workflow.initialize()
    assert workflow.parser.get_parsed_content("bundle_root") == str(tmp_path / "copy")


@pytest.mark.usefixtures("outside")
def test_a_bundle_of_links_is_where_it_was_opened(tmp_path: Path) -> None:
    """As the cache of a model hub keeps its files."""
    write_config(tmp_path / "blobs").rename(tmp_path / "blobs" / "4f2a")
    (tmp_path / "bundle" / "configs").mkdir(parents=True)
    (tmp_path / "bundle" / "configs" / "x.yaml").symlink_to(tmp_path / "blobs" / "4f2a")
    assert root_of(tmp_path / "bundle" / "configs" / "x.yaml") == str(tmp_path / "bundle")


def test_a_parser_without_a_workflow_uses_the_shipped_bundle(tmp_path: Path) -> None:
    parser = ConfigParser()
    parser.read_config(write_config(tmp_path / "configs"))
    parser["bundle_root"] = "$custom.bundle_root(@this_config, 'dendrite')"
    with pytest.warns(UserWarning, match="bundle_root: not given by the program that reads this config; using"):
        assert Path(parser.get_parsed_content("bundle_root")).name == "dendrite"
    parser["bundle_root"] = "/given"
    parser.parse(reset=True)
    assert parser.get_parsed_content("bundle_root") == "/given"


@pytest.mark.usefixtures("begun")
def test_begin_seeds_all_generators() -> None:
    custom.begin(seed=3)
    first = drawn()
    custom.begin(seed=3)
    assert drawn() == first
    custom.begin(seed=4)
    assert not set(drawn()) & set(first)


@pytest.mark.usefixtures("begun")
def test_begin_without_a_seed_leaves_generators_alone() -> None:
    set_determinism(3)
    expected = drawn()
    set_determinism(3)
    custom.begin()
    assert drawn() == expected


def test_another_program_keeps_its_hooks() -> None:
    before = sys.excepthook, threading.excepthook, warnings.showwarning, logging.getLogger("ignite.engine").level
    custom.begin(seed=1, deterministic=True)
    after = sys.excepthook, threading.excepthook, warnings.showwarning, logging.getLogger("ignite.engine").level
    assert after == before
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.usefixtures("begun")
def test_warnings_become_notes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/monai/bundle/__main__.py"])
    custom.begin()
    warnings.warn("2 files are left out", stacklevel=1)
    warnings.warn("old name", FutureWarning, stacklevel=1)
    assert capsys.readouterr() == ("", "Note: 2 files are left out\n")


def test_a_misspelt_option_ends_a_run_with_one_sentence(tmp_path: Path, outside: Path) -> None:
    config = write_config(tmp_path / "bundle" / "configs")
    command = [sys.executable, "-m", "monai.bundle", "run", "training", "--config_file", str(config), "--sise", "3"]
    environment = {**os.environ, "PYTHONPATH": str(Path(custom.__file__).parents[1])}
    done = subprocess.run(command, cwd=outside, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "size 250" not in done.stdout
    assert "Traceback" not in done.stderr
    last = "Error: --sise: found an option that no config contains; the nearest is --size."
    assert done.stderr.splitlines()[-1] == last
