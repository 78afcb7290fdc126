"""Training runs started as users do, stopped by Ctrl-C or killed, and resumed."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from bundle_runs import ENVIRONMENT, SMALL, config, kill, same, train, weights
from kills import BUNDLE, CHECKPOINT_FILE, OPTIONS, history

from custom.data import one_thread
from custom.samples import make_samples


def test_a_killed_run_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    """SIGKILL at three random times; `make soak` runs more."""
    assert "3 kills in " in kill("kills.py", tmp_path)


def test_ctrl_c_prints_the_command_that_continues(tmp_path: Path) -> None:
    """Ctrl-C also reaches the workers of the data loader."""
    data, output = make_samples(BUNDLE, tmp_path / "data"), tmp_path / "my run"
    options = SMALL[BUNDLE] | OPTIONS | {"num_workers": 1}
    typed = [
        *("-m", "monai.bundle", "run", "training", "--config_file", *config(BUNDLE, "train")),
        *("--dataset_dir", str(data), "--output_dir", str(output)),
        *(text for name, value in options.items() for text in (f"--{name}", str(value))),
    ]
    process = subprocess.Popen(
        [sys.executable, *typed], env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while process.poll() is None and not (output / CHECKPOINT_FILE).is_file():
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    message = process.communicate(timeout=300)[1]
    assert process.returncode == 130, message
    assert "Traceback" not in message
    command = shlex.split(message.strip().splitlines()[-1])
    assert command == ["python", *typed, "--resume", "true"]
    again = subprocess.run([sys.executable, *command[1:]], env=ENVIRONMENT, capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stderr

    with one_thread():  # as the processes of `ENVIRONMENT` compute
        whole = train(BUNDLE, data, tmp_path / "whole", **OPTIONS)
    for name in (CHECKPOINT_FILE, "model.pt"):
        assert same(weights(output / name), weights(whole / name))
    assert history(output) == history(whole)
