"""Images of several channels, with wrong axes, or in a single color: inference and training read what was asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from bundle_runs import infer, train
from tiny_data import gray, make_data, untrained

from custom.errors import find_input_error
from custom.images import write_image

FAST = {"crop_size": 64}


def probabilities(folder: Path, out: str, weights: Path, **options: object) -> list[np.ndarray]:
    found = infer("vesicle", folder / "in", folder / out, weights, **FAST, **options)
    return [tifffile.imread(file) for file in sorted(found.glob("*_probability.tif"))]


@pytest.fixture
def images(tmp_path: Path) -> list[np.ndarray]:
    return [gray((80, 96), number) for number in range(2)]


def test_a_channel(tmp_path: Path, images: list[np.ndarray]) -> None:
    """Its probability is that of the channel alone, and another channel is not taken for finished."""
    weights = untrained("vesicle", tmp_path / "weights")
    (tmp_path / "in").mkdir()
    tifffile.imwrite(tmp_path / "in" / "a.tif", np.stack(images), imagej=True, metadata={"axes": "CYX"})
    found = [probabilities(tmp_path, "out", weights, channel=number)[0] for number in (0, 1)]
    for number, image in enumerate(images):
        write_image(tmp_path / str(number) / "in" / "a.tif", image)
        (expected,) = probabilities(tmp_path / str(number), "out", weights)
        assert np.array_equal(found[number], expected)
    assert not np.array_equal(*found)


def test_without_a_channel_the_error_shows_the_option(tmp_path: Path, images: list[np.ndarray]) -> None:
    write_image(tmp_path / "in" / "a.tif", np.stack([*images, images[0] // 2], axis=-1), axes="YXS")
    with pytest.raises(Exception, match="Failed") as error:
        infer("vesicle", tmp_path / "in" / "a.tif", tmp_path / "out", untrained("vesicle", tmp_path / "weights"))
    sentence = find_input_error(error.value) or ""
    assert "--channel" in sentence, sentence
    with pytest.raises(Exception, match="Failed") as error:
        infer("vesicle", tmp_path / "in" / "a.tif", tmp_path / "out", tmp_path / "weights" / "model.pt", channel=3)
    assert "a.tif: found no channel 3 among 3 channel(s)" in (find_input_error(error.value) or "")


def test_axes_of_a_stack_that_is_tagged_as_channels(tmp_path: Path, images: list[np.ndarray]) -> None:
    weights = untrained("vesicle", tmp_path / "weights")
    (tmp_path / "in").mkdir()
    tifffile.imwrite(tmp_path / "in" / "a.tif", np.stack(images), imagej=True, metadata={"axes": "CYX"})
    (found,) = probabilities(tmp_path, "out", weights, axes="ZYX")
    assert found.shape == (2, 80, 96)
    with pytest.raises(Exception, match="Failed") as error:
        infer("vesicle", tmp_path / "in" / "a.tif", tmp_path / "other", weights, axes="YX")
    assert "2 × 80 × 96" in (find_input_error(error.value) or ""), find_input_error(error.value)


def test_a_single_color_needs_no_option(tmp_path: Path, images: list[np.ndarray]) -> None:
    weights = untrained("vesicle", tmp_path / "weights")
    zero = np.zeros_like(images[0])
    write_image(tmp_path / "in" / "a.tif", np.stack([images[0], zero, images[0]], axis=-1), axes="YXS")  # magenta
    write_image(tmp_path / "in" / "b.tif", images[0])
    magenta, plain = probabilities(tmp_path, "out", weights)
    assert np.array_equal(magenta, plain)


def test_training_on_a_channel(tmp_path: Path) -> None:
    """Given as an option or in the manifest; a resumed run must keep it."""
    data = make_data("vesicle", tmp_path / "data")
    for file in (data / "image").iterdir():
        image = tifffile.imread(file)
        tifffile.imwrite(file, np.stack([np.zeros_like(image), image]), imagej=True, metadata={"axes": "CYX"})
    with pytest.raises(Exception, match="Failed") as error:
        train("vesicle", data, tmp_path / "run")
    assert "--channel" in (find_input_error(error.value) or ""), find_input_error(error.value)
    train("vesicle", data, tmp_path / "run", channel=1, max_epochs=1)
    with pytest.raises(Exception, match="Failed") as error:
        train("vesicle", data, tmp_path / "run", channel=0, max_epochs=1, resume=True)
    assert "--channel 1, not 0" in (find_input_error(error.value) or "")
