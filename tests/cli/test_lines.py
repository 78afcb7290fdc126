"""The command of MONAI that a short command stands for."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from bundle_runs import ROOT

from custom.cli._bundle import Bundle, find_bundle
from custom.cli._lines import RUNS, Typed, config_files, monai_words, overlays_of, split, weights_file
from custom.errors import InputError

DENDRITE = ROOT / "bundles" / "dendrite"
HELA = ROOT / "bundles" / "hela_track"
TEM = ROOT / "bundles" / "tem"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def line(command: str, bundle: str, words: str = "", *overlays: str) -> str:
    """Return the words after ``python -m monai.bundle``, with the root of the repository left out."""
    found = find_bundle(bundle)
    files = config_files(RUNS[command], found, overlays)
    return shlex.join(monai_words(RUNS[command], found, files, split(shlex.split(words)))).replace(
        f"{ROOT}/bundles/", ""
    )


@pytest.mark.parametrize(
    ("words", "places", "options"),
    [
        ("a.tif b.tif", ["a.tif", "b.tif"], {}),
        ("a --min_area 5 b", ["a", "b"], {"min_area": "5"}),
        ("a --min_area=5", ["a"], {"min_area": "5"}),
        ("--margin -1 a", ["a"], {"margin": "-1"}),
        ("a --recursive", ["a"], {"recursive": "true"}),
        ("--recursive a", ["a"], {"recursive": "true"}),
        ("--recursive false a", ["a"], {"recursive": "false"}),
        ("a --tta --rois", ["a"], {"tta": "true", "rois": "true"}),
        ("--train#batch_size 3", [], {"train#batch_size": "3"}),
        ("--frames ''", [], {"frames": ""}),
    ],
)
def test_paths_and_options(words: str, places: list[str], options: dict[str, str]) -> None:
    assert split(shlex.split(words)) == Typed(places, options)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--size 5 --size 6", "--size: found 5 and 6, expected one value."),
        ("a -x 5", "-x: found an unknown option, expected --NAME VALUE, or ./-x for a file."),
    ],
)
def test_options_that_are_refused(words: str, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        split(words.split())
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("command", "bundle", "words", "overlays", "expected"),
    [
        (
            "segment",
            "dendrite",
            "a.tif --min_area 5",
            [],
            "run inference --config_file dendrite/configs/inference.yaml --min_area 5 --input a.tif "
            "--output_dir dendrite_results",
        ),
        (
            "segment",
            "tem",
            "",
            ["sem"],
            "run inference --config_file \"['tem/configs/inference.yaml','tem/configs/sem.yaml']\" "
            "--output_dir tem_results",
        ),
        (
            "train",
            "dendrite",
            "one two --max_epochs 3 --pretrained shipped --output_dir out",
            [],
            "run training --config_file dendrite/configs/train.yaml --max_epochs 3 --pretrained shipped "
            "--output_dir out --dataset_dir \"['one','two']\"",
        ),
        (
            "evaluate",
            "tem",
            "data",
            ["sem"],
            "run evaluating --config_file \"['tem/configs/train.yaml','tem/configs/evaluate.yaml',"
            "'tem/configs/sem.yaml']\" --dataset_dir data --output_dir tem_scores",
        ),
        (
            "track",
            "hela_track",
            "frames --seed_depth=-1",
            [],
            "run tracking --config_file hela_track/configs/track.yaml --seed_depth=-1 --input frames "
            "--output_dir hela_track_tracks",
        ),
        (
            "evaluate-tracks",
            "hela_track",
            "data",
            [],
            "run evaluating_tracks --config_file \"['hela_track/configs/track.yaml',"
            "'hela_track/configs/evaluate_track.yaml']\" --dataset_dir data --output_dir hela_track_track_scores",
        ),
    ],
)
def test_commands(command: str, bundle: str, words: str, overlays: list[str], expected: str) -> None:
    assert shlex.split(line(command, bundle, words, *overlays)) == shlex.split(expected)


def test_signs_of_expressions_are_no_expressions_in_paths() -> None:
    assert "--input './$a.tif'" in line("segment", "dendrite", "'$a.tif'")
    assert shlex.split(line("segment", "dendrite", """"it's" '%b'"""))[5] == """["it's",'./%b']"""


def test_a_path_and_its_option_are_one_too_many() -> None:
    with pytest.raises(InputError, match="--input: found a and b, expected one value"):
        line("segment", "dendrite", "b --input a")


def test_a_bundle_of_others_by_its_folder(folder: Path) -> None:
    configs = folder / "spleen" / "configs"
    configs.mkdir(parents=True)
    (configs / "inference.json").write_text('{"run": ["$print(1)"], "input": "a"}')
    (configs / "metadata.json").write_text("{}")
    (configs / "fast.yaml").write_text("amp: true\n")
    assert find_bundle("spleen") == Bundle(Path("spleen"), shipped=False)
    assert set(find_bundle("spleen").configs()) == {"inference", "fast"}
    assert line("segment", "spleen", "b", "fast") == (
        "run run --config_file '['\"'\"'spleen/configs/inference.json'\"'\"','\"'\"'spleen/configs/fast.yaml'\"'\"']' "
        "--input b"  # it has no output_dir
    )


def test_a_shipped_name_comes_before_a_folder_of_this_name(folder: Path) -> None:
    (folder / "dendrite" / "configs").mkdir(parents=True)
    assert find_bundle("dendrite").folder == DENDRITE
    assert find_bundle("./dendrite") == Bundle(Path("dendrite"), shipped=False)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("dendrit", r"dendrit: found no such bundle, expected one of: .*vesicle, or the folder .*mean dendrite\?\)"),
        ("empty", r"empty: found a folder without configs, expected one of: "),
    ],
)
def test_an_unknown_bundle(name: str, sentence: str, folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match=sentence):
        find_bundle(name)


@pytest.mark.parametrize(
    ("command", "overlays", "sentence"),
    [
        ("track", [], r"dendrite: found a bundle without track.yaml, expected one of: hela_track\."),
        ("segment", ["multi_gpu"], r"--config: found multi_gpu, expected .*\(did you mean multi_gpu_train\?\)"),
    ],
)
def test_a_config_that_a_bundle_does_not_have(command: str, overlays: list[str], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        line(command, "dendrite", "", *overlays)


def test_overlays_are_names_or_paths(folder: Path) -> None:
    assert "sem" in overlays_of(Bundle(TEM, True))
    assert not {"train", "evaluate", "track", "evaluate_track"} & set(overlays_of(Bundle(HELA, True)))
    (folder / "mine.yaml").write_text("size: 64\n")
    files = config_files(RUNS["segment"], find_bundle("dendrite"), ["mine.yaml"])
    assert files == [DENDRITE / "configs" / "inference.yaml", Path("mine.yaml")]


def test_a_broken_overlay_is_one_sentence(folder: Path) -> None:
    (folder / "mine.yaml").write_text("a: [1,\nb: {")
    with pytest.raises(InputError, match=r"mine.yaml: found broken YAML, expected a config"):
        line("segment", "dendrite", "", "mine.yaml")


def test_weights_of_a_training_run(folder: Path) -> None:
    (folder / "run1").mkdir()
    assert weights_file("run1") == "run1/model.pt"
    assert weights_file("run1/other.pt") == "run1/other.pt"


@pytest.mark.parametrize(
    ("command", "words", "file", "refused"),
    [
        ("segment", "a.tif", "dendrite_results/.done/a.json", False),  # continues there
        ("segment", "a.tif", "dendrite_results/a_mask.tif", True),
        ("train", "data", "dendrite_training/model.pt", True),
        ("train", "data", "dendrite_training/.lock", False),
        ("train", "data --resume true", "dendrite_training/model.pt", False),
        ("train", "data --resume", "dendrite_training/model.pt", False),
        ("train", "data --output_dir dendrite_training", "dendrite_training/model.pt", False),
        ("evaluate", "data", "dendrite_scores/scores.csv", True),
        ("evaluate", "data", "dendrite_scores", True),
    ],
)
def test_the_default_folder_is_no_one_elses(command: str, words: str, file: str, refused: bool, folder: Path) -> None:
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).touch()
    if not refused:
        line(command, "dendrite", words)
        return
    with pytest.raises(InputError, match=r"dendrite_\w+: found existing files, expected a new folder, -o FOLDER"):
        line(command, "dendrite", words)
