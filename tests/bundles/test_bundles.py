"""Every bundle from end to end on its sample data: parsing, training, saving, resuming, evaluation, inference."""

from __future__ import annotations

import csv
import json
import pickle
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import tifffile
import torch
from bundle_runs import (
    BUNDLES,
    NETWORK,
    REPRESENTATIVE,
    ROOT,
    SMALL,
    command,
    config,
    evaluate,
    infer,
    same,
    train,
    weights,
)
from gpu_refusals import Recorder
from monai.bundle import ConfigParser, ConfigWorkflow, run
from PIL import Image

from custom.ground.files import sha256
from custom.images import read_image
from custom.metrics import class_dice, confusion_matrix, dice
from custom.samples import make_samples


@pytest.fixture(scope="session")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    return {bundle: make_samples(bundle, folder / bundle) for bundle in BUNDLES}


@pytest.fixture(scope="session")
def trained(samples, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    return {bundle: train(bundle, samples[bundle], folder / bundle) for bundle in BUNDLES}


THRESHOLDED = [bundle for bundle in BUNDLES if bundle != "tem"]  # which takes the most probable of several classes


def thresholds(output: Path) -> dict:
    """Return the thresholds stored by training; empty if there are none."""
    file = output / "threshold.json"
    return json.loads(file.read_text()) if file.is_file() else {}


def history(output: Path) -> list[dict[str, str]]:
    """Return the rows of the history without their duration."""
    with (output / "history.csv").open(newline="") as file:
        return [{name: text for name, text in row.items() if name != "seconds"} for row in csv.DictReader(file)]


def an_image(bundle: str, samples: dict) -> Path:
    return sorted(path for path in samples[bundle].rglob("*") if path.suffix in (".png", ".tif", ".tiff"))[0]


@pytest.mark.parametrize("bundle", BUNDLES)
class TestConfigs:
    def test_training_has_all_properties(self, bundle, samples):
        workflow = ConfigWorkflow(
            config(bundle, "train"), workflow_type="train", dataset_dir=str(samples[bundle]), **SMALL[bundle]
        )
        workflow.initialize()
        assert workflow.check_properties() == []

    def test_inference_has_all_properties(self, bundle, samples):
        images = str(an_image(bundle, samples))
        workflow = ConfigWorkflow(config(bundle, "inference"), workflow_type="infer", input=images)
        workflow.initialize()
        assert workflow.check_properties() == []

    def test_training_and_inference_agree(self, bundle, samples):
        """Network, inferer and preprocessing are the same."""
        training, inference = ConfigParser(), ConfigParser()
        training.read_config(config(bundle, "train"))
        inference.read_config(config(bundle, "inference"))
        assert training["network_def"] == inference["network_def"]
        assert training["validate#inferer"] == inference["inferer"]

        image = an_image(bundle, samples)
        workflow = ConfigWorkflow(config(bundle, "train"), dataset_dir=str(samples[bundle]))
        workflow.initialize()
        item = workflow.parser.get_parsed_content("validate#dataset")[0]
        source = Path(item["image"].meta["filename_or_obj"])
        workflow = ConfigWorkflow(config(bundle, "inference"), workflow_type="infer", input=str(source))
        workflow.initialize()
        page = int(item["image"].meta["page"])
        assert image.suffix == source.suffix
        torch.testing.assert_close(
            workflow.parser.get_parsed_content("dataset")[page]["image"], item["image"], rtol=0, atol=0
        )

    def test_metadata_follows_the_schema(self, bundle):
        schema = ROOT.parent / "shared" / "schema" / "meta_schema_20240725.json"
        if not schema.is_file():
            pytest.skip(f"MONAI's metadata schema is not at {schema}")
        metadata = json.loads((ROOT / "bundles" / bundle / "configs" / "metadata.json").read_text())
        jsonschema.validate(metadata, json.loads(schema.read_text()))
        assert metadata["version"] in metadata["changelog"]

    def test_shipped_weights_are_those_of_the_provenance(self, bundle):
        models = ROOT / "bundles" / bundle / "models"
        assert sha256(models / "model.pt") == json.loads((models / "provenance.json").read_text())["sha256"]
        assert (models / "model.pt").stat().st_size < 16_000_000


@pytest.mark.parametrize("bundle", BUNDLES)
class TestTraining:
    def test_leaves_weights_threshold_history_and_pictures(self, bundle, trained):
        output = trained[bundle]
        assert (output / "threshold.json").is_file() == (bundle in THRESHOLDED)
        for name, scan in thresholds(output).get("scans", {}).items():
            assert 0 < thresholds(output)[name] <= 1
            assert scan["scores"][scan["thresholds"].index(thresholds(output)[name])] == scan["best_score"]
        with (output / "history.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert [row["epoch"] for row in rows] == ["1", "2"]
        assert all(float(row["train_loss"]) > 0 and float(row["val_loss"]) > 0 for row in rows)
        picture = np.asarray(Image.open(output / "pictures" / "epoch_0001.png"))
        assert picture.std() > 10
        assert weights(output / "checkpoint_last.pt")["trainer"] == {"epoch": 2, "iteration": 4}
        assert json.loads((output / "run.json").read_text())["images"]["training"] > 0
        assert "Validation images" in (output / "report.html").read_text(encoding="utf-8")

    def test_resumed_run_equals_unbroken_run(self, bundle, samples, tmp_path):
        """Stopped within an epoch; bit for bit, with any number of workers, with and without a cache."""
        unbroken = train(bundle, samples[bundle], tmp_path / "unbroken", max_epochs=3)
        stop, broken = tmp_path / "stop.yaml", tmp_path / "broken"
        stop.write_text("+train#handlers: [{_target_: bundle_runs.StopAt, iteration: 3}]")
        with pytest.raises(SystemExit) as stopped:
            train(bundle, samples[bundle], broken, stop, max_epochs=3, num_workers=2)
        assert stopped.value.code == 130
        assert weights(broken / "checkpoint_last.pt")["trainer"] == {"epoch": 1, "iteration": 3}
        train(bundle, samples[bundle], broken, max_epochs=3, resume="true", num_workers=3, cache_rate=0.0)
        for file in ("model.pt", "checkpoint_last.pt"):
            assert same(weights(broken / file), weights(unbroken / file)), file
        assert thresholds(broken) == thresholds(unbroken)
        assert (broken / "reference.json").read_bytes() == (unbroken / "reference.json").read_bytes()
        assert history(broken) == history(unbroken)

    def test_another_seed_gives_other_weights(self, bundle, samples, trained, tmp_path):
        other = train(bundle, samples[bundle], tmp_path, seed=1)
        assert not same(weights(other / "model.pt"), weights(trained[bundle] / "model.pt"))

    def test_resume_false_as_typed_starts_anew(self, bundle, samples, trained, tmp_path):
        shutil.copy(trained[bundle] / "checkpoint_last.pt", tmp_path)
        anew = train(bundle, samples[bundle], tmp_path, resume="false", device="cpu")
        assert same(weights(anew / "checkpoint_last.pt"), weights(trained[bundle] / "checkpoint_last.pt"))

    def test_best_by_loss_keeps_the_lowest_validation_loss(self, bundle, samples, tmp_path):
        output = train(bundle, samples[bundle], tmp_path, best_by="loss", max_epochs=3)
        with (output / "history.csv").open() as file:
            losses = [float(row["val_loss"]) for row in csv.DictReader(file)]
        best = weights(output / "checkpoint_last.pt")["best"]
        assert best["epoch"] == 1 + int(np.argmin(losses))
        assert -best["score"] == pytest.approx(min(losses), rel=1e-4)

    def test_the_last_epoch_is_validated(self, bundle, samples, tmp_path):
        output = train(bundle, samples[bundle], tmp_path, max_epochs=1, val_interval=2)
        assert weights(output / "checkpoint_last.pt")["best"]["epoch"] == 1
        assert "val_loss" in (output / "history.csv").read_text().splitlines()[0]


@pytest.mark.parametrize("bundle", BUNDLES)
class TestEvaluation:
    def test_scores_every_image_of_every_split(self, bundle, samples, trained, tmp_path):
        output = evaluate(bundle, samples[bundle], tmp_path, trained[bundle] / "model.pt")
        content = json.loads((output / "scores.json").read_text())
        splits = content["splits"]
        assert list(splits) == ["train", "validation", "test"]
        with (output / "scores.csv").open() as file:
            rows = list(csv.DictReader(file))
        for split, means in splits.items():
            scores = [float(row["dice"]) for row in rows if row["split"] == split]
            assert len(scores) == means["images"]
            assert np.nanmean(scores) == pytest.approx(means["dice"], abs=1e-5)
        assert content.get("threshold") == thresholds(trained[bundle]).get("threshold")
        assert "Images of the split test" in (output / "report.html").read_text(encoding="utf-8")

    def test_only_the_splits_asked_for(self, bundle, samples, trained, tmp_path):
        output = evaluate(bundle, samples[bundle], tmp_path, trained[bundle] / "model.pt", splits=["test"])
        assert list(json.loads((output / "scores.json").read_text())["splits"]) == ["test"]


@pytest.mark.parametrize("bundle", BUNDLES)
class TestInference:
    def test_a_stack_gives_stacks(self, bundle, trained, tmp_path):
        pages = np.random.default_rng(0).integers(0, 255, (3, 60, 90), dtype=np.uint8)
        tifffile.imwrite(tmp_path / "x.tif", pages, photometric="minisblack")
        tifffile.imwrite(tmp_path / "y.tif", pages[0])
        output = infer(bundle, tmp_path, tmp_path / "out", trained[bundle] / "model.pt")
        mask, probability = tifffile.imread(output / "x_mask.tif"), tifffile.imread(output / "x_probability.tif")
        if probability.ndim == 4:
            np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-5)
            probability = probability[:, 0]
        assert mask.shape == probability.shape
        assert mask.dtype == np.uint8
        assert set(np.unique(mask)) <= ({0, 1, 2, 3, 4} if bundle == "tem" else {0, 255})
        assert probability.dtype == np.float32
        assert 0 <= probability.min() <= probability.max() <= 1
        assert mask.shape[0] == 3
        np.testing.assert_array_equal(tifffile.imread(output / "y_mask.tif"), mask[0])
        assert (output / "x_overlay.png").is_file()
        assert (output / "y_overlay.png").is_file()
        assert "x, page 2 (0 to 2)" in (output / "report.html").read_text(encoding="utf-8")

    @pytest.mark.parametrize("shape", [(1, 1), (7, 300)])
    def test_tiny_and_narrow_images(self, bundle, shape, trained, tmp_path):
        Image.fromarray(np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)).save(tmp_path / "x.png")
        options = {"restore_size": "true"} if bundle == "dendrite" else {}
        output = infer(bundle, tmp_path / "x.png", tmp_path / "out", trained[bundle] / "model.pt", **options)
        assert tifffile.imread(output / "x_mask.tif").shape == shape

    def test_the_written_mask_has_the_dice_of_the_table(self, bundle, samples, trained, tmp_path):
        """At the sizes of the configs: the score is that of the mask that the user gets."""
        options = {
            "dataset_dir": str(samples[bundle]),
            "ckpt_path": str(trained[bundle] / "model.pt"),
            "splits": ["test"],
        } | NETWORK.get(bundle, {})
        run(
            "evaluating",
            config_file=config(bundle, "train", "evaluate"),
            output_dir=str(tmp_path / "scores"),
            **options,
        )
        with (tmp_path / "scores" / "scores.csv").open() as file:
            expected = float(next(csv.DictReader(file))["dice"])
        workflow = ConfigWorkflow(config(bundle, "train", "evaluate"), **options)
        workflow.initialize()
        item = workflow.parser.get_parsed_content("loaders")["test"].dataset[0]
        file, page = Path(item["image"].meta["filename_or_obj"]), int(item["image"].meta["page"])
        infer(bundle, file, tmp_path / "out", trained[bundle] / "model.pt")
        mask = tifffile.imread(tmp_path / "out" / f"{file.stem}_mask.tif")
        mask = mask[page] if mask.ndim == 3 else mask
        label = np.asarray(item["label"][0])
        if bundle == "tem":
            found = np.nanmean(class_dice(confusion_matrix(mask, label, 5)))
        else:
            found = dice(mask > 0, label > 0)
        assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("bundle", BUNDLES)
