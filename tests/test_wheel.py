"""The wheel in a fresh environment: everything is in it, and it works from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest
import tifffile
from bundle_runs import BUNDLES, ROOT

Run: TypeAlias = Callable[..., str]

PUBLIC_NAMES = """
import importlib, pkgutil, custom
for wing in ["custom", *(f"custom.{module.name}" for module in pkgutil.iter_modules(custom.__path__))]:
    module = importlib.import_module(wing)
    print(wing, *[name for name in getattr(module, "__all__", []) if getattr(module, name) is not None])
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a new environment, which borrows the dependencies, but not `custom`, from ours."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet"]
    # The build tools are installed already, so that no package index is needed.
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([*pip, *build], check=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv")
    python = folder / "venv" / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)], check=True)
    # Only now, so that pip did not see them. Python reads no .pth file of theirs, thus no editable install.
    borrowed = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    (installed(python) / "dependencies.pth").write_text("\n".join(borrowed) + "\n")
    return python


def installed(python: Path) -> Path:
    """Return the folder of the packages of an environment."""
    (folder,) = python.parents[1].glob("lib/python*/site-packages")
    return folder


@pytest.fixture
def run(environment: Path, tmp_path: Path) -> Run:
    """Return a function that runs Python in the environment, away from the repository, and returns its output."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*arguments: str) -> str:
        result = subprocess.run(
            [str(environment), *arguments], cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=300
        )
        assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
        return result.stdout.strip()

    return run


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Write a small image with a bright line."""
    pixels = np.random.default_rng(0).integers(0, 60, (250, 250), dtype=np.uint8)
    pixels[120:128] += 150
    tifffile.imwrite(tmp_path / "line.tif", pixels)
    return tmp_path / "line.tif"


def files(folder: Path) -> set[Path]:
    """Return the files below a folder, relative to it, as git keeps them."""
    return {
        file.relative_to(folder) for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts
    }


def test_the_wheel_holds_all_that_the_package_needs(environment):
    package = installed(environment) / "custom"
    shipped = package / "_shipped"
    assert files(package) - {file.relative_to(package) for file in shipped.rglob("*")} == files(ROOT / "custom")
    assert files(shipped / "data_manifests") == files(ROOT / "data_manifests")
    for bundle in BUNDLES:
        there = files(shipped / "bundles" / bundle)
        pictures = {Path("docs") / file.name for file in (ROOT / "bundles" / bundle / "docs").glob("*.png")}
        kept = {file for file in files(ROOT / "bundles" / bundle) if file.parts[0] not in ("data", "output")}
        assert there == kept - pictures


def test_all_public_names_can_be_imported(run, environment):
    assert run("-c", "import custom; print(custom.__file__)") == str(installed(environment) / "custom" / "__init__.py")
    names = dict(line.partition(" ")[::2] for line in run("-c", PUBLIC_NAMES).splitlines())
    packages = {f"custom.{file.parent.name}" for file in (ROOT / "custom").glob("*/__init__.py")}
    assert packages <= names.keys()
    assert "Clahed" in names["custom.transforms"].split()
    assert "InputError" in names["custom"].split()


def test_masks_are_scored(run, tmp_path):
    mask = np.zeros((32, 32), np.uint8)
    mask[8:24, 8:24] = 255
    for folder in ("truth", "masks"):
        (tmp_path / folder).mkdir()
        tifffile.imwrite(tmp_path / folder / "a.tif", mask)
    assert "1.000" in run("-m", "custom.score", "masks", "truth", "masks")


def test_a_shipped_bundle_and_its_copy_give_the_same(run, environment, image, tmp_path):
    shipped = Path(run("-m", "custom.bundles", "dendrite"))
    assert shipped.is_relative_to(installed(environment))
    copy = Path(run("-m", "custom.bundles", "dendrite", "--copy", "taken/dendrite"))
    assert copy == tmp_path / "taken" / "dendrite"
    for bundle in (shipped, copy):
        config = bundle / "configs" / "inference.yaml"
        results = str(tmp_path / bundle.parent.name)
        run(
            "-m",
            "monai.bundle",
            "run",
            "inference",
            "--config_file",
            str(config),
            "--input",
            str(image),
            "--output_dir",
            results,
        )
    probability = tifffile.imread(tmp_path / "bundles" / "line_probability.tif")
    assert probability.shape == (250, 250)
    assert np.array_equal(probability, tifffile.imread(tmp_path / "taken" / "line_probability.tif"))
    assert (tmp_path / "bundles" / "report.html").is_file()


def test_the_short_command_writes_into_the_working_directory(run, environment, image, tmp_path):
    assert "microscopy = custom.__main__:main" in (ROOT / "pyproject.toml").read_text().replace('"', "")
    assert (environment.parent / "microscopy").is_file()
    output = run(str(environment.parent / "microscopy"), "segment", "dendrite", image.name)
    assert output.startswith("python -m monai.bundle run inference --config_file ")
    assert (tmp_path / "dendrite_results" / "line_mask.tif").is_file()
    assert not (installed(environment) / "custom" / "_shipped" / "bundles" / "dendrite" / "output").exists()


def test_shipped_manifests_are_known_by_name(run):
    code = (
        "from custom.data._shipped import shipped_manifests; print((shipped_manifests() / 'isbi2012.json').is_file())"
    )
    assert run("-c", code) == "True"
