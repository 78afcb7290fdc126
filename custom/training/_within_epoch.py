"""The state of a training run within an epoch, so that a resumed run repeats and skips nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, cast

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events
from ignite.metrics import Metric
from torch.utils.data import BatchSampler, DataLoader, Sampler

from ..ground.engines import attached


class WithinEpoch:
    """State within an epoch, besides weights: finished batches, metrics and random generators.

    Samples are drawn from (seed, epoch, index), see `custom.data.EpochDataset`. The state to save is therefore that of
    the generators used by the network, for example for dropout, and of all metrics attached to the trainer; each metric
    needs a ``state_dict``, as ignite's own metrics have.
    """

    def __init__(self) -> None:
        self.metrics: dict[str, Metric] = {}

    def attach(self, engine: Engine) -> None:
        """Find the metrics of the trainer; called when all of them are attached."""
        self.metrics = attached(engine, Metric, Events.EPOCH_COMPLETED)

    def state(self, engine: Engine) -> dict[str, Any]:
        """Return tensors and numbers for a checkpoint; with several processes, all must call it."""
        device = engine.state.device
        return {
            "batches": engine.state.iteration - (engine.state.epoch - 1) * engine.state.epoch_length,
            "plan": _plan(engine),
            "metrics": {name: metric.state_dict() for name, metric in self.metrics.items()},
            "generator": torch.get_rng_state(),
            "cuda_generator": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        }

    def resume(self, engine: Engine, state: Mapping[str, Any]) -> bool:
        """Continue after the finished batches; called at the start of a run.

        If all batches of the epoch are finished, the events that end an epoch follow the other start handlers.

        Returns:
            False if the epoch is now split into other batches, so that it has to start over.
        """
        if state["plan"] != _plan(engine):
            return False
        engine.state.iteration += state["batches"]
        if state["batches"] < engine.state.epoch_length:
            _skip(engine.data_loader, state["batches"])
            first = Events.ITERATION_STARTED(once=engine.state.iteration + 1)  # the loader has drawn its order before
            engine.add_event_handler(first, self._restore, state)
        else:
            engine.add_event_handler(Events.STARTED, self._complete, state)  # runs last, as it is registered last
        return True

    def _restore(self, engine: Engine, state: Mapping[str, Any]) -> None:
        for name, metric in self.metrics.items():
            metric.load_state_dict(state["metrics"][name])
        torch.set_rng_state(state["generator"])
        if engine.state.device.type == "cuda" and state["cuda_generator"] is not None:
            torch.cuda.set_rng_state(state["cuda_generator"], engine.state.device)

    def _complete(self, engine: Engine, state: Mapping[str, Any]) -> None:
        engine.state.epoch += 1
        engine.fire_event(Events.EPOCH_STARTED)
        self._restore(engine, state)
        engine.fire_event(Events.EPOCH_COMPLETED)


def _plan(engine: Engine) -> dict[str, int | None]:
    """Return the numbers that determine how samples are grouped into batches."""
    return {
        "batches": engine.state.epoch_length,
        "batch_size": engine.data_loader.batch_size,
        "processes": idist.get_world_size(),
    }


def _skip(loader: DataLoader, batches: int) -> None:
    """Skip the first batches of the loader's next pass, without reading them."""
    sampler = cast(BatchSampler, loader.batch_sampler)
    sampler.sampler = _SkippingSampler(cast(Sampler[int], sampler.sampler), batches * sampler.batch_size)


class _SkippingSampler(Sampler[int]):
    """Wraps a sampler and skips its first samples in the first pass."""

    def __init__(self, sampler: Sampler[int], skipped: int) -> None:
        self.sampler = sampler
        self.skipped = skipped

    def __len__(self) -> int:
        return len(self.sampler)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[int]:
        skipped, self.skipped = self.skipped, 0
        return islice(self.sampler, skipped, None)
