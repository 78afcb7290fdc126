"""What a bundle's inference takes along of the package: only the wings that it needs."""

from __future__ import annotations

import sys

import pytest
from bundle_runs import BUNDLES, ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
from reach import defining_module, reached

MOST_LINES = 10_600
"""With docstrings and stubs. A larger number means that a wing has become thicker at a joint."""


@pytest.mark.parametrize("bundle", BUNDLES)
def test_inference_reaches_no_more_than_it_needs(bundle: str) -> None:
    modules = reached(bundle)
    wings = {module.split(".")[1] for module in modules if "." in module}
    assert not wings & {"evaluation", "losses", "metrics", "score", "sharing", "tracking", "training"}
    assert f"custom.samples.{bundle}" in modules
    assert sum(modules.values()) <= MOST_LINES


def test_a_training_run_reaches_its_own_modules() -> None:
    modules = reached("dendrite", "train")
    assert {"custom.runs._training_run", "custom.training._checkpoints", "custom.losses.annotated"} <= set(modules)


def test_names_lead_through_stubs_to_the_modules_that_define_them() -> None:
    assert defining_module("custom.inference.ImageQueue") == "custom.inference._queue"
    assert defining_module("custom.open_inputs") == "custom.data.items._inputs"
    assert defining_module("custom.metrics.dice") == "custom.metrics._overlap"
    assert defining_module("custom.errors.InputError.about") == "custom.errors"
