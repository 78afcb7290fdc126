"""Estimated settings: known distances, improvements, the config file, transfer between real sequences."""

from __future__ import annotations

from pathlib import Path

import pytest
import tifffile
import yaml
from drawn_cells import colony, draw, link

from custom.errors import InputError
from custom.tracking import LinkingSettings, Track, fit, open_labels, write_settings, write_tracks
from custom.tracking.__main__ import fit as fit_command
from custom.tracking._fitting import AnnotatedSequence


def write_truth(folder: Path, movie: list, tracks: list[Track]) -> Path:
    """Write a folder NN_GT."""
    (folder / "TRA").mkdir(parents=True)
    for frame, labels in enumerate(movie):
        tifffile.imwrite(folder / "TRA" / f"man_track{frame:03d}.tif", labels, photometric="minisblack")
    write_tracks(folder / "TRA" / "man_track.txt", tracks)
    return folder


def test_distance(tmp_path: Path) -> None:
    """A cell moves 16 pixels per frame; with a quarter added, this gives 20."""
    movie = [draw({1: (10, 2 + 16 * frame, 8, 8)}, (30, 90)) for frame in range(5)]
    found = fit(write_truth(tmp_path / "01_GT", movie, [Track(1, 0, 4)]))
    assert found.settings == LinkingSettings(max_distance=20)
    assert (found.lnk, found.default_lnk) == (1, 0)  # 16 exceeds the diameter of the cell


def test_a_setting_changes_only_if_that_helps(tmp_path: Path) -> None:
    movie = colony(3)
    truth = write_truth(tmp_path / "01_GT", *_as_truth(movie))
    found = fit(truth)
    assert found.lnk == found.default_lnk == 1
    assert found.settings == LinkingSettings(max_distance=found.settings.max_distance)


def test_masks_in_addition_to_markers(tmp_path: Path) -> None:
    movie, tracks = _as_truth(colony(3))
    markers = [labels * (link_labels > 0) for labels, link_labels in zip(movie, _cores(movie), strict=True)]
    truth = write_truth(tmp_path / "01_GT", markers, tracks)
    masks = write_truth(tmp_path / "01_ST", colony(3), [])
    assert fit(truth, masks / "TRA").lnk == 1


def test_config(tmp_path: Path) -> None:
    found = fit(write_truth(tmp_path / "01_GT", *_as_truth(colony(3))))
    write_settings(tmp_path / "tracking.yaml", found, "python -m custom.tracking fit 01_GT")
    config = yaml.safe_load((tmp_path / "tracking.yaml").read_text())
    assert LinkingSettings(**config) == found.settings
    assert "fit 01_GT" in (tmp_path / "tracking.yaml").read_text().splitlines()[0]


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = write_truth(tmp_path / "01_GT", *_as_truth(colony(3)))
    fit_command(str(truth), output=str(tmp_path / "found.yaml"))
    first, last = capsys.readouterr().out.splitlines()
    assert first == f"Fitting settings to {truth}"
    assert last.startswith("LNK 1.0000, with the default settings 1.0000.")
    assert (tmp_path / "found.yaml").is_file()


def test_invalid_inputs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: found nothing"):
        fit(tmp_path / "nowhere")
    truth = write_truth(tmp_path / "01_GT", [draw({1: (1, 1, 5, 5)})] * 2, [Track(1, 0, 1)])
    with pytest.raises(InputError, match=r"found no mask of frame 1, expected one for each frame of the truth"):
        fit(truth, write_truth(tmp_path / "short", [draw({})], []))
    with pytest.raises(InputError, match=r"man_track000.tif: found \(5, 5\) pixels, expected \(60, 60\)"):
        fit(truth, write_truth(tmp_path / "small", [draw({}, (5, 5))] * 2, []))
    with pytest.raises(InputError, match="found no link between cells that have masks"):
        fit(truth, write_truth(tmp_path / "empty", [draw({})] * 2, []))


def test_transfer_between_real_sequences(real_data: Path) -> None:
    """Settings estimated on one sequence suit the other: LNK on HeLa 0.965, on SIM+ 0.98."""
    hela, sim = real_data / "DIC-C2DH-HeLa", real_data / "Fluo-N2DH-SIM+" / "01_GT"
    of_hela, of_sim = fit(hela / "01_GT", hela / "01_ST"), fit(sim)
    assert of_hela.lnk >= max(of_hela.default_lnk, 0.965)
    assert of_sim.lnk >= max(of_sim.default_lnk, 0.98)
    other = AnnotatedSequence(open_labels(sim), open_labels(sim), sim / "TRA" / "man_track.txt")
    assert other.lnk(of_hela.settings) >= 0.98


def _as_truth(movie: list) -> tuple[list, list[Track]]:
    """Return the masks with the labels of their tracks, and the tracks."""
    tracking = link(movie)
    truth = [labels.copy() for labels in movie]
    for frame, names in tracking.labels.items():
        for label, name in names.items():
            truth[frame][movie[frame] == label] = name
    return truth, tracking.tracks


def _cores(movie: list) -> list:
    """Return every second row of the masks."""
    cores = [labels.copy() for labels in movie]
    for labels in cores:
        labels[::2] = 0
    return cores
