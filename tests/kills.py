"""Kill training at random times, resume it each time, and compare the result with an uninterrupted run.

python tests/kills.py FOLDER [KILLS [SEED]]    (`make soak` does it with 20 kills)

Every attempt is a process forked from this one, because imports take longer than such a short run.
"""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bundle_runs import same, train, weights
from tqdm import tqdm

from custom.ground.files import sha256
from custom.samples import make_samples
from custom.weights import CHECKPOINT_FILE, RUN_FILE

BUNDLE = "dendrite"
EPOCHS = 3
OPTIONS = {"batch_size": 4, "checkpoint_minutes": 0, "max_epochs": EPOCHS}  # 7 iterations, each with a checkpoint


def forked(task: Callable[[], Any], log: Path) -> int:
    """Start a task in a forked process with its output in a file, and return the process id."""
    process = os.fork()
    if process:
        return process
    with log.open("a") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    tqdm.set_lock(threading.RLock())  # the default lock is shared with killed processes, which may hold it
    try:
        task()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def wait(process: int, log: Path) -> None:
    """Wait for a process, which must succeed."""
    if os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]):
        sys.exit(f"A run failed:\n{log.read_text()}")


def await_checkpoint(process: int, file: Path) -> None:
    """Wait until a process has written a checkpoint, or has ended."""
    before = file.stat().st_mtime_ns if file.is_file() else 0
    while not ended(process) and (not file.is_file() or file.stat().st_mtime_ns == before):
        time.sleep(0.002)


def ended(process: int) -> bool:
    """Return whether a process has ended; it can still be waited for."""
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def assert_whole(folder: Path) -> None:
    """Read every file left by a killed run."""
    checkpoint = weights(folder / CHECKPOINT_FILE)
    assert checkpoint["trainer"]["iteration"] >= 1
    epochs = [int(row["epoch"]) for row in history(folder)]
    assert epochs == list(range(1, len(epochs) + 1))
    assert len(epochs) >= checkpoint["trainer"]["epoch"], "a checkpoint counts an epoch that the history lacks"
    if epochs:
        assert {"network", "trainer"}.isdisjoint(weights(folder / "model.pt"))
        assert 0 <= json.loads((folder / "threshold.json").read_text())["threshold"] <= 1


def history(folder: Path) -> list[dict[str, str]]:
    """Return the rows of a history without their duration."""
    file = folder / "history.csv"
    if not file.is_file():
        return []
    with file.open(newline="") as stream:
        return [{name: text for name, text in row.items() if name != "seconds"} for row in csv.DictReader(stream)]


def assert_equal(folder: Path, whole: Path) -> None:
    """Compare the files of two runs, bit for bit."""
    for name in (CHECKPOINT_FILE, "model.pt"):
        assert same(weights(folder / name), weights(whole / name)), name
    assert history(folder) == history(whole)
    assert (folder / "threshold.json").read_bytes() == (whole / "threshold.json").read_bytes()
    assert json.loads((folder / RUN_FILE).read_text())["sha256"] == sha256(folder / "model.pt")
    assert [path.name for path in folder.glob(".*")] == [".lock"], "files of killed writers are left"


def killed_training(data: Path, folder: Path, kills: int, seconds: float, generator: random.Random) -> int:
    """Train to the end, killed at most ``kills`` times after up to ``seconds``; return the number of kills."""
    log, done = folder.with_suffix(".log"), 0
    while not (folder / RUN_FILE).is_file():  # what a training writes last
        resume = str((folder / CHECKPOINT_FILE).is_file()).lower()
        process = forked(lambda resume=resume: train(BUNDLE, data, folder, resume=resume, **OPTIONS), log)
        if done < kills:
            await_checkpoint(process, folder / CHECKPOINT_FILE)
            time.sleep(generator.uniform(0, seconds))
        if done == kills or ended(process):
            wait(process, log)
            break
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        assert_whole(folder)
        done += 1
        stand = weights(folder / CHECKPOINT_FILE)["trainer"]
        print(f"killed after {stand['epoch']} epochs and {stand['iteration']} iterations", flush=True)
    return done


def main(folder: Path, kills: int = 3, seed: int = 0) -> None:
    """Kill training runs ``kills`` times in all."""
    folder.mkdir(parents=True, exist_ok=True)
    data, whole, log = folder / "data", folder / "whole", folder / "whole.log"
    wait(forked(lambda: make_samples(BUNDLE, data), log), log)
    process = forked(lambda: train(BUNDLE, data, whole, **OPTIONS), log)
    await_checkpoint(process, whole / CHECKPOINT_FILE)
    begun = time.monotonic()
    wait(process, log)
    seconds, done, trainings = time.monotonic() - begun, 0, 0
    generator = random.Random(seed)
    while done < kills:
        trainings += 1
        broken = folder / f"broken_{trainings}"
        done += killed_training(data, broken, kills - done, seconds, generator)
        assert_equal(broken, whole)
    print(f"{done} kills in {trainings} training runs; each ends like an uninterrupted one.")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
