"""Where a training stands within an epoch, so that a run that goes on there repeats nothing and misses nothing."""

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
    """What of a training, besides its weights, would begin anew with an epoch: batches, metrics, generators.

    Samples draw from (seed, epoch, index), see `datasets.EpochDataset`. What is left to keep are the generators that
    the network draws from, for dropout, and the metrics of the epoch so far.

    The metrics are all that are attached to the trainer; each must have a state, as ignite's own have.
    """

    def __init__(self) -> None:
        self.metrics: dict[str, Metric] = {}

    def attach(self, engine: Engine) -> None:
        """Find the metrics of the trainer, when all of them are attached."""
        self.metrics = attached(engine, Metric, Events.EPOCH_COMPLETED)

    def state(self, engine: Engine) -> dict[str, Any]:
        """Return tensors and numbers for a checkpoint; with several processes, to be called in all of them."""
        device = engine.state.device
        return {
            "batches": engine.state.iteration - (engine.state.epoch - 1) * engine.state.epoch_length,
            "plan": _plan(engine),
            "metrics": {name: metric.state_dict() for name, metric in self.metrics.items()},
            "generator": torch.get_rng_state(),
            "cuda_generator": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        }

    def go_on(self, engine: Engine, state: Mapping[str, Any]) -> bool:
        """Go on after the batches that are done; called at the start of a run.

        Where all batches are done, what ends an epoch comes at once, after what else is done at the start.

        Returns:
            False when the epoch has other batches now: then it begins anew.
        """
        if state["plan"] != _plan(engine):
            return False
        engine.state.iteration += state["batches"]
        if state["batches"] < engine.state.epoch_length:
            _skip(engine.data_loader, state["batches"])
            first = Events.ITERATION_STARTED(once=engine.state.iteration + 1)  # the loader has drawn its order by then
            engine.add_event_handler(first, self._restore, state)
        else:
            engine.add_event_handler(Events.STARTED, self._complete, state)  # last in the list that is being worked off
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
    """Return what decides which samples of an epoch are in which batch."""
    return {
        "batches": engine.state.epoch_length,
        "batch_size": engine.data_loader.batch_size,
        "processes": idist.get_world_size(),
    }


def _skip(loader: DataLoader, batches: int) -> None:
    """Leave out the first batches of the loader's next pass, without reading them."""
    sampler = cast(BatchSampler, loader.batch_sampler)
    sampler.sampler = _Later(cast(Sampler[int], sampler.sampler), batches * sampler.batch_size)


class _Later(Sampler[int]):
    """The samples of another sampler; in the first pass without the first ones."""

    def __init__(self, sampler: Sampler[int], skipped: int) -> None:
        self.sampler = sampler
        self.skipped = skipped

    def __len__(self) -> int:
        return len(self.sampler)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[int]:
        skipped, self.skipped = self.skipped, 0
        return islice(self.sampler, skipped, None)