class TestSameResult:
    """Besides `test_resumed_run_equals_unbroken_run`."""

    def test_a_spawned_worker_has_the_same_samples(self, bundle, samples):
        """It gets a pickled copy of the data set, whereas a forked process has the data set itself."""
        workflow = ConfigWorkflow(config(bundle, "train"), dataset_dir=str(samples[bundle]), **SMALL[bundle])
        workflow.initialize()
        for name in ("train#dataset", "validate#dataset"):
            dataset = workflow.parser.get_parsed_content(name)
            dataset.epoch = 3
            copy = pickle.loads(pickle.dumps(dataset))
            for sample, same_sample in zip(list_of(dataset[1]), list_of(copy[1]), strict=True):
                for key in ("image", "label"):
                    assert torch.equal(sample[key], same_sample[key])

    def test_inference_with_any_number_of_workers(self, bundle, samples, trained, tmp_path):
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 90), dtype=np.uint8)).save(tmp_path / "x.png")
        Image.fromarray(np.random.default_rng(1).integers(0, 255, (90, 50), dtype=np.uint8)).save(tmp_path / "y.png")
        outputs = {
            workers: infer(
                bundle, tmp_path, tmp_path / f"out{workers}", trained[bundle] / "model.pt", num_workers=workers
            )
            for workers in (0, 2, 3)
        }
        for file in ("x_mask.tif", "x_probability.tif", "y_mask.tif", "y_probability.tif"):
            contents = [(output / file).read_bytes() for output in outputs.values()]
            assert contents[0] == contents[1] == contents[2]

    def test_a_gpu_can_be_deterministic(self, bundle, samples, tmp_path):
        """A step of training, and a validation with its metrics; images are read by the CPU anyway."""
        options = {"dataset_dir": str(samples[bundle]), "output_dir": str(tmp_path), "cache_rate": 0.0}
        workflow = ConfigWorkflow(config(bundle, "train"), **(SMALL[bundle] | options))
        workflow.initialize()
        trainer, evaluator = (workflow.parser.get_parsed_content(f) for f in ("train#trainer", "validate#evaluator"))
        batch, image = next(iter(trainer.data_loader)), next(iter(evaluator.data_loader))
        with Recorder() as training:
            trainer.loss_function(trainer.inferer(batch["image"], trainer.network), batch["label"]).backward()
        evaluator.data_loader = [image]
        evaluator.state.epoch_length = None
        with Recorder() as validation:
            evaluator.run()
        for recorder in (training, validation):
            assert recorder.count > 100
            assert recorder.refused == set()


