"""The reports of evaluation, training and inference: their content, and that writing them changes nothing."""

from __future__ import annotations

import csv
import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from bundle_runs import infer, same, train, weights
from report_pages import Outline
from tiny_scores import run, table_of_dice
from torch import nn

from custom.evaluation import Pictures, mask_view
from custom.ground.files import sha256
from custom.ground.wording import plain_number
from custom.report import report_evaluation, report_inference
from custom.report._training import _weights_of
from custom.samples import make_samples


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    return train("dendrite", make_samples("dendrite", folder / "data"), folder / "run")


def page_of(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def words_of(page: str) -> str:
    """Return the text between the tags."""
    return " ".join(unescape(re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)).split())


def names_in(page: str, begin: str, end: str) -> list[str]:
    """Return the names of the pictures between two texts of a page."""
    part = page[page.index(begin) : page.index(end, page.index(begin))]
    return [unescape(name) for name in re.findall(r"<strong>([^<]+)</strong>", part)]


# ---------------------------------------------------------------------------------------------------------- evaluation


def evaluated(folder: Path, **options: object) -> str:
    """Return the report of an evaluation whose images have known scores."""
    (folder / "model.pt").write_bytes(b"weights")
    table = table_of_dice(pictures=Pictures(mask_view(0.5)))
    run(folder, {"train": "a b", "test": "a b c nothing"}, table)
    report_evaluation("my_task", table, [], folder, folder / "model.pt", 0.5, **options)
    return page_of(folder)


def test_evaluation_shows_the_worst_first_and_names_images_without_a_score(tmp_path: Path) -> None:
    page = evaluated(tmp_path)
    headings = Outline(page).headings
    assert headings[:3] == ["my_task: evaluation", "Scores", "Images of the split test"]
    assert names_in(page, "Worst images", "Best images") == ["c", "b"]
    assert names_in(page, "Best images", "Images of the split train") == ["a"]
    words = words_of(page)
    assert "Dice 0.556 ± 0.416, mean over the 4 images of split test." in words
    assert "too little is annotated: nothing. The means leave these images out." in words


def test_an_evaluation_has_a_row_for_every_image(tmp_path: Path) -> None:
    page = evaluated(tmp_path)
    rows = re.findall(
        r'<tr><td data-value="(\w+)"[^>]*>\w+</td><td data-value="(\w+)"[^>]*>\w+</td><td[^>]*="([\d.]*)">', page
    )
    with (tmp_path / "scores.csv").open(newline="") as file:
        expected = [(row["split"], row["image"], row["dice"]) for row in csv.DictReader(file)]
    assert [(split, image) for split, image, _ in rows] == [(split, image) for split, image, _ in expected]
    for (_, _, found), (_, _, dice) in zip(rows, expected, strict=True):
        assert found == "" if dice == "nan" else float(found) == pytest.approx(float(dice), abs=1e-6)


def test_evaluation_describes_the_run(tmp_path: Path) -> None:
    digest = sha256(Path(__file__))
    record = {"sha256": digest, "seed": 7, "data": [{"name": "my_data"}]}
    (tmp_path / "provenance.json").write_text(json.dumps(record))
    words = words_of(evaluated(tmp_path))
    assert "trained with" not in words  # those were other weights
    digest = sha256(tmp_path / "model.pt")
    (tmp_path / "provenance.json").write_text(json.dumps(record | {"sha256": digest}))
    words = words_of(evaluated(tmp_path))
    for text in (digest, "trained with seed 7, on my_data", "threshold 0.5", "2 train, 4 test", "monai 1.", "pytest"):
        assert text in words


def test_an_evaluation_shows_the_scan_that_chose_the_threshold(tmp_path: Path) -> None:
    scan = {"best_score": 0.9, "thresholds": [0.2, 0.8], "scores": [0.9, None]}
    (tmp_path / "threshold.json").write_text(json.dumps({"threshold": 0.2, "scans": {"threshold": scan}}))
    assert "in use: 0.20" in evaluated(tmp_path)


