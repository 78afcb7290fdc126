"""Batch normalisation with too few images in a batch."""

from __future__ import annotations

from ignite.engine import Engine, Events
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ._processes import unwrapped


class FreezeBatchNorm:
    """Handler that trains the last epochs with the statistics that batch normalisation has gathered.

    With one image in a batch each image is normalised by its own statistics while it trains the network, but by those
    of all images in inference, which the network has never met. Batch statistics make it learn fast at first; the last
    epochs make it fit for what it will get.

    As He et al. fine-tune detectors, "Deep Residual Learning for Image Recognition", CVPR 2016, appendix A.

    Args:
        from_epoch: the first epoch without batch statistics, from 1.
    """

    def __init__(self, from_epoch: int) -> None:
        self.from_epoch = from_epoch
        self.frozen = False

    def attach(self, engine: Engine) -> None:
        """Register on the trainer."""
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        if self.frozen or engine.state.epoch < self.from_epoch:
            return
        self.frozen = True
        for module in unwrapped(engine.network).modules():
            if isinstance(module, _BatchNorm):
                module.register_forward_pre_hook(_use_running_statistics)  # the trainer calls train() in every step


def _use_running_statistics(module: nn.Module, _: tuple) -> None:
    module.eval()
