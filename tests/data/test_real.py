"""The manifests of data sets that are known by name, on these data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from custom.data import datalist, open_datasets
from custom.errors import InputError
from custom.images import read_labels
from custom.transforms import MapLabels, ReadImaged, ReadInstancesd, ReadLabeld


@pytest.mark.parametrize(
    ("folder", "name", "count", "size"),
    [
        ("synseg/cytoskeleton", "synseg_cytoskeleton", 10, (0.075, 0.075)),
        ("synseg/vesicle", "synseg_vesicle", 10, (0.075, 0.075)),
        ("vimslab_actin", "vimslab_actin", 41, None),
        ("epfl_ca1_vesicle", "epfl_ca1_vesicle", 22, None),
    ],
)
def test_sets_for_testing(
    folder: str, name: str, count: int, size: tuple[float, float] | None, real_data: Path
) -> None:
    (data,) = open_datasets([real_data / folder], None, "dendrite")
    assert data.name == name
    assert list(data.splits) == ["test"]
    items = datalist(data, "test")
    assert len(items) == count
    assert {item["pixel_size"] for item in items} == {size}
    item = ReadLabeld("label")(ReadImaged("image")(items[-1]))
    assert item["image"].shape == item["label"].shape
    assert item["label"].unique().tolist() == [0, 1]
    assert 0.005 < item["label"].float().mean() < 0.5


def test_two_photon_dendrite(real_data: Path) -> None:
    (data,) = open_datasets([real_data / "two_photon_dendrite"], None, "image_and_mask")
    assert {split: len(datalist(data, split)) for split in data.splits} == {"train": 2, "validation": 1, "test": 1}


def test_nerve_montages(real_data: Path) -> None:
    (data,) = open_datasets([real_data / "tem_nerve"], None, "dendrite")
    assert data.rule.names == ("background", "blood_vessel", "myelinated_axon", "unmyelinated_axon", "schwann_cell")
    label = read_labels(real_data / "tem_nerve" / "train_data_tiff" / "label_05.tiff")
    assert np.flatnonzero(np.bincount(label[::4].ravel())).tolist() == [0, 50, 100, 150, 200]
    assert np.array_equal(MapLabels(data.rule)(label[3000:3256]) * 50, label[3000:3256])


@pytest.mark.filterwarnings("ignore:.*without a partner")
def test_nerve_montages_without_raw_images(real_data: Path) -> None:
    (data,) = open_datasets([real_data / "tem_nerve"], None, "dendrite")
    if not list((real_data / "tem_nerve" / "train_data_tiff").glob("raw_*")):
        with pytest.raises(
            InputError, match=r"0 image\(s\) in train_data_tiff/raw_\*\.tiff, 2 mask\(s\) .* and no pair"
        ):
            datalist(data, "train")


def test_phase_contrast_in_a_folder_for_each_field(real_data: Path) -> None:
    if not (real_data / "usiigaci_phase").is_dir():
        pytest.skip("no usiigaci_phase among the real data")
    (data,) = open_datasets([real_data / "usiigaci_phase"], None, "DIC-C2DH-HeLa")
    items = {split: datalist(data, split) for split in data.splits}
    assert {split: len(found) for split, found in items.items()} == {"train": 8, "validation": 2, "test": 2}
    names = [item["name"] for found in items.values() for item in found]
    assert len(set(names)) == 12
    assert {Path(item["image"]).parent.name for item in items["test"]} == {"set13", "set34"}
    item = ReadInstancesd("label")(ReadImaged("image")(items["test"][0]))
    assert (item["name"], item["pixel_size"]) == ("set13", (0.43, 0.43))
    assert item["label"].unique().tolist() == list(range(105))
