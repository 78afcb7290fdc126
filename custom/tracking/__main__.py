"""Tracks from the command line: ``python -m custom.tracking validate RES_DIR [--repair]`` and ``fit GT_DIR``."""

from __future__ import annotations

import shlex
import sys

import fire
from fire.decorators import SetParseFn

from ..errors import show_input_errors
from ..options import flag
from ._fitting import fit as fit_settings
from ._fitting import write_settings
from ._repair import repair as repair_result
from ._validation import validate as violations


@SetParseFn(str, "folder")
def validate(folder: str, *, repair: bool | str = False) -> None:
    """Check a result against the rules of the Cell Tracking Challenge; exit code 1 when it breaks one.

    Args:
        folder: the result, NN_RES, with maskNNN.tif and res_track.txt.
        repair: mend what has one right answer first, and print what was changed.
    """
    if flag("repair", repair):
        for change in repair_result(folder):
            print(f"Repaired: {change}")
    found = violations(folder)
    print("\n".join(map(str, found)) if found else f"Valid: {folder}")
    if found:
        sys.exit(1)


@SetParseFn(str, "truth", "masks", "output")
def fit(truth: str, *, masks: str | None = None, output: str = "tracking.yaml") -> None:
    """Estimate the settings of the linking from an annotated sequence, and write them as a config to lay over another.

    Args:
        truth: a folder NN_GT.
        masks: label images of the same frames in which cells have their true size, where the truth has only markers.
        output: the config.
    """
    found = fit_settings(truth, masks)
    write_settings(output, found, shlex.join(["python", "-m", "custom.tracking", *sys.argv[1:]]))
    print(f"LNK {found.lnk:.4f}, with the default settings {found.default_lnk:.4f}. Settings: {output}")


COMMANDS = {"validate": validate, "fit": fit}


def main() -> None:
    """Run the command line."""
    show_input_errors()
    fire.Fire(COMMANDS, name="python -m custom.tracking")


if __name__ == "__main__":
    main()