def test_a_report_needs_pictures(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pictures"):
        report_evaluation("my_task", table_of_dice(), [], tmp_path, tmp_path / "model.pt")


# ------------------------------------------------------------------------------------------------------------ training


def test_training_shows_validation_images_predicted_with_the_saved_weights(trained: Path) -> None:
    page, best = page_of(trained), json.loads((trained / "run.json").read_text())["best"]
    scores = {
        name: float(dice) for name, dice in re.findall(r'data-value="(\d+)"[^>]*>\d+</td><td[^>]*="([\d.]+)">', page)
    }
    assert np.mean([*scores.values()]) == pytest.approx(best["score"], abs=1e-5)
    worst = names_in(page, "Worst images", "Best images")
    assert worst == sorted(scores, key=lambda name: scores[name])[: len(worst)]
    words = words_of(page)
    criterion = f"highest validation Dice, {plain_number(best['score'])}"
    assert f"Saved weights: epoch {best['epoch']} of 2 ({criterion})." in words
    for text in (
        "training loss",
        "validation Dice",
        "learning rate",
        f"saved weights: epoch {best['epoch']}",
        "in use: ",
    ):
        assert text in words
    assert sha256(trained / "model.pt") in words


def test_the_weights_of_the_network_are_restored(tmp_path: Path) -> None:
    network, other = nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3)
    own = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    torch.save(other.state_dict(), tmp_path / "model.pt")
    with _weights_of(tmp_path / "model.pt", network):
        assert same(dict(network.state_dict()), weights(tmp_path / "model.pt"))
    assert same(dict(network.state_dict()), own)


# ----------------------------------------------------------------------------------------------------------- inference


@pytest.fixture
def segmented(trained: Path, tmp_path: Path) -> Path:
    """Return the results of a stack of five pages and of two images, without review.csv."""
    draw = np.random.default_rng(0)
    images = tmp_path / "images"
    images.mkdir()
    tifffile.imwrite(images / "b.tif", draw.integers(0, 255, (5, 40, 60), np.uint8), photometric="minisblack")
    for name in ("a", "c"):
        tifffile.imwrite(images / f"{name}.tif", draw.integers(0, 255, (40, 60), np.uint8))
    output = infer("dendrite", images, tmp_path / "out", trained / "model.pt")
    assert set(names_in(page_of(output), "<body>", "<h2>About this run")) >= {"a", "b, page 2 (0 to 4)", "c"}
    (output / "review.csv").unlink(missing_ok=True)  # noise would be flagged
    return output


def again(folder: Path, trained: Path, **options: object) -> str:
    """Write a report of the results in a folder, and return it."""
    names = {"a": 1, "b": 5, "c": 1}
    pages = [
        {"file": str(folder.parent / "images" / f"{name}.tif"), "name": name, "page": page, "pages": count}
        for name, count in names.items()
        for page in range(count)
    ]
    pages = [page | {"channels": "equal"} for page in pages]
    report_inference("dendrite", pages, folder, trained / "model.pt", 0.5, **options)
    return page_of(folder)


