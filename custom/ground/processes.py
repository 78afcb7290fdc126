"""Which of several distributed processes writes files and prints."""

from __future__ import annotations

import sys


def is_main() -> bool:
    """Return whether this process writes files and prints: rank 0, or the only process."""
    distributed = sys.modules.get("torch.distributed")  # not imported here: if nobody has, there is one process
    return distributed is None or not distributed.is_initialized() or distributed.get_rank() == 0
