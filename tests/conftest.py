"""Fixtures that several test files share."""

from __future__ import annotations

import os
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
