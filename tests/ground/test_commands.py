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


def half(number: str, *, digits: str = "0", aloud: str | bool = False) -> None:
    warnings.warn(f"halves of {number} are rounded", stacklevel=1)
    print(round(int(number) / 2 - 0.1, int(digits)), *(["aloud"] if aloud == "true" else []))


def refuse(number: str) -> None:
    raise InputError(f"number: found {number}, expected another.")


def test_the_command_that_was_typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(sys, "argv", ["somewhere", "half", "7"])
    run_commands("custom.numbers", {"half": half, "refuse": refuse})
    assert capsys.readouterr() == ("3.0\n", "Note: halves of 7 are rounded\n")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["half", "7", "--digits", "1"], "3.4\n"),
        (["half", "--digits=1", "--number=7"], "3.4\n"),
        (["half", "7", "--aloud"], "3.0 aloud\n"),
        (["half", "7", "--aloud", "false"], "3.0\n"),
    ],
)
def test_arguments(
    words: list[str], expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["somewhere", *words])
    run_commands("custom.numbers", {"half": half})
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["half"], r"^python -m custom.numbers half: the following arguments are required: number; --help lists"),
        (
            ["half", "7", "--digit", "1"],
            r"found '--digit', which it does not have \(did you mean --digits\?\); --",
        ),
        (["half", "7", "8"], r"half: found '8', which it does not have; --"),
        (["half", "7", "--digits"], r"half: argument --digits: expected one argument; --"),
        (["hal", "7"], r"^python -m custom.numbers: found 'hal', expected half or refuse \(did you mean half\?\).$"),
    ],
)
def test_arguments_that_a_command_does_not_have(
    words: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, before anything is computed."""
    monkeypatch.setattr(sys, "argv", ["somewhere", *words])
    with pytest.raises(InputError, match=sentence):
        run_commands("custom.numbers", {"half": half, "refuse": refuse})
    assert capsys.readouterr() == ("", "")


def test_what_a_user_can_mend(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(sys, "argv", ["somewhere", "refuse", "7"])
    with pytest.raises(InputError) as refused:
        run_commands("custom.numbers", {"half": half, "refuse": refuse})
    sys.excepthook(refused.type, refused.value, refused.tb)
    assert capsys.readouterr().err == "Error: number: found 7, expected another.\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "  half  Return half."),
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
