"""Measure what a run costs before its first line: CPU seconds in addition to those of a minimal MONAI bundle.

    OMP_NUM_THREADS=1 python benchmarks/start.py OTHER [--rounds 5] [--bundles dendrite tem]

OTHER is a folder with another checkout of this repository, for example of an earlier commit; the Python that runs this
script runs both. Each measurement is a separate process, which first runs a minimal bundle that uses only MONAI: this
imports PyTorch, MONAI and their dependencies. Then the clock starts, and the process runs a bundle up to its first
line. The time of a second run of the minimal bundle, which parses its config and creates its objects, is subtracted;
the rest is the bundle's own share.

The bundles run on their sample data, which are generated beforehand. Images are not kept in memory (`cache_rate` 0),
because that time grows with their number. Python's garbage collector is off, because a full collection takes longer
than the measured code and occurs at a random point. Measurements alternate, so that a busy machine delays all of them
equally; the minimum of each counts. The script also measures imports, and prints Markdown tables.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
BUNDLES = sorted(folder.name for folder in (ROOT / "bundles").iterdir() if (folder / "configs").is_dir())
CONFIGS = {"inference": "inference", "training": "train"}  # what is run → the name of its config

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

# Runs two bundles as `python -m monai.bundle` does, the second up to the first line that it prints, and prints instead
# the CPU seconds of both. The arguments are those of the first, "then", and those of the second.
_UNTIL_FIRST_LINE = """
import gc, os, runpy, sys, time
gc.disable()
class FirstLine:
    def __getattr__(self, name):
        return getattr(sys.__stdout__, name)
    def write(self, text):
        if second and text.strip():
            os.write(1, f"{second} {time.process_time() - second}".encode())
            os._exit(0)
second = 0.0
sys.stdout = FirstLine()
then = sys.argv.index("then")
arguments = sys.argv[1:then], sys.argv[then + 1:]
sys.argv[1:] = arguments[0]
runpy.run_module("monai.bundle", run_name="__main__", alter_sys=True)
sys.argv[1:] = arguments[1]
second = time.process_time()
runpy.run_module("monai.bundle", run_name="__main__", alter_sys=True)
"""

_IMPORTS = (
    "import custom",
    "import custom.errors",
    "import torch",
    "import torch, monai.bundle, monai.engines, ignite",
)

# What a bundle has at least. MONAI's zoo has much of this.
_MONAI_ALONE = {
    "imports": ["$import torch"],
    "output_dir": "nowhere",
    "dataset_dir": "nowhere",
    "device": "cpu",
    "cache_rate": 0,
    "network": {
        "_target_": "BasicUNet",
        "spatial_dims": 2,
        "in_channels": 1,
        "out_channels": 1,
        "features": [16, 32, 64, 64, 64, 16],
    },
    "transform": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "LoadImaged", "keys": "image"},
            {"_target_": "NormalizeIntensityd", "keys": "image"},
        ],
    },
    "dataset": {"_target_": "Dataset", "data": [{"image": "nowhere"}], "transform": "@transform"},
    "loader": {"_target_": "DataLoader", "dataset": "@dataset"},
    "inferer": {"_target_": "SlidingWindowInferer", "roi_size": 256},
    "evaluator": {
        "_target_": "SupervisedEvaluator",
        "device": "$torch.device(@device)",
        "val_data_loader": "@loader",
        "network": "@network",
        "inferer": "@inferer",
        "val_handlers": [{"_target_": "StatsHandler", "iteration_log": False}],
    },
    "loss": {"_target_": "DiceCELoss", "sigmoid": True},
    "optimizer": {"_target_": "torch.optim.AdamW", "params": "$@network.parameters()"},
    "trainer": {
        "_target_": "SupervisedTrainer",
        "device": "$torch.device(@device)",
        "max_epochs": 1,
        "train_data_loader": "@loader",
        "network": "@network",
        "optimizer": "@optimizer",
        "loss_function": "@loss",
        "train_handlers": [{"_target_": "ValidationHandler", "validator": "@evaluator", "interval": 1}],
    },
    "inference": ["$@evaluator", "$print('first line')"],
    "training": ["$@trainer", "$print('first line')"],
}


class Bench:
    """Runs bundles up to their first line.

    Args:
        folder: for the sample data and the bundle of MONAI alone.
        bundles: names of those to draw sample data for.
    """

    def __init__(self, folder: Path, bundles: list[str]) -> None:
        self.folder = folder
        self.alone = folder / "alone" / "configs" / "config.yaml"
        self.alone.parent.mkdir(parents=True)
        self.alone.write_text(yaml.safe_dump(_MONAI_ALONE, sort_keys=False), "utf-8")
        for name in ("metadata.json", "logging.conf"):  # without them, MONAI complains in a first line of its own
            shutil.copy(ROOT / "bundles" / BUNDLES[0] / "configs" / name, self.alone.parent)
        draw = (
            "import custom, sys; from pathlib import Path; print(custom.make_samples(sys.argv[1], Path(sys.argv[2])))"
        )
        for bundle in bundles:
            _python(ROOT, draw, bundle, str(folder / bundle))

    def own(self, checkout: Path, bundle: str, run: str) -> float:
        """Return the CPU seconds of a run, with all that it needs but MONAI already imported."""
        config = checkout / "bundles" / bundle / "configs" / f"{CONFIGS[run]}.yaml"
        return self._measure(checkout, run, config, self.folder / bundle)[1]

    def monai(self, run: str) -> tuple[float, float]:
        """Return the CPU seconds of the bundle of MONAI alone: the first time, and the second in the same process."""
        return self._measure(ROOT, run, self.alone, self.folder)

    def _measure(self, checkout: Path, run: str, config: Path, data: Path) -> tuple[float, float]:
        with tempfile.TemporaryDirectory() as output:
            options = {"config_file": config, "dataset_dir": data, "output_dir": output, "device": "cpu"}
            if "cache_rate" in yaml.safe_load(config.read_text("utf-8")):
                options["cache_rate"] = "0"
            words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
            alone = ("run", run, "--config_file", str(self.alone))
            first, second = _python(checkout, _UNTIL_FIRST_LINE, *alone, "then", "run", run, *words).split()
        return float(first), float(second)


def import_time(checkout: Path, statement: str) -> float:
    """Return the CPU seconds of an import, those of Python's own start left out."""
    code = f"import time; start = time.process_time()\n{statement}\nprint(time.process_time() - start)"
    return float(_python(checkout, code))


