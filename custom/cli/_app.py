"""The command ``microscopy``: its subcommands, their options and help.

Typer reads the command line; what was typed then runs outside of it, so that exit codes and signals are those of the
run. What a command needs is imported when it runs, so that help and completion are fast.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from ..data._shipped import shipped_bundles
from ..errors import InputError, show_input_errors
from ..ground.quiet import print_any_text
from ._about import description_of, table_of
from ._bundle import Bundle, content_of, find_bundle, near
from ._lines import RUNS, config_files, monai_words, overlays_of, split, start, weights_file

Job: TypeAlias = Callable[[], None]
"""What remains to be done when the command line has been read."""

_FURTHER = {"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]}
_AS_TYPED = {"ignore_unknown_options": True, "help_option_names": []}
_EPILOG = "Every option of the configs is accepted: --NAME VALUE. List them with: microscopy options BUNDLE {}"

app = typer.Typer(
    name="microscopy",
    help="Segment and track cells and their parts in microscopy images, with the bundles of this package or your own.",
    epilog="Start with: microscopy bundles",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


# ------------------------------------------------------------------------------------------------------- completion


def _bundle_names(incomplete: str) -> list[tuple[str, str]]:
    """Return the shipped bundles, and folders of other bundles, that begin as typed."""
    shipped = [
        (name, str(Bundle(folder, True).metadata().get("name", ""))) for name, folder in shipped_bundles().items()
    ]
    others = [(str(folder.parent), "a folder with configs") for folder in Path().glob(f"{incomplete}*/configs")]
    return [one for one in [*shipped, *others] if one[0].startswith(incomplete)]


def _run_names(incomplete: str) -> list[str]:
    return [name for name in RUNS if name.startswith(incomplete)]


def _overlay_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the overlays of the bundle that was typed before; typer leaves it in the arguments, as -c has no value."""
    typed = next((word for word in (ctx.params.get("bundle"), *ctx.args) if word), "")
    try:
        return [name for name in overlays_of(find_bundle(typed)) if name.startswith(incomplete)]
    except InputError:
        return []


# ---------------------------------------------------------------------------------------------- what commands share

_Bundle: TypeAlias = Annotated[
    str, typer.Argument(metavar="BUNDLE", help="Its name, or the folder of any bundle.", autocompletion=_bundle_names)
]
_Images: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="IMAGES", help="Files, folders or quoted globs; without, the bundle's sample data."),
]
_Frames: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="FRAMES", help="A folder of frames, or a stack; without, the bundle's sample data."),
]
_Data: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="DATA", help="Folders with images and labels; without, the bundle's sample data."),
]
_Output: TypeAlias = Annotated[
    str | None, typer.Option("-o", "--output_dir", metavar="FOLDER", help="Where results are written.")
]
_Weights: TypeAlias = Annotated[
    str | None,
    typer.Option("-w", "--weights", metavar="RUN", help="Output folder of a training run, or a file of weights."),
]
_Overlays: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "-c",
        "--config",
        metavar="NAME",
        help="Config to add, by name or path; repeatable.",
        autocompletion=_overlay_names,
    ),
]


def _job(
    command: str,
    bundle: str,
    words: list[str] | None,
    output_dir: str | None,
    config: list[str] | None,
    weights: str | None = None,
) -> Job:
    """Return the run of a bundle that was typed."""
    typed = split([bundle, *(words or [])])
    if output_dir is not None:
        typed.add("output_dir", output_dir)
    if weights is not None:
        typed.add("ckpt_path", weights_file(weights))
    if not typed.places:
        raise InputError(f"microscopy {command}: found no bundle, expected its name before the options.")
    found = find_bundle(typed.places.pop(0))
    files = config_files(RUNS[command], found, config or [])
    line = monai_words(RUNS[command], found, files, typed)
    trusted = found.shipped and all(file.parent == found.folder / "configs" for file in files)
    return lambda: start(line, trusted)


# ---------------------------------------------------------------------------------------------------------- commands


@app.command(rich_help_panel="Bundles")
def bundles(
    name: Annotated[
        str | None, typer.Argument(metavar="BUNDLE", help="Show all about one.", autocompletion=_bundle_names)
    ] = None,
    copy: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Copy this bundle to a new folder.")] = None,
) -> Job:
    """List the bundles: for which images, trained on what, terms and scores."""
    if copy is not None:
        if name is None:
            raise InputError("--copy: found no bundle, expected its name: microscopy bundles NAME --copy FOLDER.")
        return lambda: _copy(name, copy)
    if name is not None:
        return lambda: _print(description_of(find_bundle(name)))
    return lambda: _print(table_of(Bundle(folder, shipped=True) for folder in shipped_bundles().values()))


