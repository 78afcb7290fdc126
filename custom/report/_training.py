"""The report of training: curves, the saved weights, and validation images predicted with them."""

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
from ..ground.wording import plain_number, score_label
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
    """Write ``report.html`` of a finished training run from its ``run.json``, ``history.csv`` and weights.

    The validation images are predicted again with the saved weights; network and evaluator are left unchanged.

    Args:
        task: name of the bundle.
        folder: output folder of the run.
        evaluator: MONAI's evaluator that validates.
        postprocessing: postprocessing of the evaluator.
        view: how images are shown and ordered.
        next_commands: what to do next → command, None if unknown.

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
        criterion=_criterion(run["best"], key),
        epochs=len(rows),
        minutes=plain_number(run["minutes"]),
        plots=_plots(rows, run["best"]["epoch"]),
        thresholds={
            name: threshold_curve(name, scan, value, score_label(key.removeprefix("val_")))
            for name, (value, scan) in _facts.threshold_scans(folder / WEIGHTS_FILE).items()
        },
        split=split_of(
            SPLIT, table.rows, view.measure, table.pictures.by_split().get(SPLIT, []) if table.pictures else []
        ),
        rows=[(row["image"], row[view.measure]) for row in table.rows],
        weights=folder / WEIGHTS_FILE,
        next_steps=next_commands,
        about=_about(run),
    )
    print(f"Report: {folder / REPORT_FILE}", flush=True)


def _validate_again(weights: Path, evaluator: Engine, postprocessing: Callable[[Any], Any], view: View) -> ScoreTable:
    """Return scores and pictures of the validation images, predicted with the saved weights."""
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
    """Load the weights of a file into a network, and restore its own weights at the end."""
    own = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network.load_state_dict(load_weights(file))
    try:
        yield
    finally:
        network.load_state_dict(own)


def _plots(rows: list[dict[str, str]], saved: int) -> dict[str, Markup]:
    """Return the plots of a history: caption → SVG."""
    losses, scores = losses_and_scores(rows)
    rates = [float(row["learning_rate"]) for row in rows]
    wide = min(rates) > 0 and max(rates) > 30 * min(rates)
    return {
        "Loss, in training of augmented crops and in validation of whole images.": curves(
            "loss", rows, losses, "loss", saved
        ),
        "Scores; higher is better.": curves("scores", rows, scores, "score", saved),
        "Learning rate.": curves("learning rate", rows, ["learning_rate"], "learning rate", log=wide),
        "Duration of each epoch, including validation.": curves("seconds", rows, ["seconds"], "seconds"),
    }


def _criterion(best: Mapping[str, Any], key: str) -> str:
    """Return why the weights of the chosen epoch were saved."""
    if best["by"] == "last":
        return "last epoch, as set by --best_by last"
    if best["by"] == "loss":
        return f"lowest validation loss, {plain_number(-best['score'])}"
    return f"highest validation {score_label(key.removeprefix('val_'))}, {plain_number(best['score'])}"


def _about(run: Mapping[str, Any]) -> dict[str, str]:
    """Return the facts about a training run in its ``run.json``, and the date."""
    data = "; ".join(f"{manifest['name']}, {manifest['source']}" for manifest in run["data"])
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
