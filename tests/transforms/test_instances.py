"""Reading of fully and partly annotated instance labels."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from monai.data import MetaTensor

from custom.data import datalist, open_datasets
from custom.errors import InputError
from custom.transforms import UNANNOTATED_INSTANCE, ReadInstancesd

MARKERS = np.array([[0, 3, 0, 0, 7], [0, 0, 0, 0, 0]], np.uint16)


def write(path: Path, array: np.ndarray) -> str:
    tifffile.imwrite(path, array, photometric="minisblack")
    return str(path)


def read(tmp_path: Path, label: list, markers: np.ndarray | None = None) -> list:
    item = {"label": write(tmp_path / "label.tif", np.array(label, np.uint16)), "name": "a"}
    if markers is not None:
        item["markers"] = write(tmp_path / "markers.tif", markers)
    before = dict(item)
    result = ReadInstancesd()(item)
    assert item == before
    assert result.keys() == {"label", "name"}
    return result["label"][0].tolist()


def test_read_instances(tmp_path: Path) -> None:
    file = write(tmp_path / "label.tif", np.array([[[0, 1]], [[0, 65535]]], np.uint16))
    label = ReadInstancesd("label")({"label": file, "page": 1})["label"]
    assert isinstance(label, MetaTensor)
    assert (label.shape, label.dtype) == ((1, 1, 2), torch.int32)
    assert label.tolist() == [[[0, 65535]]]
    assert (label.meta["filename_or_obj"], label.meta["page"]) == (file, 1)


def test_all_markers_have_an_object(tmp_path: Path) -> None:
    label = [[3, 3, 0, 7, 7], [3, 0, 0, 0, 7]]
    assert read(tmp_path, label, MARKERS) == label


def test_a_marker_without_an_object(tmp_path: Path) -> None:
    assert read(tmp_path, [[3, 3, 0, 0, 0], [3, 0, 0, 0, 0]], MARKERS) == [[3, 3, -1, -1, -1], [3, -1, -1, -1, -1]]
    assert UNANNOTATED_INSTANCE == -1


def test_objects_may_have_other_numbers_than_markers_and_cover_them_partly(tmp_path: Path) -> None:
    label = [[0, 1, 1, 0, 2], [0, 0, 0, 0, 2]]
    markers = np.array([[0, 3, 0, 7, 7], [3, 0, 0, 0, 0]], np.uint16)
    assert read(tmp_path, label, markers) == label


def test_no_markers_at_all(tmp_path: Path) -> None:
    assert read(tmp_path, [[0, 1]]) == [[0, 1]]
    assert read(tmp_path, [[0, 1]], np.zeros((1, 2), np.uint16)) == [[0, 1]]


def test_no_object_is_segmented(tmp_path: Path) -> None:
    assert read(tmp_path, [[0] * 5] * 2, MARKERS) == [[-1] * 5] * 2


def test_a_label_that_int32_cannot_hold(tmp_path: Path) -> None:
    file = write(tmp_path / "label.tif", np.array([[0, 2**31]], np.uint32))
    with pytest.raises(InputError, match=r"label\.tif: found the label 2147483648, expected"):
        ReadInstancesd()({"label": file})


def test_pickles() -> None:
    transform = ReadInstancesd("label", markers_key="seeds")
    assert vars(pickle.loads(pickle.dumps(transform))) == vars(transform)


def test_real_frames(real_data: Path) -> None:
    data = open_datasets([real_data / "DIC-C2DH-HeLa"], None, "dendrite")
    objects, partial = {}, []
    for item in datalist(data, ["train", "validation"], truth="gold"):
        label = ReadInstancesd()(item)["label"]
        objects[item["frame"]] = len(label.unique()) - 1
        assert not ((label == 0).any() and (label == UNANNOTATED_INSTANCE).any())
        partial += [item["frame"]] if (label == UNANNOTATED_INSTANCE).any() else []
    assert objects == {2: 10, 5: 10, 21: 11, 31: 13, 33: 13, 34: 12, 39: 13, 54: 13, 67: 3}
    assert partial == [34, 39, 67]
