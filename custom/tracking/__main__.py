"""Tracking from the command line: ``python -m custom.tracking`` with ``link``, ``validate`` or ``fit``.

The commands import what they need when they run, so that ``--help`` is fast.
"""

from __future__ import annotations

import shlex
import sys
import warnings

from ..ground.commands import run_commands
from ..ground.names import as_given
from ..ground.option_values import flag
from ..ground.progress import Bar


def link(masks: str, result: str, *, settings: str | None = None) -> None:
    """Link the masks of any tool into tracks, and write them in the format of the Cell Tracking Challenge.

    For the result ``01_RES``, tables are written to ``01_report``: ``links.csv``, least confident first, and
    ``merges.csv``.

    Args:
        masks: folder or stack of instance labels, 2-D or 3-D; the labels of a cell may differ between frames.
        result: output folder, usually NN_RES, for maskNNN.tif and res_track.txt.
        settings: YAML file with settings, such as fit writes; default settings if not given.
    """
    from .ctc._format import digits_for
    from .ctc._sequences import open_labels
    from .ctc._writing import ResultWriter
    from .exports._tables import write_links, write_merges
    from .linking._settings import LinkingSettings, read_settings
    from .linking._two_passes import track
    from .run._doubts import CellCounts

    chosen = LinkingSettings() if settings is None else read_settings(settings)
    sequence, folder = open_labels(masks), as_given(result)
    print(f"Linking {len(sequence)} frames of {as_given(masks)}", flush=True)
    cells = CellCounts(sequence)
    with Bar(2 * len(sequence), "linking") as bar:
        found = track(cells.counted(), ResultWriter(folder, digits_for(sequence.frames)), chosen, progress=bar.update)
    for note in cells.notes(str(masks), found.links):
        warnings.warn(note, stacklevel=1)
    tables = folder.with_name(f"{folder.name.removesuffix('_RES')}_report")
    write_links(tables / "links.csv", found.links)
    write_merges(tables / "merges.csv", found.merges)
    print(f"Result: {folder} (tracks: {len(found.tracks)}, frames: {len(sequence)})")
    print(f"Links, least confident first: {tables / 'links.csv'}")
    print(f"Merges: {tables / 'merges.csv'} ({len(found.merges)})")


def validate(folder: str, *, repair: bool | str = False) -> None:
    """Check a result against the rules of the Cell Tracking Challenge; the exit code is 1 if it violates a rule.

    Args:
        folder: the result, NN_RES, with maskNNN.tif and res_track.txt.
        repair: make all unambiguous corrections first, and print them.
    """
    from .ctc import _corrections, _validation

    if flag("repair", repair):
        for change in _corrections.repair(folder):
            print(f"Repaired: {change}")
    found = _validation.validate(folder)
    print("\n".join(map(str, found)) if found else f"Valid: {folder}")
    if found:
        sys.exit(1)


def fit(truth: str, *, masks: str | None = None, output: str = "tracking.yaml") -> None:
    """Estimate the settings of the linking from an annotated sequence, and write them as a config file.

    Args:
        truth: a folder NN_GT.
        masks: label images of the same frames with whole cells, if the truth has only markers.
        output: the config file.
    """
    from . import _fitting

    print(f"Fitting settings to {as_given(truth)}", flush=True)
    found = _fitting.fit(truth, masks)
    _fitting.write_settings(output, found, shlex.join(["python", "-m", "custom.tracking", *sys.argv[1:]]))
    print(f"LNK {found.lnk:.4f}, with the default settings {found.default_lnk:.4f}. Settings: {as_given(output)}")


def main() -> None:
    """Run the command line."""
    run_commands("custom.tracking", {"link": link, "validate": validate, "fit": fit})


if __name__ == "__main__":
    main()
