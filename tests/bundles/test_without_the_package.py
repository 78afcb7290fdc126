"""A bundle without this package says in one sentence what it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bundle_runs import REPRESENTATIVE, ROOT

# Starts MONAI's command with the packages that are installed, but without this one.
WITHOUT = """
import runpy, sys
sys.path = [folder for folder in sys.path if folder and not __import__("pathlib").Path(folder, "custom").is_dir()]
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in str(finder).lower()]
sys.argv[0] = "monai.bundle"
runpy.run_module("monai.bundle", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("bundle", REPRESENTATIVE)
@pytest.mark.parametrize("run", [("inference", "inference"), ("training", "train")])
def test_one_sentence_names_the_package(bundle: str, run: tuple[str, str], tmp_path: Path) -> None:
    shutil.copytree(ROOT / "bundles" / bundle / "configs", tmp_path / "configs")
    name, config = run
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT, "run", name, "--config_file", str(tmp_path / "configs" / f"{config}.yaml")],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    said = [line for line in result.stderr.splitlines() if "parsing config_file" not in line and line.strip()]
    assert result.returncode == 1, result.stderr
    assert said[-1] == "This bundle needs the package microscopy-bundles"
    assert "Traceback" not in result.stderr
