"""Measurement tables as files: they grow, replace old rows, and are never incomplete."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from drawn_shapes import bar, disc, page_of

from custom.errors import InputError
from custom.ground.growing_table import GrowingTable, Table, join_tables, write_table
from custom.measurements import Measurements, dendrites, objects, tissue


def read(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def visible(folder: Path) -> list[Path]:
    return sorted(folder.glob("[!.]*"))


def areas(*values: float, name: str = "area") -> Table:
    return {"label": np.arange(1, len(values) + 1), name: np.array(values, dtype=float)}


def write(file: Path, images: dict[str, Table]) -> list[str]:
    """Write a table and return the names of the images in the order of its rows."""
    with GrowingTable(file) as table:
        for name, rows in images.items():
            table.add(name, rows)
    return [row["image"] for row in read(file)]


# -------------------------------------------------------------------------------------------------------- a table grows


def test_rows_and_numbers(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.csv"
    with GrowingTable(file) as table:
        table.add("x, y", areas(4, 0.000123456789))
        table.add("empty", areas())
        table.add("z", areas(np.nan))
        assert not file.exists()
    text = file.read_text(encoding="utf-8").splitlines()
    assert text == ["image,label,area", '"x, y",1,4', '"x, y",2,0.0001234568', "z,1,"]
    assert visible(file.parent) == [file]


def test_an_image_without_objects_gives_a_header(tmp_path: Path) -> None:
    assert write(tmp_path / "a.csv", {"x": areas()}) == []
    assert (tmp_path / "a.csv").read_text().splitlines() == ["image,label,area"]


def test_a_second_run_replaces_its_images_and_keeps_the_others(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    write(file, {"x": areas(1, 2), "y": areas(3), "z": areas(4)})
    assert write(file, {"y": areas(5, 6), "z": areas()}) == ["x", "x", "y", "y"]
    assert [row["area"] for row in read(file)] == ["1", "2", "5", "6"]
    assert write(file, {"w": areas(7, name="length")}) == ["w"]  # rows with other columns are dropped


def test_an_image_may_be_added_to(tmp_path: Path) -> None:
    """Pages may be added one by one, even between those of other images; the next run replaces them."""
    file = tmp_path / "a.csv"
    for _ in range(2):
        with GrowingTable(file) as table:
            for name, value in (("x", 1), ("y", 2), ("x", 3)):
                table.add(name, areas(value), areas(value + 10))
        assert [(row["image"], row["area"]) for row in read(file)] == [
            ("x", "1"),
            ("x", "11"),
            ("x", "3"),
            ("x", "13"),
            ("y", "2"),
            ("y", "12"),
        ]


def test_rows_survive_an_aborted_run(tmp_path: Path) -> None:
    """Rows are on the disk as soon as they are added, and `join_tables` collects them."""
    GrowingTable(tmp_path / "a.csv").add("x", areas(1))
    GrowingTable(tmp_path / "b.csv").add("x", areas(2))
    assert visible(tmp_path) == []
    join_tables(tmp_path)
    assert [row["area"] for name in ("a.csv", "b.csv") for row in read(tmp_path / name)] == ["1", "2"]


def test_a_table_without_parts(tmp_path: Path) -> None:
    write_table(tmp_path / "a.csv", ((name, areas(1)) for name in ("y", "x", "y")))
    assert [row["image"] for row in read(tmp_path / "a.csv")] == ["y", "x", "y"]
    assert list(tmp_path.iterdir()) == [tmp_path / "a.csv"]


def write_and_fail(file: Path) -> None:
    with GrowingTable(file) as table:
        table.add("y", areas(2))
        raise RuntimeError


def test_complete_rows_survive_an_error(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    write(file, {"x": areas(1)})
    with pytest.raises(RuntimeError), GrowingTable(file):
        raise RuntimeError
    assert [row["image"] for row in read(file)] == ["x"]
    with pytest.raises(RuntimeError):
        write_and_fail(file)
    assert [row["image"] for row in read(file)] == ["x", "y"]
    assert visible(tmp_path) == [file]


def test_without_rows_there_is_no_file(tmp_path: Path) -> None:
    with GrowingTable(tmp_path / "a.csv"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be created"), GrowingTable(tmp_path / "file" / "a.csv") as table:
        table.add("x", areas(1))


# ------------------------------------------------------------------------------------------------------ tables of a run


def test_objects_and_summary_of_a_stack(tmp_path: Path) -> None:
    pages = [page_of(bar(100, 5, 0), pixel_size=(0.1, 0.1)), page_of(np.zeros((50, 60)), pixel_size=(0.1, 0.1))]
    with Measurements(tmp_path, dendrites) as measurements:
        measurements.add("stack", pages)
        measurements.add("single", [page_of(disc(12))])
    found, summary = (read(file) for file in measurements.files)
    assert [(row["image"], row["page"], row["label"]) for row in found] == [("single", "0", "1"), ("stack", "0", "1")]
    assert float(found[1]["length_um"]) == pytest.approx(10, rel=0.02)
    assert found[0]["length_um"] == ""
    places = [(row["image"], row["page"], row["objects"]) for row in summary]
    assert places == [("single", "0", "1"), ("stack", "0", "1"), ("stack", "1", "0")]
    assert float(summary[1]["total_length_px"]) == pytest.approx(100, rel=0.02)
    assert summary[2]["mean_length_px"] == ""
    assert visible(tmp_path) == sorted(measurements.files)


def test_every_class_has_a_row_in_the_summary(tmp_path: Path) -> None:
    classes = ["background", "vessel", "cell"]
    with Measurements(tmp_path, lambda page: tissue(page, classes), classes[1:]) as measurements:
        measurements.add("x", [page_of(disc(9))])
    assert [(row["class"], row["objects"]) for row in read(measurements.files[1])] == [("vessel", "1"), ("cell", "0")]


def test_a_repeated_measurement_gives_the_same_table(tmp_path: Path) -> None:
    content = []
    for _ in range(2):
        with Measurements(tmp_path, objects) as measurements:
            measurements.add("x", [page_of(disc(9), disc(9).astype(np.uint16))])
        content.append([file.read_bytes() for file in measurements.files])
    assert content[0] == content[1]
