"""A simulated user: correct the images that the report shows first, train on the corrections, segment others.

The shipped weights segment all fields of `usiigaci_phase`. The user corrects four of them, that is, replaces their
labels by the true ones: those of the lowest certainty, which the report shows first, or four at random. Training learns
from the output folders with ``few_images.yaml`` (5 epochs), and the new weights segment the other eight fields. Run:

    OMP_NUM_THREADS=1 python benchmarks/correct_and_learn.py WORK --data FOLDER

Printed: F1 of cells at an intersection over union of 0.5 over the eight fields, before and after, for each seed of the
training (and of the random choice).
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
from pathlib import Path

import numpy as np
from few_images import BUNDLES, f1, run

from custom.data import items_of, open_datasets
from custom.images import write_image
from custom.transforms import ReadInstancesd

CORRECTED, SEEDS, EPOCHS, PIXEL_SIZE = 4, 3, "5", "0.43"


def segment(items: list[dict], out: Path, *options: str) -> None:
    """Segment each field into a folder of its own, with the number of the item as its name."""
    out.mkdir(parents=True, exist_ok=True)
    for number, item in enumerate(items):
        words = ["inference", "--config_file", str(BUNDLES / "hela_track/configs/inference.yaml")]
        words += [
            "--input",
            item["image"],
            "--output_dir",
            str(out / str(number)),
            "--pixel_size",
            PIXEL_SIZE,
            *options,
        ]
        if not (out / str(number) / "review.csv").is_file():
            run(words, out / f"{number}.log")


def certainty(folder: Path) -> float:
    """Return how certain the network is of the only image in an output folder."""
    with (folder / "review.csv").open(newline="", encoding="utf-8") as stream:
        return float(next(csv.DictReader(stream))["certainty"] or 0)


def correct(items: list[dict], chosen: list[int], before: Path, folder: Path) -> list[Path]:
    """Copy the results of some fields and replace their labels by the true ones; return the output folders."""
    folders = []
    for number in chosen:
        copy = folder / f"corrected_{number}"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(before / str(number), copy)
        truth = np.asarray(ReadInstancesd("label")(dict(items[number]))["label"])[0].astype(np.uint16)
        write_image(next(copy.glob("*_labels.tif")), truth)
        folders.append(copy)
    return folders


def learn(items: list[dict], chosen: list[int], before: Path, folder: Path, seed: int) -> tuple[float, float]:
    """Return F1 of the fields that were not chosen, before and after training on the corrected ones."""
    result = folder / "result.json"
    if not result.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        corrected = correct(items, chosen, before, folder)
        configs = BUNDLES / "hela_track" / "configs"
        words = ["training", "--config_file", f"['{configs}/train.yaml','{configs}/few_images.yaml']"]
        words += ["--dataset_dir", str([str(one) for one in corrected]), "--output_dir", str(folder / "run")]
        if not (folder / "run" / "model.pt").is_file():
            run([*words, "--seed", str(seed), "--max_epochs", EPOCHS], folder / "training.log")
        others = [number for number in range(len(items)) if number not in chosen]
        segment([items[number] for number in others], folder / "after", "--ckpt_path", str(folder / "run" / "model.pt"))
        scores = f1([items[number] for number in others], folder / "after")
        links = folder / "before"
        links.mkdir(exist_ok=True)
        for index, number in enumerate(others):
            shutil.copytree(before / str(number), links / str(index), dirs_exist_ok=True)
        result.write_text(json.dumps([f1([items[number] for number in others], links), scores]))
    first, then = json.loads(result.read_text())
    return first, then


def random_choice(first: list[int], count: int, seed: int) -> list[int]:
    """Return fields at random, but not those that the report shows first."""
    generator, chosen = np.random.default_rng(seed), first
    while set(chosen) == set(first):
        chosen = generator.choice(count, CORRECTED, replace=False).tolist()
    return chosen


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    folder, work = arguments.data / "usiigaci_phase", arguments.work.resolve()
    items = items_of(open_datasets([folder], None, "usiigaci_phase"), ["train", "validation", "test"])
    before = work / "before"
    segment(items, before)
    first = sorted(range(len(items)), key=lambda number: certainty(before / str(number)))[:CORRECTED]
    print("| corrected | seed | before | after |\n|---|---|---|---|")
    for seed in range(SEEDS):
        anyone = random_choice(first, len(items), seed)
        for name, chosen in {"the first in the report": first, "at random": anyone}.items():
            scores = learn(items, chosen, before, work / f"{name.split()[-1]}_{seed}", seed)
            print(f"| {name} | {seed} | {scores[0]:.3f} | {scores[1]:.3f} |", flush=True)


if __name__ == "__main__":
    main()
