"""The settings of the option `deterministic`; `test_bundles.py` tests which operations bundles use on a GPU."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
import torch
from gpu_refusals import Recorder
from monai.losses import DiceCELoss
from monai.utils import set_determinism

import custom
from custom.losses import ClassDiceCELoss
from custom.runs._begin import computing


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Restore the settings that a deterministic run changes in the process."""
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    tf32 = cudnn.allow_tf32, matmul.allow_tf32
    workspace = os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)
    yield
    torch.use_deterministic_algorithms(False)
    cudnn.allow_tf32, matmul.allow_tf32 = tf32
    set_determinism(None)
    os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)
    if workspace is not None:
        os.environ["CUBLAS_WORKSPACE_CONFIG"] = workspace


@pytest.fixture
def _begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["pytest"])
    monkeypatch.setattr("custom.ground.commands.quieten", lambda: None)
    monkeypatch.setattr("custom.runs._begin.show_input_errors", lambda: None)


@pytest.mark.usefixtures("_begun")
@pytest.mark.parametrize(("typed", "expected"), [("true", True), (True, True), ("false", False), (False, False)])
def test_what_it_sets(typed: bool | str, expected: bool) -> None:
    custom.begin("cpu", 0, typed)
    with computing():
        assert torch.are_deterministic_algorithms_enabled() == expected
        assert not torch.is_deterministic_algorithms_warn_only_enabled()
        assert (os.environ.get("CUBLAS_WORKSPACE_CONFIG") == ":4096:8") == expected
        if expected:
            assert torch.backends.cudnn.deterministic
            assert not torch.backends.cudnn.benchmark
            assert not torch.backends.cudnn.allow_tf32
            assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.are_deterministic_algorithms_enabled()  # those of the program again


@pytest.mark.usefixtures("_begun")
def test_a_workspace_of_the_user_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    custom.begin("cpu", 0, True)
    with computing():
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"


@pytest.mark.usefixtures("_begun")
def test_what_is_neither_true_nor_false() -> None:
    with pytest.raises(custom.InputError, match=r"^--deterministic: found 'perhaps', expected true or false\.$"):
        custom.begin("cpu", 0, "perhaps")


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (lambda x: torch.nn.functional.cross_entropy(x, torch.zeros(2, 6, 5, dtype=torch.long)), True),
        (
            lambda x: torch.nn.functional.cross_entropy(x, torch.zeros(2, 6, 5, dtype=torch.long), reduction="none"),
            False,
        ),
        (lambda x: torch.nn.functional.pad(x, (1, 1, 1, 1), mode="reflect").sum(), True),
        (lambda x: x.cumsum(0), True),
        (lambda x: x.long().cumsum(0), False),
        (lambda x: torch.nn.functional.interpolate(x, scale_factor=2, mode="nearest"), False),
    ],
)
def test_the_recorder_knows_what_is_refused(work: Callable[[torch.Tensor], torch.Tensor], expected: bool) -> None:
    x = torch.rand(2, 3, 6, 5, requires_grad=True)
    with Recorder() as recorder:
        result = work(x)
        if result.requires_grad:
            result.sum().backward()
    assert bool(recorder.refused) == expected


@pytest.mark.parametrize("batch", [True, False])
def test_the_loss_of_classes_is_that_of_monai(batch: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 4, 20, 30, generator=generator)
    label = torch.randint(0, 4, (2, 1, 20, 30), generator=generator)
    weights = {"lambda_dice": 0.5, "lambda_ce": 2.0, "batch": batch}
    expected = DiceCELoss(to_onehot_y=True, softmax=True, **weights)(logits, label)
    torch.testing.assert_close(ClassDiceCELoss(**weights)(logits, label), expected)
