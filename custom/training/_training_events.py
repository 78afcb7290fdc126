"""TensorBoard's events of a training, in which nothing stands twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events
from monai.handlers import TensorBoardStatsHandler, from_engine
from torch.utils.tensorboard import SummaryWriter

from ..ground.files import atomic_path
from ..ground.processes import is_main

BATCH_LOSS = "batch_loss"
"""The loss of every iteration; all else that is recorded of a training counts epochs."""


class TrainingEvents(TensorBoardStatsHandler):
    """MONAI's handler for a trainer: ``batch_loss`` of every iteration, the trainer's metrics of every epoch.

    The event files in the writer's folder tell of the same training as ``history.csv``: when a training goes on, what
    it will write again is taken out of them, and when one begins, all that an earlier one left there.

    Args:
        summary_writer: of TensorBoard.
    """

    def __init__(self, summary_writer: SummaryWriter) -> None:
        output = from_engine("loss", first=True)
        super().__init__(summary_writer=summary_writer, tag_name=BATCH_LOSS, output_transform=output)

    def attach(self, engine: Engine) -> None:
        """Register on the trainer, after the handler that resumes."""
        engine.add_event_handler(Events.STARTED, self._start)
        super().attach(engine)

    def _start(self, engine: Engine) -> None:
        if is_main():
            self._writer.close()  # it opens a new file when there is something to write
            forget_later(Path(self._writer.get_logdir()), engine.state.epoch, engine.state.iteration)


def forget_later(folder: Path, epoch: int, iteration: int) -> None:
    """Take out of a folder's event files what came after an epoch and an iteration; empty ones are removed.

    Args:
        folder: with files that no writer has open.
        epoch: the last one to keep, of all that counts epochs.
        iteration: the last one to keep of ``BATCH_LOSS``.
    """
    from tensorboard.summary.writer.record_writer import RecordWriter

    for file in sorted(folder.glob("events.out.tfevents.*")):
        events = list(_events(file))
        kept = [e for e in events if all(e.step <= _limit(v.tag, epoch, iteration) for v in e.summary.value)]
        if not any(event.summary.value for event in kept):
            file.unlink()
        elif len(kept) < len(events):
            with atomic_path(file) as path, path.open("wb") as stream:
                writer = RecordWriter(stream)
                for event in kept:
                    writer.write(event.SerializeToString())


def _events(file: Path) -> Iterator[Any]:
    """Yield the events of a file, up to one that a killed process left unfinished."""
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    yield from LegacyEventFileLoader(str(file)).Load()


def _limit(tag: str, epoch: int, iteration: int) -> int:
    return iteration if tag == BATCH_LOSS else epoch
