"""Linking of masks from the command line, and its settings file."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from drawn_cells import colony, draw, link

from custom.errors import InputError
from custom.images import write_image
from custom.tracking import Fit, LinkingSettings, open_labels, read_settings, read_tracks, validate, write_settings
from custom.tracking.__main__ import link as link_command
from custom.tracking.__main__ import main


def write_masks(folder: Path, masks: list[np.ndarray], first: int = 0) -> Path:
    """Write masks with file names of another tool."""
    for frame, labels in enumerate(masks, start=first):
        write_image(folder / f"seg_{frame}.tif", labels)
    return folder


@pytest.mark.parametrize("first", [0, 7, 998])
@pytest.mark.parametrize("volumes", [False, True])
def test_a_folder_of_masks(tmp_path: Path, first: int, volumes: bool) -> None:
    movie = [np.stack([labels] * 2) if volumes else labels for labels in colony(2)]
    link_command(str(write_masks(tmp_path / "masks", movie, first)), str(tmp_path / "01_RES"))
    expected = link(movie, first=first)
    assert validate(tmp_path / "01_RES") == []
    assert read_tracks(tmp_path / "01_RES" / "res_track.txt") == expected.tracks
    assert open_labels(tmp_path / "01_RES").frames == tuple(range(first, first + len(movie)))
    with (tmp_path / "01_report" / "links.csv").open(newline="") as file:
        links = list(csv.DictReader(file))
    assert len(links) == len(expected.links)
    assert float(links[0]["confidence"]) == pytest.approx(min(link.confidence for link in expected.links), abs=1e-4)
    assert {path.name for path in (tmp_path / "01_report").iterdir()} == {"links.csv", "merges.csv"}


@pytest.mark.parametrize("masks", [[draw({})], [draw({})] * 3, [draw({3: (0, 0, 9, 9)})]])
def test_a_stack_with_few_cells_or_none(tmp_path: Path, masks: list[np.ndarray]) -> None:
    write_image(tmp_path / "masks.tif", np.stack(masks))
    link_command(str(tmp_path / "masks.tif"), str(tmp_path / "linked"))
    assert validate(tmp_path / "linked") == []
    assert len(open_labels(tmp_path / "linked")) == len(masks)
    assert (tmp_path / "linked_report" / "merges.csv").is_file()


def test_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With estimated settings, a cell that is too fast for the default settings is one track."""
    write_masks(tmp_path / "2024_05", [draw({1: (10, 2 + 16 * frame, 8, 8)}, (30, 90)) for frame in range(4)])
    write_settings(tmp_path / "tracking.yaml", Fit(LinkingSettings(max_distance=20.0), 1, 0), "fit")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.excepthook", lambda *_: None)  # restored afterward
    for options, tracks in (([], 4), (["--settings", "tracking.yaml"], 1)):
        monkeypatch.setattr("sys.argv", ["custom.tracking", "link", "2024_05", "01_RES", *options])
        main()
        said = capsys.readouterr().out.splitlines()
        assert said[0] == f"Linking 4 frames of {tmp_path / '2024_05'}"
        assert said[1] == f"Result: {tmp_path / '01_RES'} (tracks: {tracks}, frames: 4)"
        assert said[2] == f"Links, least confident first: {tmp_path / '01_report' / 'links.csv'}"
        assert len(read_tracks("01_RES/res_track.txt")) == tracks


def test_binary_masks_and_unrelated_frames_are_mentioned(tmp_path: Path) -> None:
    binary = write_masks(tmp_path / "binary", [draw({255: (4, 4, 6, 6)}) + draw({255: (4, 40, 6, 6)})] * 3)
    with pytest.warns(UserWarning, match="binary: most masks have a single value in several places"):
        link_command(str(binary), str(tmp_path / "01_RES"))
    unrelated = [draw({1: (row, column, 6, 6)}) for row in (4, 44) for column in (4, 44)]
    with pytest.warns(UserWarning, match="unrelated: only 0 % of the cells are linked to a later frame"):
        link_command(str(write_masks(tmp_path / "unrelated", unrelated)), str(tmp_path / "02_RES"))


def test_masks_that_cannot_be_linked(tmp_path: Path) -> None:
    masks = write_masks(tmp_path / "masks", colony(2))
    (masks / "seg_2.tif").unlink()
    with pytest.raises(InputError, match=r"seg_3.tif: found frame 3 after frame 1, expected a mask for every frame"):
        link_command(str(masks), str(tmp_path / "01_RES"))
    with pytest.raises(InputError, match="nowhere: found nothing"):
        link_command(str(tmp_path / "nowhere"), str(tmp_path / "01_RES"))
    link_command(str(write_masks(tmp_path / "other", colony(2))), str(tmp_path / "02_RES"))
    with pytest.raises(InputError, match="02_RES: found the masks to link, which the result would replace"):
        link_command(str(tmp_path / "02_RES"), str(tmp_path / "02_RES"))
    assert not (tmp_path / "01_RES").exists()


def test_settings_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "tracking.yaml"
    file.write_text("max_gap: 2      # frames\nmax_distance: null\nspacing: [2.0, 1.0]\n")
    assert read_settings(file) == LinkingSettings(max_gap=2, spacing=(2.0, 1.0))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max_gap: 2.5", "max_gap: found 2.5, expected a whole number from 0 up"),
        ("max_gaps: 2", r"found the name max_gaps, expected settings of the linking \(max_distance, "),
        ("", "found no lines `name: value`, expected settings"),
        ("- max_gap", "found no lines `name: value`, expected settings"),
        ("max_gap: [", "found nothing that can be read, expected a YAML file with settings"),
        (None, "found nothing that can be read, expected a YAML file with settings"),
    ],
)
def test_invalid_settings_files(tmp_path: Path, text: str | None, expected: str) -> None:
    file = tmp_path / "tracking.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match=f"tracking.yaml: {expected}"):
        read_settings(file)
