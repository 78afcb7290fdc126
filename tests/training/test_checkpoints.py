"""The files that training saves, resuming after an interruption, and weights that are refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ignite.distributed import sync
from tiny_engines import (
    Training,
    assert_same,
    copied,
    identity_evaluator,
    interrupt,
    predictions,
    squares,
    tiny_network,
)
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from custom.errors import InputError
from custom.training import Checkpoints
from custom.weights import WeightsLoader, read_threshold

NAN = float("nan")


# ----------------------------------------------------------------------------------------------------- the best weights


@pytest.mark.parametrize(
    ("best_by", "scores", "losses", "epoch"),
    [
        ("metric", [0.5, 0.9, 0.7], [3, 2, 1], 2),
        ("metric", [0.5, 0.7, 0.7], [3, 2, 1], 2),
        ("metric", [NAN, 0.2, NAN], [3, 2, 1], 2),
        ("loss", [0.5, 0.7, 0.9], [2, 1, 3], 2),
        ("loss", [0.9, 0.8, 0.7], [1, 1, 1], 1),
        ("last", [0.9, 0.8, NAN], [1, 2, 3], 3),
    ],
)
def test_the_best_weights_are_kept(
    tmp_path: Path, best_by: str, scores: list[float], losses: list[float], epoch: int
) -> None:
    training = Training(tmp_path, best_by=best_by, scores=scores, losses=losses)
    weights = training.after_each_epoch(lambda: copied(training.network))
    curves = training.after_each_epoch(training.curve.mean_curve)
    thresholds = training.after_each_epoch(training.curve.best_threshold)
    training.run()
    assert_same(torch.load(tmp_path / "model.pt"), weights[epoch - 1])
    assert training.checkpoints.best["epoch"] == epoch
    stored = json.loads((tmp_path / "threshold.json").read_text())
    assert stored["threshold"] == thresholds[epoch - 1]
    np.testing.assert_allclose(stored["scans"]["threshold"]["scores"], curves[epoch - 1], rtol=0, atol=5e-7)


def test_the_files_change_only_when_validation_is_better(tmp_path: Path) -> None:
    training = Training(tmp_path, max_epochs=4, scores=[0.5, 0.4, 0.6, 0.6])
    model = training.after_each_epoch((tmp_path / "model.pt").read_bytes)
    threshold = training.after_each_epoch(lambda: (tmp_path / "threshold.json").stat().st_ino)
    training.run()
    for files in (model, threshold):
        assert [after == before for before, after in pairwise(files)] == [True, False, True]


def test_without_validation_nothing_is_best(tmp_path: Path) -> None:
    training = Training(tmp_path, max_epochs=4, val_interval=2, scores=[0.9, 0.8])
    there = training.after_each_epoch((tmp_path / "model.pt").is_file)
    training.run()
    assert there == [False, True, True, True]
    assert training.checkpoints.best == {"by": "metric", "score": 0.9, "epoch": 2}


def test_training_without_any_score_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model\.pt: found no validation score .*foreground"):
        Training(tmp_path, scores=[NAN] * 3).run()
    assert (tmp_path / "checkpoint_last.pt").is_file()


def test_the_last_epoch_is_validated_whatever_the_interval(tmp_path: Path) -> None:
    assert Training(tmp_path, val_interval=4, scores=[0.5]).run().checkpoints.best["epoch"] == 3


def test_a_given_threshold_is_stored(tmp_path: Path) -> None:
    Training(tmp_path, max_epochs=1, threshold=0.3).run()
    assert json.loads((tmp_path / "threshold.json").read_text())["threshold"] == 0.3
    assert read_threshold(tmp_path / "model.pt") == 0.3


def test_without_a_scan_there_is_no_threshold(tmp_path: Path) -> None:
    training = Training(tmp_path / "with", scores=[0.5, 0.9, 0.7])
    Checkpoints(
        tmp_path / "without",
        training.scheduler,
        training.evaluator,
        best_by="metric",
    ).attach(training.trainer)
    training.run()
    assert {file.name for file in (tmp_path / "without").iterdir()} == {"model.pt", "checkpoint_last.pt"}
    for name in ("model.pt", "checkpoint_last.pt"):
        assert_same(torch.load(tmp_path / "without" / name), torch.load(tmp_path / "with" / name))


# ------------------------------------------------------------------------------------------------------------- resuming


@pytest.mark.parametrize("val_interval", [1, 2])
def test_the_last_checkpoint_is_written_after_every_epoch(tmp_path: Path, val_interval: int) -> None:
    training = Training(tmp_path, val_interval=val_interval)
    saved = training.after_each_epoch(lambda: torch.load(tmp_path / "checkpoint_last.pt"))
    now = training.after_each_epoch(lambda: copied(training.network))
    training.run()
    assert [checkpoint["trainer"] for checkpoint in saved] == [
        {"epoch": epoch, "iteration": 2 * epoch} for epoch in (1, 2, 3)
    ]
    for checkpoint, weights in zip(saved, now, strict=True):
        assert_same(checkpoint["network"], weights)


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_resumed_run_ends_like_an_uninterrupted_one(tmp_path: Path, num_workers: int) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    options = {"max_epochs": 4, "num_workers": num_workers, "scores": [0.3, 0.8, 0.5, 0.6]}
    unbroken = Training(whole, **options).run()
    interrupt(Training(broken, **options), iteration=6)  # the last of the third epoch, before it is saved
    resumed = Training(broken, **(options | {"scores": [0.5, 0.6]}), resume=True, network=tiny_network()).run()
    assert_same(resumed.network.state_dict(), unbroken.network.state_dict())
    for name in ("checkpoint_last.pt", "model.pt"):
        assert_same(torch.load(broken / name), torch.load(whole / name))
    assert (broken / "threshold.json").read_bytes() == (whole / "threshold.json").read_bytes()
    assert resumed.scheduler.get_last_lr() == unbroken.scheduler.get_last_lr()
    assert resumed.checkpoints.best == {"by": "metric", "score": 0.8, "epoch": 2}


@pytest.mark.parametrize("options", [{"seed": 1}, {"network": tiny_network(3)}])
def test_the_comparison_of_final_weights_can_fail(tmp_path: Path, options: dict) -> None:
    first = Training(tmp_path / "first", max_epochs=1).run()
    other = Training(tmp_path / "other", max_epochs=1, **options).run()
    with pytest.raises(AssertionError):
        assert_same(first.network.state_dict(), other.network.state_dict())


def test_the_number_of_workers_changes_nothing(tmp_path: Path) -> None:
    runs = [Training(tmp_path / str(workers), max_epochs=1, num_workers=workers).run() for workers in (0, 2)]
    assert_same(runs[0].network.state_dict(), runs[1].network.state_dict())


def test_a_resumed_run_trains_all_remaining_epochs_with_another_batch_size(tmp_path: Path) -> None:
    interrupt(Training(tmp_path, max_epochs=4, batch_size=1), iteration=12)  # of 4 in an epoch, before it is saved
    resumed = Training(tmp_path, max_epochs=4, batch_size=4, resume=True)
    epochs = resumed.after_each_epoch(lambda: resumed.trainer.state.epoch)
    resumed.run()
    assert epochs == [3, 4]
    assert torch.load(tmp_path / "checkpoint_last.pt")["trainer"] == {"epoch": 4, "iteration": 4}


def test_without_resume_a_run_starts_over(tmp_path: Path) -> None:
    Training(tmp_path, max_epochs=2, scores=[0.9, 0.8]).run()
    again = Training(tmp_path, max_epochs=1, scores=[0.1]).run()
    assert again.checkpoints.best == {"by": "metric", "score": 0.1, "epoch": 1}


def test_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"checkpoint_last\.pt: found nothing, expected a checkpoint"):
        Training(tmp_path, resume=True).run()
    assert not list(tmp_path.iterdir())


def test_a_finished_run_is_not_resumed(tmp_path: Path) -> None:
    Training(tmp_path, max_epochs=2).run()
    (tmp_path / "run.json").touch()
    with pytest.raises(InputError, match="found 2 finished epochs, expected fewer than 2"):
        Training(tmp_path, max_epochs=2, resume=True).run()


def test_a_finished_run_without_run_json_is_resumed_to_write_it(tmp_path: Path) -> None:
    Training(tmp_path, max_epochs=2).run()
    before = (tmp_path / "checkpoint_last.pt").stat().st_mtime_ns
    resumed = Training(tmp_path, max_epochs=2, resume=True).run()
    assert resumed.trainer.state.iteration == 4
    assert (tmp_path / "checkpoint_last.pt").stat().st_mtime_ns == before


def test_a_run_of_another_length_is_not_resumed(tmp_path: Path) -> None:
    """Beyond the old schedule, the learning rate would rise again."""
    Training(tmp_path, max_epochs=2).run()
    with pytest.raises(InputError, match="a run planned for 2 epochs, expected --max_epochs 2, not 4"):
        Training(tmp_path, max_epochs=4, resume=True).run()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"learning_rate": 0.3}, "--learning_rate 0.05, not 0.3"),
        ({"weight_decay": 0.1}, "--weight_decay 0.01, not 0.1"),
        ({"config": {"seed": 1, "loss": {"batch": True}}}, "--seed 0, not 1"),
        ({"config": {"seed": 0, "loss": {"batch": "false"}}}, "--loss#batch True, not False"),
        ({"config": {"seed": 0, "loss": {"batch": True}, "threshold": 0.3}}, "--threshold None, not 0.3"),
    ],
)
def test_other_options_are_refused_when_resumed(tmp_path: Path, options: dict, sentence: str) -> None:
    before = {"max_epochs": 2, "config": {"seed": 0, "loss": {"batch": True}, "num_workers": 0}}
    interrupt(Training(tmp_path, **before), iteration=4)
    checkpoint = (tmp_path / "checkpoint_last.pt").read_bytes()
    with pytest.raises(InputError, match=rf"found a run with other options, expected {sentence}\.$"):
        Training(tmp_path, **(before | options), resume=True).run()
    assert (tmp_path / "checkpoint_last.pt").read_bytes() == checkpoint
    interrupt(Training(tmp_path, **(before | {"config": {}}), resume=True), iteration=4)  # a program without a config
    assert torch.load(tmp_path / "checkpoint_last.pt")["options"] == {"seed": 0, "loss#batch": True}
    same = {"seed": 0, "loss": {"batch": "true"}, "num_workers": 2, "device": "cuda", "output_dir": "moved"}
    Training(tmp_path, **(before | {"config": same}), resume=True).run()


def test_old_checkpoints_without_options_are_resumed(tmp_path: Path) -> None:
    interrupt(Training(tmp_path, max_epochs=2), iteration=4)
    checkpoint = torch.load(tmp_path / "checkpoint_last.pt")
    torch.save({k: v for k, v in checkpoint.items() if k not in ("options", "images")}, tmp_path / "checkpoint_last.pt")
    with pytest.raises(InputError, match=r"--learning_rate 0\.05, not 0\.3"):  # known from the optimizer
        Training(tmp_path, max_epochs=2, resume=True, learning_rate=0.3).run()
    resumed = Training(tmp_path, max_epochs=2, resume=True, config={"seed": 0}, images=squares(4, seed=3)).run()
    assert torch.load(tmp_path / "checkpoint_last.pt")["options"] == {"seed": 0}
    assert resumed.trainer.state.epoch == 2


def test_with_other_validation_images_the_best_score_begins_anew(tmp_path: Path) -> None:
    options = {"max_epochs": 3, "scores": [0.9, 0.8, 0.7]}
    interrupt(Training(tmp_path, **options), iteration=4)  # epoch 1 is saved, with the score 0.9
    other = squares(2, seed=5)
    with pytest.warns(UserWarning, match=r"Other validation images .*: the best score begins anew from epoch 2 on"):
        resumed = Training(tmp_path, max_epochs=3, scores=[0.2, 0.3], validation=other, resume=True).run()
    assert resumed.checkpoints.best == {"by": "metric", "score": 0.3, "epoch": 3}
    assert_same(torch.load(tmp_path / "model.pt"), resumed.network.state_dict())


def test_with_other_training_images_the_epoch_starts_over(tmp_path: Path) -> None:
    interrupt(Training(tmp_path, max_epochs=3, minutes=0, scores=[0.9, 0.8, 0.7]), iteration=4)
    with pytest.warns(UserWarning, match="The batches have changed: epoch 2 starts over") as notes:
        resumed = Training(tmp_path, max_epochs=3, scores=[0.2, 0.3], images=squares(4, seed=5), resume=True).run()
    assert any("Other training images or labels than before (4, before: 4)" in str(note.message) for note in notes)
    assert resumed.checkpoints.best == {"by": "metric", "score": 0.9, "epoch": 1}


def test_another_criterion_begins_anew_unless_no_epoch_is_left(tmp_path: Path) -> None:
    Training(tmp_path, max_epochs=2, scores=[0.9, 0.8]).run()
    with (
        pytest.warns(UserWarning, match="--best_by loss instead of metric"),
        pytest.raises(InputError, match="no epoch"),
    ):
        Training(tmp_path, max_epochs=2, best_by="loss", resume=True).run()


def test_the_checkpoint_of_another_network_is_not_resumed(tmp_path: Path) -> None:
    Training(tmp_path, max_epochs=1).run()
    before = (tmp_path / "checkpoint_last.pt").read_bytes()
    with pytest.raises(InputError, match="found the state of another training run"):
        Training(tmp_path, max_epochs=1, resume=True, network=tiny_network(3)).run()
    assert (tmp_path / "checkpoint_last.pt").read_bytes() == before


@pytest.mark.parametrize("content", [{"epoch": 3}, {"network": [1, 2]}, {"network": "UNet"}])
def test_a_checkpoint_of_another_program_is_not_resumed(tmp_path: Path, content: dict) -> None:
    torch.save(content, tmp_path / "checkpoint_last.pt")
    with pytest.raises(InputError, match="found the state of another training run"):
        Training(tmp_path, resume=True).run()


def test_weights_alone_are_not_resumed(tmp_path: Path) -> None:
    Training(tmp_path, max_epochs=1).run()
    shutil.copy(tmp_path / "model.pt", tmp_path / "checkpoint_last.pt")
    with pytest.raises(InputError, match="found the state of another training run"):
        Training(tmp_path, resume=True).run()


# -------------------------------------------------------------------------------------------------------- several GPUs


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make this process a group of its own, in which a network can be wrapped as on several GPUs."""
    monkeypatch.setenv("LOCAL_RANK", "0")
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    yield
    distributed.destroy_process_group()
    sync()  # ignite keeps what it found


