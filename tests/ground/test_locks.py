"""One run at a time in an output folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bundle_runs import ROOT, train
from filelock import FileLock

from custom.errors import InputError, OutputError, find_input_error
from custom.ground.locks import LOCK_FILE, alone_in, claim, release, wait_for
from custom.samples import make_samples


@pytest.fixture
def other(tmp_path: Path) -> FileLock:
    """Return a lock on the folder ``out``, as if held by another process."""
    (tmp_path / "out").mkdir()
    lock = FileLock(tmp_path / "out" / LOCK_FILE)
    lock.acquire()
    return lock


def test_a_folder_is_taken_and_given_back(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    assert claim(folder) == folder
    assert claim(folder) == folder, "the same process may"
    (folder / "result").touch()
    release(folder)
    release(folder)
    FileLock(folder / LOCK_FILE).acquire(timeout=0)


def test_another_run_is_refused(tmp_path: Path, other: FileLock) -> None:
    with pytest.raises(InputError, match="out: found another active run in this folder, expected another"):
        claim(tmp_path / "out")
    other.release()
    claim(tmp_path / "out")
    release(tmp_path / "out")


def test_another_run_is_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The other run is killed, which releases the folder."""
    out = tmp_path / "out"
    code = f"""
import time
from custom.ground.locks import claim
claim({str(out)!r})
print('held', flush=True)
time.sleep(60)
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    with pytest.raises(InputError):
        claim(out)
    killer = subprocess.Popen([sys.executable, "-c", f"import os, time; time.sleep(1); os.kill({process.pid}, 9)"])
    begun = time.monotonic()
    wait_for(out)
    assert time.monotonic() - begun > 0.5
    assert capsys.readouterr().err == f"Another run is active in {out}; waiting for it to finish.\n"
    release(out)
    process.wait()
    killer.wait()


def test_a_folder_in_which_nothing_was_written_goes(tmp_path: Path) -> None:
    with alone_in(tmp_path / "out"):
        assert (tmp_path / "out" / LOCK_FILE).exists()
    assert not (tmp_path / "out").exists()
    with alone_in(tmp_path / "out"):
        (tmp_path / "out" / "result").touch()
    assert (tmp_path / "out" / "result").exists()


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="found a folder that cannot be written to"):
        claim(tmp_path / "file" / "out")


def test_a_second_training_is_refused_before_anything_is_written(tmp_path: Path, other: FileLock) -> None:
    data = make_samples("dendrite", tmp_path / "data")
    with pytest.raises(Exception) as caught:  # noqa: PT011 the configs wrap it
        train("dendrite", data, tmp_path / "out")
    assert "found another active run" in (find_input_error(caught.value) or "")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [LOCK_FILE]
    other.release()
    train("dendrite", data, tmp_path / "out", max_epochs=1)
    FileLock(tmp_path / "out" / LOCK_FILE).acquire(timeout=0)
