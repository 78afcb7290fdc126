"""The command ``microscopy`` as it is typed: help, completion, exit codes, and whole runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from bundle_runs import BUNDLES, ENVIRONMENT, ROOT
from help_modules import HEAVY

import custom
from custom.cli import main
from custom.cli._lines import RUNS


def microscopy(*words: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Type the command in another folder."""
    return subprocess.run(
        [sys.executable, "-m", "custom", *words],
        cwd=cwd,
        env=ENVIRONMENT | {"COLUMNS": "80"} | variables,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Write three small images with a bright line."""
    (tmp_path / "images").mkdir()
    pixels = np.random.default_rng(0).integers(0, 60, (3, 64, 64), dtype=np.uint8)
    pixels[:, 30:36] += 150
    for number, page in enumerate(pixels):
        tifffile.imwrite(tmp_path / "images" / f"{number}.tif", page)
    return tmp_path / "images"


def line_of(output: str) -> list[str]:
    """Return the words of MONAI's command, the first line of an output."""
    words = shlex.split(output.splitlines()[0])
    assert words[:4] == ["python", "-m", "monai.bundle", "run"]
    return words


def test_segmenting_is_what_the_printed_line_does(images: Path, tmp_path: Path) -> None:
    files = [str(file.relative_to(tmp_path)) for file in sorted(images.iterdir())]
    done = microscopy("segment", "dendrite", *files[:2], "--size", "64", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    results = tmp_path / "dendrite_results"
    assert {"0_mask.tif", "1_mask.tif", "report.html"} <= {file.name for file in results.iterdir()}
    assert not (results / "2_mask.tif").exists()
    words = line_of(done.stdout)
    again = subprocess.run([sys.executable, *words[1:]], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
    assert again.returncode == 0
    assert "parsing config_file" in again.stderr  # MONAI's own warning
    assert "Wrote" not in again.stdout  # nothing is left to do for the same options
    more = microscopy("segment", "dendrite", "images", "--size", "64", cwd=tmp_path)
    assert more.returncode == 0
    assert (results / "2_mask.tif").is_file()


def test_training_evaluating_and_using_the_weights(images: Path, tmp_path: Path) -> None:
    data = custom.make_samples("dendrite", tmp_path / "data")
    small = ("--size", "64", "--batch_size", "14")
    trained = microscopy("train", "dendrite", str(data), "--max_epochs", "1", *small, "-o", "run1", cwd=tmp_path)
    assert (trained.returncode, trained.stderr) == (0, "")
    assert {"--output_dir", "run1", "--max_epochs", "1"} <= set(line_of(trained.stdout))
    assert (tmp_path / "run1" / "model.pt").is_file()
    scored = microscopy("evaluate", "dendrite", str(data), "-w", "run1", "--size", "64", cwd=tmp_path)
    assert scored.returncode == 0
    assert (tmp_path / "dendrite_scores" / "scores.csv").is_file()
    used = microscopy("segment", "dendrite", "images/0.tif", "-w", "run1", "--size", "64", cwd=tmp_path)
    assert "run1/model.pt" in " ".join(line_of(used.stdout))
    assert used.returncode == 0


def test_a_failed_image_gives_exit_code_2(images: Path, tmp_path: Path) -> None:
    (images / "broken.tif").write_bytes(b"no image")
    done = microscopy("segment", "dendrite", "images", "--size", "64", cwd=tmp_path)
    assert done.returncode == 2
    assert (tmp_path / "dendrite_results" / "failed.csv").is_file()


def test_an_interrupted_training_run_ends_as_monai_would(tmp_path: Path) -> None:
    data = custom.make_samples("dendrite", tmp_path / "data")
    words = ["train", "dendrite", str(data), "--size", "64", "--max_epochs", "500", "-o", "run1"]
    command = [sys.executable, "-m", "custom", *words]
    process = subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not (tmp_path / "run1" / "history.csv").is_file() and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    last = messages.splitlines()[-1].strip()
    assert last.startswith("python -m monai.bundle run training")
    assert last.endswith("--resume true")


def test_a_bundle_by_its_folder_keeps_the_warning(images: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "bundles" / "dendrite", tmp_path / "mine", ignore=shutil.ignore_patterns("data", "output"))
    done = microscopy("segment", "mine", "images/0.tif", "--size", "64", cwd=tmp_path)
    assert done.returncode == 0
    assert "Only proceed if this config is from a source you trust" in done.stderr
    assert (tmp_path / "mine_results" / "0_mask.tif").is_file()


def test_an_overlay_of_others_keeps_the_warning(images: Path, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text("size: 64\n")
    done = microscopy("segment", "dendrite", "images/0.tif", "-c", "small.yaml", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0
    assert "Only proceed if this config is from a source you trust" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("segmnt", "microscopy: No such command 'segmnt'. Did you mean 'segment'?"),
        ("segment", "microscopy: Missing argument 'BUNDLE'."),
        ("segment --size 5", "microscopy segment: found no bundle, expected its name before the options."),
        ("segment dendrit a", "dendrit: found no such bundle, expected one of: cytoskeleton, "),
        ("segment dendrite a -o", "microscopy: Option '-o' requires an argument."),
        ("options dendrite trai", "trai: found no such command, expected one of: segment, "),
        ("bundles --copy a", "--copy: found no bundle, expected its name: microscopy bundles NAME --copy FOLDER."),
        ("bundles axon", "axon: found no such bundle"),
        ("score mask a b", "python -m custom.score: found 'mask', expected ctc or masks or membrane"),
        ("score tem data", "are scored by: microscopy evaluate tem"),
        ("run trainin --config_file {0}", "trainin: found a run that no config contains; the nearest is training"),
        ("segment dendrite a --treshold 1", "--treshold: found an option that no config contains; the nearest is --"),
        ("segment dendrite nothing.tif", "nothing.tif: found nothing, expected images"),
    ],
)
def test_what_the_user_can_fix_is_one_sentence(words: str, sentence: str, tmp_path: Path) -> None:
    typed = words.format(ROOT / "bundles" / "dendrite" / "configs" / "train.yaml").split()
    done = microscopy(*typed, cwd=tmp_path)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", ["", "-h", *(f"{command} --help" for command in ["bundles", "options", *RUNS])])
def test_help_fits_into_80_columns(words: str, tmp_path: Path) -> None:
    done = microscopy(*words.split(), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "…" not in done.stdout


def test_help_of_a_command_names_the_options_and_the_default_folder(tmp_path: Path) -> None:
    for command, run in RUNS.items():
        text = microscopy(command, "--help", cwd=tmp_path).stdout
        assert f"./BUNDLE_{run.folder}," in text
        assert f"microscopy options BUNDLE {command}" in " ".join(text.split())


def test_the_list_of_bundles(tmp_path: Path) -> None:
    output = microscopy("bundles", cwd=tmp_path).stdout
    assert [line.split()[0] for line in output.splitlines() if not line[:1].isspace() and line] == BUNDLES
    assert output.count("terms: ") == output.count("scores: ") == len(BUNDLES)
    assert "non-commercial" in output
    assert max(map(len, output.splitlines())) <= 80


def test_one_bundle_in_full(tmp_path: Path) -> None:
    output = microscopy("bundles", "tem", cwd=tmp_path).stdout
    for text in ("models/sem/model.pt: 7 images", str(ROOT / "bundles" / "tem"), "sem", "microscopy train tem"):
        assert text in output
    assert "microscopy track" not in output


def test_a_bundle_is_copied(tmp_path: Path) -> None:
    done = microscopy("bundles", "dendrite", "--copy", "mine", cwd=tmp_path)
    assert done.stdout == f"{tmp_path / 'mine'}\n"
    assert (tmp_path / "mine" / "configs" / "train.yaml").is_file()
    assert "folder        mine" in microscopy("bundles", "mine", cwd=tmp_path).stdout


def test_options_with_meanings_units_and_defaults(tmp_path: Path) -> None:
    output = microscopy("options", "dendrite", "train", cwd=tmp_path).stdout
    assert "--learning_rate       a number above 0; default 0.01\n" in output
    assert "--resume continue from output_dir/checkpoint_last.pt; default false" in " ".join(output.split())
    assert max(map(len, output.splitlines())) <= 80
    with_overlay = microscopy("options", "tem", "-c", "sem", cwd=tmp_path).stdout
    assert "um; a number above 0, in µm, or none; default 0.1\n" in with_overlay


def test_scores_of_masks(images: Path, tmp_path: Path) -> None:
    for file in images.iterdir():
        tifffile.imwrite(file, (tifffile.imread(file) > 100).astype(np.uint8) * 255)
    done = microscopy("score", "masks", "images", "images", "--json", "scores.json", cwd=tmp_path)
    assert done.returncode == 0
    assert "1.000" in done.stdout
    assert (tmp_path / "scores.json").is_file()
    assert "--threshold" in microscopy("score", "masks", "--help", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    "words", ["--help", "bundles", "bundles dendrite", "options tem train -c sem", "segment --help", "score --help"]
)
def test_nothing_heavy_is_loaded(words: str, tmp_path: Path) -> None:
    code = f"""
import sys
sys.argv = ["microscopy", *{words.split()!r}]
from custom.cli import main
try:
    main()
except SystemExit:
    pass
print("modules", *{{name.partition(".")[0] for name in sys.modules}})
"""
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.splitlines()[-1].split())


def test_a_reader_that_stops_early_sees_no_traceback(tmp_path: Path) -> None:
    command = f"{shlex.quote(sys.executable)} -m custom options tem train | true"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_without_the_characters(images: Path, tmp_path: Path) -> None:
    for words in (["--help"], ["options", "vesicle"], ["segment", "dendrite", "größe.tif"]):
        done = microscopy(*words, cwd=tmp_path, PYTHONIOENCODING="ascii")
        assert "Traceback" not in done.stderr
        assert done.stdout


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("microscopy seg", {"segment"}),
        ("microscopy segment ", set(BUNDLES)),
        ("microscopy segment den", {"dendrite"}),
        ("microscopy options dendrite tr", {"track", "train"}),
        ("microscopy segment tem -c s", {"sem"}),
        ("microscopy segment mi", {"mine"}),
        ("microscopy segment axon -c s", set()),
    ],
)
def test_completion(typed: str, expected: set[str], tmp_path: Path) -> None:
    (tmp_path / "mine" / "configs").mkdir(parents=True)
    variables = {"_MICROSCOPY_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": typed}
    output = microscopy(cwd=tmp_path, **variables).stdout
    assert expected <= set(re.findall(r"[\w-]+", output))


def test_the_command_of_the_package(exit_code, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        exit_code(main, "--help")
    assert ended.value.code == 0
    assert "Start with: microscopy bundles" in capsys.readouterr().out
    assert os.path.samefile(Path(custom.__file__).parent, ROOT / "custom")
