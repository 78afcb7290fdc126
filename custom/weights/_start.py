"""Weights to start a training from: which file, which settings it brings, what of it fits the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import InputError
from ..ground.command_line import path
from ..ground.files import sha256
from ._files import WEIGHTS_FILE, load_weights
from ._training_settings import find_weights, stored_settings

_LEAST_FITTING = 0.5  # of the values of a network; those of another kind of network fit by chance only


def find_start(pretrained: Any, shipped: str | Path, bundle: str, output_dir: Path | None = None) -> Path | None:
    """Return the weights named by ``--pretrained``.

    Args:
        pretrained: ``"none"``, ``"shipped"``, the name of other weights beside the shipped ones, a file of weights, or
            the output folder of a training run.
        shipped: the weights that come with the bundle.
        bundle: name of the bundle.
        output_dir: output folder of the run, whose weights will be overwritten.

    Returns:
        The file, or None to start from random weights.

    Raises:
        InputError: there is no such file, it belongs to another bundle, or the run would overwrite it.

    Examples:
        >>> find_start("none", "models/model.pt", "tem") is None
        True
    """
    if pretrained is None or str(pretrained).lower() == "none":
        return None
    named = {"shipped": Path(shipped)} | {file.parent.name: file for file in _beside(Path(shipped))}
    given = named.get(str(pretrained)) or path("pretrained", pretrained)
    file = given / WEIGHTS_FILE if given.is_dir() else given
    if not file.is_file():
        expected = f"weights to start from: --pretrained none, {', '.join(named)}, or a file"
        raise InputError.about(file, "nothing", expected)
    if output_dir is not None and file.resolve() == (output_dir / WEIGHTS_FILE).resolve():
        raise InputError.about(file, "the weights to start from in the output folder", "another --output_dir")
    return find_weights(str(file), bundle=bundle)


def _beside(shipped: Path) -> list[Path]:
    """Return the weights in subfolders of the folder of the shipped ones, such as ``models/sem/model.pt``."""
    return sorted(shipped.parent.glob(f"*/{WEIGHTS_FILE}"))


class Start:
    """Weights that a network starts from: all that fit by name and shape.

    An output layer of other classes is made anew: its rows of classes that had the same name are copied, and the
    others stay random.

    Args:
        file: a state dict or a checkpoint; None leaves the network as it is.
        classes: names of the N classes of the network's output, background first; None if it has one foreground.

    Examples:
        >>> import tempfile
        >>> from custom.weights import save_weights, write_settings
        >>> old, new = torch.nn.Conv2d(4, 2, 1), torch.nn.Conv2d(4, 3, 1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_weights(old.state_dict(), Path(folder, "model.pt"))
        ...     write_settings(Path(folder, "settings.json"), {"classes": ["background", "axon"]})
        ...     start = Start(Path(folder, "model.pt"), ["background", "myelin", "axon"])
        ...     found = start.load(new)
        >>> found["copied"], found["new"], torch.equal(new.weight[2], old.weight[1])
        (['background', 'axon'], ['myelin'], True)
    """

    def __init__(self, file: Path | None, classes: Sequence[str] | None = None) -> None:
        self.file = file
        self.classes = list(classes or [])

    def load(self, network: nn.Module) -> dict[str, Any]:
        """Load the weights into a network.

        Returns:
            What `describe_start` says and ``run.json`` records: ``file``, ``sha256``, number of tensors ``loaded`` of
            ``tensors``, names of classes ``copied`` and ``new``; empty without a file.

        Raises:
            InputError: the file belongs to another network: less than half of the values fit.
        """
        if self.file is None:
            return {}
        content = load_weights(self.file)
        given, own = content.get("network", content), network.state_dict()
        fitting = {name: given[name] for name in own if _fits(given.get(name), own[name])}
        old = self._old_classes()
        renewed = {name for name in own if self._is_output(given.get(name), own[name], old)}
        values = sum(own[name].numel() for name in fitting.keys() | renewed)
        if values < _LEAST_FITTING * sum(tensor.numel() for tensor in own.values()):
            found = f"weights of another network ({len(fitting)} of {len(own)} tensors fit)"
            raise InputError.about(self.file, found, f"weights of a {type(network).__name__} with the same options")
        common = [name for name in self.classes if name in old]
        for name in renewed:
            fitting[name] = own[name].clone()
            for one in common:
                fitting[name][self.classes.index(one)] = given[name][old.index(one)].to(own[name].dtype)
        network.load_state_dict(own | fitting)
        new = [name for name in self.classes if name not in old] if renewed else []
        other = [name for name in own if name not in fitting]
        return {
            "file": str(self.file),
            "sha256": sha256(self.file),
            "loaded": len(fitting) - len(renewed),
            "tensors": len(own),
            "copied": common if renewed else [],
            "new": new + other,
        }

    def _old_classes(self) -> list[str]:
        return list(stored_settings(self.file).get("classes") or []) if self.file else []

    def _is_output(self, given: Any, own: torch.Tensor, old: Sequence[str]) -> bool:
        """Return whether a tensor has a row for each class and differs from that of the weights in nothing else.

        Equal numbers of other classes, or of the same in another order, have the same shape.
        """
        if not isinstance(given, torch.Tensor) or given.ndim == 0 or own.ndim == 0 or not old:
            return False
        rows = (len(given), len(own)) == (len(old), len(self.classes))
        return rows and given.shape[1:] == own.shape[1:] and list(old) != self.classes


def _fits(given: Any, own: torch.Tensor) -> bool:
    return isinstance(given, torch.Tensor) and given.shape == own.shape


def describe_start(found: Mapping[str, Any]) -> str:
    """Return the line on what a network starts from.

    Args:
        found: as `Start.load` returns it.

    Examples:
        >>> describe_start({"file": "model.pt", "sha256": "12ab34cd56", "loaded": 4, "tensors": 6,
        ...     "copied": ["background"], "new": ["myelin", "axon"]})
        'Start: model.pt (SHA-256 12ab34cd…): 4 of 6 tensors, output of background; new: myelin, axon.'
    """
    outputs = f", output of {', '.join(found['copied'])}" if found["copied"] else ""
    new = f"; new: {', '.join(found['new'])}" if found["new"] else ""
    loaded = f"{found['loaded']} of {found['tensors']} tensors{outputs}"
    return f"Start: {found['file']} (SHA-256 {found['sha256'][:8]}…): {loaded}{new}."
