# make demo: train, score and use the dendrite bundle on sample data.   make test: lint, types, tests.
# make soak: kill a training and an inference at 20 random moments each, and compare what they leave in the end.
PYTHON ?= python3
BIN = .venv/bin
DEMO = build/demo
BUNDLE = bundles/dendrite/configs

.PHONY: install demo test soak lint clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: install
	$(BIN)/python -m monai.bundle run training --config_file $(BUNDLE)/train.yaml --max_epochs 20 --output_dir $(DEMO)/training
	$(BIN)/python -m monai.bundle run inference --config_file $(BUNDLE)/inference.yaml --ckpt_path $(DEMO)/training/model.pt --output_dir $(DEMO)/inference
	$(BIN)/python -m monai.bundle run evaluating --config_file "['$(BUNDLE)/train.yaml','$(BUNDLE)/evaluate.yaml']" --ckpt_path $(DEMO)/training/model.pt --output_dir $(DEMO)/evaluation
	@echo "Masks and overlays: $(CURDIR)/$(DEMO)/inference/*_mask.tif, $(CURDIR)/$(DEMO)/inference/*_overlay.png"

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

soak: install
	rm -rf build/soak
	OMP_NUM_THREADS=1 PYTHONPATH=tests $(BIN)/python tests/kills.py build/soak 20
	OMP_NUM_THREADS=1 PYTHONPATH=tests $(BIN)/python tests/killed_inferences.py build/soak/inference 20

clean:
	rm -rf build .venv