def _print(text: str) -> None:
    """Print a text; the reader of a pipe, such as head, may stop early."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    print(text, flush=True)


def _copy(name: str, folder: Path) -> None:
    from ..bundles import copy_bundle

    print(copy_bundle(name, folder))


@app.command(rich_help_panel="Bundles")
def options(
    bundle: _Bundle,
    command: Annotated[
        str, typer.Argument(metavar="COMMAND", help=f"{', '.join(RUNS)}.", autocompletion=_run_names)
    ] = "segment",
    config: _Overlays = None,
) -> Job:
    """List the options of a bundle for a command, with units, meanings and defaults."""
    if command not in RUNS:
        raise InputError(f"{command}: found no such command, expected one of: {', '.join(RUNS)}{near(command, RUNS)}.")
    return lambda: _options(find_bundle(bundle), command, config or [])


def _options(bundle: Bundle, command: str, overlays: list[str]) -> None:
    from ..runs._options import listed_options

    files = config_files(RUNS[command], bundle, overlays)
    _print(listed_options(files, content_of(files)))


@app.command(context_settings=_FURTHER, epilog=_EPILOG.format("segment"), rich_help_panel="Run a bundle")
def segment(
    bundle: _Bundle,
    images: _Images = None,
    output_dir: _Output = None,
    weights: _Weights = None,
    config: _Overlays = None,
) -> Job:
    """Segment and measure images.

    Results are written to ./BUNDLE_results, unless -o names another folder.
    The same command again processes only the images that are missing.
    """
    return _job("segment", bundle, images, output_dir, config, weights)


@app.command(context_settings=_FURTHER, epilog=_EPILOG.format("track"), rich_help_panel="Run a bundle")
def track(
    bundle: _Bundle,
    frames: _Frames = None,
    output_dir: _Output = None,
    weights: _Weights = None,
    config: _Overlays = None,
) -> Job:
    """Segment cells and track them through a movie (hela_track).

    Results are written to ./BUNDLE_tracks, unless -o names another folder.
    """
    return _job("track", bundle, frames, output_dir, config, weights)


@app.command(context_settings=_FURTHER, epilog=_EPILOG.format("train"), rich_help_panel="Run a bundle")
def train(bundle: _Bundle, data: _Data = None, output_dir: _Output = None, config: _Overlays = None) -> Job:
    """Train a bundle on your own images.

    Weights and a report are written to ./BUNDLE_training, unless -o names another folder.
    """
    return _job("train", bundle, data, output_dir, config)


@app.command(context_settings=_FURTHER, epilog=_EPILOG.format("evaluate"), rich_help_panel="Run a bundle")
def evaluate(
    bundle: _Bundle,
    data: _Data = None,
    output_dir: _Output = None,
    weights: _Weights = None,
    config: _Overlays = None,
) -> Job:
    """Score the weights of a bundle on images with labels.

    Scores and a report are written to ./BUNDLE_scores, unless -o names another folder.
    """
    return _job("evaluate", bundle, data, output_dir, config, weights)


@app.command(context_settings=_FURTHER, epilog=_EPILOG.format("evaluate-tracks"), rich_help_panel="Run a bundle")
def evaluate_tracks(
    bundle: _Bundle,
    data: _Data = None,
    output_dir: _Output = None,
    weights: _Weights = None,
    config: _Overlays = None,
) -> Job:
    """Track sequences with ground truth and score the tracks (hela_track).

    Scores and tracks are written to ./BUNDLE_track_scores, unless -o names another folder.
    """
    return _job("evaluate-tracks", bundle, data, output_dir, config, weights)


@app.command(context_settings=_AS_TYPED, add_help_option=False, rich_help_panel="Other tools")
def score(words: Annotated[list[str] | None, typer.Argument(metavar="masks|ctc|membrane TRUTH RESULT")] = None) -> Job:
    """Score masks or tracks of any tool against ground truth, without a bundle."""
    if words and words[0] in shipped_bundles():
        expected = f"masks, ctc or membrane; the weights of a bundle are scored by: microscopy evaluate {words[0]}"
        raise InputError(f"microscopy score: found the bundle {words[0]}, expected {expected}")
    return lambda: _pass_on("custom.score.__main__", words or [])


@app.command(context_settings=_AS_TYPED, add_help_option=False, rich_help_panel="Other tools")
def run(words: Annotated[list[str] | None, typer.Argument(metavar="RUN --config_file FILE ...")] = None) -> Job:
    """Run configs by path: the same as python -m monai.bundle run."""
    return lambda: _pass_on("custom.runs.__main__", ["run", *(words or [])])


def _pass_on(module: str, words: list[str]) -> None:
    """Run the main function of another command, with words as they were typed."""
    sys.argv[1:] = words
    import_module(module).main()


def main() -> None:
    """Read the command line, then run what was typed.

    Raises:
        InputError: the command line is wrong, or the run raises it.
        SystemExit: the exit code of the run, or of help.
    """
    show_input_errors()
    print_any_text()
    command = typer.main.get_command(app)
    try:
        job = command.main(sys.argv[1:] or ["--help"], prog_name="microscopy", standalone_mode=False)
    except typer.TyperException as error:
        raise InputError(f"microscopy: {error.format_message()}") from error
    if not callable(job):
        raise SystemExit(job)
    job()
