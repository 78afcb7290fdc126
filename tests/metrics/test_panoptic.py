"""Panoptic quality: known answers, the definition in a loop, MONAI's implementation, edge cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from monai.metrics import PanopticQualityMetric

from custom.metrics import panoptic_quality

REFERENCE = np.array([[1, 1, 1, 1, 0, 0, 2, 2]])


def by_definition(labels: np.ndarray, reference: np.ndarray) -> tuple[float, float, float]:
    """Compare all pairs of objects."""
    objects, true_objects = (np.unique(image[image > 0]) for image in (labels, reference))
    overlaps = []
    for true in true_objects:
        for found in objects:
            both = ((labels == found) & (reference == true)).sum()
            overlaps.append(both / ((labels == found) | (reference == true)).sum())
    matches = [overlap for overlap in overlaps if overlap > 0.5]
    false = len(objects) + len(true_objects) - 2 * len(matches)
    weight = len(matches) + false / 2
    return sum(matches) / weight, float(np.mean(matches)) if matches else math.nan, len(matches) / weight


@pytest.mark.parametrize(
    ("labels", "pq", "sq", "rq"),
    [
        ([[1, 1, 1, 1, 0, 0, 2, 2]], 1, 1, 1),
        ([[9, 9, 9, 9, 0, 0, 70000, 70000]], 1, 1, 1),  # label values do not matter
        ([[1, 1, 1, 0, 0, 0, 2, 2]], (3 / 4 + 1) / 2, (3 / 4 + 1) / 2, 1),
        ([[1, 1, 0, 0, 0, 0, 2, 2]], 1 / 2, 1, 1 / 2),  # an IoU of 0.5 is not a match: one missed, one false
        ([[1, 1, 1, 1, 0, 0, 0, 0]], 1 / 1.5, 1, 1 / 1.5),  # one missed
        ([[1, 1, 1, 1, 3, 0, 2, 2]], 2 / 2.5, 1, 2 / 2.5),  # one false
        ([[1, 1, 1, 1, 1, 1, 1, 1]], 0, math.nan, 0),  # merged: the larger has an IoU of 0.5
        ([[1, 1, 1, 3, 0, 0, 2, 2]], (3 / 4 + 1) / 2.5, (3 / 4 + 1) / 2, 2 / 2.5),  # a piece is split off
        ([[0, 0, 0, 0, 0, 0, 0, 0]], 0, math.nan, 0),
    ],
)
def test_known_answers(labels: list[list[int]], pq: float, sq: float, rq: float) -> None:
    found = panoptic_quality(np.array(labels), REFERENCE)
    np.testing.assert_allclose(found, (pq, sq, rq))
    np.testing.assert_allclose(panoptic_quality(REFERENCE, np.array(labels)), (pq, sq, rq))  # symmetric


@pytest.mark.parametrize("seed", range(20))
def test_equals_the_definition_and_monai(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference = np.kron(rng.integers(0, 9, (4, 5)), np.ones((3, 3), int))
    labels = np.where(rng.random(reference.shape) < 0.9, np.roll(reference, seed % 3, axis=1), 0)
    found = panoptic_quality(labels, reference)
    np.testing.assert_allclose(found, by_definition(labels, reference))
    np.testing.assert_allclose(found.pq, 0 if math.isnan(found.sq) else found.sq * found.rq)
    pair = [torch.from_numpy(np.stack([image, image > 0])[None]) for image in (labels, reference)]
    metric = PanopticQualityMetric(num_classes=1, metric_name="pq", match_iou_threshold=0.5)
    metric(*pair)
    np.testing.assert_allclose(found.pq, float(metric.aggregate()), atol=1e-5)


def test_edge_cases() -> None:
    nothing = np.zeros((3, 3), np.uint16)
    assert all(math.isnan(value) for value in panoptic_quality(nothing, nothing))
    np.testing.assert_equal(panoptic_quality(nothing + 1, nothing), (0, math.nan, 0))
    assert panoptic_quality(np.ones((2, 3, 4), int), np.ones((2, 3, 4), int)).pq == 1
    with pytest.raises(ValueError, match="shape"):
        panoptic_quality(nothing, nothing[1:])
    with pytest.raises(TypeError, match="float"):
        panoptic_quality(nothing / 2, nothing)
