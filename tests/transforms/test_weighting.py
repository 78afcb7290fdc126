"""Weight maps in a pipeline: computed, cached, removed after deformation, recomputed, packed."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from monai.data import DataLoader, MetaTensor
from monai.transforms import Compose, RandFlipd, RandRotate90d, RandSpatialCropd

from custom.data import EpochDataset
from custom.transforms import (
    UNANNOTATED,
    RandElasticInstancesd,
    ReadInstancesd,
    TargetClassesd,
    WeightMap,
    WeightMapd,
    precompute_weight_maps,
    separate_touching,
    target_classes,
    weight_map,
)


def disks(seed: int = 0, size: int = 64) -> np.ndarray:
    """Return overlapping disks, int32 (H, W); later disks cover and touch earlier ones."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((size, size))
    labels = np.zeros((size, size), np.int32)
    for cell in range(1, 8):
        row, column = rng.uniform(0, size, 2)
        labels[np.hypot(rows - row, columns - column) < 12] = cell
    return labels


def label_tensor(labels: np.ndarray, file: str | None = None) -> MetaTensor:
    meta = {} if file is None else {"filename_or_obj": file}
    return MetaTensor(torch.from_numpy(labels.astype(np.int32))[None], meta=meta)


def item(seed: int = 0, file: str | None = None) -> dict:
    labels = disks(seed)
    return {"image": MetaTensor(torch.from_numpy(labels > 0)[None].float()), "label": label_tensor(labels, file)}


def elastic(prob: float = 1.0, **arguments: object) -> RandElasticInstancesd:
    return RandElasticInstancesd(("image", "label"), (16, 16), (4, 6), prob, **arguments)


# ----------------------------------------------------------------------------------------------------------- weight map


@pytest.mark.parametrize("arguments", [{}, {"w0": 3.0, "sigma": 2.0, "ridge_width": 1, "class_weights": (1.0, 2.0)}])
def test_weight_map_separates_and_weights(arguments: dict) -> None:
    labels = disks()
    separated, weight = WeightMap(**arguments)(label_tensor(labels, "a.tif"))
    expected = separate_touching(labels, arguments.get("ridge_width", 2))
    assert (expected != labels).any()
    assert isinstance(separated, MetaTensor)
    assert separated.meta["filename_or_obj"] == "a.tif"
    assert (separated.shape, separated.dtype) == ((1, 64, 64), torch.int32)
    assert np.array_equal(separated[0], expected)
    assert (weight.shape, weight.dtype) == ((1, 64, 64), torch.float32)
    arguments.pop("ridge_width", None)
    assert np.array_equal(weight[0], weight_map(expected, **arguments))


def test_weight_map_of_arrays() -> None:
    separated, weight = WeightMap()(disks()[None])
    assert isinstance(separated, np.ndarray)
    assert isinstance(weight, torch.Tensor)
    assert np.array_equal(separated[0], separate_touching(disks()))


