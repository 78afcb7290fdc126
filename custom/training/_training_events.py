"""TensorBoard events of a training run, without duplicates after resuming."""

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
"""Name of the loss of each iteration; all other values are recorded per epoch."""


class TrainingEvents(TensorBoardStatsHandler):
    """MONAI's handler for a trainer: ``batch_loss`` of each iteration and the metrics of each epoch.

    Like ``history.csv``, the event files describe one training run: resuming removes the events that will be written
    again, and a new run removes the events of an earlier run in the same folder.

    Args:
        summary_writer: TensorBoard's writer.
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
            self._writer.close()  # the next event opens a new file
            remove_later_events(Path(self._writer.get_logdir()), engine.state.epoch, engine.state.iteration)


def remove_later_events(folder: Path, epoch: int, iteration: int) -> None:
    """Remove events after an epoch and an iteration from the event files in a folder; delete files without events.

    Args:
        folder: folder of event files that are not open.
        epoch: last epoch to keep.
        iteration: last iteration of ``BATCH_LOSS`` to keep.
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
    """Yield the events of a file, except a last incomplete one, which a killed process can leave."""
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    yield from LegacyEventFileLoader(str(file)).Load()


def _limit(tag: str, epoch: int, iteration: int) -> int:
    return iteration if tag == BATCH_LOSS else epoch
