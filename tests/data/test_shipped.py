"""Bundles and manifests that ship with the package, and the command that finds and copies bundles."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bundle_runs import BUNDLES, ROOT

from custom.bundles import copy_bundle, main
from custom.data import _shipped
from custom.data._shipped import shipped_bundle, shipped_bundles, shipped_manifests
from custom.errors import InputError


@pytest.fixture
def command(exit_code, capsys):
    """Return a function that types `python -m custom.bundles ...` and returns exit code, output and errors."""

    def type_in(*arguments: str) -> tuple[int, str, str]:
        return (exit_code(main, *arguments), *capsys.readouterr())

    return type_in


def test_a_checkout_has_them_next_to_the_package():
    assert shipped_manifests() == ROOT / "data_manifests"
    assert shipped_bundles() == {name: ROOT / "bundles" / name for name in BUNDLES}
    assert shipped_bundle("tem") == ROOT / "bundles" / "tem"


def test_an_unknown_bundle_is_one_sentence_with_the_known_ones():
    with pytest.raises(InputError, match="axon: found no such bundle, expected one of: cytoskeleton, dendrite, "):
        shipped_bundle("axon")


def test_a_package_without_bundles_reports_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(_shipped.resources, "files", lambda package: tmp_path / package)
    with pytest.raises(InputError, match="_shipped/bundles: found nothing, expected the bundles that ship with"):
        shipped_bundles()


def test_the_command_lists_the_bundles_with_their_tasks(command):
    code, output, _ = command()
    assert code == 0
    assert [line.split()[0] for line in output.splitlines()] == BUNDLES
    assert "dendrite      Segmentation of dendrites in two-photon laser scanning microscopy" in output


def test_the_command_prints_the_folder_of_a_bundle_alone(command):
    assert command("vesicle") == (0, f"{ROOT / 'bundles' / 'vesicle'}\n", "")


def test_the_command_copies_what_makes_a_bundle(command, tmp_path):
    target = tmp_path / "mine" / "axons"
    assert command("tem", "--copy", str(target)) == (0, f"{target}\n", "")
    assert [entry.name for entry in target.parent.iterdir()] == ["axons"]
    assert sorted(entry.name for entry in target.iterdir()) == ["LICENSE", "configs", "docs", "models"]
    for file in ("LICENSE", "configs/sem.yaml", "docs/README.md", "models/model.pt", "models/sem/model.pt"):
        assert (target / file).read_bytes() == (ROOT / "bundles" / "tem" / file).read_bytes()


def test_sample_data_and_results_of_a_checkout_are_not_copied(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "bundles" / "dendrite", tmp_path / "bundles" / "dendrite")
    for folder in ("data", "output"):
        (tmp_path / "bundles" / "dendrite" / folder).mkdir(exist_ok=True)
        (tmp_path / "bundles" / "dendrite" / folder / "file").touch()
    monkeypatch.setattr(_shipped.resources, "files", lambda package: tmp_path / package)
    copy = copy_bundle("dendrite", tmp_path / "copy")
    assert {entry.name for entry in copy.iterdir()} == {"LICENSE", "configs", "docs", "models"}


def test_nothing_is_overwritten(command, tmp_path):
    (tmp_path / "notes.txt").write_text("keep")
    code, output, error = command("tem", "--copy", str(tmp_path))
    assert (code, output) == (1, "")
    assert error == f"Error: {tmp_path}: found an existing file or folder, expected a new folder.\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.txt"]


def test_a_folder_that_cannot_be_written_to_is_one_sentence(command, tmp_path):
    (tmp_path / "file").touch()
    code, _, error = command("tem", "--copy", str(tmp_path / "file" / "copy"))
    assert code == 1
    assert error.startswith(f"Error: {tmp_path / 'file'}: found a folder that cannot be written to (")


def test_a_copy_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def full(*_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(InputError, match="the disk is full"):
        copy_bundle("dendrite", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_copy_without_a_name_is_refused(command, capsys):
    with pytest.raises(SystemExit):
        command("--copy", "folder")
    assert "--copy needs the name of a bundle" in capsys.readouterr().err


def test_the_command_loads_neither_torch_nor_monai():
    code = "import sys, custom.bundles; print(*{'monai', 'torch'} & sys.modules.keys())"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
