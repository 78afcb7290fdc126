"""Tiny engines, wired as in the configs, for the tests of the handlers; and that these engines do learn."""

from __future__ import annotations

from pathlib import Path

from tiny_engines import Training


def test_the_tiny_training_learns(tmp_path: Path) -> None:
    training = Training(tmp_path, max_epochs=8)
    losses = training.after_each_epoch(lambda: training.evaluator.state.metrics["val_loss"])
    training.run()
    assert losses[-1] < 0.9 * losses[0]
    assert training.evaluator.state.metrics["val_dice"] > 0.5