@pytest.mark.parametrize("shape", [(2, 64, 64), (64, 64)])
def test_weight_map_rejects_invalid_input(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(1, H, W\), not"):
        WeightMap()(np.zeros(shape, np.int32))
    with pytest.raises(ValueError, match="integers"):
        WeightMap()(np.zeros((1, 64, 64), np.float32))


def test_dictionary_transform() -> None:
    before = item()
    original = before["label"].clone()
    after = WeightMapd("label")(before)
    assert after.keys() == {"image", "label", "weight"}
    assert before.keys() == {"image", "label"}
    assert torch.equal(before["label"], original)
    separated, weight = WeightMap()(original)
    assert torch.equal(after["label"], separated)
    assert torch.equal(after["weight"], weight)


def test_an_item_with_weights_is_not_changed() -> None:
    given = {**item(), "w": torch.ones(1, 64, 64)}
    after = WeightMapd("label", weight_key="w")(given)
    assert all(after[key] is given[key] for key in given)


def test_several_keys_are_rejected() -> None:
    for transform in (WeightMapd, TargetClassesd):
        with pytest.raises(ValueError, match="expected one key"):
            transform(("label", "other"))


# ---------------------------------------------------------------------------------------------------------- precomputed


def label_file(folder: Path, seed: int = 0) -> str:
    (folder / "SEG").mkdir(exist_ok=True)
    tifffile.imwrite(folder / "SEG" / "man_seg004.tif", disks(seed).astype(np.uint16))
    return str(folder / "SEG" / "man_seg004.tif")


def test_precomputed_weights_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = label_file(tmp_path)
    expected = WeightMapd()(item(file=file))
    precompute_weight_maps([{"label": file}], [ReadInstancesd()])
    with monkeypatch.context() as patch:
        patch.setattr("custom.transforms.weight_maps._parameters.weight_map", None)  # must not be called again
        taken = WeightMapd()(item(file=file))
    assert torch.equal(taken["weight"], expected["weight"])
    assert torch.equal(taken["label"], expected["label"])


def test_outdated_weights_are_recomputed(tmp_path: Path) -> None:
    file = label_file(tmp_path)
    precompute_weight_maps([{"label": file}], [ReadInstancesd()])
    with pytest.warns(UserWarning, match="they are recomputed"):
        other = WeightMapd(w0=1.0)(item(file=file))
    assert torch.equal(other["weight"], WeightMap(w0=1.0)(disks()[None])[1])
    label_file(tmp_path, seed=1)
    with pytest.warns(UserWarning, match="they are recomputed"):
        changed = WeightMapd()(item(seed=1, file=file))
    assert torch.equal(changed["weight"], WeightMap()(disks(1)[None])[1])


def test_deformed_labels_do_not_use_precomputed_weights(tmp_path: Path) -> None:
    file = label_file(tmp_path)
    precompute_weight_maps([{"label": file}], [ReadInstancesd()])
    chain = Compose([WeightMapd(), elastic(), WeightMapd()]).set_random_state(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        after = chain(item(file=file))
    assert torch.equal(after["weight"][0], torch.from_numpy(weight_map(np.asarray(after["label"][0]))))


# -------------------------------------------------------------------------------------------------------------- elastic


@pytest.mark.parametrize("seed", range(5))
def test_image_and_labels_are_deformed_alike(seed: int) -> None:
    # The nearest pixel has at least a quarter of the weight in bilinear interpolation.
    after = elastic(rotate_range=0.5, scale_range=(0.2, 0.2)).set_random_state(seed)(item())
    cells = after["label"] > 0
    assert cells[after["image"] > 0.75].all()
    assert not cells[after["image"] < 0.25].any()
    assert (cells != (item()["label"] > 0)).float().mean() > 0.05
    assert cells.any()


def test_labels_keep_their_values_and_dtype() -> None:
    labels = disks().astype(np.int64) * 100_003
    labels[:, :10] = -1
    before = {"image": torch.rand(1, 64, 64), "label": label_tensor(labels, "a.tif")}
    after = elastic().set_random_state(1)(before)
    assert after["label"].dtype == torch.int32
    assert after["label"].meta["filename_or_obj"] == "a.tif"
    assert np.isin(after["label"], labels).all()
    assert len(np.unique(after["label"])) > 3
    assert after["image"].dtype == torch.float32


def test_a_deformation_is_reproducible() -> None:
    first, second, other = (elastic().set_random_state(seed)(item()) for seed in (3, 3, 4))
    assert torch.equal(first["image"], second["image"])
    assert torch.equal(first["label"], second["label"])
    assert not torch.equal(first["label"], other["label"])


def test_weights_are_removed_only_when_labels_are_deformed() -> None:
    given = WeightMapd()(item())
    transform = elastic(prob=0.5).set_random_state(0)
    results = [transform(given) for _ in range(20)]
    kept = [result for result in results if "weight" in result]
    assert 4 < len(kept) < 16
    assert all(result[key] is given[key] for result in kept for key in given)
    assert not any(torch.equal(result["label"], given["label"]) for result in results if "weight" not in result)
    assert given.keys() == {"image", "label", "weight"}


@pytest.mark.parametrize("seed", range(3))
def test_deformed_labels_are_separated_and_weighted_again(seed: int) -> None:
    chain = Compose([WeightMapd(), elastic(), WeightMapd()]).set_random_state(seed)
    after = chain(item(seed))
    labels = np.asarray(after["label"][0])
    assert np.array_equal(separate_touching(labels), labels)
    assert np.array_equal(after["weight"][0], weight_map(labels))


# -------------------------------------------------------------------------------------------------------------- packing


@pytest.mark.parametrize("borders", [False, True])
def test_target_and_weights_are_packed(borders: bool) -> None:
    labels = disks()
    labels[:, :5] = -1
    given = WeightMapd()({"image": torch.zeros(1, 64, 64), "label": label_tensor(labels, "a.tif")})
    after = TargetClassesd(borders=borders, border_width=2)(given)
    assert after.keys() == {"image", "label"}
    packed = after["label"]
    assert (packed.shape, packed.dtype) == ((2, 64, 64), torch.float32)
    assert packed.meta["filename_or_obj"] == "a.tif"
    assert np.array_equal(packed[0], target_classes(separate_touching(labels), borders, 2))
    assert torch.equal(packed[1], given["weight"][0])
    assert (packed[0, :, :5] == UNANNOTATED).all()
    assert (packed[1, :, :5] == 0).all()


def pipeline() -> Compose:
    every = ("image", "label", "weight")
    return Compose(
        [
            WeightMapd(),
            elastic(prob=0.5),
            WeightMapd(),
            RandFlipd(every, prob=0.5, spatial_axis=0),
            RandRotate90d(every, prob=0.5),
            RandSpatialCropd(every, (48, 48), random_size=False),
            TargetClassesd(borders=True),
        ]
    )


@pytest.mark.parametrize("workers", [0, 2])
def test_training_pipeline(workers: int) -> None:
    def batches() -> list[dict]:
        dataset = EpochDataset([item(seed) for seed in range(6)], pipeline(), seed=1)
        assert all("weight" in cached for cached in dataset._cache)  # the maps of undeformed labels are computed once
        return list(DataLoader(dataset, batch_size=3, num_workers=workers))

    first, second = batches(), batches()
    assert [batch["label"].shape for batch in first] == [(3, 2, 48, 48)] * 2
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one["label"], other["label"])
        assert torch.equal(one["image"], other["image"])
        classes, weight = one["label"].unbind(dim=1)
        assert set(classes.unique().tolist()) == {0, 1, 2}
        assert (weight > 0).all()
        assert weight[classes == 2].max() > 5 * weight[classes == 1].max()


def test_transforms_can_be_pickled() -> None:
    chain = pickle.loads(pickle.dumps(pipeline())).set_random_state(5)
    assert torch.equal(chain(item())["label"], pipeline().set_random_state(5)(item())["label"])
