"""Separation, weights and classes against brute-force definitions, and stored weight maps."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.ndimage import distance_transform_edt
from scipy.ndimage import label as components

from custom.errors import InputError
from custom.transforms import (
    BORDER,
    CELL,
    UNANNOTATED,
    ReadInstancesd,
    ResampleToPixelSized,
    WeightMapParameters,
    draw_weight_map,
    precompute_weight_maps,
    separate_touching,
    stored_weight_map,
    target_classes,
    weight_map,
)


def voronoi(shape: tuple[int, int], count: int, background: float = 0.2, seed: int = 0) -> np.ndarray:
    """Return touching cells, int32 (H, W), with patches of background; a cell may have several components."""
    rng = np.random.default_rng(seed)
    pixels = np.indices(shape)
    points = rng.random((count, 2)) * shape
    distances = [np.hypot(*(pixels - point[:, None, None])) for point in points]
    labels = np.argmin(distances, axis=0) + 1
    noise = sum(np.sin(pixels[0] * a + pixels[1] * b + c) for a, b, c in rng.uniform(-0.6, 0.6, (6, 3)) * [1, 1, 10])
    return np.where(noise < np.quantile(noise, background), 0, labels).astype(np.int32)


def distances(labels: np.ndarray) -> np.ndarray:
    """Return the distance of each pixel to the nearest, the second nearest, … cell, float64 (cells, H, W)."""
    return np.sort([distance_transform_edt(labels != cell) for cell in np.unique(labels[labels > 0])], axis=0)


def border_term(labels: np.ndarray, w0: float = 10.0, sigma: float = 5.0) -> np.ndarray:
    """Return the border term of the paper, by brute force in float64."""
    nearest, second = distances(labels)[:2]
    return np.where(labels == 0, w0 * np.exp(-((nearest + second) ** 2) / (2 * sigma**2)), 0)


def least_distance(labels: np.ndarray) -> float:
    """Return the distance between the two closest pixels of different cells."""
    cells = np.unique(labels[labels > 0])
    return min(distance_transform_edt(labels != cell)[(labels > 0) & (labels != cell)].min() for cell in cells)


# ----------------------------------------------------------------------------------------------------------- separation


@pytest.mark.parametrize(
    ("before", "width", "after"),
    [
        ("11112222", 0, "11112222"),
        ("11112222", 1, "11102222"),
        ("11112222", 2, "11100222"),
        ("11112222", 3, "11000222"),
        ("22221111", 2, "22200111"),
        ("11102222", 1, "11102222"),
        ("11102222", 2, "11100222"),
        ("11100222", 2, "11100222"),
        ("11100222", 3, "11000222"),
        ("1111-222", 2, "1111-022"),
        ("1111--22", 2, "1111--22"),
        ("1111-111", 2, "1111-111"),
        ("11112111", 2, "11002001"),  # a cell of one pixel keeps it
        ("22221222", 2, "22001002"),
        ("11112333", 1, "11102033"),
        ("00120000", 2, "00120000"),  # neither can recede
    ],
)
@pytest.mark.parametrize("upright", [False, True])
def test_gap_in_a_row_of_pixels(before: str, width: int, after: str, upright: bool) -> None:
    row, expected = (np.array([[-1 if pixel == "-" else int(pixel) for pixel in text]]) for text in (before, after))
    labels = row.T if upright else row
    assert np.array_equal(separate_touching(labels, width), expected.T if upright else expected)


def test_cells_that_touch_at_a_corner_are_separated() -> None:
    labels = np.zeros((6, 6), int)
    labels[:3, :3], labels[3:, 3:] = 1, 2
    separated = separate_touching(labels, 1)
    assert (labels != separated).sum() == 1
    assert separated[2, 2] == 0


@pytest.mark.parametrize("width", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(3))
def test_cells_are_at_least_the_gap_width_apart(width: int, seed: int) -> None:
    labels = voronoi((70, 80), 8, seed=seed)
    separated = separate_touching(labels, width)
    assert least_distance(labels) < 2
    assert least_distance(separated) >= width + 1
    assert np.array_equal(separate_touching(separated, width), separated)
    assert separate_touching(labels, width).dtype == labels.dtype


@pytest.mark.parametrize("width", [1, 2, 3])
def test_pixels_are_removed_at_contacts_only(width: int) -> None:
    labels = voronoi((70, 80), 8)
    separated = separate_touching(labels, width)
    lost = separated != labels
    assert (separated[lost] == 0).all()
    second = distances(labels)[1]
    assert (second[lost] < width + 1).all()
    assert (labels[(second >= width + 1) & (labels > 0)] == separated[(second >= width + 1) & (labels > 0)]).all()


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_no_cell_disappears_however_small(width: int, seed: int) -> None:
    labels = voronoi((40, 40), 500, background=0.1, seed=seed)
    separated = separate_touching(labels, width)
    assert np.array_equal(np.unique(separated), np.unique(labels))
    assert np.array_equal(separate_touching(separated, width), separated)


@pytest.mark.parametrize("big", [1, 9])
def test_a_small_cell_within_another_keeps_its_pixels(big: int) -> None:
    labels = np.full((15, 15), big)
    labels[7, 7] = 5
    separated = separate_touching(labels, 2)
    assert separated[7, 7] == 5
    assert least_distance(separated) == 3
    assert (separated == big).sum() == 15**2 - 5**2


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64, np.uint32])
def test_separation_of_any_integer_dtype(dtype: type) -> None:
    top = min(np.iinfo(dtype).max, 2**31 - 1)
    labels = np.array([[7, 7, 7, top, top, top]], dtype)
    separated = separate_touching(labels, 2)
    assert separated.dtype == dtype
    assert separated.tolist() == [[7, 7, 0, 0, top, top]]
    assert labels.tolist() == [[7, 7, 7, top, top, top]]


def test_separation_without_contacts() -> None:
    for labels in (np.zeros((3, 4), int), np.full((3, 4), -1), np.full((3, 4), 8)):
        assert np.array_equal(separate_touching(labels), labels)


@pytest.mark.parametrize(
    ("labels", "width"), [(np.zeros((3, 4)), 2), (np.zeros((1, 3, 4), int), 2), (np.zeros((3, 4), int), -1)]
)
def test_separation_rejects_invalid_input(labels: np.ndarray, width: int) -> None:
    with pytest.raises(ValueError, match=r"integers \(H, W\)|0 or more"):
        separate_touching(labels, width)


# -------------------------------------------------------------------------------------------------------------- weights


def test_known_weights() -> None:
    # Between the two cells d1 + d2 = 4 everywhere. Three of five pixels are background, two are cells.
    weight = weight_map(np.array([[3, 0, 0, 0, 1]]))
    assert weight.dtype == np.float32
    border = 10 * math.exp(-16 / 50)
    assert weight[0] == pytest.approx([5 / 4, 5 / 6 + border, 5 / 6 + border, 5 / 6 + border, 5 / 4], abs=1e-6)


def nested() -> np.ndarray:
    """Return a cell inside two concentric rings, with background between them."""
    radius = np.hypot(*(np.indices((90, 90)) - 44.5))
    return np.select([radius < 8, radius < 14, radius < 20, radius < 25, radius < 40], [1, 0, 2, 0, 3]).astype(np.int32)


def at_the_borders() -> np.ndarray:
    """Return cells in the corners and along an edge of the image."""
    labels = np.zeros((60, 75), np.int32)
    labels[:9, :12], labels[:7, -20:], labels[-5:, :30], labels[-1, -1], labels[15:50, -3:] = 1, 2, 3, 4, 5
    return labels


def far_apart() -> np.ndarray:
    """Return two distant points, between which the border term fades."""
    labels = np.zeros((40, 90), np.int32)
    labels[20, 10], labels[15, 80] = 1, 2
    return labels


def points() -> np.ndarray:
    """Return thousands of cells of one pixel."""
    labels = np.zeros((80, 80), np.int32)
    labels.ravel()[np.random.default_rng(0).choice(labels.size, 2000, replace=False)] = np.arange(1, 2001)
    return labels


FRAMES = {
    "voronoi": voronoi((80, 100), 9, background=0.4),
    "separated": separate_touching(voronoi((80, 100), 30, background=0.1)),
    "nested": nested(),
    "at the borders": at_the_borders(),
    "far apart": far_apart(),
    "points": points(),
}


@pytest.mark.parametrize("labels", FRAMES.values(), ids=FRAMES.keys())
def test_border_term_equals_the_definition(labels: np.ndarray) -> None:
    weight = weight_map(labels, class_weights=(0, 0))
    np.testing.assert_allclose(weight, border_term(labels), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("w0", "sigma"), [(0.0, 5.0), (1e-7, 5.0), (1.0, 0.5), (10.0, 1.0), (100.0, 12.0), (5.0, 40)])
def test_other_parameters(w0: float, sigma: float) -> None:
    labels = FRAMES["separated"]
    weight = weight_map(labels, w0, sigma, class_weights=(0, 0))
    np.testing.assert_allclose(weight, border_term(labels, w0, sigma), rtol=1e-6, atol=1e-5)


def test_the_same_bits_every_time() -> None:
    labels = FRAMES["separated"]
    expected = weight_map(labels)
    assert all(np.array_equal(weight_map(labels), expected) for _ in range(30))


def test_two_classes_have_the_same_sum() -> None:
    labels = FRAMES["voronoi"]
    weight = weight_map(labels, w0=0)
    assert weight.mean() == pytest.approx(1, abs=1e-6)
    assert weight[labels == 0].sum() == pytest.approx(weight[labels > 0].sum(), rel=1e-5)


def test_given_class_weights() -> None:
    labels = FRAMES["nested"]
    weight = weight_map(labels, class_weights=(0.5, 3))
    assert (weight[labels > 0] == 3).all()
    np.testing.assert_allclose(weight[labels == 0], 0.5 + border_term(labels)[labels == 0], rtol=0, atol=1e-5)


def test_unannotated_pixels_have_no_weight() -> None:
    labels = voronoi((50, 60), 6, background=0.4)
    labels[:, :20] = -1
    weight = weight_map(labels)
    assert (weight[:, :20] == 0).all()
    assert weight_map(labels, w0=0)[:, 20:].mean() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(weight - weight_map(labels, w0=0), border_term(labels), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([[0, 0, 0]], [1, 1, 1]),
        ([[4, 4, 4]], [1, 1, 1]),
        ([[4, 4, 7]], [1, 1, 1]),
        ([[-1, -1, -1]], [0, 0, 0]),
        ([[-1, 0, 0]], [0, 1, 1]),
        ([[0, 0, 0, 5]], [2 / 3, 2 / 3, 2 / 3, 2]),
    ],
)
def test_one_class_or_one_cell(labels: list, expected: list[float]) -> None:
    assert weight_map(np.array(labels, int))[0] == pytest.approx(expected)


def test_the_weights_do_not_depend_on_label_values() -> None:
    labels = FRAMES["separated"]
    expected = weight_map(labels)
    before = labels.copy()
    for other in (labels.astype(np.uint16), labels.astype(np.int64) * 10**7, np.where(labels > 0, 65536 - labels, 0)):
        assert np.array_equal(weight_map(other), expected)
    assert np.array_equal(weight_map(np.asfortranarray(labels)), expected)
    assert np.array_equal(labels, before)


@pytest.mark.parametrize(
    "arguments",
    [{"w0": -1}, {"sigma": 0}, {"sigma": float("nan")}, {"class_weights": (1,)}, {"class_weights": (1, 2, 3)}],
)
def test_weights_reject_invalid_input(arguments: dict) -> None:
    with pytest.raises(ValueError, match=r"sigma|background and cells"):
        weight_map(np.eye(3, dtype=int), **arguments)
    with pytest.raises(ValueError, match=r"integers \(H, W\)"):
        weight_map(np.eye(3))


@pytest.mark.parametrize("frame", [0, 78])
def test_real_cells(frame: int, real_data: Path) -> None:
    labels = tifffile.imread(real_data / "DIC-C2DH-HeLa" / "01_ST" / "SEG" / f"man_seg{frame:03d}.tif")
    separated = separate_touching(labels)
    assert least_distance(labels) == 1
    assert least_distance(separated) >= 3
    assert np.array_equal(np.unique(separated), np.unique(labels))
    np.testing.assert_allclose(weight_map(separated, class_weights=(0, 0)), border_term(separated), rtol=0, atol=1e-5)


# -------------------------------------------------------------------------------------------------------------- classes


def test_two_classes() -> None:
    classes = target_classes(np.array([[0, 1, 9, 9, -1, 0]]))
    assert classes.dtype == np.uint8
    assert classes.tolist() == [[0, 1, 1, 1, UNANNOTATED, 0]]


@pytest.mark.parametrize(
    ("labels", "width", "expected"),
    [
        ([1, 1, 1, 0, 0, 2, 2, 2], 3, [1, 1, 2, 2, 2, 2, 1, 1]),
        ([1, 1, 1, 0, 0, 2, 2, 2], 2, [1, 1, 1, 2, 2, 1, 1, 1]),
        ([1, 1, 1, 2, 2, 2], 1, [1, 1, 2, 2, 1, 1]),
        ([1, 1, 1, 2, 2, 2], 0, [1, 1, 1, 1, 1, 1]),
        ([1, 0, 0, 0, 0, 0, 2], 3, [1, 0, 0, 2, 0, 0, 1]),
        ([1, 0, 0, 0, 0, 0, 0, 2], 3, [1, 0, 0, 0, 0, 0, 0, 1]),
        ([1, 1, 0, 0, 1, 1], 3, [1, 1, 0, 0, 1, 1]),
        ([1, 1, -1, 0, 2, 2], 3, [1, 2, UNANNOTATED, 2, 2, 1]),
    ],
)
def test_borders_in_a_row_of_pixels(labels: list[int], width: int, expected: list[int]) -> None:
    assert target_classes(np.array([labels]), borders=True, border_width=width).tolist() == [expected]


@pytest.mark.parametrize("labels", [FRAMES["voronoi"], FRAMES["separated"], FRAMES["nested"]])
@pytest.mark.parametrize("width", [1, 3, 4])
def test_border_pixels_are_close_to_two_cells(labels: np.ndarray, width: int) -> None:
    classes = target_classes(labels, borders=True, border_width=width)
    second = distances(labels)[1]
    assert np.array_equal(classes == BORDER, second <= width)
    assert np.array_equal(classes == CELL, (labels > 0) & (second > width))


def test_borders_separate_all_cells() -> None:
    labels = separate_touching(voronoi((90, 90), 8, background=0))
    classes = target_classes(labels, borders=True)
    assert components(classes == CELL, np.ones((3, 3)))[1] == 8


# --------------------------------------------------------------------------------------------------------------- stored


READING = [ReadInstancesd()]


def sequence(folder: Path, frames: int = 3) -> list[dict[str, str]]:
    """Write label files in the layout of the Cell Tracking Challenge, and return items."""
    (folder / "01_ST" / "SEG").mkdir(parents=True)
    files = [folder / "01_ST" / "SEG" / f"man_seg{frame:03d}.tif" for frame in range(frames)]
    for frame, file in enumerate(files):
        tifffile.imwrite(file, voronoi((40, 50), 5, seed=frame).astype(np.uint16))
    return [{"label": str(file), "name": file.stem} for file in files]


def read(item: dict[str, str]) -> np.ndarray:
    return tifffile.imread(item["label"]).astype(np.int32)


def test_precompute_writes_next_to_the_labels(tmp_path: Path) -> None:
    items = sequence(tmp_path)
    precompute_weight_maps(items, READING, w0=7, ridge_width=1)
    folder = tmp_path / "01_ST" / "WEIGHT_MAPS"
    assert sorted(file.name for file in folder.iterdir()) == [
        "weight_map_000.npy",
        "weight_map_001.npy",
        "weight_map_002.npy",
        "weight_maps.json",
    ]
    stored = np.load(folder / "weight_map_001.npy")
    assert (stored.shape, stored.dtype) == ((40, 50), np.float32)
    assert np.array_equal(stored, weight_map(separate_touching(read(items[1]), 1), w0=7))
    record = json.loads((folder / "weight_maps.json").read_text())
    assert record["parameters"] == {"w0": 7, "sigma": 5.0, "ridge_width": 1, "class_weights": None}
    assert record["digests"].keys() == {f"weight_map_{number:03d}.npy" for number in range(3)}


@pytest.mark.parametrize("options", [{}, {"sigma": 3.0}, {"class_weights": (1.0, 2.0)}])
def test_stored_maps_equal_computed_maps(options: dict, tmp_path: Path) -> None:
    items, parameters = sequence(tmp_path), WeightMapParameters(**options)
    assert stored_weight_map(items[0]["label"], read(items[0]), parameters) is None
    precompute_weight_maps(items, READING, **options)
    for item in items:
        labels = read(item)
        assert np.array_equal(stored_weight_map(item["label"], labels, parameters), parameters.apply(labels)[1])


def test_maps_of_rescaled_labels(tmp_path: Path) -> None:
    """Maps are computed at the size of training; labels of other sizes cause no warning."""
    items = [item | {"pixel_size": (0.5, 0.5)} for item in sequence(tmp_path, frames=1)]
    reading = [*READING, ResampleToPixelSized("label", 1.0, "nearest")]
    precompute_weight_maps(items, reading)
    labels = reading[1](reading[0](items[0]))["label"][0].numpy()
    assert labels.shape == (20, 25)
    assert np.array_equal(
        stored_weight_map(items[0]["label"], labels, WeightMapParameters()), WeightMapParameters().apply(labels)[1]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert stored_weight_map(items[0]["label"], read(items[0]), WeightMapParameters()) is None


def test_maps_that_are_up_to_date_are_kept(tmp_path: Path) -> None:
    items = sequence(tmp_path)
    precompute_weight_maps(items, READING)
    maps = sorted((tmp_path / "01_ST" / "WEIGHT_MAPS").glob("*.npy"))
    files = [file.stat().st_ino for file in maps]
    precompute_weight_maps(items[:1], READING)
    assert [file.stat().st_ino for file in maps] == files
    tifffile.imwrite(items[1]["label"], voronoi((40, 50), 4, seed=9).astype(np.uint16))
    maps[2].unlink()
    precompute_weight_maps(items, READING)
    assert [file.stat().st_ino == before for file, before in zip(maps, files, strict=True)][:2] == [True, False]
    for item in items:
        labels = read(item)
        assert np.array_equal(
            stored_weight_map(item["label"], labels, WeightMapParameters()), WeightMapParameters().apply(labels)[1]
        )


def test_other_parameters_replace_all_maps(tmp_path: Path) -> None:
    items = sequence(tmp_path)
    precompute_weight_maps(items, READING)
    precompute_weight_maps(items[:2], READING, sigma=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert stored_weight_map(items[1]["label"], read(items[1]), WeightMapParameters(sigma=2)) is not None
    with pytest.warns(UserWarning, match="they are recomputed"):
        assert stored_weight_map(items[2]["label"], read(items[2]), WeightMapParameters()) is None


def test_one_warning_for_outdated_maps(tmp_path: Path) -> None:
    items = sequence(tmp_path)
    precompute_weight_maps(items, READING)
    with pytest.warns(UserWarning, match="they are recomputed") as caught:
        assert all(stored_weight_map(item["label"], read(item), WeightMapParameters(w0=1)) is None for item in items)
    assert len({str(warning.message) for warning in caught}) == 1  # Python shows identical warnings once
    assert str(caught[0].message).startswith(f"{tmp_path / '01_ST' / 'WEIGHT_MAPS'}: stored weight maps have other")


def test_a_changed_label_file_is_detected(tmp_path: Path) -> None:
    items = sequence(tmp_path)
    precompute_weight_maps(items, READING)
    tifffile.imwrite(items[0]["label"], voronoi((40, 50), 3, seed=7).astype(np.uint16))
    with pytest.warns(UserWarning, match="from other labels"):
        assert stored_weight_map(items[0]["label"], read(items[0]), WeightMapParameters()) is None


def test_deformed_labels_cause_no_warning(tmp_path: Path) -> None:
    items = sequence(tmp_path)
    precompute_weight_maps(items, READING)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for labels in (read(items[0])[::-1], read(items[0])[:20], read(items[0]).reshape(50, 40)):
            assert stored_weight_map(items[0]["label"], labels, WeightMapParameters()) is None


def test_a_file_without_a_number_uses_its_name(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    tifffile.imwrite(tmp_path / "labels" / "t1_cells.tif", voronoi((20, 20), 3).astype(np.uint16))
    precompute_weight_maps([{"label": tmp_path / "labels" / "t1_cells.tif"}], READING)
    assert (tmp_path / "WEIGHT_MAPS" / "weight_map_t1_cells.npy").exists()


def test_two_labels_cannot_have_one_map(tmp_path: Path) -> None:
    items = sequence(tmp_path, frames=1)
    other = tmp_path / "01_ST" / "SEG" / "old_000.tif"
    other.write_bytes(Path(items[0]["label"]).read_bytes())
    with pytest.raises(InputError, match=r"old_000\.tif: found the same number as in .*man_seg000\.tif"):
        precompute_weight_maps([*items, {"label": other}], READING)


def test_a_stack_has_no_weight_map(tmp_path: Path) -> None:
    items = sequence(tmp_path, frames=1)
    tifffile.imwrite(items[0]["label"], np.zeros((3, 40, 50), np.uint16), photometric="minisblack")
    with pytest.raises(InputError, match="a stack of 3 pages"):
        precompute_weight_maps(items, READING)


def test_a_folder_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = sequence(tmp_path, frames=1)

    def protected(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", protected)  # the superuser may write to any folder
        with pytest.raises(InputError, match=r"WEIGHT_MAPS: found a folder that cannot be written to \(Permission"):
            precompute_weight_maps(items, READING)
    maps = tmp_path / "01_ST" / "WEIGHT_MAPS"
    assert [file.name for file in maps.iterdir()] == ["weight_maps.json"]
    (maps / "weight_maps.json").unlink()
    maps.rmdir()
    maps.write_text("not a folder")
    with pytest.raises(InputError, match="WEIGHT_MAPS: found a folder that cannot be created"):
        precompute_weight_maps(items, READING)


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"parameters": {}}', '{"parameters": {}, "digests": 3}', '{"parameters": {}, "digests": {"a": 1}}'],
)
def test_a_broken_record(text: str, tmp_path: Path) -> None:
    items = sequence(tmp_path, frames=1)
    precompute_weight_maps(items, READING)
    (tmp_path / "01_ST" / "WEIGHT_MAPS" / "weight_maps.json").write_text(text)
    with pytest.raises(InputError, match="broken record"):
        stored_weight_map(items[0]["label"], read(items[0]), WeightMapParameters())


def test_a_broken_map(tmp_path: Path) -> None:
    items = sequence(tmp_path, frames=1)
    precompute_weight_maps(items, READING)
    (tmp_path / "01_ST" / "WEIGHT_MAPS" / "weight_map_000.npy").write_bytes(b"no array")
    with pytest.raises(InputError, match=r"weight_map_000\.npy: found a broken"):
        stored_weight_map(items[0]["label"], read(items[0]), WeightMapParameters())


def test_a_misspelled_parameter() -> None:
    with pytest.raises(TypeError, match="ridge"):
        precompute_weight_maps([], READING, ridge=1)


# -------------------------------------------------------------------------------------------------------------- picture


def test_draw_weight_map(tmp_path: Path) -> None:
    labels = separate_touching(voronoi((60, 60), 5))
    labels[:5] = -1
    file = tmp_path / "pictures" / "weight.png"
    draw_weight_map(np.random.default_rng(0).normal(size=labels.shape), labels, weight_map(labels), file)
    with Image.open(file) as picture:
        assert picture.format == "PNG"
        assert len(picture.convert("RGB").getcolors(10**6)) > 100
    with pytest.raises(ValueError, match="differ in shape"):
        draw_weight_map(np.zeros((3, 4)), np.zeros((3, 4), int), np.zeros((4, 3), np.float32), file)
