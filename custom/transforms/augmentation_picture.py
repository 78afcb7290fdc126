"""A picture of the elastic deformation of a config and of the resulting weight maps."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from monai.transforms import Compose, Randomizable
from monai.utils import convert_to_numpy

from ..ground.files import atomic_path
from ..images import CONTRAST_PERCENTILES, evenly_spaced, overlay
from .weighting import RandElasticInstancesd, WeightMapd

_LINES = 12  # number of grid lines along the shorter side


def draw_augmentation(
    items: Sequence[dict], preprocessing: Compose, file: str | os.PathLike[str], count: int = 3, seed: int = 0
) -> None:
    """Draw examples of the elastic deformation into a PNG.

    Each row shows a frame with its cells, the deformed frame, and the weight map of the deformed cells. The frame is
    processed by the transforms of the config: the deterministic ones before the deformation, the deformation (with
    probability 1), and the weight map after it. A grid drawn into the frame visualizes the deformation.

    Args:
        items: data items, see `custom.data.datalist`.
        preprocessing: transforms of training, with a `RandElasticInstancesd` followed by a `WeightMapd`.
        file: the PNG to write; its folder is created.
        count: number of examples, evenly spaced over the items.
        seed: seed of the deformations.

    Raises:
        InputError: A file of the items cannot be read.
        ValueError: The preprocessing lacks one of these transforms.

    Examples:
        >>> import numpy as np
        >>> from monai.transforms import Compose
        >>> from custom.images import write_image
        >>> from custom.transforms import RandElasticInstancesd, ReadImaged, ReadInstancesd, WeightMapd
        >>> from custom.transforms import draw_augmentation
        >>> write_image("cells.tif", np.kron([[1, 0], [0, 2]], np.ones((16, 16))).astype(np.uint8))
        >>> deform = RandElasticInstancesd(("image", "label"), spacing=(8, 8), magnitude_range=(1, 2))
        >>> preprocessing = Compose([ReadImaged("image"), ReadInstancesd("label"), deform, WeightMapd("label")])
        >>> items = [{"name": "cells", "image": "cells.tif", "label": "cells.tif"}]
        >>> draw_augmentation(items, preprocessing, "augmentation.png", count=1)
        Look at: augmentation.png
    """
    before, deform, weigh = _steps(preprocessing)
    deform.set_random_state(seed)
    chosen = evenly_spaced(len(items), count)
    figure = Figure(figsize=(13.5, 4.4 * len(chosen)), layout="constrained")
    for row, index in zip(figure.subplots(len(chosen), 3, squeeze=False), chosen, strict=True):
        item = before(items[index])
        item["image"] = _with_grid(item["image"])
        deformed = weigh(deform(item))
        _show_cells(row[0], item, f"{item['name']}, with a grid")
        _show_cells(row[1], deformed, "deformed")
        weight = row[2].imshow(convert_to_numpy(deformed[weigh.weight_key])[0], cmap="viridis", vmin=0)
        row[2].set_title("weight")
        figure.colorbar(weight, ax=row[2], shrink=0.9)
        for axes in row:
            axes.set_axis_off()
    with atomic_path(file) as path:
        figure.savefig(path, dpi=80, format="png")
    print(f"Look at: {os.fspath(file)}")


def _steps(preprocessing: Compose) -> tuple[Compose, RandElasticInstancesd, WeightMapd]:
    """Return the deterministic transforms before the deformation, the deformation, and the weight map after it."""
    steps = preprocessing.transforms
    position = next((i for i, step in enumerate(steps) if isinstance(step, RandElasticInstancesd)), len(steps))
    weigh = next((step for step in steps[position:] if isinstance(step, WeightMapd)), None)
    if weigh is None:
        raise ValueError("the preprocessing has no RandElasticInstancesd with a WeightMapd after it")
    deform = copy.deepcopy(steps[position])
    deform.prob = 1.0
    return Compose([step for step in steps[:position] if not isinstance(step, Randomizable)]), deform, weigh


def _with_grid(image: np.ndarray) -> np.ndarray:
    """Return a copy of the frame (1, H, W) with bright grid lines."""
    image = copy.deepcopy(image)  # the frame may belong to a cache
    step = min(image.shape[-2:]) // _LINES
    bright = float(np.percentile(convert_to_numpy(image), CONTRAST_PERCENTILES[1]))  # white in an overlay
    image[..., step // 2 :: step, :] = bright
    image[..., step // 2 :: step] = bright
    return image


def _show_cells(axes: Axes, item: dict, title: str) -> None:
    image, labels = (convert_to_numpy(item[key])[0] for key in ("image", "label"))
    axes.imshow(overlay(image, np.maximum(labels, 0), alpha=0.15))
    axes.set_title(title)
