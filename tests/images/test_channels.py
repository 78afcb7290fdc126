"""Images of several channels, in a single color and with wrong axes: all pixels are known."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from custom.errors import InputError
from custom.images import describe, read_image, read_labels

SINGLE = "Images in a single color"


def planes(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    """Return different values in all pixels of an array of any axes."""
    return np.random.default_rng(len(shape)).integers(0, 250, shape).astype(dtype)


def written(path: Path, array: np.ndarray, axes: str = "", **options: object) -> Path:
    if path.suffix == ".npy":
        np.save(path, array)
    elif path.suffix == ".tif":
        metadata = {"metadata": {"axes": axes}} if axes else {}
        tifffile.imwrite(path, array, **{"photometric": "minisblack", **metadata, **options})
    else:
        Image.fromarray(array).save(path)
    return path


# ----------------------------------------------------------------------------------------------------------- channels


@pytest.mark.parametrize(
    ("axes", "options"),
    [
        ("CYX", {"ome": True}),
        ("CYX", {"ome": True, "compression": "zlib"}),
        ("CYX", {"imagej": True}),
        ("ZCYX", {"imagej": True}),
        ("ZCYX", {"ome": True, "compression": "zlib"}),
        ("CZYX", {"ome": True, "compression": "zlib"}),
        ("CTYX", {"ome": True}),
    ],
)
def test_a_channel_of_a_tiff(tmp_path: Path, axes: str, options: dict[str, object]) -> None:
    array = planes(*{4: (3, 2, 5, 7), 3: (2, 5, 7)}[len(axes)])
    if axes[0] == "C" and len(axes) == 4:
        array = array.swapaxes(0, 1)
    name = "a.ome.tif" if "ome" in options else "a.tif"
    path = written(tmp_path / name, array, axes, **options)
    for channel in range(2):
        expected = array.take(channel, axes.index("C"))
        np.testing.assert_array_equal(read_image(path, channel=channel), expected)
        assert describe(path, channel=channel).shape == expected.shape
        if len(axes) == 4:
            np.testing.assert_array_equal(read_image(path, page=2, channel=channel), expected[2])
    with pytest.raises(InputError, match=rf"2 channels \(axes {axes}\), expected one channel: .*--channel 0` to .*1`"):
        describe(path)
    for call in (read_image, describe):
        with pytest.raises(InputError, match=r"no channel 2 among 2 channel\(s\), expected a channel from 0 to 1"):
            call(path, channel=2)
    with pytest.raises(InputError, match="2 channels"):
        read_labels(path)


def test_a_page_of_a_channel_leaves_the_others_unread(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ome.tif", planes(3, 2, 64, 64), "ZCYX", ome=True, compression="zlib")
    with tifffile.TiffFile(path) as file:
        offset = file.pages[0].dataoffsets[0]
    with path.open("rb+") as stream:
        stream.seek(offset)
        stream.write(bytes(50))
    assert read_image(path, page=2, channel=1).shape == (64, 64)
    with pytest.raises(InputError, match="broken"):
        read_image(path, page=0, channel=0)


@pytest.mark.parametrize("suffix", [".png", ".npy", ".tif"])
@pytest.mark.parametrize("count", [2, 3, 4])
def test_a_channel_of_color_and_alpha(tmp_path: Path, suffix: str, count: int) -> None:
    array = planes(5, 7, count)
    options = {"photometric": "rgb"} if count > 2 else {"planarconfig": "contig", "extrasamples": [2]}
    path = written(tmp_path / f"a{suffix}", array, **options)
    for channel in range(count):
        np.testing.assert_array_equal(read_image(path, channel=channel), array[..., channel])
    with pytest.raises(InputError, match=f"no channel {count} among {count}"):
        read_image(path, channel=count)
    with pytest.raises(InputError, match=f"`--channel 0` to `--channel {count - 1}` reads one"):
        read_image(path)


def test_an_image_of_one_channel_has_channel_0(tmp_path: Path) -> None:
    path = written(tmp_path / "a.png", planes(5, 7))
    np.testing.assert_array_equal(read_image(path, channel=0), planes(5, 7))
    for channel in (-1, 1):
        with pytest.raises(InputError, match="found no channel"):
            read_image(path, channel=channel)
    with pytest.raises(InputError, match="found both `--channel 0` and `--channels luminance`, expected one of them"):
        read_image(path, channels="luminance", channel=0)


# --------------------------------------------------------------------------------------------------------------- axes


@pytest.mark.parametrize("suffix", [".npy", ".tif", ".nrrd"])
def test_axes_of_pages_at_the_end(tmp_path: Path, suffix: str) -> None:
    array = planes(6, 5, 9)
    if suffix == ".nrrd":
        import itk

        path = tmp_path / "a.nrrd"
        itk.imwrite(itk.image_from_array(array), str(path))
    else:
        path = written(tmp_path / f"a{suffix}", array, compression="zlib")
    assert describe(path).shape == (6, 5, 9)
    assert describe(path, axes="YXZ").shape == (9, 6, 5)
    np.testing.assert_array_equal(read_image(path, axes="YXZ"), np.moveaxis(array, -1, 0))
    np.testing.assert_array_equal(read_image(path, axes="YXZ", page=8), array[..., 8])
    np.testing.assert_array_equal(read_image(path, axes="YXC", channel=4), array[..., 4])
    np.testing.assert_array_equal(read_image(path, axes="XYT", page=1), array[..., 1].T)
    with pytest.raises(InputError, match="no page 9"):
        read_image(path, axes="YXZ", page=9)
    with pytest.raises(InputError, match=r"9 channels \(axes YXC\)"):
        describe(path, axes="YXC")


def test_pages_tagged_as_channels(tmp_path: Path) -> None:
    array = planes(4, 5, 7)
    for options in ({}, {"compression": "zlib"}):
        path = written(tmp_path / "a.ome.tif", array, "CYX", ome=True, **options)
        np.testing.assert_array_equal(read_image(path, axes="ZYX"), array)
        np.testing.assert_array_equal(read_image(path, axes="ZYX", page=3), array[3])


def test_slices_stored_as_planes_of_a_color_image(tmp_path: Path) -> None:
    """By default, tifffile writes three slices so."""
    array = planes(3, 5, 7)
    path = written(tmp_path / "a.tif", array, photometric="rgb", planarconfig="separate")
    with pytest.raises(InputError, match="`--axes ZYX` reads slices"):
        read_image(path)
    np.testing.assert_array_equal(read_image(path, axes="ZYX", page=1), array[1])


def test_axes_of_an_array_of_four_dimensions(tmp_path: Path) -> None:
    array = planes(3, 2, 5, 7)
    path = written(tmp_path / "a.npy", array)
    with pytest.raises(InputError, match="--axes ZCYX"):
        read_image(path)
    np.testing.assert_array_equal(read_image(path, page=2, axes="ZCYX", channel=1), array[2, 1])
    with pytest.raises(InputError, match=r"the shape \(3, 2, 5, 7\) with axes TZYX, expected .* along one axis"):
        describe(path, axes="TZYX")


@pytest.mark.parametrize("axes", ["YX", "ZZX", "ZYQX", "ZTX", "zyx", "ABC", ""])
@pytest.mark.parametrize(("suffix", "declared"), [(".tif", "QYX"), (".npy", "none"), (".png", "YXS")])
def test_axes_that_do_not_fit(tmp_path: Path, axes: str, suffix: str, declared: str) -> None:
    path = written(tmp_path / f"a{suffix}", planes(6, 5, 3) if suffix == ".png" else planes(3, 6, 5))
    size = "6 × 5 × 3" if suffix == ".png" else "3 × 6 × 5"
    sentence = rf"found the axes {axes} for an array of {size} \(axes in the file: {declared}\), expected 3 different"
    for call in (read_image, describe):
        with pytest.raises(InputError, match=sentence):
            call(path, axes=axes)


def test_the_pixel_size_stays_with_its_axes(tmp_path: Path) -> None:
    metadata = {"axes": "ZYX", "PhysicalSizeY": 0.2, "PhysicalSizeX": 0.1}
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, planes(6, 5, 9), ome=True, metadata=metadata, photometric="minisblack")
    assert describe(path, axes="TYX").pixel_size == (0.2, 0.1)
    assert describe(path, axes="ZXY").pixel_size == (0.1, 0.2)
    assert describe(path, axes="YXZ").pixel_size is None


# -------------------------------------------------------------------------------------------------------- single color

GRAY = np.arange(256, dtype=np.uint8).reshape(8, 32)
HUES = [
    (255, 0, 0),
    (0, 255, 0),
    (0, 0, 255),
    (0, 255, 255),
    (255, 0, 255),
    (255, 255, 0),
    (255, 128, 30),
    (90, 200, 7),
]


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
@pytest.mark.parametrize("hue", HUES)
@pytest.mark.parametrize("rounding", [np.rint, np.floor])
def test_a_single_color_is_read_without_loss(tmp_path: Path, suffix: str, hue: tuple, rounding: np.ufunc) -> None:
    colored = rounding(GRAY[..., np.newaxis] * np.array(hue) / 255).astype(np.uint8)
    path = written(tmp_path / f"a{suffix}", colored, photometric="rgb")
    with pytest.warns(UserWarning, match=SINGLE):
        image = read_image(path)
    np.testing.assert_array_equal(image, colored.max(-1))
    if max(hue) == 255:
        np.testing.assert_array_equal(image, GRAY)
    with pytest.raises(InputError, match="differ"):
        read_labels(path)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
def test_a_single_color_of_any_type(tmp_path: Path, dtype: type) -> None:
    gray = (GRAY.astype(np.float64) * 257 if dtype == np.uint16 else GRAY / 255).astype(dtype)
    colored = np.stack([gray, gray * 0, (gray * 0.3).astype(dtype)], axis=-1)
    with pytest.warns(UserWarning, match=SINGLE):
        np.testing.assert_array_equal(read_image(written(tmp_path / "a.npy", colored)), gray)


def two_spots(*values: tuple[int, int, int]) -> np.ndarray:
    """Return a red gradient with pixels of other colors in it."""
    array = GRAY[..., np.newaxis] * np.array([1, 0, 0], np.uint8)
    array[4, : len(values)] = values
    return array


@pytest.mark.parametrize(
    "array",
    [
        two_spots((0, 255, 0)),
        two_spots((0, 2, 0)),  # one weak pixel of a second color
        two_spots((200, 30, 0)),
        two_spots((255, 255, 255)),  # a scale bar
        np.stack([GRAY, GRAY[::-1], GRAY * 0], axis=-1),
        np.stack([GRAY, GRAY.T.reshape(8, 32), GRAY * 0], axis=-1),
        np.stack([GRAY, 255 - GRAY, GRAY * 0], axis=-1),
        np.stack([GRAY, GRAY // 2 + 10, GRAY // 2 + 10], axis=-1),  # a background in another color
        np.stack([GRAY, GRAY // 30 % 4, GRAY * 0], axis=-1),
        np.stack([np.where(GRAY < 128, GRAY, 0), np.where(GRAY < 128, 0, GRAY), GRAY * 0], axis=-1),
    ],
)
def test_two_colors_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    path = written(tmp_path / "a.png", array.astype(np.uint8))
    with pytest.raises(InputError, match=r"found color: .*or a single color: `--channel 0` to `--channel 2`"):
        read_image(path)


def test_values_below_0_are_in_no_single_color(tmp_path: Path) -> None:
    gray = GRAY.astype(np.float32) - 9
    with pytest.raises(InputError, match="color"):
        read_image(written(tmp_path / "a.npy", np.stack([gray, gray * 0, gray * 0], axis=-1)))


def test_the_color_of_a_jpeg_is_not_safe(tmp_path: Path) -> None:
    noisy = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    path = tmp_path / "a.jpg"
    Image.fromarray(np.stack([noisy, noisy * 0, noisy], axis=-1)).save(path)
    with pytest.raises(InputError, match="`--channel 0`"):
        read_image(path)
    assert read_image(path, channel=0).shape == (64, 64)


def test_colors_that_are_chosen_are_not_noted(tmp_path: Path) -> None:
    path = written(tmp_path / "a.png", np.stack([GRAY, GRAY * 0, GRAY * 0], axis=-1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(read_image(path, channel=0), GRAY)
        np.testing.assert_array_equal(read_image(path, channel=2), GRAY * 0)
        np.testing.assert_array_equal(read_image(path, channels="luminance"), np.rint(GRAY * 0.299))


def palette_png(path: Path, palette: np.ndarray) -> Path:
    picture = Image.fromarray(GRAY.clip(0, len(palette) - 1), mode="P")
    picture.putpalette(palette.astype(np.uint8).ravel().tolist())
    picture.save(path)
    return path


def test_palettes_of_png(tmp_path: Path) -> None:
    path, ramp = tmp_path / "a.png", np.arange(256)
    hot = np.stack([np.minimum(ramp * 3, 255), np.clip(ramp * 3 - 255, 0, 255), np.clip(ramp * 3 - 510, 0, 255)], -1)
    magenta = np.stack([ramp, ramp * 0, ramp], -1)
    for palette in (hot, magenta):
        np.testing.assert_array_equal(read_image(palette_png(path, palette)), GRAY)
        np.testing.assert_array_equal(read_labels(path), GRAY)
        np.testing.assert_array_equal(read_image(path, channel=2), palette[GRAY][..., 2])
    luminance = np.rint(magenta[GRAY] @ [0.299, 0.587, 0.114])
    np.testing.assert_array_equal(read_image(palette_png(path, magenta), channels="luminance"), luminance)
    few = np.array([[0, 0, 0], [0, 3, 0], [0, 50, 0], [0, 200, 0]])  # what an optimizer makes of an RGB image
    with pytest.warns(UserWarning, match=SINGLE):
        np.testing.assert_array_equal(read_image(palette_png(path, few)), few[GRAY.clip(0, 3)][..., 1])
    with pytest.raises(InputError, match="color"):
        read_image(palette_png(path, np.roll(hot, 100, axis=0)))


def test_a_magenta_palette_of_real_images(real_data: Path) -> None:
    path = real_data / "vimslab_microtubule" / "image" / "mt_4.png"
    with Image.open(path) as picture:
        np.testing.assert_array_equal(read_image(path), np.asarray(picture))
