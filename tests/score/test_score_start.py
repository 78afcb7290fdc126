"""The help of ``python -m custom.score`` loads no heavy packages."""

from __future__ import annotations

import pytest
from help_modules import HEAVY, loaded_for_help


@pytest.mark.parametrize("command", [[], ["ctc"], ["masks"], ["membrane"]])
def test_help_is_light(command: list[str]) -> None:
    assert not loaded_for_help("custom.score", *command) & HEAVY
