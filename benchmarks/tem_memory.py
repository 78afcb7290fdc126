"""Peak memory of training on montages: the data in memory, the crops, the network's steps, validation in parts.

Run: ``python benchmarks/tem_memory.py [--labels FOLDER] [--images 10]``, on Linux. It makes images of the size of a
montage in a temporary folder (60 MB each), measures in a process of its own and prints a Markdown table. ``FOLDER``
holds label maps with the values 0, 50, 100, 150 and 200, such as ``train_data_tiff`` of the data set tem_nerve; without
it, label maps are made too.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np
import tifffile
import torch
from monai.data import DataLoader, Dataset, decollate_batch
from monai.inferers import SlidingWindowInferer
from monai.losses import DiceCELoss
from monai.transforms import Activationsd, Compose, CopyItemsd, RandFlipd, RandRotate90d

from custom.data import EpochDataset, LabelRule, in_windows
from custom.evaluation import MeanClassDice
from custom.images import describe, read_image, read_labels
from custom.networks import ResidualAttentionUNet
from custom.transforms import (
    ClassBlocksd,
    CropWindowd,
    NormalizeRobustd,
    RandCropByClassd,
    ReadImaged,
    ReadLabeld,
    RobustStatisticsd,
)

MONTAGE = (6812, 9100)  # pixels
VALUES = (0, 50, 100, 150, 200)
PATCH, PATCHES, BATCH, STEPS = 256, 80, 4, 3
WINDOW, WINDOWS = 2048, 2


def make_label(file: Path, rng: np.random.Generator) -> None:
    """Write blobs of all classes, of a few hundred pixels each."""
    coarse = cv2.GaussianBlur(rng.standard_normal((MONTAGE[0] // 32, MONTAGE[1] // 32)).astype(np.float32), (0, 0), 3)
    levels = np.searchsorted(np.quantile(coarse, (0.5, 0.6, 0.8, 0.9)), coarse).astype(np.uint8)
    label = cv2.resize(np.array(VALUES, np.uint8)[levels], MONTAGE[::-1], interpolation=cv2.INTER_NEAREST)
    tifffile.imwrite(file, label, compression="packbits", photometric="minisblack")


def make_image(file: Path, shape: tuple[int, ...], rng: np.random.Generator) -> None:
    """Write noise with a black border."""
    image = rng.integers(60, 200, shape, np.uint8)
    image[:, : shape[1] // 10] = 0
    tifffile.imwrite(file, image, compression="packbits", photometric="minisblack", tile=(256, 256))


def make_data(folder: Path, images: int, labels: Path | None) -> None:
    """Write pairs ``image_00.tif`` and ``label_00.tif``; given labels are linked, repeatedly if there are too few."""
    rng = np.random.default_rng(0)
    given = sorted(labels.glob("*.tif*")) if labels else []
    for number in range(images):
        label = folder / f"label_{number:02d}.tif"
        if given:
            label.symlink_to(given[number % len(given)].resolve())
        else:
            make_label(label, rng)
        make_image(folder / f"image_{number:02d}.tif", describe(label).shape, rng)


def peak_memory() -> float:
    """Return the peak of this process's resident memory in MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


@contextmanager
def row(what: str, count: int) -> Iterator[None]:
    """Print a table row for the block: CPU seconds per item, and the peak memory of the process so far."""
    start = time.process_time()
    yield
    print(f"| {what} | {(time.process_time() - start) / count:.3f} | {peak_memory():.0f} |", flush=True)


def items(folder: Path) -> list[dict]:
    """Return the data list."""
    rule = LabelRule(VALUES, ("background", "vessel", "myelinated", "unmyelinated", "Schwann"))
    pairs = zip(sorted(folder.glob("image_*")), sorted(folder.glob("label_*")), strict=True)
    return [{"image": str(image), "label": str(label), "rule": rule} for image, label in pairs]


def transforms() -> list:
    """Return the transforms of a training sample."""
    both = ["image", "label"]
    return [
        ReadImaged("image", dtype="stored"),
        ReadLabeld("label"),
        RobustStatisticsd("image"),
        ClassBlocksd("label", len(VALUES)),
        RandCropByClassd(both, "label", PATCH, ratios=[1] * len(VALUES)),
        NormalizeRobustd("image"),
        RandFlipd(both, prob=0.5, spatial_axis=0),
        RandRotate90d(both, prob=0.75),
    ]


def train(network: torch.nn.Module, dataset: EpochDataset) -> None:
    """Take a few steps of training."""
    optimizer = torch.optim.AdamW(network.parameters())
    loss = DiceCELoss(to_onehot_y=True, softmax=True, lambda_dice=0.5)
    batches = iter(DataLoader(dataset, batch_size=BATCH, shuffle=True))
    for _ in range(STEPS):
        batch = next(batches)
        optimizer.zero_grad()
        loss(network(batch["image"].as_tensor()), batch["label"].as_tensor()).backward()
        optimizer.step()


def validate(network: torch.nn.Module, data: list[dict]) -> None:
    """Score a few windows of the first image, from the file to the Dice of the classes."""
    both = ["image", "label"]
    reading = [ReadImaged("image", dtype="stored"), ReadLabeld("label"), RobustStatisticsd("image")]
    parts = Dataset(data, Compose([*reading, CropWindowd(both), NormalizeRobustd("image")]))
    infer = SlidingWindowInferer((PATCH, PATCH), sw_batch_size=4, overlap=0.25, mode="gaussian")
    finish = Compose([CopyItemsd("pred", names="logits"), Activationsd("pred", softmax=True)])
    metric = MeanClassDice(len(VALUES))
    network.eval()
    for batch in DataLoader(parts, batch_size=1):
        with torch.no_grad():
            batch["pred"] = infer(batch["image"].as_tensor(), network)
        items = [finish(item) for item in decollate_batch(batch)]
        metric.update(([item["pred"] for item in items], [item["label"] for item in items]))


def measure(folder: Path) -> None:
    """Measure everything on the data in ``folder`` and print the table."""
    data = items(folder)
    print("| what | CPU seconds | peak MiB |\n|---|---|---|")
    print(f"| Python with its packages | | {peak_memory():.0f} |")
    with (
        patch("custom.transforms.reading.read_image", wraps=read_image) as images,
        patch("custom.transforms.label_reading.read_labels", wraps=read_labels) as labels,
    ):
        with row(f"reading, each of {len(data)} images with its label", len(data)):
            dataset = EpochDataset(data, transforms(), samples_per_item=PATCHES)
        with row(f"drawing, each of {len(dataset)} crops", len(dataset)):
            for sample in range(len(dataset)):
                dataset[sample]
        network = ResidualAttentionUNet(1, len(VALUES)).to(memory_format=torch.channels_last)
        with row(f"training, each of {STEPS} steps of {BATCH} crops", STEPS):
            train(network, dataset)
        with row(f"validation, each of {WINDOWS} parts of at most {WINDOW} × {WINDOW} pixels", WINDOWS):
            validate(network, in_windows(data[:1], WINDOW)[:WINDOWS])
        read = images.call_count + labels.call_count - 2 * WINDOWS
    print(f"\n{read} files read for {len(dataset)} crops.")


def main() -> None:
    """Make the data, then measure in another process, whose memory does not know of the making."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=Path, help="folder of label maps; by default they are made")
    parser.add_argument("--images", type=int, default=10, help="number of montages")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        make_data(Path(folder), arguments.images, arguments.labels)
        subprocess.run([sys.executable, __file__, "--measure", folder], check=True)


if __name__ == "__main__":
    main()
