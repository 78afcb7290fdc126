"""Training starts from given weights: what is loaded, what is made anew, what is adopted, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from bundle_runs import BUNDLES, ROOT, infer, same, train, weights
from tiny_data import make_data
from torch import nn

from custom.errors import InputError, find_input_error
from custom.ground.files import sha256
from custom.networks import UNet
from custom.weights import Start, adopted, describe_start, find_start, save_weights, write_settings


def network(classes: int, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, classes, 1))


def saved(folder: Path, given: nn.Module, **settings: object) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    save_weights(given.state_dict(), folder / "model.pt")
    write_settings(folder / "settings.json", settings)
    return folder / "model.pt"


def test_all_weights_of_the_same_network_are_loaded(tmp_path: Path) -> None:
    old, new = network(2), network(2, seed=1)
    found = Start(saved(tmp_path, old), None).load(new)
    assert same(dict(new.state_dict()), dict(old.state_dict()))
    assert (found["loaded"], found["tensors"], found["new"], found["copied"]) == (9, 9, [], [])
    assert found["sha256"] == sha256(tmp_path / "model.pt")


@pytest.mark.parametrize("names", [["background", "b", "a", "new"], ["background", "b", "a"], ["background", "b"]])
def test_rows_of_classes_of_the_same_name_are_copied(names: list[str], tmp_path: Path) -> None:
    """Also if there are as many classes in another order, which have the same shape."""
    old, new = network(3), network(len(names), seed=1)
    untouched = {name: tensor.clone() for name, tensor in new.state_dict().items()}
    classes = ["background", "a", "b"]
    found = Start(saved(tmp_path, old, classes=classes), names).load(new)
    for row, name in enumerate(names):
        for part in ("2.weight", "2.bias"):
            expected = old.state_dict()[part][classes.index(name)] if name in classes else untouched[part][row]
            assert torch.equal(new.state_dict()[part][row], expected)
    assert same(dict(new[0].state_dict()), dict(old[0].state_dict()))
    assert found["new"] == [name for name in names if name not in classes]
    assert found["loaded"] == 7


def test_the_line_names_what_is_new(tmp_path: Path) -> None:
    found = Start(saved(tmp_path, network(2), classes=["background", "a"]), ["background", "c"]).load(network(2, 1))
    start = f"Start: {tmp_path / 'model.pt'} (SHA-256 {found['sha256'][:8]}…)"
    assert describe_start(found) == f"{start}: 7 of 9 tensors, output of background; new: c."


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    file = saved(tmp_path, UNet(1, 1, features=[16, 32]))
    with pytest.raises(InputError, match=r"model\.pt: found weights of another network \(\d+ of 9 tensors fit\)"):
        Start(file).load(network(2))


def test_a_deeper_network_starts_from_the_layers_that_fit(tmp_path: Path) -> None:
    old, new = UNet(1, 1, features=[16, 32, 64]), UNet(1, 1, features=[16, 32, 64])
    new.extra = nn.Conv2d(4, 4, 1)
    found = Start(saved(tmp_path, old)).load(new)
    assert found["new"] == ["extra.weight", "extra.bias"]


def test_which_file(tmp_path: Path) -> None:
    file = saved(tmp_path / "run", network(2), bundle="tem")
    assert find_start("none", file, "tem") is None
    assert find_start("shipped", file, "tem") == file
    assert find_start(str(file), "", "tem") == find_start(str(file.parent), "", "tem") == file
    sem = saved(tmp_path / "run" / "sem", network(2), bundle="tem")
    assert find_start("sem", file, "tem") == sem
    with pytest.raises(InputError, match=r"nowhere: found nothing, expected .* none, shipped, sem, or a file"):
        find_start(str(tmp_path / "nowhere"), file, "tem")
    with pytest.raises(InputError, match=r"found weights of tem .* expected weights of vesicle"):
        find_start(str(file), "", "vesicle")
    with pytest.raises(InputError, match=r"found the weights to start from in the output folder"):
        find_start(str(file), "", "tem", file.parent)


def test_what_weights_bring_along_unless_it_is_given(tmp_path: Path) -> None:
    file = saved(tmp_path, network(2), network_pixel_size=0.5)
    assert adopted("network_pixel_size", None, file, 0.38) == 0.5
    assert adopted("network_pixel_size", 0.1, file, 0.38) == 0.1
    assert adopted("network_pixel_size", "none", file, 0.38) is None
    assert adopted("classes", None, file, ["a"]) == ["a"]


@pytest.mark.parametrize("bundle", BUNDLES)
def test_shipped_weights_start_a_training(bundle: str, tmp_path: Path) -> None:
    """All tensors are those of the file when training begins, and the run records which file that was."""
    data = make_data(bundle, tmp_path / "data")
    options = {"width": 16} if bundle == "hela_track" else {}
    run = train(bundle, data, tmp_path / "run", pretrained="shipped", max_epochs=1, learning_rate=1e-12, **options)
    shipped = ROOT / "bundles" / bundle / "models" / "model.pt"
    start = json.loads((run / "run.json").read_text())["start"]
    assert (start["sha256"], start["new"], start["loaded"]) == (sha256(shipped), [], start["tensors"])
    before, after = weights(shipped), weights(run / "model.pt")
    changed = [name for name in before if not torch.allclose(before[name].float(), after[name].float(), atol=1e-4)]
    assert all("running" in name or "batches" in name for name in changed)


def test_an_interrupted_fine_tuning_goes_on_bit_for_bit(tmp_path: Path) -> None:
    """The start is not loaded again, and its record stays."""
    data = make_data("dendrite", tmp_path / "data")
    whole = train("dendrite", data, tmp_path / "whole", pretrained="shipped")
    stop = tmp_path / "stop.yaml"
    stop.write_text("+train#handlers: [{_target_: bundle_runs.StopAt, iteration: 1}]")
    with pytest.raises(SystemExit):
        train("dendrite", data, tmp_path / "parts", stop, pretrained="shipped")
    resumed = train("dendrite", data, tmp_path / "parts", pretrained="shipped", resume=True)
    assert same(weights(whole / "model.pt"), weights(resumed / "model.pt"))
    records = [json.loads((run / "run.json").read_text())["start"] for run in (whole, resumed)]
    assert records[0] == records[1] != {}
    with pytest.raises(Exception, match="Failed") as error:
        train("dendrite", data, tmp_path / "parts", resume=True)
    assert "--pretrained shipped, not none" in (find_input_error(error.value) or "")


def test_own_classes_come_from_the_manifest_and_then_from_the_weights(tmp_path: Path) -> None:
    """Trained on three classes without a word on them; inference finds names and colors beside the weights."""
    data = make_data("tem", tmp_path / "data")
    manifest = json.loads((data / "manifest.json").read_text())
    names = ["background", "vessel", "myelinated_axon", "thin", "glia"]
    manifest["labels"] = dict(zip(names, manifest["labels"].values(), strict=False))
    manifest["colors"] = {name: [number, 2, 3] for number, name in enumerate(names)}
    (data / "manifest.json").write_text(json.dumps(manifest))
    run = train("tem", data, tmp_path / "run", pretrained="shipped", max_epochs=1)
    start = json.loads((run / "run.json").read_text())["start"]
    assert start["copied"] == ["background", "myelinated_axon"]
    assert start["new"] == ["vessel", "thin", "glia"]
    settings = json.loads((run / "settings.json").read_text())
    assert settings["classes"] == list(manifest["labels"])
    assert settings["colors"][3] == [3, 2, 3]
    image = next((data / "image").iterdir())
    out = infer("tem", image, tmp_path / "out", run / "model.pt", patch_size=64)
    assert list(out.glob("*_mask.tif"))
    with pytest.raises(Exception, match="Failed") as error:
        infer("tem", image, tmp_path / "other", run / "model.pt", classes=["background", "axon"])
    assert "--classes: found" in (find_input_error(error.value) or "")


def test_frames_of_unknown_size_are_segmented_as_in_training(tmp_path: Path) -> None:
    """No pixel size was known in training, so none is assumed in inference."""
    data = make_data("hela_track", tmp_path / "data")
    manifest = json.loads((data / "manifest.json").read_text())
    manifest.pop("pixel_size_um", None)
    (data / "manifest.json").write_text(json.dumps(manifest))
    run = train("hela_track", data, tmp_path / "run", max_epochs=1)
    settings = json.loads((run / "settings.json").read_text())
    assert settings["network_pixel_size"] is settings["usual_pixel_size"] is None
