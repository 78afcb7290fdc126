"""The command ``microscopy``, also ``python -m custom``."""

from __future__ import annotations

from .cli._app import main

if __name__ == "__main__":
    main()