@pytest.mark.usefixtures("group")
def test_weights_have_the_names_of_the_network_itself(tmp_path: Path) -> None:
    network = DistributedDataParallel(tiny_network())
    assert all(name.startswith("module.") for name in network.state_dict())
    Training(tmp_path, max_epochs=1, network=network).run()
    assert_same(torch.load(tmp_path / "model.pt"), network.module.state_dict())
    assert_same(torch.load(tmp_path / "checkpoint_last.pt")["network"], network.module.state_dict())


@pytest.mark.usefixtures("group")
def test_a_run_on_one_gpu_is_resumed_on_several(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    unbroken = Training(whole, max_epochs=2).run()
    Training(broken, max_epochs=1, planned=2).run()
    resumed = Training(broken, max_epochs=2, resume=True, network=DistributedDataParallel(tiny_network())).run()
    assert_same(resumed.network.module.state_dict(), unbroken.network.state_dict())


# ------------------------------------------------------------------------------------------------------ loading weights


def load(file: Path, network: nn.Module) -> None:
    """Load weights as inference does, at the start of a run."""
    evaluator = identity_evaluator(predictions([np.zeros((2, 2))], [np.zeros((2, 2))]))
    WeightsLoader(file, network).attach(evaluator)
    evaluator.run()


def test_weights_are_loaded_at_the_start_of_a_run(tmp_path: Path) -> None:
    source = nn.Conv2d(1, 1, 3)
    torch.save(source.state_dict(), tmp_path / "model.pt")
    target = nn.Conv2d(1, 1, 3)
    assert not torch.equal(target.weight, source.weight)
    load(tmp_path / "model.pt", target)
    assert_same(target.state_dict(), source.state_dict())


def test_the_weights_in_a_checkpoint_are_loaded(tmp_path: Path) -> None:
    training = Training(tmp_path, max_epochs=1).run()
    target = tiny_network()
    load(tmp_path / "checkpoint_last.pt", target)
    assert_same(target.state_dict(), training.network.state_dict())


def test_weights_of_half_precision_are_converted(tmp_path: Path) -> None:
    source, target = nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3)
    torch.save({name: tensor.half() for name, tensor in source.state_dict().items()}, tmp_path / "model.pt")
    load(tmp_path / "model.pt", target)
    assert target.weight.dtype == torch.float32
    assert torch.equal(target.weight, source.weight.half().float())


