"""Provenance of results: command, machine and package versions."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

import torch

_PACKAGES = ("torch", "monai", "pytorch-ignite", "numpy", "scipy", "scikit-image", "tifffile")


def machine(device: Any) -> str:
    """Return processor architecture, device and number of threads, such as ``x86_64, cpu, 1 torch thread(s)``."""
    return f"{platform.machine()}, {torch.device(device).type}, {torch.get_num_threads()} torch thread(s)"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that affect results: name → version."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}
