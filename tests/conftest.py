"""Fixtures that several test files share."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

# For small arrays, one thread is faster than two; processes started by tests inherit the setting.
os.environ["OMP_NUM_THREADS"] = "1"
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder with real microscopy data, or skip the test."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("MICROSCOPY_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} does not exist, and MICROSCOPY_DATA is not set to another folder")
    return folder


@pytest.fixture
def exit_code(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that runs the `main` of a command with arguments, as Python does, and returns its exit code."""
    logger = logging.getLogger("ignite.engine")
    monkeypatch.setattr(logger, "level", logger.level)
    for module in (sys, threading):  # commands replace the hooks
        monkeypatch.setattr(module, "excepthook", module.excepthook)

    def run(main: Callable[[], None], *arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["command", *map(str, arguments)])
        try:
            main()
        except Exception as error:
            sys.excepthook(type(error), error, error.__traceback__)
            return 1
        return 0

    return run


REPEATED = (
    "test_another_seed_gives_other_weights",
    "test_best_by_loss_keeps_the_lowest_validation_loss",
    "test_resumed_run_equals_unbroken_run",
)
"""Tests of every bundle that run in `make test` for three of them, whose code paths the others share."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the repetitions of long tests as slow."""
    for item in items:
        repeated = isinstance(item, pytest.Function) and item.originalname in REPEATED
        if repeated and item.callspec.params["bundle"] not in ("dendrite", "hela_track", "tem"):
            item.add_marker(pytest.mark.slow)
