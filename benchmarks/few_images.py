"""How many images do I need? Scores on unseen animals or fields after training on few images, at equal CPU time.

Every image is a test image once: the animals of `axondeepseg_tem` and the fields of `usiigaci_phase` are divided into
three folds, and of the images outside a fold, 2 or 8 are trained on. Fold and seed change together. Run:

    OMP_NUM_THREADS=1 python benchmarks/few_images.py WORK --data FOLDER
    OMP_NUM_THREADS=1 python benchmarks/few_images.py WORK --data FOLDER --only usiigaci_phase --images 8

``FOLDER`` contains the real data sets; ``WORK`` keeps the results of finished trainings between runs. Three starts, at
about equal CPU time: ``few_images.yaml`` without weights, ``train.yaml`` with ``--pretrained shipped`` and its other
defaults, and ``few_images.yaml`` as it is; and the last one with all its 20 epochs. With 2 images, half the time. No
test image is used in training. Scores: F1 of cells at an IoU of 0.5, and mean Dice of the three foreground classes,
both pooled over the test images of a fold. CPU minutes are those of the training, user and system.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import resource
import subprocess
import sys
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from custom.data import datalist, find_manifest, open_datasets
from custom.images import read_labels
from custom.transforms import ReadInstancesd, ReadLabeld

BUNDLES = Path(__file__).resolve().parents[1] / "bundles"
IMAGES, FOLDS = (2, 8), 3


class Task(NamedTuple):
    """A data set, the bundle that learns it, and the groups of its images that belong together."""

    bundle: str
    kind: str  # of a split in its manifest
    groups: Sequence[Sequence[str]]  # one per fold
    epochs: int  # of few_images.yaml, for four images or more; for fewer, in proportion
    image_epochs: int  # of train.yaml, times the number of images, for about the same CPU time
    options: Sequence[str]  # of few_images.yaml
    pixel_size: str


TASKS = {
    "usiigaci_phase": Task(
        "hela_track",
        "names",
        [["set1", "set10", "set22", "set25"], ["set13", "set16", "set28", "set31"], ["set4", "set7", "set34", "set37"]],
        10,
        160,
        [],
        "0.43",
    ),
    "axondeepseg_tem": Task(
        "tem",
        "stems",
        [["sub-366A", "sub-367A"], ["sub-368A", "sub-370"], ["sub-372", "sub-374"]],
        4,
        8,
        ["--network_pixel_size", "0.01"],
        "0.00493",
    ),
}

STARTS = "from scratch", "shipped", "few_images.yaml", "few_images.yaml, 20 epochs"


def arguments_of(task: Task, start: str, images: int) -> list[str]:
    """Return the options of a training from one of the starts, config files first."""
    configs, part = BUNDLES / task.bundle / "configs", min(1, images / 4)
    if start == "shipped":
        epochs = math.ceil(part * (task.image_epochs // images))
        return ["--config_file", f"{configs}/train.yaml", "--pretrained", "shipped", "--max_epochs", str(epochs)]
    options = ["--config_file", f"['{configs}/train.yaml','{configs}/few_images.yaml']", *task.options]
    if start == "from scratch":
        options += ["--pretrained", "none"]
    epochs = 20 if start.endswith("20 epochs") else math.ceil(part * task.epochs)
    return [*options, "--max_epochs", str(epochs)]


def members(task: Task, group: str, folder: Path) -> list[str]:
    """Return the images of an animal, or the only one of a field."""
    return sorted(file.stem for file in folder.glob(f"{group}/micr/*_TEM.png")) if task.kind == "stems" else [group]


def prepared(name: str, fold: int, images: int, folder: Path, work: Path) -> Path:
    """Write the manifest of a training on some images outside a fold, tested on those in it; return its file."""
    task, manifest = TASKS[name], json.loads(find_manifest(name).read_text(encoding="utf-8"))
    others = [group for groups in task.groups if groups is not task.groups[fold] for group in groups]
    of_group = [members(task, group, folder) for group in np.random.default_rng(fold).permutation(others)]
    order = [image for turn in zip_longest(*of_group) for image in turn if image]  # different animals first
    test = [image for group in task.groups[fold] for image in members(task, group, folder)]
    manifest["splits"] = {"train": {task.kind: order[:images]}, "test": {task.kind: test}}
    del manifest["$schema"]
    file = work / f"{name}_fold{fold}_{images}.json"
    file.write_text(json.dumps(manifest), encoding="utf-8")
    return file


def run(words: Sequence[str], log: Path) -> float:
    """Run a command of a bundle; return its CPU minutes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with log.open("w") as stream:
        command = [sys.executable, "-m", "monai.bundle", "run", *words]
        subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 60


