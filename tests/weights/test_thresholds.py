"""Thresholds next to weights: what a scan writes, and which threshold inference uses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tiny_engines import THRESHOLDS, identity_evaluator, predictions

from custom import metrics
from custom.errors import InputError
from custom.evaluation import ThresholdCurve
from custom.weights import read_threshold, write_thresholds

LABEL = np.array([[1, 1, 0, 0]])


def scan(foreground: float, label: np.ndarray = LABEL) -> ThresholdCurve:
    """Return the scan of one image that has this probability where the label is, and 0.05 elsewhere."""
    curve = ThresholdCurve(metrics.dice_per_threshold, THRESHOLDS)
    items = predictions([np.where(label == 1, foreground, 0.05)], [label])
    identity_evaluator(items, key_val_metric={"dice": curve}).run()
    return curve


# -------------------------------------------------------------------------------------------------------------- writing


def test_a_scan_is_written_whole(tmp_path: Path) -> None:
    write_thresholds(tmp_path / "threshold.json", {"threshold": scan(0.35)})
    assert json.loads((tmp_path / "threshold.json").read_text()) == {
        "threshold": 0.2,
        "scans": {"threshold": {"best_score": 1.0, "thresholds": THRESHOLDS, "scores": [1.0] * 3 + [0.0] * 6}},
    }


def test_several_thresholds(tmp_path: Path) -> None:
    write_thresholds(tmp_path / "threshold.json", {"threshold": scan(0.95), "seed_threshold": scan(0.35)})
    assert read_threshold(tmp_path / "model.pt") == 0.5
    assert read_threshold(tmp_path / "model.pt", name="seed_threshold") == 0.2


@pytest.mark.parametrize("chosen", [0.3, 0])
def test_a_chosen_threshold_is_stored_instead_of_the_scans(tmp_path: Path, chosen: float) -> None:
    scans = {"threshold": scan(0.95), "seed_threshold": scan(0.35)}
    write_thresholds(tmp_path / "threshold.json", scans, {"threshold": chosen, "seed_threshold": None})
    assert read_threshold(tmp_path / "model.pt") == chosen
    assert read_threshold(tmp_path / "model.pt", name="seed_threshold") == 0.2
    stored = json.loads((tmp_path / "threshold.json").read_text())["scans"]
    assert stored["threshold"]["scores"] == [1.0] * 9


def test_a_threshold_without_a_score_is_a_half(tmp_path: Path) -> None:
    write_thresholds(tmp_path / "threshold.json", {"threshold": scan(0.05, 0 * LABEL)})
    text = (tmp_path / "threshold.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)["threshold"] == 0.5
    assert json.loads(text)["scans"]["threshold"]["best_score"] is None
    assert json.loads(text)["scans"]["threshold"]["scores"] == [None] * 9


# -------------------------------------------------------------------------------------------------------------- reading


def test_the_threshold_is_stored_next_to_the_weights(tmp_path: Path) -> None:
    (tmp_path / "threshold.json").write_text('{"threshold": 0.37}')
    assert read_threshold(tmp_path / "model.pt") == 0.37
    assert read_threshold(str(tmp_path / "checkpoint_last.pt")) == 0.37


@pytest.mark.parametrize("given", [0.2, "0.2"])
def test_a_given_threshold_comes_first(tmp_path: Path, given: float | str) -> None:
    assert read_threshold(tmp_path / "model.pt", given) == 0.2
    (tmp_path / "threshold.json").write_text('{"threshold": 0.37}')
    assert read_threshold(tmp_path / "model.pt", given) == 0.2


@pytest.mark.parametrize("given", [0, 0.0, 1])
def test_the_ends_of_the_range_are_thresholds(tmp_path: Path, given: float) -> None:
    assert read_threshold(tmp_path / "model.pt", given) == given


def test_missing_weights_are_reported_before_a_missing_threshold(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model\.pt: found nothing, expected a checkpoint"):
        read_threshold(tmp_path / "model.pt")
    with pytest.raises(InputError, match="found a folder, expected a checkpoint"):
        read_threshold(tmp_path)


def test_the_name_of_a_threshold_is_the_name_of_its_option(tmp_path: Path) -> None:
    (tmp_path / "model.pt").touch()
    with pytest.raises(
        InputError, match=r"threshold\.json: found nothing, expected the seed_threshold .* --seed_threshold"
    ):
        read_threshold(tmp_path / "model.pt", name="seed_threshold")
    (tmp_path / "threshold.json").write_text('{"threshold": 0.37}')
    with pytest.raises(InputError, match=r"threshold\.json: found no seed_threshold, expected a number"):
        read_threshold(tmp_path / "model.pt", name="seed_threshold")
    with pytest.raises(InputError, match=r"--seed_threshold: found 2, expected a number"):
        read_threshold(tmp_path / "model.pt", 2, name="seed_threshold")


def test_a_missing_threshold(tmp_path: Path) -> None:
    (tmp_path / "model.pt").touch()
    with pytest.raises(InputError, match=r"threshold\.json: found nothing, expected .* or --threshold"):
        read_threshold(tmp_path / "model.pt")


@pytest.mark.parametrize(
    ("given", "found"), [("half", "half"), ("", ""), (1.5, "1.5"), ("-0.1", "-0.1"), (float("nan"), "nan")]
)
def test_a_given_threshold_that_is_none(tmp_path: Path, given: float | str, found: str) -> None:
    with pytest.raises(InputError, match=f"--threshold: found {found}, expected a number from 0 to 1"):
        read_threshold(tmp_path / "model.pt", given)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b'{"threshold": 50}', "50"),
        (b'{"threshold": null}', "None"),
        (b'{"threshold": "half"}', "half"),
        (b'{"scores": []}', "no threshold"),
        (b"[0.5]", "list"),
        (b"0.5", "float"),
        (b"", "invalid JSON"),
        (b"\xff\xfe", "invalid JSON"),
        (b"[" * 10**5, "invalid JSON"),
        (b'{"threshold": 1' + b"0" * 400 + b"}", "10+"),
    ],
)
def test_a_stored_threshold_that_is_none(tmp_path: Path, content: bytes, found: str) -> None:
    (tmp_path / "threshold.json").write_bytes(content)
    with pytest.raises(
        InputError, match=rf"threshold\.json: found {found}.*, expected a (number from 0 to 1|JSON object)"
    ):
        read_threshold(tmp_path / "model.pt")
