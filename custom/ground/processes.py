"""Which of several processes writes and prints."""

from __future__ import annotations

import sys


def is_main() -> bool:
    """Return whether this process is the one that writes and prints; true where there is only one."""
    distributed = sys.modules.get("torch.distributed")  # not imported for this: without it, there is one process
    return distributed is None or not distributed.is_initialized() or distributed.get_rank() == 0
