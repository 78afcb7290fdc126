"""Tracks from the command line: ``python -m custom.tracking`` with ``link``, ``validate`` or ``fit``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from fire.decorators import SetParseFn

from ..ground.commands import run_commands
from ..ground.option_values import flag
from ..ground.progress import Bar
from .ctc._names import digits_for
from .ctc._repair import repair as repair_result
from .ctc._sequences import open_labels
from .ctc._validation import validate as violations
from .ctc._writing import ResultWriter
from .exports._tables import write_links, write_merges
from .linking._fitting import fit as fit_settings
from .linking._fitting import write_settings
from .linking._settings import Settings
from .linking._settings_file import read_settings
from .linking._two_passes import track


@SetParseFn(str, "masks", "result", "settings")
def link(masks: str, result: str, *, settings: str | None = None) -> None:
    """Link the masks of any tool into tracks, and write them in the form of the Cell Tracking Challenge.

    Beside the result, of ``01_RES`` in ``01_report``, there will be ``links.csv``, the least sure first, and
    ``merges.csv``.

    Args:
        masks: folder or stack of instance labels, 2-D or 3-D; what number a cell has in a frame does not matter.
        result: folder to write, usually NN_RES, with maskNNN.tif and res_track.txt.
        settings: YAML of settings, such as fit writes; the defaults if not given.
    """
    chosen = Settings() if settings is None else read_settings(settings)
    sequence, folder = open_labels(masks), Path(result).resolve()
    print(f"Linking {len(sequence)} frames of {Path(masks).resolve()}", flush=True)
    with Bar(2 * len(sequence), "linking") as bar:
        found = track(sequence, ResultWriter(folder, digits_for(sequence.frames)), chosen, progress=bar.update)
    tables = folder.with_name(f"{folder.name.removesuffix('_RES')}_report")
    write_links(tables / "links.csv", found.links)
    write_merges(tables / "merges.csv", found.merges)
    print(f"Result: {folder} (tracks: {len(found.tracks)}, frames: {len(sequence)})")
    print(f"Links, the least sure first: {tables / 'links.csv'}")
    print(f"Merges: {tables / 'merges.csv'} ({len(found.merges)})")


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
    print(f"Fitting settings to {Path(truth).resolve()}", flush=True)
    found = fit_settings(truth, masks)
    write_settings(output, found, shlex.join(["python", "-m", "custom.tracking", *sys.argv[1:]]))
    print(f"LNK {found.lnk:.4f}, with the default settings {found.default_lnk:.4f}. Settings: {Path(output).resolve()}")


def main() -> None:
    """Run the command line."""
    run_commands("custom.tracking", {"link": link, "validate": validate, "fit": fit})


if __name__ == "__main__":
    main()
