"""The package starts at once: what is heavy is imported when it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from bundle_runs import BUNDLES, ENVIRONMENT, config

HEAVY = ("torch", "monai", "ignite", "skimage", "scipy", "matplotlib", "cv2", "pandas", "tensorboard", "mlflow")

# Runs one command of MONAI up to the first line that it prints, and prints the modules of the package, and of Jinja.
UNTIL_FIRST_LINE = """
import os, runpy, sys
class FirstLine:
    def __getattr__(self, name):
        return getattr(sys.__stdout__, name)
    def write(self, text):
        if text.strip():
            os.write(1, "\\n".join(name for name in sys.modules if name.split(".")[0] in ("custom", "jinja2")).encode())
            os._exit(0)
sys.stdout = FirstLine()
runpy.run_module("monai.bundle", run_name="__main__", alter_sys=True)
"""


def python(code: str, *arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=ENVIRONMENT, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout


@pytest.mark.parametrize("module", ["custom", "custom.errors"])
def test_the_package_alone_loads_nothing_heavy(module: str) -> None:
    loaded = python(f"import sys, {module}; print(*sys.modules)").split()
    assert not {name.split(".")[0] for name in loaded} & set(HEAVY)


@pytest.mark.parametrize("bundle", BUNDLES)
def test_before_its_first_line_an_inference_loads_only_what_it_needs(bundle: str, tmp_path: Path) -> None:
    words = ("--config_file", *config(bundle, "inference"), "--dataset_dir", str(tmp_path / "data"))
    python("import custom, sys; custom.make_samples(*sys.argv[1:])", bundle, str(tmp_path / "data"))
    loaded = python(UNTIL_FIRST_LINE, "run", "inference", *words, "--output_dir", str(tmp_path / "out"))
    late = ("jinja2", "custom.html", "custom.report._", "custom.inference.formats._rois", "custom.tracking")
    assert "custom.inference._queue" in loaded
    assert not [name for name in loaded.split() if name.startswith(late)]
