"""Track lists: valid and invalid lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from custom.errors import InputError
from custom.tracking import Track, read_tracks, write_tracks


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "res_track.txt"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


@pytest.mark.parametrize(
    "text",
    [
        "1 0 29 0\n3 30 83 1\n",
        "1 0 29 0\r\n3 30 83 1\r\n",
        "1\t0 29  0\n\n 3 30 83 1 ",
        "\ufeff1 0 29 0\n3 30 83 1",
    ],
)
def test_reads_lines(tmp_path: Path, text: str) -> None:
    assert read_tracks(written(tmp_path, text)) == [Track(1, 0, 29), Track(3, 30, 83, parent=1)]


def test_empty_file_is_an_empty_list(tmp_path: Path) -> None:
    assert read_tracks(written(tmp_path, "")) == []
    assert read_tracks(written(tmp_path, "\n \n")) == []


def test_tracks_that_violate_rules_are_read(tmp_path: Path) -> None:
    assert read_tracks(written(tmp_path, "2 5 3 -1\n1 0 0 0")) == [Track(2, 5, 3, -1), Track(1, 0, 0)]


@pytest.mark.parametrize("line", ["1 0 29", "1 0 29 0 0", "1 0 29.0 0", "L B E P", "1,0,29,0", "x" * 200])
def test_errors_name_the_line(tmp_path: Path, line: str) -> None:
    file = written(tmp_path, f"1 0 9 0\n\n{line}\n")
    with pytest.raises(InputError, match=r"res_track.txt, line 3: found '.*', expected four whole numbers"):
        read_tracks(file)


def test_errors_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"res_track.txt: found nothing that can be read \(No such file"):
        read_tracks(tmp_path / "res_track.txt")
    with pytest.raises(InputError, match="found no text"):
        read_tracks(written(tmp_path, b"\xff\xfe\x00"))


def test_writes_what_it_reads_sorted_by_label(tmp_path: Path) -> None:
    tracks = [Track(3, 30, 83, 1), Track(1, 0, 29)]
    file = tmp_path / "new" / "res_track.txt"
    write_tracks(file, tracks)
    assert file.read_text() == "1 0 29 0\n3 30 83 1\n"
    assert read_tracks(file) == sorted(tracks)
    write_tracks(file, [])
    assert file.read_bytes() == b""


def test_real_list(real_data: Path) -> None:
    tracks = read_tracks(real_data / "Fluo-N2DH-SIM+" / "01_GT" / "TRA" / "man_track.txt")
    assert len(tracks) == 95
    assert all(0 <= track.begin <= track.end < 65 for track in tracks)
