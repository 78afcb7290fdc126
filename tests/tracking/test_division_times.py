"""Division times: frames, daughters, and the time between two divisions."""

from __future__ import annotations

from pathlib import Path

from custom.tracking import Division, Track, divisions, write_divisions


def test_divisions_and_cycles() -> None:
    """A mother of unknown age, a daughter that divides, and a daughter with a gap before her division."""
    tracks = [
        Track(1, 0, 5),
        Track(2, 6, 15, 1),
        Track(3, 6, 9, 1),
        Track(4, 12, 20, 3),
        Track(5, 16, 22, 2),
        Track(6, 16, 30, 2),
        Track(7, 21, 30, 4),
        Track(8, 21, 30, 4),
    ]
    assert divisions(tracks[::-1]) == [
        Division(5, 1, (2, 3), None),
        Division(15, 2, (5, 6), 10),
        Division(20, 4, (7, 8), 15),
    ]


def test_a_gap_is_not_a_division() -> None:
    assert divisions([Track(1, 0, 5), Track(2, 8, 9, 1)]) == []


def test_a_first_division_after_a_gap_has_no_cycle() -> None:
    tracks = [Track(1, 0, 3), Track(2, 5, 6, 1), Track(3, 7, 7, 2), Track(4, 7, 8, 2), Track(5, 7, 9, 2)]
    assert divisions(tracks) == [Division(6, 2, (3, 4, 5), None)]


def test_table(tmp_path: Path) -> None:
    file = tmp_path / "divisions.csv"
    write_divisions(file, [Division(5, 1, (2, 3), None), Division(15, 2, (5, 6), 10)])
    assert file.read_text().splitlines() == ["frame,label,daughters,cycle_frames", "5,1,2 3,", "15,2,5 6,10"]
    write_divisions(file, [])
    assert file.read_text().splitlines() == ["frame,label,daughters,cycle_frames"]
