"""Training runs that are stopped, killed or diverge: within an epoch, in validation, at its end."""

from __future__ import annotations

import csv
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from ignite.engine import Events
from monai.data import MetaTensor, list_data_collate
from tiny_engines import Training, assert_same, interrupt, squares, tiny_network

from custom.errors import InputError
from custom.training._finite_loss import _files

OPTIONS = {"max_epochs": 2, "batch_size": 1, "history": True}  # 4 iterations in an epoch; its network has dropout
LAST = "checkpoint_last.pt"


def history(folder: Path) -> list[dict[str, str]]:
    """Return the rows without their duration."""
    with (folder / "history.csv").open(newline="") as file:
        return [{name: text for name, text in row.items() if name != "seconds"} for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an uninterrupted run."""
    return Training(tmp_path_factory.mktemp("whole"), **OPTIONS).run().folder


@pytest.fixture(autouse=True)
def _signals_are_as_before() -> Iterator[None]:
    """Check that every test leaves the signal handlers as they were."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def assert_equal(folder: Path, whole: Path) -> None:
    for name in (LAST, "model.pt"):
        assert_same(torch.load(folder / name), torch.load(whole / name))
    assert history(folder) == history(whole)
    assert (folder / "threshold.json").read_bytes() == (whole / "threshold.json").read_bytes()


def resume(folder: Path, **options: object) -> Training:
    """Resume as in a new process: with a new network and random generators in another state."""
    training = Training(folder, **(OPTIONS | options), resume=True, network=tiny_network())
    torch.manual_seed(1234)
    return training.run()


def stopped(training: Training, iteration: int, number: int = signal.SIGTERM) -> int:
    """Run a training that gets a signal in an iteration, and return the exit code."""
    training.trainer.add_event_handler(Events.ITERATION_COMPLETED(once=iteration), lambda: signal.raise_signal(number))
    with pytest.raises(SystemExit) as ended:
        training.run()
    return ended.value.code


# ---------------------------------------------------------------------------------------------------------- in an epoch


@pytest.mark.parametrize(("iteration", "num_workers"), [(2, 0), (3, 2), (4, 0), (5, 0), (8, 0)])
def test_a_killed_run_continues_after_its_last_saved_iteration(
    iteration: int, num_workers: int, whole: Path, tmp_path: Path
) -> None:
    """A run killed before it saves an iteration repeats that iteration only."""
    interrupt(Training(tmp_path, minutes=0, num_workers=num_workers, **OPTIONS), iteration)
    assert torch.load(tmp_path / LAST)["trainer"]["iteration"] == iteration - 1
    assert_equal(resume(tmp_path, num_workers=2 - num_workers).folder, whole)


def test_between_two_checkpoints_minutes_pass(tmp_path: Path) -> None:
    interrupt(Training(tmp_path, **OPTIONS), 7)
    assert torch.load(tmp_path / LAST)["trainer"] == {"epoch": 1, "iteration": 4}


def test_what_is_done_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(Training(tmp_path, minutes=0, **OPTIONS), 4)
    training = Training(tmp_path, resume=True, **OPTIONS)
    read: list[int] = []
    dataset = training.trainer.data_loader.dataset
    transform = type(dataset)._transform
    monkeypatch.setattr(dataset, "_transform", lambda index: read.append(index) or transform(dataset, index))
    training.run()
    assert len(read) == 1 + 4


def test_with_other_batches_an_epoch_starts_over(tmp_path: Path) -> None:
    interrupt(Training(tmp_path, minutes=0, **OPTIONS), 7)
    with pytest.warns(UserWarning, match="The batches have changed: epoch 2 starts over"):
        training = resume(tmp_path, batch_size=2)
    assert training.trainer.state.iteration == 4


# -------------------------------------------------------------------------------------------------------------- signals


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("iteration", [1, 3, 4, 6])
def test_a_signal_ends_the_iteration_and_prints_how_to_continue(
    iteration: int, number: int, code: int, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert stopped(Training(tmp_path, **OPTIONS), iteration, number) == code
    message = capsys.readouterr().err
    assert f"Stopped in epoch {1 + (iteration - 1) // 4}, iteration {iteration}, with a checkpoint." in message
    assert "resume=True" in message
    assert torch.load(tmp_path / LAST)["trainer"]["iteration"] == iteration
    assert_equal(resume(tmp_path).folder, whole)


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_signal_does_not_wait_for_a_validation(epoch: int, whole: Path, tmp_path: Path) -> None:
    training = Training(tmp_path, **OPTIONS)

    def interrupt_validation() -> None:
        if training.evaluator.state.epoch == epoch:
            signal.raise_signal(signal.SIGTERM)

    training.evaluator.add_event_handler(Events.ITERATION_STARTED(once=1), interrupt_validation)
    with pytest.raises(SystemExit):
        training.run()
    assert torch.load(tmp_path / LAST)["trainer"] == {"epoch": epoch - 1, "iteration": 4 * epoch}
    assert len(history(tmp_path)) == epoch - 1 if epoch > 1 else not (tmp_path / "history.csv").exists()
    assert_equal(resume(tmp_path).folder, whole)


def test_the_last_validation_out_of_turn_is_finished(tmp_path: Path) -> None:
    """The learning rate has already changed, so this validation cannot be repeated."""
    training = Training(tmp_path, val_interval=4, **OPTIONS)
    training.evaluator.add_event_handler(Events.STARTED, lambda: signal.raise_signal(signal.SIGTERM))
    training.run()
    assert torch.load(tmp_path / LAST)["trainer"] == {"epoch": 2, "iteration": 8}


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Enable Ctrl-C even if a shell started the tests in the background, where it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_the_second_signal_stops_at_once(tmp_path: Path) -> None:
    training = Training(tmp_path, **OPTIONS)

    def interrupt_again() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    training.trainer.add_event_handler(Events.ITERATION_COMPLETED(once=6), interrupt_again)
    with pytest.raises(KeyboardInterrupt):
        training.run()
    assert torch.load(tmp_path / LAST)["trainer"] == {"epoch": 1, "iteration": 4}


def test_outside_the_main_thread_a_training_runs_too(tmp_path: Path) -> None:
    thread = threading.Thread(target=Training(tmp_path, max_epochs=1).run)
    thread.start()
    thread.join()
    assert (tmp_path / LAST).is_file()


# --------------------------------------------------------------------------------------------------------- not a number


def with_nan(training: Training, name: str) -> None:
    """Put a NaN pixel into one of the training images."""
    items = squares(4)
    for index, item in enumerate(items):
        item["image"] = MetaTensor(item["image"], meta={"filename_or_obj": f"square_{index}.png"})
        item["image"][0, 3, 3] = float("nan") if f"square_{index}.png" == name else 0.0
    dataset = training.trainer.data_loader.dataset
    dataset.data = items
    dataset.set_data(items)


def test_a_nan_loss_names_the_files_and_changes_nothing(tmp_path: Path) -> None:
    training = Training(tmp_path, minutes=0, **OPTIONS)
    with_nan(training, "square_2.png")
    sentence = r"^square_2\.png: found a loss of nan in epoch 1, iteration 2, expected a finite loss \("
    with pytest.raises(InputError, match=sentence):
        training.run()
    assert all(parameter.isfinite().all() for parameter in training.network.parameters())
    kept = torch.load(tmp_path / LAST)
    assert kept["trainer"] == {"epoch": 0, "iteration": 1}
    assert all(tensor.isfinite().all() for tensor in kept["network"].values())


def test_the_files_of_a_batch_are_named_once() -> None:
    items = [{"image": MetaTensor(torch.zeros(1, 2, 2), meta={"filename_or_obj": name})} for name in "aab"]
    assert _files(list_data_collate(items)) == ["a", "b"]
    assert _files({"image": torch.zeros(1)}) == ["a batch without file names"]


def test_infinite_weights_are_never_saved(tmp_path: Path) -> None:
    training = Training(tmp_path, minutes=0, **OPTIONS)

    def diverge() -> None:
        with torch.no_grad():
            training.network[0].weight[0] = float("inf")

    training.trainer.add_event_handler(Events.ITERATION_COMPLETED(once=3), diverge)
    with pytest.raises(InputError, match=r"checkpoint_last\.pt: found infinite or NaN weights in epoch 1"):
        training.run()
    assert torch.load(tmp_path / LAST)["trainer"]["iteration"] == 2
