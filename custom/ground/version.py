"""The version of this package, which pyproject.toml declares."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("microscopy-bundles")
except PackageNotFoundError:  # a copy of the package inside a shared bundle
    __version__ = "unknown"
