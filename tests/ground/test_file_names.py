"""Names of files: as given, printable, and as cells of a table."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from custom.ground.growing_table import GrowingTable
from custom.ground.names import as_cell, as_given, from_cell, in_home, printable


def test_links_keep_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "store" / "acquisition").mkdir(parents=True)
    (tmp_path / "mouse").symlink_to(tmp_path / "store" / "acquisition")
    monkeypatch.chdir(tmp_path)
    assert as_given("mouse") == tmp_path / "mouse"
    assert as_given("mouse/../x") == (tmp_path / "store" / "x")  # as the operating system reads it


def test_tilde_is_the_home_folder_unless_it_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ada")
    assert in_home("~/x") == Path("/home/ada/x")
    assert in_home("~old.tif") == Path("~old.tif")
    Path("~").mkdir()
    assert in_home("~") == Path("~")


@pytest.mark.parametrize("name", ["=1+1", "+a", "-5", "@b", "\tc", "'=quoted", "''=twice", "plain", "'plain'", ""])
def test_cells_return_their_text(name: str) -> None:
    cell = as_cell(name)
    assert from_cell(cell) == name
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_table_has_no_formulas_but_negative_numbers(tmp_path: Path) -> None:
    with GrowingTable(tmp_path / "cells.csv") as table:
        table.add("=cmd()", {"class": np.array(["@x", "axon"]), "angle": np.array([-1.5, 2])})
    with (tmp_path / "cells.csv").open(newline="") as stream:
        assert list(csv.reader(stream))[1:] == [["'=cmd()", "'@x", "-1.5"], ["'=cmd()", "axon", "2"]]


def test_names_of_other_encodings_can_be_written() -> None:
    assert printable("Gr\udcfcn").encode() == "Grün".encode()
    assert printable("日本") == "日本"
