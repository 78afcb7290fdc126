"""Which images to correct first: how well statistics of a result find the images with the worst Dice.

The weights that ship segment labeled images; columns of ``review.csv`` that could rank the images are compared with
their Dice of the foreground (mean over the classes). Run:

    OMP_NUM_THREADS=1 python benchmarks/correct_first.py WORK --data FOLDER [--tta]

``FOLDER`` contains the real data sets, ``WORK`` keeps the results between runs; ``--tta`` measures the disagreement of
eight flips and rotations, too, which takes eight times as long. Printed per data set and ranking:
Spearman's correlation with the loss 1 - Dice (1: the worst come first), and how many of the worst quarter are in the
first quarter of the ranking.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from monai.bundle import ConfigWorkflow
from scipy.stats import spearmanr

from custom.data import items_of, open_datasets
from custom.images import read_labels
from custom.transforms import ReadInstancesd, ReadLabeld

BUNDLES = Path(__file__).resolve().parents[1] / "bundles"


class Case(NamedTuple):
    """Labeled images and the weights that segment them."""

    bundle: str
    manifest: str
    options: Mapping[str, Any] = {}
    overlays: Sequence[str] = ()


CASES = {
    "usiigaci_phase": Case("hela_track", "usiigaci_phase", {"pixel_size": 0.43}),
    "axondeepseg_sem": Case("tem", "axondeepseg_sem", {"pixel_size": 0.13}, ("sem",)),
    "vimslab_actin": Case("cytoskeleton", "vimslab_actin"),
    "two_photon_dendrite": Case("dendrite", "two_photon_dendrite", {"restore_size": True}),
}

RANKINGS: dict[str, Callable[[Mapping[str, float]], float]] = {
    "flags": lambda row: row["needs_review"],
    "reasons": lambda row: row["number_of_reasons"],
    "uncertain": lambda row: -row["certainty"],
    "disagreement": lambda row: row.get("disagreement", 0),
    "reasons, then uncertain": lambda row: row["number_of_reasons"] - row["certainty"],
}


def segment(case: Case, folder: Path, out: Path, tta: bool) -> list[dict[str, Any]]:
    """Segment the images of a data set, and return its items."""
    data = open_datasets([folder], case.manifest, case.manifest)
    items = items_of(data, ["train", "validation", "test"])
    images = [{"image": item["image"], "page": item["page"], "name": item["name"]} for item in items]
    files = [str(BUNDLES / case.bundle / "configs" / f"{one}.yaml") for one in ("inference", *case.overlays)]
    workflow = ConfigWorkflow(
        files,
        workflow_type="infer",
        output_dir=str(out),
        tta=tta,
        overwrite=False,
        **case.options,
        **{"dataset#data": images},
    )
    workflow.initialize()
    workflow.run()
    return items


def dice(item: Mapping[str, Any], out: Path) -> float:
    """Return the Dice of the foreground of an item; for classes the mean over those in the label."""
    reader = ReadInstancesd("label") if item["rule"] == "instances" else ReadLabeld("label")
    label = np.asarray(reader({**item})["label"])[0]
    mask = read_labels(out / f"{item['name']}_mask.tif")
    known = (label != 255) & (label >= 0)
    if mask.max() == 255 or item["rule"] == "instances":
        label, mask = label > 0, mask > 0
    scores = [_dice(label == value, (mask == value) & known) for value in np.unique(label[known]) if value]
    return float(np.mean(scores)) if scores else 1.0


def _dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * float((a & b).sum()) / max(1, int(a.sum() + b.sum()))


def review(out: Path) -> dict[str, dict[str, float]]:
    """Return the numbers of ``review.csv``: name of an image → column → value."""
    with (out / "review.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    found = {}
    for row in rows:
        reasons = [reason for reason in row.pop("reasons").split("; ") if reason]
        numbers = {column: float(value or 0) for column, value in row.items() if column != "image"}  # 0: empty result
        found[row["image"]] = numbers | {"number_of_reasons": len(reasons)}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=list(CASES))
    parser.add_argument("--tta", action="store_true")
    arguments = parser.parse_args()
    print("| data | images | Dice, lowest to highest | " + " | ".join(RANKINGS) + " |")
    print("|---|---|---|" + "---|" * len(RANKINGS))
    for name in arguments.only:
        out = arguments.work / name
        items = segment(CASES[name], arguments.data / name, out, arguments.tta)
        rows, losses = review(out), {item["name"]: 1 - dice(item, out) for item in items}
        names = [one for one in losses if one in rows]
        loss = np.array([losses[one] for one in names])
        quarter = max(1, len(names) // 4)
        worst = set(np.argsort(-loss)[:quarter])
        cells = []
        for rank in RANKINGS.values():
            scores = np.array([rank(rows[one]) for one in names])
            found = len(worst & set(np.argsort(-scores, kind="stable")[:quarter]))
            correlation = spearmanr(scores, loss).statistic if np.ptp(scores) > 0 else float("nan")
            cells.append(f"{correlation:.2f}, {found} of {quarter}")
        print(
            f"| {name} | {len(names)} | {1 - loss.max():.2f} to {1 - loss.min():.2f} | " + " | ".join(cells) + " |",
            flush=True,
        )


if __name__ == "__main__":
    main()