def list_of(samples: dict | list[dict]) -> list[dict]:
    """Return the crops of one image as a list, even if there is only one."""
    return samples if isinstance(samples, list) else [samples]


class TestDendrite:
    def test_threshold_and_weights_never_see_the_test_split(self, samples, trained, tmp_path):
        """Without any file of the test split, weights and threshold are the same."""
        data = shutil.copytree(samples["dendrite"], tmp_path / "data")
        for number in json.loads((data / "manifest.json").read_text())["splits"]["test"]["numbers"]:
            (data / "image" / f"{number}.png").unlink()
            (data / "mask" / f"{number}_mask.png").unlink()
        blind = train("dendrite", data, tmp_path / "blind")
        assert same(weights(blind / "model.pt"), weights(trained["dendrite"] / "model.pt"))
        assert (blind / "threshold.json").read_text() == (trained["dendrite"] / "threshold.json").read_text()

    @pytest.mark.parametrize(("restore", "expected"), [("false", (250, 250)), ("true", (60, 90))])
    def test_output_is_250_or_the_input_s_size(self, restore, expected, trained, tmp_path):
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 90), dtype=np.uint8)).save(tmp_path / "x.png")
        output = infer(
            "dendrite", tmp_path / "x.png", tmp_path / "out", trained["dendrite"] / "model.pt", restore_size=restore
        )
        for name in ("x_mask.tif", "x_probability.tif"):
            assert tifffile.imread(output / name).shape == expected
        assert np.asarray(Image.open(output / "x_overlay.png")).shape == (60, 90, 3)

    def test_restored_is_the_probability(self):
        """Not the logit, whose interpolation gives other values."""
        inference = ConfigParser.load_config_files(config("dendrite", "inference"))
        transforms = [step["_target_"] for step in inference["postprocessing"]["transforms"]]
        assert transforms == ["Activationsd", "custom.transforms.ResizeToInputd", "custom.transforms.ToClassesd"]

    def test_tiles_keep_the_input_s_size(self, samples, tmp_path):
        output = train("dendrite", samples["dendrite"], tmp_path / "run", spatial_mode="tiles", tiles_per_image=1)
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 90), dtype=np.uint8)).save(tmp_path / "x.png")
        result = infer(
            "dendrite", tmp_path / "x.png", tmp_path / "out", output / "model.pt", spatial_mode="tiles", tile_size=64
        )
        assert tifffile.imread(result / "x_mask.tif").shape == (60, 90)

    def test_real_images_in_tiles_count_only_where_annotated(self, real_data, tmp_path):
        data = real_data / "two_photon_dendrite"
        options = {"spatial_mode": "tiles", "tiles_per_image": 1, "batch_size": 1, "max_epochs": 1}
        output = train("dendrite", data, tmp_path / "run", **options)
        scored = evaluate(
            "dendrite",
            data,
            tmp_path / "scores",
            output / "model.pt",
            spatial_mode="tiles",
            splits=["test"],
            threshold=0.0,
        )
        row = json.loads((scored / "scores.json").read_text())["splits"]["test"]
        inside = read_image(data / "annotated_region" / "rr30a_tp3.png") > 0
        foreground = (read_image(data / "mask" / "rr30a_tp3.png") > 0)[inside].mean()
        # at threshold 0 all is foreground: the error is the background inside the region
        assert row["pixel_error"] == pytest.approx(1 - foreground, abs=1e-6)
        assert row["dice"] == pytest.approx(2 * foreground / (1 + foreground), abs=1e-6)

    def test_several_data_folders_at_once(self, samples, tmp_path):
        second = make_samples("dendrite", tmp_path / "second", seed=1)
        output = train("dendrite", [str(samples["dendrite"]), str(second)], tmp_path / "run", max_epochs=1)
        assert json.loads((output / "run.json").read_text())["images"] == {"training": 56, "validation": 12}


