"""The commands of the package: errors and warnings as sentences."""

from __future__ import annotations

import logging
import sys
import warnings

import pytest

from custom.errors import InputError
from custom.ground.commands import run_commands


@pytest.fixture(autouse=True)
def _process_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    logger = logging.getLogger("ignite.engine")
    monkeypatch.setattr(logger, "level", logger.level)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)


def half(number: int) -> None:
    warnings.warn(f"halves of {number} are rounded", stacklevel=1)
    print(number // 2)


def refuse(number: int) -> None:
    raise InputError(f"number: found {number}, expected another.")


def test_the_command_that_was_typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(sys, "argv", ["somewhere", "half", "7"])
    run_commands("custom.numbers", {"half": half, "refuse": refuse})
    assert capsys.readouterr() == ("3\n", "Note: halves of 7 are rounded\n")


def test_what_a_user_can_mend(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(sys, "argv", ["somewhere", "refuse", "7"])
    with pytest.raises(InputError) as refused:
        run_commands("custom.numbers", {"half": half, "refuse": refuse})
    sys.excepthook(refused.type, refused.value, refused.tb)
    assert capsys.readouterr().err == "Error: number: found 7, expected another.\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--help"], "  half  Return half."),
        (["half", "--help"], "python -m custom.somewhere half NUMBER [--digits DIGITS]"),
    ],
)
def test_help_has_the_arguments_and_no_more(
    words: list[str], expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def half(number: int, digits: int = 2) -> None:
        """Return half."""

    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(sys, "argv", ["somewhere", *words])
    with pytest.raises(SystemExit):
        run_commands("custom.somewhere", {"half": half})
    out = capsys.readouterr().out
    assert expected in out
    assert "GROUP" not in out
