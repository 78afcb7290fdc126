"""Progress of long jobs: a bar on a terminal, a plain line at intervals elsewhere."""

from __future__ import annotations

import io
import logging
import sys
import time

import pytest

from custom.errors import InputError, show_input_errors
from custom.ground.progress import Bar, shown
from custom.ground.quiet import _notes


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watched(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Replace stderr by a terminal. Not a fixture, because pytest's own capturing would replace it again."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock in seconds that only the test advances."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def screen(terminal: Terminal) -> list[str]:
    """Return the lines that a terminal shows at the end; a carriage return overwrites a line."""
    lines = []
    for line in terminal.getvalue().split("\n"):
        cells: list[str] = []
        for part in line.split("\r"):
            cells[: len(part)] = part
        lines.append("".join(cells).rstrip())
    return lines


def test_a_finished_job_leaves_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    with Bar(3, "linking", delay=0) as bar:
        for frame in range(3):
            bar.update(f"frame {frame}")
    line, below = screen(terminal)
    assert line.startswith("linking: 100%|")
    assert line.endswith("| 3/3 [00:00<00:00, frame 2]")
    assert below == ""


def fail() -> None:
    with Bar(3, "linking", delay=0) as bar:
        bar.update()
        raise OSError("no space")


def test_a_failed_job_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    with pytest.raises(OSError, match="no space"):
        fail()
    assert "linking" in terminal.getvalue()
    assert screen(terminal) == [""]


def test_a_bar_that_nobody_closed_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    bar = Bar(3, "linking", delay=0)
    bar.update()
    del bar
    assert screen(terminal) == [""]


def test_a_short_job_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    for _ in shown(range(4), 4, "reading images"):
        assert "reading" not in terminal.getvalue()
    assert screen(terminal) == [""]


def test_a_note_in_a_short_job_leaves_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    for step in shown(range(4), 4, "reading images"):
        if step == 2:
            _notes()("2 files are left out", UserWarning)
    assert screen(terminal) == ["Note: 2 files are left out", ""]


def test_notes_logs_and_errors_stand_on_lines_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    show_input_errors()
    console = logging.StreamHandler(terminal)
    monkeypatch.setattr(logging.root, "handlers", [console])
    bar = Bar(3, "linking", delay=0)
    bar.update()
    _notes()("2 files are left out", UserWarning)
    logging.getLogger("monai.something").warning("a log line")
    sys.excepthook(InputError, InputError("x.tif: found nothing, expected an image."), None)
    del bar
    expected = ["Note: 2 files are left out", "a log line", "Error: x.tif: found nothing, expected an image.", ""]
    assert screen(terminal) == expected


def test_log_handlers_are_as_before_when_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    console = logging.StreamHandler(terminal)
    monkeypatch.setattr(logging.root, "handlers", [console])
    with Bar(1, "linking"):
        assert logging.root.handlers != [console]
    assert logging.root.handlers == [console]


def test_a_line_every_half_minute_where_nobody_watches(clock: list[float], capsys: pytest.CaptureFixture) -> None:
    for _ in shown(range(100), 100, "linking"):
        clock[0] += 7
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[:2] == ["linking: 5 of 100, 11 min left", "linking: 10 of 100, 10 min left"]
    assert lines[-1] == "linking: 100 of 100, 0 s left"
    assert len(lines) == 20
    assert captured.err == ""


@pytest.mark.parametrize(("left", "said"), [(59, "59 s"), (5000, "83 min"), (7200, "2.0 h")])
def test_time_left(left: int, said: str, clock: list[float]) -> None:
    with Bar(1000, "linking", done=998) as bar:
        clock[0] += left
        bar.update()
        assert bar.time_left() == f"{said} left"


def test_a_note_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    show = _notes()
    for text in ("one", "one", "two"):
        show(text, UserWarning)
    assert capsys.readouterr().err == "Note: one\nNote: two\n"
