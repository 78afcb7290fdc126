"""Pictures of validation images: when they are drawn, what they show, and that TensorBoard has them too."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.handlers import TensorBoardStatsHandler
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_engines import Training, identity_evaluator, predictions
from torch.utils.tensorboard import SummaryWriter

from custom.training import ValidationPictures, class_panels, instance_panels
from custom.transforms import UNANNOTATED

HEIGHT, WIDTH, GAP = 12, 20, 8
RED, GREEN = [230, 40, 40], [40, 200, 40]


def items(count: int) -> list[dict]:
    """Return probability maps with a block of 0.8 at the upper right, labels with one at the lower left."""
    probability = np.full((HEIGHT, WIDTH), 0.1)
    probability[1:5, 13:18] = 0.8
    label = np.zeros((HEIGHT, WIDTH))
    label[7:11, 2:6] = 1
    return predictions([probability] * count, [label] * count)


def draw(folder: Path, epochs: int, every: int, count: int = 2, images: int = 3) -> list[str]:
    """Validate for some epochs, and return the names of the pictures."""
    with SummaryWriter(str(folder)) as writer:
        pictures = ValidationPictures(folder, writer, every, count)
        evaluator = identity_evaluator(items(images), val_handlers=[pictures])
        for epoch in range(1, epochs + 1):
            evaluator.run(epoch)
    return sorted(file.name for file in (folder / "pictures").iterdir())


def panels(folder: Path, row: int = 0) -> list[np.ndarray]:
    """Return image, probability, prediction and label as they were drawn at the first epoch."""
    sheet = np.asarray(Image.open(folder / "pictures" / "epoch_0001.png"))
    top = row * (HEIGHT + GAP)
    return [sheet[top : top + HEIGHT, left : left + WIDTH] for left in range(0, sheet.shape[1], WIDTH + GAP)]


@pytest.mark.parametrize(
    ("every", "epochs"), [(3, [1, 3, 6]), (1, [1, 2, 3, 4, 5, 6, 7]), (10, [1])], ids=["third", "each", "first"]
)
def test_pictures_of_the_first_and_every_nth_epoch(tmp_path: Path, every: int, epochs: list[int]) -> None:
    assert draw(tmp_path, 7, every) == [f"epoch_{epoch:04d}.png" for epoch in epochs]


@pytest.mark.parametrize(("count", "images", "rows"), [(2, 3, 2), (3, 2, 2), (1, 2, 1)])
def test_a_row_of_four_for_each_image(tmp_path: Path, count: int, images: int, rows: int) -> None:
    draw(tmp_path, 1, 1, count, images)
    with Image.open(tmp_path / "pictures" / "epoch_0001.png") as picture:
        assert picture.size == (4 * WIDTH + 3 * GAP, rows * HEIGHT + (rows - 1) * GAP)
        assert picture.mode == "RGB"


def test_what_the_four_show(tmp_path: Path) -> None:
    draw(tmp_path, 1, 1)
    for row in (0, 1):
        image, probability, predicted, labeled = panels(tmp_path, row)
        assert (image == image[..., :1]).all()
        assert np.ptp(image) == 255
        assert (probability[2, 15] == 204).all()
        assert (probability[8, 3] == 25).all()
        for panel, color, inside in ((predicted, RED, np.s_[1:5, 13:18]), (labeled, GREEN, np.s_[7:11, 2:6])):
            contour = np.zeros((HEIGHT, WIDTH), bool)
            contour[inside] = True
            contour[inside][1:-1, 1:-1] = False
            np.testing.assert_array_equal((panel == color).all(axis=2), contour)
            np.testing.assert_array_equal(panel[~contour], image[~contour])


def test_class_panels_show_the_most_probable_class_and_the_label_in_its_color() -> None:
    colors = [[0, 0, 0], [200, 0, 0], [0, 0, 200]]
    pred = torch.zeros(3, HEIGHT, WIDTH)
    pred[2, 2:9, 3:12] = 1
    label = torch.zeros(1, HEIGHT, WIDTH)
    label[0, 2:9, 13:20] = 1
    label[0, 0] = UNANNOTATED
    predicted, labeled = class_panels(colors)(np.zeros((HEIGHT, WIDTH)), pred, label)
    assert predicted[2, 3].tolist() == [0, 0, 200]
    assert labeled[2, 13].tolist() == [200, 0, 0]
    assert not labeled[0].any()
    assert not predicted[:, 13:].any()


def test_instance_panels_show_foreground_found_and_reference() -> None:
    pred = torch.zeros(2, HEIGHT, WIDTH)
    pred[0] = 1
    pred[:, 2:9, 3:12] = torch.tensor([0.2, 0.8])[:, None, None]
    label = torch.full((1, HEIGHT, WIDTH), -1)
    label[0, 2:9, 13:20] = 4
    panels = instance_panels(lambda probabilities: (probabilities[1] > 0.5).astype(np.uint16))
    foreground, found, reference = panels(np.zeros((HEIGHT, WIDTH)), pred, label)
    assert foreground[5, 5].tolist() == [204] * 3
    assert found[2:9, 3:12].any(axis=2).all()
    assert not found[:, 13:].any()
    assert reference[2:9, 13:20].any(axis=2).all()
    assert not reference[:, :13].any()


def test_images_of_different_size(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        different = items(1) + predictions([np.zeros((30, 6))], [np.zeros((30, 6))])
        identity_evaluator(different, val_handlers=[ValidationPictures(tmp_path, writer, 1)]).run()
    with Image.open(tmp_path / "pictures" / "epoch_0001.png") as picture:
        assert picture.size == (4 * WIDTH + 3 * GAP, 30 + GAP + 30)


def test_tensorboard_has_pictures_and_scalars(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        stats = TensorBoardStatsHandler(writer, iteration_log=False)
        training = Training(tmp_path, evaluator_handlers=[ValidationPictures(tmp_path, writer, 3), stats])
        scores = training.after_each_epoch(lambda: training.evaluator.state.metrics["val_dice"])
        training.run()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert events.Tags()["images"] == ["validation"]
    pictures = events.Images("validation")
    assert [event.step for event in pictures] == [1, 3]
    for event in pictures:
        file = tmp_path / "pictures" / f"epoch_{event.step:04d}.png"
        stored = np.asarray(Image.open(io.BytesIO(event.encoded_image_string)))
        np.testing.assert_array_equal(stored, np.asarray(Image.open(file)))
    assert {"val_dice", "val_loss"} <= set(events.Tags()["scalars"])
    assert [(event.step, pytest.approx(event.value)) for event in events.Scalars("val_dice")] == [*enumerate(scores, 1)]