def train_and_score(name: str, fold: int, images: int, start: str, folder: Path, work: Path) -> dict[str, float]:
    """Train on some images and score on those of a fold; what is finished is not repeated."""
    task, out = TASKS[name], work / f"{name}_fold{fold}_{images}_{re.sub(r'[ ,]+', '_', start)}"
    result = out / "result.json"
    if result.is_file():
        return json.loads(result.read_text())
    out.mkdir(parents=True, exist_ok=True)
    manifest, configs = prepared(name, fold, images, folder, work), BUNDLES / task.bundle / "configs"
    options = ["--dataset_dir", str(folder), "--manifest", str(manifest), "--output_dir", str(out), "--seed", str(fold)]
    minutes = run(["training", *arguments_of(task, start, images), *options], out / "training.log")
    items = datalist(open_datasets([folder], manifest, name), "test")
    for number, item in enumerate(items):
        words = ["inference", "--config_file", f"{configs}/inference.yaml", "--input", item["image"]]
        words += ["--output_dir", str(out / str(number)), "--ckpt_path", str(out / "model.pt")]
        run([*words, "--pixel_size", task.pixel_size], out / f"inference_{number}.log")
    score = f1 if task.bundle == "hela_track" else mean_dice
    found = {"score": score(items, out), "minutes": minutes}
    result.write_text(json.dumps(found))
    return found


def f1(items: Sequence[dict[str, Any]], out: Path) -> float:
    """Return F1 of cells at an intersection over union of more than 0.5, over all images."""
    hits = cells = 0
    for number, item in enumerate(items):
        truth = np.asarray(ReadInstancesd("label")(item)["label"])[0]
        found = read_labels(next((out / str(number)).glob("*_labels.tif"))).astype(np.int64)
        overlap = np.zeros((int(found.max()) + 1, int(truth.max()) + 1))
        np.add.at(overlap, (found, truth), 1)
        areas = overlap.sum(1, keepdims=True) + overlap.sum(0, keepdims=True) - overlap
        hits += int((overlap[1:, 1:] > 0.5 * areas[1:, 1:]).sum())
        cells += int((overlap[1:].sum(1) > 0).sum() + (overlap[:, 1:].sum(0) > 0).sum())
    return 2 * hits / cells


def mean_dice(items: Sequence[dict[str, Any]], out: Path) -> float:
    """Return the mean over the foreground classes of the Dice over the pixels of all images."""
    common, total = np.zeros(4), np.zeros(4)
    for number, item in enumerate(items):
        truth = np.asarray(ReadLabeld("label")(item)["label"])[0]
        found = read_labels(next((out / str(number)).glob("*_mask.tif")))
        for value in range(4):
            common[value] += ((truth == value) & (found == value)).sum()
            total[value] += (truth == value).sum() + (found == value).sum()
    return float(np.mean(2 * common[1:] / total[1:]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=list(TASKS))
    parser.add_argument("--images", nargs="*", type=int, default=IMAGES)
    parser.add_argument("--folds", nargs="*", type=int, default=range(FOLDS))
    parser.add_argument("--starts", nargs="*", default=STARTS)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    print("| data | images | start | mean ± sd | folds | CPU minutes |\n|---|---|---|---|---|---|")
    for name in arguments.only:
        for images in arguments.images:
            for start in arguments.starts:
                where = (arguments.data / name, arguments.work.resolve())
                found = [train_and_score(name, fold, images, start, *where) for fold in arguments.folds]
                scores = [one["score"] for one in found]
                spread = f" ± {np.std(scores, ddof=1):.3f}" if len(scores) > 1 else ""
                minutes = np.mean([one["minutes"] for one in found])
                each = ", ".join(f"{score:.3f}" for score in scores)
                score = f"{np.mean(scores):.3f}{spread}"
                print(f"| {name} | {images} | {start} | {score} | {each} | {minutes:.1f} |", flush=True)


if __name__ == "__main__":
    main()
