"""Batch normalization with frozen statistics in the last epochs: when, which layers, and that weights still learn."""

from __future__ import annotations

import pytest
import torch
from ignite.engine import Engine, Events
from torch import nn

from custom.training import FreezeBatchNorm


def train(
    from_epoch: int, epochs: int = 3, finished: int = 0
) -> tuple[nn.Sequential, list[torch.Tensor], list[torch.Tensor]]:
    """Train like MONAI's trainer, with train() in every step; return the network and, per epoch, means and outputs.

    ``finished`` epochs precede the run, as in a resumed one.
    """
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Dropout(0.5))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    image = torch.randn(1, 1, 8, 8) + 3
    means, outputs = [], []

    def step(engine: Engine, batch: torch.Tensor) -> None:
        network.train()
        normalized = network[:2](batch)
        outputs.append(normalized.detach())
        optimizer.zero_grad()
        network(batch).square().mean().backward()
        optimizer.step()
        means.append(network[1].running_mean.clone())

    trainer = Engine(step)
    trainer.add_event_handler(Events.STARTED, lambda engine: setattr(engine.state, "epoch", finished))
    trainer.network = network
    FreezeBatchNorm(from_epoch).attach(trainer)
    trainer.run([image], max_epochs=epochs)
    return network, means, outputs


def test_statistics_are_constant_from_that_epoch() -> None:
    _, means, outputs = train(from_epoch=3, epochs=4)
    assert not torch.equal(means[0], means[1])
    assert torch.equal(means[1], means[2])
    assert torch.equal(means[2], means[3])
    assert outputs[0].mean().abs() < 1e-6  # its own statistics
    assert outputs[2].mean().abs() > 0.1  # running statistics


@pytest.mark.parametrize("from_epoch", [1, 3])
def test_weights_still_learn(from_epoch: int) -> None:
    frozen, longer = train(from_epoch, epochs=3)[0], train(from_epoch, epochs=4)[0]
    assert not torch.equal(frozen[1].weight, longer[1].weight)
    assert not torch.equal(frozen[0].weight, longer[0].weight)


def test_resuming_in_the_last_epochs_freezes_immediately() -> None:
    network, means, _ = train(from_epoch=3, epochs=6, finished=4)
    assert len(means) == 2
    assert not means[-1].any()  # initial values
    assert int(network[1].num_batches_tracked) == 0


def test_other_layers_stay_in_training_mode() -> None:
    network = train(from_epoch=1)[0]
    assert network[2].training


def test_an_epoch_that_is_never_reached_changes_nothing() -> None:
    _, means, _ = train(from_epoch=9)
    assert not torch.equal(means[1], means[2])
    assert train(9)[0].state_dict().keys() == train(1)[0].state_dict().keys()
