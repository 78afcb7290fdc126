"""Tiny engines, wired as in the configs, for the tests of handlers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ignite.engine import Events
from ignite.metrics import Average
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator, SupervisedTrainer
from monai.handlers import LrScheduleHandler, ValidationHandler, from_engine
from monai.inferers import SimpleInferer
from monai.transforms import Activationsd, Compose, CopyItemsd, RandFlipd, RandGaussianNoised
from monai.utils import set_determinism
from torch import nn

from custom import evaluation, metrics
from custom.data import EpochDataset, SeedEpoch
from custom.evaluation import ImageScore, ThresholdCurve, ValidationLoss
from custom.losses import AnnotatedDiceCELoss
from custom.training import Checkpoints, History

THRESHOLDS = [k / 10 for k in range(1, 10)]
VALIDATION_IMAGES = 2


def squares(count: int, seed: int = 0, shape: tuple[int, int] = (16, 16)) -> list[dict]:
    """Return items with noisy images of one bright square each, and their masks."""
    generator = np.random.default_rng(seed)
    items = []
    for index in range(count):
        label = np.zeros((1, *shape), np.uint8)
        top, left = generator.integers(1, 8, size=2)
        label[0, top : top + 6, left : left + 5] = 1
        image = torch.from_numpy(label + generator.normal(0, 0.3, label.shape)).float()
        items.append({"image": image, "label": torch.from_numpy(label), "name": f"square_{index}"})
    return items


def predictions(maps: Sequence[np.ndarray], labels: Sequence[np.ndarray]) -> list[dict]:
    """Return items for `identity_evaluator`: the image is the probability to predict."""
    return [
        {
            "image": torch.from_numpy(probability.astype(np.float32))[None],
            "label": torch.from_numpy(label.astype(np.uint8))[None],
            "name": f"image_{index}",
        }
        for index, (probability, label) in enumerate(zip(maps, labels, strict=True))
    ]


def identity_evaluator(items: Sequence[dict], batch_size: int = 1, **options: object) -> SupervisedEvaluator:
    """Return an evaluator whose prediction is the image itself."""
    loader = DataLoader(Dataset(items), batch_size=batch_size)
    return SupervisedEvaluator(device="cpu", val_data_loader=loader, network=nn.Identity(), **options)


def tiny_network(features: int = 2) -> nn.Module:
    """Return a network with buffers and with random numbers in training."""
    set_determinism(0)
    first = nn.Conv2d(1, features, 3, padding=1)
    return nn.Sequential(first, nn.BatchNorm2d(features), nn.ReLU(), nn.Dropout(0.2), nn.Conv2d(features, 1, 1))


def course(values: Sequence[float]) -> Callable[..., float]:
    """Return a score that takes the next of ``values`` in each validation, regardless of predictions."""
    steps: Iterator[float] = (value for value in values for _ in range(VALIDATION_IMAGES))
    return lambda pred, label: next(steps)


@dataclass
class Training:
    """A training run of a few seconds, started by ``run``; the fields are settings of a config."""

    folder: Path
    max_epochs: int = 3
    planned: int | None = None  # epochs of the schedule; None: max_epochs
    val_interval: int = 1
    best_by: str = "metric"
    threshold: float | None = None
    resume: bool = False
    minutes: float = 5.0
    learning_rate: float = 0.05
    weight_decay: float = 0.01
    config: dict = field(default_factory=dict)  # as far as it is compared when a run is resumed
    images: Sequence[dict] = field(default_factory=lambda: squares(4))
    num_workers: int = 0
    batch_size: int = 2
    seed: int = 0
    network: nn.Module = field(default_factory=tiny_network)
    validation: Sequence[dict] = field(default_factory=lambda: squares(VALIDATION_IMAGES, seed=1))
    scores: Sequence[float] | None = None  # the key metric of each validation; None: best Dice over the thresholds
    losses: Sequence[float] | None = None  # the loss of each validation; None: the loss
    history: bool = False
    trainer_handlers: Sequence = ()
    evaluator_handlers: Sequence = ()

    def __post_init__(self) -> None:
        loss = AnnotatedDiceCELoss(batch=True)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay
        )
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.optimizer, T_max=self.planned or self.max_epochs
        )
        self.curve = ThresholdCurve(metrics.dice_per_threshold, THRESHOLDS)
        key = {"val_dice": self.curve}
        if self.scores is not None:
            key = {"val_scripted": ImageScore(course(self.scores))} | key
        val_loss = ValidationLoss(loss) if self.losses is None else ImageScore(course(self.losses), ["logits", "label"])
        self.evaluator = SupervisedEvaluator(
            device="cpu",
            val_data_loader=DataLoader(Dataset(self.validation), batch_size=1),
            network=self.network,
            postprocessing=Compose([CopyItemsd("pred", names="logits"), Activationsd("pred", sigmoid=True)]),
            key_val_metric=key,
            additional_metrics={"val_loss": val_loss},
            val_handlers=list(self.evaluator_handlers) or None,
        )
        history = [History(self.folder, self.evaluator)] if self.history else []
        augmentation = [RandFlipd(["image", "label"], prob=0.5, spatial_axis=0), RandGaussianNoised("image", prob=0.5)]
        dataset = EpochDataset(self.images, augmentation, seed=self.seed)
        key_train_metric = {"train_dice": ImageScore(evaluation.at_threshold(metrics.dice, 0.5))}
        train_metrics = {"train_loss": Average(from_engine("loss", first=True))}
        self.checkpoints = Checkpoints(
            folder=self.folder,
            scheduler=self.scheduler,
            evaluator=self.evaluator,
            best_by=self.best_by,
            scans={"threshold": self.curve},
            thresholds={"threshold": self.threshold},
            resume=self.resume,
            minutes=self.minutes,
            config=self.config,
        )
        self.trainer = SupervisedTrainer(
            device="cpu",
            max_epochs=self.max_epochs,
            train_data_loader=DataLoader(
                dataset, batch_size=self.batch_size, shuffle=True, num_workers=self.num_workers
            ),
            network=self.network,
            optimizer=self.optimizer,
            loss_function=loss,
            inferer=SimpleInferer(),
            postprocessing=Activationsd("pred", sigmoid=True),
            key_train_metric=key_train_metric,
            additional_metrics=None if self.history else train_metrics,
            train_handlers=[
                SeedEpoch(),
                ValidationHandler(self.val_interval, self.evaluator),
                LrScheduleHandler(self.scheduler, print_lr=False),
                self.checkpoints,
                *history,
                *self.trainer_handlers,
            ],
        )

    def after_each_epoch(self, note: Callable[[], object]) -> list:
        """Return a list to which the result of ``note`` is appended after every epoch."""
        notes: list = []

        def begin() -> None:
            self.trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: notes.append(note()))

        self.trainer.add_event_handler(Events.STARTED, begin)  # registered at the start, to run after `Checkpoints`
        return notes

    def run(self) -> Training:
        self.trainer.run()
        return self


def copied(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def assert_same(first: Any, second: Any) -> None:
    """Compare nested dictionaries and lists of tensors and numbers, bit for bit."""
    assert isinstance(first, type(second))
    if isinstance(first, dict):
        assert first.keys() == second.keys()
        for key in first:
            assert_same(first[key], second[key])
    elif isinstance(first, list):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            assert_same(one, other)
    elif isinstance(first, torch.Tensor):
        assert first.dtype == second.dtype
        assert torch.equal(first, second)
    else:
        assert first == second


def interrupt(training: Training, iteration: int) -> None:
    """Start a run that is killed in the middle of an epoch."""

    def kill() -> None:
        raise KeyboardInterrupt

    training.trainer.add_event_handler(Events.ITERATION_COMPLETED(once=iteration), kill)
    with pytest.raises(KeyboardInterrupt):
        training.run()
