"""Batch normalization with few images in a batch."""

from __future__ import annotations

from ignite.engine import Engine, Events
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..ground.processes import is_main
from ._history import NOTE
from ._processes import unwrapped


class FreezeBatchNorm:
    """Handler that trains the last epochs with the running statistics of batch normalization.

    With one image in a batch, training normalizes each image by its own statistics, but inference by running
    statistics, with which the network was never trained. Batch statistics speed up the first epochs; the last epochs
    adapt the weights to the running statistics.

    He et al. freeze the statistics when they fine-tune detectors, "Deep Residual Learning for Image Recognition", CVPR
    2016, appendix A.

    The loss may jump in the first epoch without batch statistics, so this epoch has a note in the log, in
    ``history.csv`` and in its curves.

    Args:
        from_epoch: first epoch without batch statistics, counted from 1.
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
        if engine.state.epoch == self.from_epoch > 1:
            setattr(engine.state, NOTE, "batch statistics frozen")
            if is_main():
                what = "batch statistics are frozen from here on; the loss may jump"
                print(f"epoch {self.from_epoch}: {what}.", flush=True)
        for module in unwrapped(engine.network).modules():
            if isinstance(module, _BatchNorm):
                module.register_forward_pre_hook(_use_running_statistics)  # the trainer calls train() in every step


def _use_running_statistics(module: nn.Module, _: tuple) -> None:
    module.eval()
