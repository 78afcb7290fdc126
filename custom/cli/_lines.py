"""From a short command to the command of MONAI that it stands for."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ..data._shipped import shipped_bundles
from ..errors import InputError
from ..ground.command_line import joined
from ..ground.names import in_home
from ..ground.option_values import flag
from ..runs._options import KINDS, SWITCH
from ._bundle import Bundle, content_of, near


class Run(NamedTuple):
    """A run of a bundle.

    Attributes:
        name: its id in the configs.
        configs: names of the configs that contain it.
        data: the option for what it reads.
        folder: added to the name of the bundle, the default output folder.
    """

    name: str
    configs: tuple[str, ...]
    data: str
    folder: str


RUNS = {
    "segment": Run("inference", ("inference",), "input", "results"),
    "track": Run("tracking", ("track",), "input", "tracks"),
    "train": Run("training", ("train",), "dataset_dir", "training"),
    "evaluate": Run("evaluating", ("train", "evaluate"), "dataset_dir", "scores"),
    "evaluate-tracks": Run("evaluating_tracks", ("track", "evaluate_track"), "dataset_dir", "track_scores"),
}
"""Name of a command → its run."""


@dataclass
class Typed:
    """What was typed after the name of a bundle.

    Attributes:
        places: images, or folders of data.
        options: option of the config → its value as text.
    """

    places: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, value: str) -> None:
        """Add an option.

        Raises:
            InputError: the option has a value already.
        """
        if name in self.options:
            raise InputError(f"--{name}: found {self.options[name]} and {value}, expected one value.")
        self.options[name] = value


def split(words: Sequence[str]) -> Typed:
    """Return the paths and the options among words; an option is followed by its value, unless it is a bare switch.

    Raises:
        InputError: an option occurs twice or has a single hyphen.

    Examples:
        >>> split(["a.tif", "--recursive", "b.tif", "--min_area=5"])
        Typed(places=['a.tif', 'b.tif'], options={'recursive': 'true', 'min_area': '5'})
    """
    typed, rest = Typed(), list(words)
    while rest:
        word = rest.pop(0)
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            typed.add(name, value if equals else rest.pop(0) if _has_value(name, rest) else "true")
        elif word.startswith("-"):
            raise InputError(f"{word}: found an unknown option, expected --NAME VALUE, or ./{word} for a file.")
        else:
            typed.places.append(word)
    return typed


def _has_value(name: str, after: Sequence[str]) -> bool:
    if not after or after[0].startswith("--"):
        return False
    return KINDS.get(name) is not SWITCH or SWITCH.accepts(after[0])


def config_files(run: Run, bundle: Bundle, overlays: Sequence[str] = ()) -> list[Path]:
    """Return the configs of a run, overlays last.

    Args:
        run: the run.
        bundle: the bundle.
        overlays: further configs: names of those of the bundle, or paths.

    Raises:
        InputError: the bundle has no config of this run, or an overlay does not exist.
    """
    known = bundle.configs()
    for name in run.configs:
        if name not in known:
            raise InputError.about(bundle.name, f"a bundle without {name}.yaml", f"one of: {_with_config(name)}")
    return [*(known[name] for name in run.configs), *(_overlay(bundle, overlay) for overlay in overlays)]


def _with_config(name: str) -> str:
    bundles = {bundle: Bundle(folder, shipped=True) for bundle, folder in shipped_bundles().items()}
    return ", ".join(one for one, bundle in bundles.items() if name in bundle.configs())


def overlays_of(bundle: Bundle) -> dict[str, Path]:
    """Return the configs of a bundle that can be added to others, by name."""
    base = {name for run in RUNS.values() for name in run.configs}
    return {name: file for name, file in bundle.configs().items() if name not in base}


def _overlay(bundle: Bundle, text: str) -> Path:
    known = overlays_of(bundle)
    if text in known:
        return known[text]
    if not in_home(text).is_file():
        expected = ", ".join([*known, "or the path of a config"])
        raise InputError(f"--config: found {text}, expected {expected}{near(text, known)}.")
    return in_home(text)


def monai_words(run: Run, bundle: Bundle, files: Sequence[Path], typed: Typed) -> list[str]:
    """Return the words after ``python -m monai.bundle`` for a run.

    Args:
        run: the run.
        bundle: the bundle.
        files: its configs, from `config_files`.
        typed: the paths and options; without an output folder, the default one is added.

    Raises:
        InputError: an option is given twice, or the default output folder has other files.
    """
    known = content_of(files)
    if typed.places:
        typed.add(run.data, _value([_literal(place) for place in typed.places]))
    if "output_dir" not in typed.options and "output_dir" in known:
        typed.add("output_dir", _default_folder(run, bundle, typed.options))
    name = run.name if run.name in known else "run"  # the only one in many bundles of other people
    return ["run", name, "--config_file", _value(list(map(str, files))), *_words(typed.options)]


def _value(texts: Sequence[str]) -> str:
    """Return a text, or several as the list that MONAI's command line reads."""
    return texts[0] if len(texts) == 1 else f"[{','.join(map(repr, texts))}]"


def _literal(path: str) -> str:
    """Return a path that neither Python nor MONAI takes for an expression."""
    return f"./{path}" if path.startswith(("$", "%", "@", "[", "(", "{", "'", '"')) else path


def _words(options: Mapping[str, str]) -> list[str]:
    """Return options as words; a value that begins like an option is joined to its name."""
    pairs = [[f"--{n}={v}"] if v.startswith("-") else [f"--{n}", v] for n, v in options.items()]
    return [word for pair in pairs for word in pair]


def _default_folder(run: Run, bundle: Bundle, options: Mapping[str, str]) -> str:
    """Return the default output folder; one with files must be of a run that continues there.

    Raises:
        InputError: the folder has files, and the run would begin anew.
    """
    folder = Path(f"{bundle.name}_{run.folder}")
    resumed = flag("resume", options.get("resume", False))
    if not resumed and not (folder / ".done").is_dir() and _has_files(folder):
        also = " or --resume true" if run.name == "training" else ""
        raise InputError.about(folder, "existing files", f"a new folder, -o FOLDER{also}")
    return _literal(str(folder))


def _has_files(folder: Path) -> bool:
    """Return whether a folder has files that are not hidden, or is a file itself."""
    return any(not file.name.startswith(".") for file in folder.iterdir()) if folder.is_dir() else folder.exists()


def weights_file(text: str) -> str:
    """Return the weights in the output folder of a training run; a file is returned as it is."""
    return str(Path(text) / "model.pt") if in_home(text).is_dir() else text


def start(words: Sequence[str], trusted: bool) -> None:
    """Print the command of MONAI, and run it in this process.

    Args:
        words: those after ``python -m monai.bundle``.
        trusted: whether to hide MONAI's warning that a config is code.
    """
    from ..runs.__main__ import main

    print(joined(["python", "-m", "monai.bundle", *words]), flush=True)
    if trusted:
        warnings.filterwarnings("ignore", message="parsing config_file", category=UserWarning)
    sys.argv[1:] = words
    main()
