"""How the commands of this package are run: ``python -m custom.score`` and others."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import fire

from .errors import show_input_errors
from .workflow import quieten


def run_commands(module: str, commands: Mapping[str, Callable[..., None]]) -> None:
    """Run the command that was typed after ``python -m MODULE``; what the user can mend ends it with one sentence.

    Args:
        module: such as ``custom.score``.
        commands: by name.
    """
    show_input_errors()
    quieten()
    fire.Fire(dict(commands), name=f"python -m {module}")