class TestNeuronEM:
    def test_writes_instance_labels_of_the_cells(self, samples, trained, tmp_path):
        stack = samples["neuron_em"] / "test-volume.tif"
        output = infer("neuron_em", stack, tmp_path, trained["neuron_em"] / "model.pt", threshold=0.9)
        labels = tifffile.imread(output / "test-volume_labels.tif")
        assert labels.dtype == np.uint16
        assert labels.shape == tifffile.imread(stack).shape
        mask = tifffile.imread(output / "test-volume_mask.tif")
        assert not labels[mask > 0].any()

    def test_trains_on_the_challenge_s_stack(self, real_data, tmp_path):
        options = {"max_epochs": 1, "crop_size": 64, "batch_size": 10}
        output = train("neuron_em", real_data / "isbi2012", tmp_path, **options)
        record = json.loads((output / "run.json").read_text())
        assert record["images"] == {"training": 20, "validation": 4}
        assert record["data"][0]["splits"] == {"train": {"pages": [0, 20]}, "validation": {"pages": [20, 24]}}


@pytest.mark.parametrize("bundle", REPRESENTATIVE)
def test_as_a_user_types_it_from_another_folder(bundle, trained, tmp_path):
    """Inference finds shipped weights and sample data by itself; relative paths start at the working directory."""
    result = command(
        "inference", "--config_file", *config(bundle, "inference"), "--output_dir", "2024_05", cwd=tmp_path
    )
    assert result.returncode == 0, result.stderr
    assert list((tmp_path / "2024_05").glob("*_mask.tif"))
    assert [path.name for path in tmp_path.iterdir()] == ["2024_05"]
    assert f"Results: {tmp_path / '2024_05'}" in result.stdout
    assert str(ROOT / "bundles" / bundle / "models" / "model.pt") in result.stdout
    assert "INFO" not in result.stdout
    warning, *notes = result.stderr.splitlines()  # MONAI's own, given before it reads a config
    assert warning.startswith("parsing config_file")
    assert [note[:45] for note in notes] == ["Note: Masks and probabilities have the networ"] * (bundle == "dendrite")
