"""Review flags: how many degraded images `custom.review` flags, and how many false alarms it raises for clean images.

The degradations (``DEGRADATIONS``) were fixed before the flags were tuned on the images of the part ``tuning``. The
printed table is measured on the part ``held_out``, whose images the reference does not include. Run:

    OMP_NUM_THREADS=1 python benchmarks/review.py WORK --data FOLDER
    OMP_NUM_THREADS=1 python benchmarks/review.py WORK --data FOLDER --time

``FOLDER`` contains the real data sets; ``WORK`` keeps generated images and the Dice of every degraded image between
runs. "2 (4) of 30" means that 2 of 30 images need review, and 4 have any of the three flags, including low contrast and
saturation.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from monai.bundle import ConfigWorkflow

from custom import metrics
from custom.data import items_of, open_datasets
from custom.images import read_image, write_image
from custom.review import (
    Reference,
    at_network_scale,
    fit_reference,
    has_low_contrast,
    image_statistics,
    is_saturated,
    read_reference,
    result_statistics,
    whole_and_quarters,
)
from custom.samples import make_many_samples, make_samples
from custom.transforms import ReadInstancesd, ReadLabeld
from custom.weights import WeightsLoader

BUNDLES = Path(__file__).resolve().parents[1] / "bundles"
COSTLY = 0.1
"""Loss of Dice from which a degradation counts as costly."""

CLEAN, DEGRADED = 30, 6
"""Number of clean images of a case, and how many of them are degraded."""

UNSEEN = 1001
"""Seed of generated images, used in no training run."""


@dataclass(frozen=True)
class Sample:
    """An image with its truth.

    Attributes:
        name: name of the image and position in it.
        image: (H, W), stored gray values.
        label: (H, W), class numbers or instances; 255 or −1 where not annotated.
        pixel_size: (row, column) in µm, None if unknown.
    """

    name: str
    image: np.ndarray
    label: np.ndarray
    pixel_size: tuple[float, float] | None


# --------------------------------------------------------------------------------------------------------- degradations


def _as_stored(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return values in the dtype of an image, rounded and clipped if it is an integer type."""
    if like.dtype.kind == "f":
        return values.astype(like.dtype)
    limits = np.iinfo(like.dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(like.dtype)


def _blurred(sigma: float) -> Callable[[Sample], Sample]:
    """Out of focus: a Gaussian, in pixels."""

    def change(sample: Sample) -> Sample:
        image = cv2.GaussianBlur(sample.image.astype(np.float32), (0, 0), sigma)
        return replace(sample, image=_as_stored(image, sample.image))

    return change


def _noisy(part: float) -> Callable[[Sample], Sample]:
    """Gaussian noise; its standard deviation is a fraction of the contrast (1st to 99th percentile)."""

    def change(sample: Sample) -> Sample:
        low, high = np.percentile(sample.image, (1, 99))
        noise = np.random.default_rng(sum(sample.name.encode())).normal(0, part * (high - low), sample.image.shape)
        return replace(sample, image=_as_stored(sample.image + noise, sample.image))

    return change


def _flat(factor: float) -> Callable[[Sample], Sample]:
    """Less contrast: differences from the median are multiplied by a factor and rounded to gray levels."""

    def change(sample: Sample) -> Sample:
        center = np.median(sample.image)
        return replace(sample, image=_as_stored(center + factor * (sample.image - center), sample.image))

    return change


def _saturated(gain: float) -> Callable[[Sample], Sample]:
    """Overexposed: values above the 1st percentile times a gain, saturated at the 99.8th percentile of the image."""

    def change(sample: Sample) -> Sample:
        low, full = np.percentile(sample.image, (1, 99.8))
        image = np.minimum(low + gain * (sample.image.astype(np.float64) - low), full)
        return replace(sample, image=_as_stored(image, sample.image))

    return change


def _scaled(factor: float) -> Callable[[Sample], Sample]:
    """Wrong magnification: image and label are scaled, the pixel size is not."""

    def change(sample: Sample) -> Sample:
        size = tuple(round(side * factor) for side in sample.image.shape[::-1])
        interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        image = cv2.resize(sample.image.astype(np.float32), size, interpolation=interpolation)
        label = cv2.resize(sample.label.astype(np.float32), size, interpolation=cv2.INTER_NEAREST_EXACT)
        return replace(sample, image=_as_stored(image, sample.image), label=label.astype(sample.label.dtype))

    return change


DEGRADATIONS: dict[str, Callable[[Sample], Sample]] = {
    "blur 1": _blurred(1.0),
    "blur 2": _blurred(2.0),
    "blur 4": _blurred(4.0),
    "noise 0.1": _noisy(0.1),
    "noise 0.3": _noisy(0.3),
    "noise 1": _noisy(1.0),
    "contrast 0.3": _flat(0.3),
    "contrast 0.1": _flat(0.1),
    "contrast 0.03": _flat(0.03),
    "gain 2": _saturated(2.0),
    "gain 4": _saturated(4.0),
    "gain 8": _saturated(8.0),
    "scale 0.5": _scaled(0.5),
    "scale 2": _scaled(2.0),
}


# ----------------------------------------------------------------------------------------------------------------- data


def _samples(items: Sequence[Any], instances: bool = False) -> Iterator[Sample]:
    """Yield the images of a datalist with their labels."""
    for item in items:
        read = ReadInstancesd("label") if instances else ReadLabeld("label")
        label = np.asarray(read({**item})["label"][0])
        image = read_image(item["image"], page=item["page"], channels=item["channels"])
        yield Sample(item["name"], image, label, item["pixel_size"])


def _crops(samples: Iterable[Sample], side: int) -> Iterator[Sample]:
    """Yield tiles of samples that are annotated to at least a fifth, with at least 1 % foreground."""
    for sample in samples:
        height, width = sample.image.shape
        for top, left in itertools.product(range(0, height - side + 1, side), range(0, width - side + 1, side)):
            place = np.s_[top : top + side, left : left + side]
            label = sample.label[place]
            annotated = label[label != 255]
            if annotated.size > label.size / 5 and np.mean(annotated > 0) >= 0.01:
                yield replace(sample, name=f"{sample.name}_{top}_{left}", image=sample.image[place], label=label)


def _items(folder: Path, splits: Sequence[str], manifest: str | None = None) -> list[dict[str, Any]]:
    return items_of(open_datasets([folder], manifest, "image_and_mask"), splits)


def _drawn(task: str, work: Path) -> list[dict[str, Any]]:
    """Return the items of images generated with a seed used in no training run."""
    folder = work / f"drawn_{task}"
    if not folder.is_dir():
        if task == "dendrite":
            make_samples(task, folder, UNSEEN)
        else:
            make_many_samples(task, folder, 40, seed=UNSEEN)
    return _items(folder, ["train", "validation", "test"] if task == "dendrite" else ["train", "validation"])


Parts = tuple[list[Sample], list[Sample], list[Sample] | None]
"""Samples for tuning, held-out samples, and samples of the reference; None for the shipped reference."""


@dataclass(frozen=True, eq=False)
class Case:
    """One set of weights on one kind of images, a row of the table.

    Attributes:
        name: name of the row.
        bundle: the bundle with these weights.
        read: function from the folders of real data and of generated images to the samples.
        configs: overlays of inference.yaml.
        options: options of inference.yaml.
    """

    name: str
    bundle: str
    read: Callable[[Path, Path], Parts]
    configs: tuple[str, ...] = ()
    options: Mapping[str, Any] | None = None


def _mixed(samples: Iterable[Sample]) -> list[Sample]:
    """Return samples in a fixed random order, so that the first few are a mixture."""
    in_order = list(samples)
    return [in_order[index] for index in np.random.default_rng(0).permutation(len(in_order))]


def _unseen(task: str) -> Callable[[Path, Path], Parts]:
    """Images generated like the training images, with another seed."""

    def read(data: Path, work: Path) -> Parts:
        items = _drawn(task, work)
        return _mixed(_crops(_samples(items[:10]), 256)), _mixed(_crops(_samples(items[10:]), 256)), None

    return read


def _others(folder: str) -> Callable[[Path, Path], Parts]:
    """Images from another laboratory, or generated by another program; every fourth is used for tuning."""

    def read(data: Path, work: Path) -> Parts:
        items = _items(data / folder, ["test"])
        held_out = [item for index, item in enumerate(items) if index % 4]
        return _mixed(_crops(_samples(items[::4]), 256)), _mixed(_crops(_samples(held_out), 256)), None

    return read


def _dendrite(data: Path, work: Path) -> Parts:
    """Images generated with another seed, and recordings not used in training."""
    drawn, real = _drawn("dendrite", work), data / "two_photon_dendrite"
    tuning, held_out = drawn[:10] + _items(real, ["validation"]), drawn[10:] + _items(real, ["test"])
    return _mixed(_crops(_samples(tuning), 256)), _mixed(_crops(_samples(held_out), 256)), None


def _neuron_em(data: Path, work: Path) -> Parts:
    """Left halves of all slices as the reference, because noise varies between slices; and slices without labels."""
    samples = list(_samples(_items(data / "isbi2012", ["train", "validation"])))
    left, right = _halves(samples)
    unlabeled = read_image(data / "isbi2012" / "test-volume.tif")
    clean = [
        Sample(f"test_{i}", page[:256, :256], np.zeros((256, 256), np.uint8), None) for i, page in enumerate(unlabeled)
    ]
    return _mixed(_crops(right[:8], 256)), _mixed(_crops(right[8:], 256)) + clean, left


def _hela_track(data: Path, work: Path) -> Parts:
    """The beginning of the movie as the reference, the end held out."""
    samples = list(_samples(_items(data / "DIC-C2DH-HeLa", ["train", "validation"]), instances=True))
    return _mixed(samples[52:60]), _mixed(samples[60:]), samples[:48]


def _sem(data: Path, work: Path) -> Parts:
    """Left halves of all images as the reference, crops of the right halves held out."""
    left, right = _halves(list(_samples(_items(data / "axondeepseg_sem", ["train", "validation"]))))
    crops = _mixed(_crops(right, 256))
    return crops[:10], crops[10:], left


def _halves(samples: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Return the left halves of samples and the right halves."""

    def cut(sample: Sample, start: int, stop: int) -> Sample:
        place = np.s_[:, start:stop]
        return replace(sample, name=f"{sample.name}_{start}", image=sample.image[place], label=sample.label[place])

    widths = [sample.image.shape[1] for sample in samples]
    left = [cut(sample, 0, width // 2) for sample, width in zip(samples, widths, strict=True)]
    return left, [cut(sample, width // 2, width) for sample, width in zip(samples, widths, strict=True)]


CASES = (
    Case("dendrite, tiles", "dendrite", _dendrite, options={"spatial_mode": "tiles"}),
    Case("dendrite, resize", "dendrite", _dendrite, options={"spatial_mode": "resize", "restore_size": True}),
    Case("neuron_em", "neuron_em", _neuron_em),
    Case("hela_track", "hela_track", _hela_track),
    Case("tem", "tem", _unseen("tem")),
    Case("tem, scanning", "tem", _sem, configs=("sem.yaml",)),
    Case("cytoskeleton", "cytoskeleton", _unseen("cytoskeleton")),
    Case("cytoskeleton, real", "cytoskeleton", _others("vimslab_actin")),
    Case("vesicle", "vesicle", _unseen("vesicle")),
    Case("vesicle, other program", "vesicle", _others("synseg/vesicle")),
)


# --------------------------------------------------------------------------------------------------------------- scores


class Bundle:
    """The shipped weights of a bundle with its inference pipeline, without writing.

    Args:
        case: the bundle and its options.
    """

    def __init__(self, case: Case) -> None:
        folder = BUNDLES / case.bundle
        configs = [str(folder / "configs" / name) for name in ("inference.yaml", *case.configs)]
        options = {"bundle_root": str(folder), "device": "cpu", **(case.options or {})}
        workflow = ConfigWorkflow(configs, workflow_type="inference", logging_file=False, **options)
        workflow.initialize()
        self.get = workflow.parser.get_parsed_content
        WeightsLoader(self.get("weights"), self.get("network"))(None)
        self.get("network").eval()
        self.instances = self.get("instances") if case.bundle == "hela_track" else None

    def predict(self, sample: Sample) -> np.ndarray:
        """Return the prediction for an image, (C, H, W)."""
        pages = {"page": 0, "pages": 1, "name": sample.name, "channels": "equal"}
        with tempfile.NamedTemporaryFile(suffix=".tif") as file:
            write_image(file.name, sample.image)
            item = {"image": file.name, **pages} | ({"pixel_size": sample.pixel_size} if sample.pixel_size else {})
            prepared = self.get("preprocessing")(item)
        with torch.inference_mode():
            logits = self.get("inferer")(prepared["image"][None].float(), self.get("network"))
        return self.get("postprocessing")({**prepared, "pred": logits[0]})["pred"].numpy()

    def dice(self, probability: np.ndarray, label: np.ndarray) -> float:
        """Return Dice of the foreground, or its mean over the classes."""
        valid = (label != 255) & (label >= 0)
        if self.instances is not None:
            return metrics.dice(self.instances(probability) > 0, label > 0, valid)
        if len(probability) == 1:
            return metrics.dice(probability[0] >= self.get("cut"), (label > 0) & valid, valid)
        matrix = metrics.confusion_matrix(
            probability.argmax(axis=0), np.where(valid, label, 0), len(probability), valid
        )
        return float(np.nanmean(metrics.class_dice(matrix)))


RESULT = tuple(result_statistics(np.zeros((1, 1, 1))))


def score(
    case: Case, parts: Mapping[str, Sequence[Sample]], foreign: Mapping[str, Sequence[Sample]], file: Path
) -> None:
    """Write Dice and `result_statistics` of clean, degraded and foreign samples as CSV, unless the file exists.

    Args:
        case: the weights.
        parts: samples of the reference, and samples to count.
        foreign: images of other bundles, for the part to count.
        file: the CSV file.
    """
    if file.is_file():
        return
    bundle, rows = Bundle(case), []

    def add(part: str, sample: Sample, degradation: str) -> None:
        probability = bundle.predict(sample)
        labeled = degradation != "foreign" and sample.label.any()
        dice = bundle.dice(probability, sample.label) if labeled else np.nan
        rows.append((part, sample.name, degradation, dice, *result_statistics(probability).values()))

    for part, samples in parts.items():
        for sample in samples:
            add(part, sample, "clean")
        degraded = samples[:DEGRADED] if part in foreign else []
        for sample, (name, change) in itertools.product(degraded, DEGRADATIONS.items()):
            add(part, change(sample), name)
    for part, samples in foreign.items():
        for sample in samples:
            add(part, sample, "foreign")
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("part", "image", "degradation", "dice", *RESULT), *rows])


# ---------------------------------------------------------------------------------------------------------------- flags


def statistics_of(sample: Sample, network_pixel_size: float | None) -> dict[str, float]:
    """Return the image statistics that inference writes to review.csv."""
    return image_statistics(*at_network_scale(sample.image, sample.pixel_size, network_pixel_size))


def _network_pixel_size(case: Case, bundle: Bundle) -> Any:
    return None if case.bundle in ("dendrite", "neuron_em") else bundle.get("network_pixel_size")


def reference_of(
    bundle: Bundle, samples: Sequence[Sample] | None, results: Sequence[Mapping[str, float]], size: Any
) -> Reference:
    """Return the shipped reference, or one fitted to samples and results."""
    if samples is None:
        found = read_reference(bundle.get("weights"))
    else:
        scaled = (at_network_scale(sample.image, sample.pixel_size, size) for sample in samples)
        statistics = [
            [image_statistics(region, side) for region in whole_and_quarters(image)] for image, side in scaled
        ]
        found = fit_reference(statistics, results)
    assert found is not None
    return found


def judge(
    case: Case,
    parts: Mapping[str, Sequence[Sample]],
    foreign: Mapping[str, Sequence[Sample]],
    fitted_on: Sequence[Sample] | None,
    file: Path,
    part: str,
) -> dict[str, list[tuple[bool, bool]]]:
    """Return the flags of clean images, costly and harmless degradations and foreign images: (needs review, any flag).

    Args:
        case, parts, foreign, file: as in `score`.
        fitted_on: samples of the reference, None for the shipped reference.
        part: the part to count.
    """
    bundle = Bundle(case)
    size = _network_pixel_size(case, bundle)
    with file.open(newline="", encoding="utf-8") as stream:
        scores = {(row["part"], row["image"], row["degradation"]): row for row in csv.DictReader(stream)}
    results = [_numbers(row) for (of, _, _), row in scores.items() if of == "reference"]
    reference = reference_of(bundle, fitted_on, results, size)
    counts: dict[str, list[tuple[bool, bool]]] = {"clean": [], "costly": [], "harmless": [], "foreign": []}

    def add(sample: Sample, degradation: str, change: Callable[[Sample], Sample] | None = None) -> None:
        row = scores.get((part, sample.name, degradation))
        if row is None:
            return
        degraded = change(sample) if change else sample
        numbers = statistics_of(degraded, size) | _numbers(row)
        cost = float(scores[part, sample.name, "clean"]["dice"]) - float(row["dice"]) if change else 0.0
        kind = degradation if change is None else ("costly" if cost > COSTLY else "harmless")
        needs_review = bool(reference.differences(numbers))
        counts[kind].append((needs_review, needs_review or has_low_contrast(numbers) or is_saturated(numbers)))

    for sample in parts[part]:
        add(sample, "clean")
        for name, change in DEGRADATIONS.items():
            add(sample, name, change)
    for sample in foreign[part]:
        add(sample, "foreign")
    return counts


def _numbers(row: Mapping[str, str]) -> dict[str, float]:
    return {name: float(row[name]) for name in RESULT}


def times(case: Case, sample: Sample) -> tuple[float, float]:
    """Return the CPU seconds of prediction and of statistics for 2 × 2 copies of a sample, the least of three runs."""
    bundle = Bundle(case)
    wide = replace(sample, image=np.tile(sample.image, (2, 2)), label=np.tile(sample.label, (2, 2)))
    size = _network_pixel_size(case, bundle)
    seconds = []
    for _ in range(3):
        start = time.process_time()
        probability = bundle.predict(wide)
        predicted = time.process_time()
        statistics_of(wide, size), result_statistics(probability)
        seconds.append((predicted - start, time.process_time() - predicted))
    predictions, statistics = zip(*seconds, strict=True)
    return min(predictions), min(statistics)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path, help="folder that keeps generated images and scores")
    parser.add_argument("--data", type=Path, required=True, help="folder of the real data sets")
    parser.add_argument("--part", choices=("tuning", "held_out"), default="held_out", help="part to count")
    parser.add_argument("--time", action="store_true", help="only measure the time of prediction and statistics")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    read = {case: case.read(given.data, given.work) for case in CASES}
    if given.time:
        print("| weights and images | prediction, ms | statistics, ms |\n|---|---|---|")
        for case, parts in read.items():
            print(f"| {case.name} | {' | '.join(f'{1000 * seconds:.0f}' for seconds in times(case, parts[0][0]))} |")
        return
    print("| weights and images | clean, flagged | costly, flagged | harmless, flagged | of other bundles, flagged |")
    print(f"|{'---|' * 5}")
    total: dict[str, list[tuple[bool, bool]]] = {}
    for case, (tuning, held_out, reference) in read.items():
        known = [] if reference is None else _mixed(_in_size(case, reference))[:16]
        counted = (tuning if given.part == "tuning" else held_out)[:CLEAN]
        parts, foreign = {"reference": known, given.part: counted}, {given.part: _foreign(case, read, given.part)}
        file = given.work / f"{case.name.replace(', ', '_').replace(' ', '_')}_{given.part}.csv"
        score(case, parts, foreign, file)
        counts = judge(case, parts, foreign, reference, file, given.part)
        total = {kind: total.get(kind, []) + flags for kind, flags in counts.items()}
        print(f"| {case.name} | {_cells(counts)} |", flush=True)
    print(f"| all | {_cells(total)} |")


def _in_size(case: Case, samples: Sequence[Sample]) -> Iterable[Sample]:
    return samples if case.bundle == "hela_track" else _crops(samples, 256)


def _foreign(case: Case, read: Mapping[Case, Parts], part: str) -> list[Sample]:
    """Return some images of each other bundle, with the pixel size of this bundle, as if nobody had corrected it."""
    own, index = read[case][0][0].pixel_size, 0 if part == "tuning" else 1
    others = {other.read: parts[:2][index] for other, parts in read.items() if other.bundle != case.bundle}
    return [replace(sample, pixel_size=own) for samples in others.values() for sample in samples[:4]]


def _cells(counts: Mapping[str, Sequence[tuple[bool, bool]]]) -> str:
    """Return "needs review (any flag) of all" for each kind."""
    return " | ".join(f"{_sum(flags, 0)} ({_sum(flags, 1)}) of {len(flags)}" for flags in counts.values())


def _sum(flags: Sequence[tuple[bool, bool]], index: int) -> int:
    return sum(pair[index] for pair in flags)


if __name__ == "__main__":
    main()
