"""The one sentence of an `InputError`, wherever it was raised and however it was wrapped."""

from __future__ import annotations

import copy
import logging
import pickle
import sys

import pytest
from monai.data import Dataset as ItemDataset
from monai.transforms import Transform
from torch.utils.data import DataLoader, Dataset

from custom.errors import InputError, find_input_error, show_input_errors

SENTENCE = "my images/a.png: found 3 channels, expected a gray image."


def the_error() -> InputError:
    return InputError.about("my images/a.png", "3 channels", "a gray image")


class Refusing(Dataset):
    """A dataset that refuses each of its items."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> int:
        raise the_error()


class RefusingTransform(Transform):
    def __call__(self, data: object) -> object:
        raise the_error()


def caught(
    error: BaseException, *, cause: BaseException | None = None, context: BaseException | None = None
) -> Exception:
    """Return ``error`` after it was raised from ``cause``, or while ``context`` was handled."""
    try:
        try:
            if context is not None:
                raise context
        except BaseException:
            raise error  # noqa: B904
        raise error from cause
    except Exception as raised:
        return raised


def error_of(loader: DataLoader) -> Exception:
    """Return what iterating ``loader`` raises."""
    try:
        list(loader)
    except Exception as error:
        return error.with_traceback(None)  # its frames would keep the workers alive
    pytest.fail("the loader met no error")


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the hook for one test."""
    logger = logging.getLogger("ignite.engine")
    monkeypatch.setattr(logger, "level", logger.level)
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    show_input_errors()


def test_about_names_file_found_and_expected() -> None:
    assert str(the_error()) == SENTENCE


@pytest.mark.parametrize("through", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy])
def test_survives_a_copy(through: object) -> None:
    copied = through(the_error())
    assert type(copied) is InputError
    assert str(copied) == SENTENCE


def test_finds_the_error_itself() -> None:
    assert find_input_error(the_error()) == SENTENCE


def test_finds_the_cause_of_a_cause() -> None:
    middle = caught(RuntimeError("Failed to instantiate"), cause=the_error())
    assert find_input_error(caught(RuntimeError("Failed to run"), cause=middle)) == SENTENCE


def test_finds_the_context() -> None:
    error = caught(KeyError("image"), context=the_error())
    assert error.__cause__ is None
    assert find_input_error(error) == SENTENCE


def test_prefers_the_outermost() -> None:
    assert find_input_error(caught(the_error(), cause=InputError("inner."))) == SENTENCE


@pytest.mark.parametrize("name", ["InputError", "custom.errors.InputError", "scripts.errors.InputError"])
def test_finds_a_quoted_sentence(name: str) -> None:
    text = f"Caught RuntimeError in worker 0.\nTraceback:\n  File x, line 3\n{name}: {SENTENCE}\n\nThe above exception"
    assert find_input_error(RuntimeError(text)) == SENTENCE


@pytest.mark.parametrize("text", ["about InputError: a class", "MyInputError: no", "  InputError: indented code", ""])
def test_takes_no_other_text_for_a_quotation(text: str) -> None:
    assert find_input_error(RuntimeError(text)) is None


def test_finds_none_elsewhere() -> None:
    assert find_input_error(caught(ValueError("a"), cause=KeyError("b"), context=OSError("c"))) is None
    assert find_input_error(None) is None


def test_copes_with_a_circle() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__context__, two.__context__ = two, one
    assert find_input_error(one) is None


@pytest.mark.parametrize("workers", [0, 2])
def test_finds_what_a_loader_met(workers: int) -> None:
    assert find_input_error(error_of(DataLoader(Refusing(), num_workers=workers))) == SENTENCE


@pytest.mark.parametrize("workers", [0, 2])
def test_finds_what_a_transform_met(workers: int) -> None:
    loader = DataLoader(ItemDataset([{}, {}], RefusingTransform()), num_workers=workers)
    error = error_of(loader)
    assert not isinstance(error, InputError)
    assert find_input_error(error) == SENTENCE


@pytest.mark.usefixtures("hook")
def test_hook_prints_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    error = caught(RuntimeError("Failed to instantiate"), cause=the_error())
    sys.excepthook(type(error), error, error.__traceback__)
    assert capsys.readouterr() == ("", f"Error: {SENTENCE}\n")


@pytest.mark.usefixtures("hook")
def test_hook_keeps_other_tracebacks(capsys: pytest.CaptureFixture[str]) -> None:
    error = caught(ZeroDivisionError("our fault"))
    sys.excepthook(type(error), error, error.__traceback__)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Traceback (most recent call last):\n")
    assert "in caught" in err
    assert err.endswith("ZeroDivisionError: our fault\n")


@pytest.mark.usefixtures("hook")
def test_hook_silences_the_engine() -> None:
    assert not logging.getLogger("ignite.engine").isEnabledFor(logging.ERROR)
