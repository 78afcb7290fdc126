"""The report of a training: its curves, what it kept, and validation images with the weights that it kept."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ignite.engine import Engine
from markupsafe import Markup
from monai.engines import SupervisedEvaluator
from torch import nn

from ..evaluation import Pictures, ScoreTable, View
from ..ground.engines import Progress
from ..html import REPORT_FILE, curves, threshold_curve, write_page
from ..training import losses_and_scores
from ..weights import RUN_FILE, WEIGHTS_FILE, load_weights
from . import _facts
from ._split import split_of

SPLIT = "validation"


def report_training(
    task: str,
    folder: Path,
    evaluator: Engine,
    postprocessing: Callable[[Any], Any],
    view: View,
    next_commands: Mapping[str, str | None],
) -> None:
    """Write ``report.html`` of a training that left its ``run.json``, ``history.csv`` and weights in a folder.

    The validation images are predicted once more, with the weights that were kept; the network and the evaluator are
    afterwards as they were before.

    Args:
        task: name of the bundle.
        folder: the training's output folder.
        evaluator: MONAI's evaluator that validated.
        postprocessing: what it does with a prediction.
        view: how images are shown and ordered.
        next_commands: what one may do next → the command to type, None where it is not known.

    Raises:
        InputError: there are no weights, or the folder cannot be created.
    """
    run = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    with (folder / "history.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    table = _validate_again(folder / WEIGHTS_FILE, evaluator, postprocessing, view)
    key = str(evaluator.state.key_metric_name)
    write_page(
        folder / REPORT_FILE,
        Path(__file__).with_name("training.html.j2"),
        task=task,
        view=view,
        best=run["best"],
        kept_by=_kept_by(run["best"], key),
        epochs=len(rows),
        minutes=run["minutes"],
        plots=_plots(rows, run["best"]["epoch"]),
        thresholds={
            name: threshold_curve(name, scan, value, key.removeprefix("val_").replace("_", " "))
            for name, (value, scan) in _facts.threshold_scans(folder / WEIGHTS_FILE).items()
        },
        split=split_of(
            SPLIT, table.rows, view.measure, table.pictures.chosen().get(SPLIT, []) if table.pictures else []
        ),
        rows=[(row["image"], row[view.measure]) for row in table.rows],
        weights=folder / WEIGHTS_FILE,
        next_steps=next_commands,
        about=_about(run),
    )
    print(f"Report: {folder / REPORT_FILE}", flush=True)


def _validate_again(weights: Path, evaluator: Engine, postprocessing: Callable[[Any], Any], view: View) -> ScoreTable:
    """Return scores and pictures of the validation images."""
    table = ScoreTable({view.measure: view.score}, pictures=Pictures(view))
    table.split = SPLIT
    again = SupervisedEvaluator(
        device=evaluator.state.device,
        val_data_loader=evaluator.data_loader,
        network=evaluator.network,
        inferer=evaluator.inferer,
        postprocessing=postprocessing,
        val_handlers=[Progress("report"), table],
        amp=evaluator.amp,
    )
    with _weights_of(weights, evaluator.network):
        again.run()
    return table


@contextmanager
def _weights_of(file: Path, network: nn.Module) -> Iterator[None]:
    """Give a network the weights of a file for a while."""
    own = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network.load_state_dict(load_weights(file))
    try:
        yield
    finally:
        network.load_state_dict(own)


def _plots(rows: list[dict[str, str]], kept: int) -> dict[str, Markup]:
    """Return the plots of a history: what is said of them → SVG."""
    losses, scores = losses_and_scores(rows)
    rates = [float(row["learning_rate"]) for row in rows]
    wide = min(rates) > 0 and max(rates) > 30 * min(rates)
    return {
        "Loss; the validation's is of whole images, the training's of what the network saw.": curves(
            "loss", rows, losses, "loss", kept
        ),
        "Scores; higher is better.": curves("scores", rows, scores, "score", kept),
        "Learning rate.": curves("learning rate", rows, ["learning_rate"], "learning rate", log=wide),
        "Time that an epoch took, its validation included.": curves("seconds", rows, ["seconds"], "seconds"),
    }


def _kept_by(best: Mapping[str, Any], key: str) -> str:
    """Return why the weights of the chosen epoch were kept."""
    if best["by"] == "last":
        return "the last epoch, as --best_by last asks"
    if best["by"] == "loss":
        return f"the lowest validation loss, {-best['score']:.4f}"
    return f"the highest {key.replace('val_', 'validation ').replace('_', ' ')}, {best['score']:.4f}"


def _about(run: Mapping[str, Any]) -> dict[str, str]:
    """Return what a ``run.json`` says of a training, and the date."""
    data = "; ".join(f"{one['name']}, {one['source']}" for one in run["data"])
    return {
        "command": run["command"],
        "date": _facts.of_this_run("cpu")["date"],
        "data": data,
        "images": ", ".join(f"{count} {split}" for split, count in run["images"].items()),
        "seed": run["seed"],
        "SHA-256 of the weights": run["sha256"],
        "machine": run["machine"],
        "versions": _facts.listed(run["versions"]),
    }
