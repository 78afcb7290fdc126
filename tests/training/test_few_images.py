"""The overlay for few images: from the shipped weights, with epochs that do not depend on the number of images."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bundle_runs import BUNDLES, SMALL, config, run
from tiny_data import make_data

from custom.ground.files import sha256


@pytest.mark.parametrize("bundle", BUNDLES)
def test_the_overlay_trains_from_the_shipped_weights(
    bundle: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """Without validation images, the training images are validated, and a warning says so."""
    data = make_data(bundle, tmp_path / "data")
    manifest = json.loads((data / "manifest.json").read_text())
    del manifest["splits"]["validation"]
    (data / "manifest.json").write_text(json.dumps(manifest))
    options = SMALL[bundle] | {"max_epochs": 1, "dataset_dir": str(data), "output_dir": str(tmp_path / "run")}
    options.pop("patches_per_image", None)
    options.pop("width", None)
    options |= {"patches_per_image": 2} if bundle == "tem" else {"train#dataset#samples_per_item": 2}
    with pytest.warns(UserWarning, match="2 of 2 validation images are also training images"):
        run("training", config_file=config(bundle, "train", "few_images"), **options)
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    models = Path(config(bundle, "train")[0]).parents[1] / "models"
    assert record["start"]["sha256"] == sha256((models / "sem" if bundle == "tem" else models) / "model.pt")
    assert record["images"] == {"training": 2, "validation": 2}
    assert record["best"]["by"] == "last"