def test_an_inference_shows_every_image_and_some_pages_of_a_stack(segmented: Path, trained: Path) -> None:
    page = again(segmented, trained)
    names = names_in(page, "<h2>Images", "</section>")
    assert names == ["a", "b, page 0 (0 to 4)", "b, page 2 (0 to 4)", "b, page 4 (0 to 4)", "c"]
    words = words_of(page)
    assert "3 images with 7 pages segmented: " in words
    assert "5 of 7 pages are shown here" in words
    with (segmented / "measurements_summary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(re.findall(r'<td data-value="[abc]"[^>]*>', page)) == len(rows) == 7


def test_inference_shows_images_that_need_review_first_and_failures(segmented: Path, trained: Path) -> None:
    (segmented / "review.csv").write_text(
        "image,page,needs_review,reasons,low_contrast,saturated,noise\n"
        'c,0,1,"blurred: sharpness 0.02, training range 0.11 to 0.35; noisy: noise 0.4",1,0,1\n'
        "b,1,0,,0,1,1\na,0,0,,0,0,1\n"
    )
    (segmented / "failed.csv").write_text("file,reason\n/images/<x>.png,no valid image\n")
    page = again(segmented, trained)
    assert names_in(page, "Needs review</h2>", "</section>") == ["b, page 1 (0 to 4)", "c"]
    assert names_in(page, "Other images</h2>", "</section>")[0] == "a"
    words = words_of(page)
    assert "blurred: sharpness 0.02, training range 0.11 to 0.35 noisy: noise 0.4 low contrast" in words
    for text in ("saturated", "2 need review", "1 failed"):
        assert text in words
    assert "/images/<x>.png no valid image" in words


def test_the_least_certain_come_first_and_corrected_ones_last(segmented: Path, trained: Path) -> None:
    rows = ["a,0,0,,0,0,0.9", *(f"b,{page},0,,0,0,{0.5 + page / 10}" for page in range(5)), "c,0,0,,0,0,"]
    table = ["image,page,needs_review,reasons,low_contrast,saturated,certainty", *rows]
    (segmented / "review.csv").write_text("\n".join(table))
    page = again(segmented, trained)
    names = names_in(page, "<h2>Images", "</section>")
    assert names == ["c", "b, page 0 (0 to 4)", "b, page 2 (0 to 4)", "b, page 4 (0 to 4)", "a"]
    summary = (segmented / "measurements_summary.csv").read_text().splitlines()
    lines = [line if not line.startswith("c,") else f"{line.rpartition(',')[0]},1" for line in summary]
    (segmented / "measurements_summary.csv").write_text("\n".join(lines))
    page = again(segmented, trained)
    assert names_in(page, "<h2>Corrected by hand", "</section>") == ["c"]
    assert "c" not in names_in(page, "<h2>Other images", "</section>")


@pytest.mark.parametrize("flag", ["0", ""])
def test_only_compared_images_are_said_to_need_no_review(segmented: Path, trained: Path, flag: str) -> None:
    """Without a reference, the flag is empty."""
    (segmented / "review.csv").write_text(f"image,page,needs_review,reasons,low_contrast,saturated\na,0,{flag},,0,0")
    words = words_of(again(segmented, trained))
    assert ("none needs review" in words) == (flag == "0")


def test_a_stack_of_flagged_pages_leaves_room_for_others(segmented: Path, trained: Path) -> None:
    rows = [f"b,{page},1,noisy,0,0" for page in range(5)]
    (segmented / "review.csv").write_text("\n".join(["image,page,needs_review,reasons,low_contrast,saturated", *rows]))
    page = again(segmented, trained)
    names = names_in(page, "Needs review</h2>", "</section>")
    assert names == [f"b, page {number} (0 to 4)" for number in (0, 2, 4)]
    assert "3 of 5 are shown here." in words_of(page)


def test_the_report_shows_existing_results_only(segmented: Path, trained: Path) -> None:
    """Missing results have no picture, and rows of images that are not in the list are left out."""
    (segmented / "c_mask.tif").unlink()
    page = again(segmented, trained)
    assert names_in(page, "<h2>Images", "</section>")[-1] == "b, page 4 (0 to 4)"
    assert "2 images with 6 pages" in words_of(page)
    assert '<td data-value="c"' not in page


def test_a_page_has_a_limited_number_of_pictures(
    segmented: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom.report._inference.MOST_PICTURES", 2)
    assert "2 of 7 pages are shown here" in words_of(again(segmented, trained))


def test_a_report_of_nothing(tmp_path: Path, trained: Path) -> None:
    """As if all images failed."""
    report_inference("dendrite", [], tmp_path, trained / "model.pt")
    assert "0 images segmented" in words_of(page_of(tmp_path))