def test_missing_weights(tmp_path: Path) -> None:
    for path, found in ((tmp_path / "model.pt", "nothing"), (tmp_path, "a folder")):
        with pytest.raises(InputError, match=f"{path}: found {found}, expected a checkpoint"):
            load(path, nn.Conv2d(1, 1, 3))


def test_damaged_weights(tmp_path: Path) -> None:
    file = tmp_path / "model.pt"
    torch.save(nn.Conv2d(1, 1, 3).state_dict(), file)
    whole = file.read_bytes()
    for content in (b"", b"not weights", whole[: len(whole) // 2], whole[:-1]):
        file.write_bytes(content)
        with pytest.raises(InputError, match=r"model\.pt: found a damaged file"):
            load(file, nn.Conv2d(1, 1, 3))


def test_nothing_in_a_checkpoint_is_executed(tmp_path: Path) -> None:
    torch.save(nn.Conv2d(1, 1, 3), tmp_path / "model.pt")
    with pytest.raises(InputError, match="content other than weights"):
        load(tmp_path / "model.pt", nn.Conv2d(1, 1, 3))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ([torch.zeros(1)], "a list"),
        (torch.zeros(3), "a Tensor"),
        ({}, "weights of another network"),
        ({"weight": torch.zeros(1, 1, 3, 3)}, "weights of another network"),
        ({"network": "UNet", "weights": {}}, "weights of another network"),
        ({0: torch.zeros(1)}, "weights of another network"),
        (nn.Conv2d(1, 2, 3).state_dict(), "weights of another network"),
    ],
)
def test_other_content_than_the_weights(tmp_path: Path, content: Any, found: str) -> None:
    torch.save(content, tmp_path / "model.pt")
    with pytest.raises(InputError, match=rf"model\.pt: found {found}, expected"):
        load(tmp_path / "model.pt", nn.Conv2d(1, 1, 3))