def _python(checkout: Path, code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    environment = os.environ | _ONE_THREAD | {"PYTHONPATH": str(checkout)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # as for a user, whose packages are compiled once
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if result.returncode != 0 or not result.stdout:
        raise RuntimeError(f"{' '.join(arguments)} in {checkout}: {result.stderr[-2000:]}")
    return result.stdout


def shortest(works: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Return the least of each, measured in turn."""
    least = dict.fromkeys(works, float("inf"))
    for number in range(rounds):
        for name, work in works.items():
            least[name] = min(least[name], work())
            print(f"round {number + 1}: {name} {least[name]:.2f} s", file=sys.stderr)
    return least


def runs_table(bundles: list[str], other: Path, rounds: int) -> str:
    """Return the table of the runs, in milliseconds."""
    checkouts = {"before": other, "now": ROOT}
    works: dict[str, Callable[[], float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), bundles)
        for run in CONFIGS:
            works[f"{run} of MONAI alone"] = partial(_second, bench, run)
            for bundle in bundles:
                for when, checkout in checkouts.items():
                    works[f"{run} {bundle} {when}"] = partial(bench.own, checkout, bundle, run)
        least = shortest(works, rounds)
    lines = ["| run | MONAI alone | before | now | own part before | own part now | ratio |", f"|{'---|' * 7}"]
    for run in CONFIGS:
        alone = least[f"{run} of MONAI alone"]
        for bundle in bundles:
            before, now = (least[f"{run} {bundle} {when}"] for when in checkouts)
            numbers = (alone, before, now, before - alone, now - alone)
            cells = " | ".join(f"{1000 * number:.0f}" for number in numbers)
            lines.append(f"| {run}, {bundle} | {cells} | {(now - alone) / (before - alone):.2f} |")
    return "\n".join(lines)


def _second(bench: Bench, run: str) -> float:
    return bench.monai(run)[1]


def imports_table(other: Path, rounds: int) -> str:
    """Return the table of the imports."""
    works: dict[str, Callable[[], float]] = {}
    for statement in _IMPORTS:
        works[f"before {statement}"] = partial(import_time, other, statement)
        works[f"now {statement}"] = partial(import_time, ROOT, statement)
    least = shortest(works, rounds)
    lines = ["| statement | before | now |", "|---|---|---|"]
    for statement in _IMPORTS:
        lines.append(f"| `{statement}` | {least[f'before {statement}']:.2f} | {least[f'now {statement}']:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("other", type=Path, help="folder of another checkout, to compare with")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured; the minimum counts")
    parser.add_argument("--bundles", nargs="+", choices=BUNDLES, default=BUNDLES, help="by default all")
    arguments = parser.parse_args()
    other = arguments.other.resolve()
    print(imports_table(other, arguments.rounds), end="\n\n")
    print(runs_table(arguments.bundles, other, arguments.rounds))


if __name__ == "__main__":
    main()
