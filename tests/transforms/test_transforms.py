"""Checked reading, mapping of label values, and resizing."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from monai.data import MetaTensor
from monai.transforms import MapTransform, Transform

from custom.data import LabelRule
from custom.errors import InputError
from custom.transforms import UNANNOTATED, MapLabels, ReadImaged, ReadLabeld, ResizeToInputd

TWO = LabelRule((0, 255), ("no", "yes"))
THREE = LabelRule((7, 0, 100), ("cell", "background", "border"))


def write(path: Path, array: np.ndarray) -> str:
    tifffile.imwrite(path, array, photometric="minisblack")
    return str(path)


def apply(transform: Transform, item: dict) -> dict:
    """Apply ``transform``, and check that it does not modify the item."""
    before = dict(item)
    result = transform(item)
    assert item == before
    return result


# -------------------------------------------------------------------------------------------------------------- reading


def test_read_image(tmp_path: Path) -> None:
    pixels = np.arange(12, dtype=np.uint16).reshape(3, 4) * 1000
    file = write(tmp_path / "a.tif", pixels)
    item = apply(ReadImaged("image"), {"image": file, "channels": "equal", "name": "a"})
    assert item.keys() == {"image", "name", "channels"}
    image = item["image"]
    assert isinstance(image, MetaTensor)
    assert (image.shape, image.dtype) == ((1, 3, 4), torch.float32)
    assert np.array_equal(image[0], pixels)
    assert (image.meta["filename_or_obj"], image.meta["page"], image.meta["spatial_shape"]) == (file, 0, (3, 4))


@pytest.mark.parametrize(
    ("stored", "read"),
    [(np.uint8, torch.uint8), (np.uint16, torch.float32), (np.int16, torch.float32), (np.float32, torch.float32)],
)
def test_read_as_stored(stored: type, read: torch.dtype, tmp_path: Path) -> None:
    pixels = np.array([[0, 1, 255], [7, 100, 3]], stored)
    item = {"image": write(tmp_path / "a.tif", pixels)}
    image = ReadImaged("image", dtype="stored")(item)["image"]
    assert image.dtype == read
    assert np.array_equal(image[0], pixels)
    assert image.meta["filename_or_obj"] == item["image"]


def test_read_as_an_unsupported_dtype() -> None:
    with pytest.raises(ValueError, match="dtype must be 'float32' or 'stored', not 'uint8'"):
        ReadImaged("image", dtype="uint8")


@pytest.mark.parametrize("page", [0, 2])
def test_read_a_page(page: int, tmp_path: Path) -> None:
    stack = np.arange(36, dtype=np.uint8).reshape(3, 3, 4)
    files = {"image": write(tmp_path / "a.tif", stack), "label": write(tmp_path / "b.tif", stack % 2 * 255)}
    item = apply(ReadLabeld("label"), apply(ReadImaged("image"), {**files, "page": page, "rule": TWO}))
    assert np.array_equal(item["image"][0], stack[page])
    assert np.array_equal(item["label"][0], stack[page] % 2)
    assert item["image"].meta["page"] == item["label"].meta["page"] == page


def test_read_color_only_on_request(tmp_path: Path) -> None:
    color = np.zeros((3, 4, 3), np.uint8)
    color[..., 0] = 100
    color[0, :, 1] = 50  # two colors
    tifffile.imwrite(tmp_path / "a.tif", color, photometric="rgb")
    file = str(tmp_path / "a.tif")
    image = ReadImaged("image")({"image": file, "channels": "luminance"})["image"]
    assert image.unique().tolist() == [30, 59]  # 0.299 · 100, and 0.587 · 50 more, in the stored dtype
    with pytest.raises(InputError, match=r"a\.tif: found color"):
        ReadImaged("image")({"image": file})


def test_read_a_missing_page(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no page 3"):
        ReadImaged("image")({"image": write(tmp_path / "a.tif", np.zeros((3, 3, 4), np.uint8)), "page": 3})


def test_read_label(tmp_path: Path) -> None:
    file = write(tmp_path / "b.tif", np.array([[0, 7], [100, 100], [7, 0]], np.uint8))
    item = apply(ReadLabeld("label"), {"label": file, "rule": THREE, "name": "b"})
    assert item.keys() == {"label", "name"}
    label = item["label"]
    assert isinstance(label, MetaTensor)
    assert (label.shape, label.dtype) == ((1, 3, 2), torch.uint8)
    assert label[0].tolist() == [[1, 0], [2, 2], [0, 1]]
    assert label.meta["filename_or_obj"] == file


@pytest.mark.parametrize("key", ["region", "seen"])
def test_pixels_outside_the_region_are_unannotated(key: str, tmp_path: Path) -> None:
    label = write(tmp_path / "b.tif", np.array([[0, 255, 255]], np.uint8))
    region = write(tmp_path / "r.tif", np.array([[9, 0, 1]], np.uint8))
    item = apply(ReadLabeld("label", region_key=key), {"label": label, key: region, "rule": TWO})
    assert item["label"].tolist() == [[[0, UNANNOTATED, 1]]]
    assert key not in item
    assert UNANNOTATED == 255


def test_read_label_names_the_file(tmp_path: Path) -> None:
    file = write(tmp_path / "b.tif", np.array([[0, 3]], np.uint8))
    with pytest.raises(InputError) as raised:
        ReadLabeld("label")({"label": file, "rule": TWO})
    assert str(raised.value).startswith(f"{file}: found the undeclared label value(s) 3 (1 value(s), 1 pixel(s))")


# -------------------------------------------------------------------------------------------------------------- mapping


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
@pytest.mark.parametrize("shape", [(6,), (2, 3), (1, 3, 2)])
def test_declared_values_become_class_numbers(dtype: type, shape: tuple[int, ...]) -> None:
    values = np.array([0, 7, 100, 100, 7, 0], dtype).reshape(shape)
    mapped = MapLabels(THREE)(values)
    assert mapped.dtype == np.uint8
    assert np.array_equal(mapped, np.array([1, 0, 2, 2, 0, 1]).reshape(shape))


@pytest.mark.parametrize(("values", "expected"), [((0, 255), [0, 0, 0, 1, 1]), ((255, 0), [1, 1, 1, 0, 0])])
def test_threshold(values: tuple[int, int], expected: list[int]) -> None:
    rule = LabelRule(values, ("a", "b"), threshold=127.5)
    assert MapLabels(rule)(np.array([0, 1, 127, 128, 255], np.uint8)).tolist() == expected


def test_a_value_at_the_threshold_is_the_lower_class() -> None:
    assert MapLabels(LabelRule((0, 1), ("a", "b"), threshold=10))(np.array([10, 11], np.uint8)).tolist() == [0, 1]


def test_tolerance() -> None:
    rule = LabelRule((0, 100, 255), ("a", "b", "c"), tolerance=3)
    assert MapLabels(rule)(np.array([0, 3, 97, 100, 103, 252, 255], np.uint8)).tolist() == [0, 0, 1, 1, 1, 2, 2]
    with pytest.raises(InputError, match=r"value\(s\) 4, 96, 104, 251 \(4 value"):
        MapLabels(rule)(np.array([0, 4, 96, 100, 104, 251], np.uint8))


@pytest.mark.parametrize("rule", [THREE, LabelRule((0, 100), ("a", "b"), tolerance=50), LabelRule((9, 0), "ab", 50)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_large_labels_in_chunks(rule: LabelRule, dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    label = np.random.default_rng(0).choice(np.array([0, 7, 100], dtype), (23, 11))
    expected = np.empty_like(label)
    for value in (0, 7, 100):
        expected[label == value] = MapLabels(rule)(np.array([value], dtype))
    monkeypatch.setattr("custom.transforms.labels._CHUNK", 16)
    assert np.array_equal(MapLabels(rule)(label), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_undeclared_values_are_counted(dtype: type) -> None:
    label = np.array([[0, 1, 1, 255], [2, 3, 4, 5], [6, 6, 6, 6]], dtype)
    with pytest.raises(InputError) as raised:
        MapLabels(TWO)(label, "b.tif")
    assert str(raised.value) == (
        "b.tif: found the undeclared label value(s) 1, 2, 3, 4, 5, … (6 value(s), 10 pixel(s)), "
        "expected 0 (no), 255 (yes); label_threshold or label_tolerance in the manifest allow soft edges."
    )


# ---------------------------------------------------------------------------------------------------------------- sizes


def prediction(values: object, size: tuple[int, int]) -> dict:
    return {"image": MetaTensor(torch.zeros(1, 1, 1), meta={"spatial_shape": size}), "pred": torch.tensor(values)}


@pytest.mark.parametrize("size", [(250, 251), (7, 3), (1, 1)])
def test_resize_to_the_file(size: tuple[int, int]) -> None:
    item = apply(ResizeToInputd("pred"), prediction([[[0.25, 0.25]], [[1.0, 1.0]]], size))
    assert item["pred"].shape == (2, *size)
    torch.testing.assert_close(item["pred"], torch.tensor([0.25, 1.0])[:, None, None].expand(2, *size))


def test_resize_is_bilinear_between_pixel_centers() -> None:
    item = ResizeToInputd("pred")(prediction([[[0.0, 1.0]]], (1, 4)))
    assert item["pred"].tolist() == [[[0.0, 0.25, 0.75, 1.0]]]


def test_resize_keeps_predictions_of_the_right_size() -> None:
    values = torch.rand(2, 5, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(ResizeToInputd("pred")(prediction(values.tolist(), (5, 4)))["pred"], values)


def test_resize_like_another_key() -> None:
    item = prediction([[[1.0]]], (2, 3))
    item["source"] = item.pop("image")
    assert ResizeToInputd(["pred"], like="source")(item)["pred"].shape == (1, 2, 3)


# -------------------------------------------------------------------------------------------------------------- workers


@pytest.mark.parametrize(
    "transform",
    [ReadImaged("image"), ReadLabeld("label", region_key="seen"), MapLabels(TWO), ResizeToInputd("pred", like="x")],
    ids=lambda transform: type(transform).__name__,
)
def test_pickles(transform: Transform) -> None:
    copied = pickle.loads(pickle.dumps(transform))
    assert type(copied) is type(transform)
    assert vars(copied) == vars(transform)


@pytest.mark.parametrize("transform", [ReadImaged, ReadLabeld, ResizeToInputd])
def test_missing_keys(transform: type[MapTransform]) -> None:
    with pytest.raises(KeyError):
        transform("absent")({"rule": TWO, "image": MetaTensor(torch.zeros(1), meta={"spatial_shape": (1, 1)})})


def test_values_beyond_float32_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[0.0, 1e300]]))
    with pytest.raises(InputError, match=r"a\.npy: found values of up to 1e\+300, expected at most 3\.40282e\+38"):
        ReadImaged("image")({"image": str(tmp_path / "a.npy")})
