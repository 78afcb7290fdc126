# make demo       train, apply and score the dendrite bundle on sample data
# make test       lint, then all tests               make suite TESTS=tests/test_wheel.py   some of them, without lint
# make test-all   the tests on every Python found    make docs    the site, in build/site    make build   the wheel, in dist
# make test-slow  the tests that repeat others for further bundles
# make soak       kill a training and an inference run at 20 random moments each, and compare what remains
SHELL = /bin/bash
.SHELLFLAGS = -o pipefail -c

PYTHON ?= python3
PYTHONS = 3.11 3.12 3.13 3.14
VENV = .venv
BIN = $(VENV)/bin
DEMO = build/demo
BUNDLE = bundles/dendrite/configs
TESTS =
PIP_OPTIONS =

PIP = PYTHONUNBUFFERED=1 $(BIN)/pip install --constraint constraints.txt $(PIP_OPTIONS)
PROGRESS = awk '/^ *(Collecting|Downloading|Building wheels|Installing collected) / {print "    " substr($$0, 1, 100); fflush()}'
RUN = $(BIN)/python -m monai.bundle run

.PHONY: install demo lint suite test test-slow test-all docs build soak clean

install: $(VENV)/installed

# The package and its runtime dependencies.
$(VENV)/package: pyproject.toml constraints.txt
	@echo "== Installing into $(VENV), once; a minute or two, longer if pip downloads PyTorch with CUDA (several GB)"
	@$(PYTHON) -m venv $(VENV)
	@echo "== PyTorch"
	@$(PIP) torch | $(PROGRESS)
	@echo "== The package and its dependencies"
	@$(PIP) --editable . | $(PROGRESS)
	@touch $@

$(VENV)/installed: $(VENV)/package
	@echo "== The tools for tests and documentation"
	@$(PIP) --editable '.[dev,docs]' | $(PROGRESS)
	@touch $@

demo: $(VENV)/package
	@echo "== Training dendrite on generated images, 20 epochs"
	$(RUN) training --config_file $(BUNDLE)/train.yaml --max_epochs 20 --output_dir $(DEMO)/training
	@echo "== Segmenting the generated images with the new weights"
	$(RUN) inference --config_file $(BUNDLE)/inference.yaml --ckpt_path $(DEMO)/training/model.pt --output_dir $(DEMO)/inference
	@echo "== Scoring the new weights"
	$(RUN) evaluating --config_file "['$(BUNDLE)/train.yaml','$(BUNDLE)/evaluate.yaml']" --ckpt_path $(DEMO)/training/model.pt --output_dir $(DEMO)/evaluation
	@echo "== Done. Results:"
	@echo "$(CURDIR)/$(DEMO)/training/report.html"
	@echo "$(CURDIR)/$(DEMO)/inference/report.html, *_mask.tif, *_overlay.png"
	@echo "$(CURDIR)/$(DEMO)/evaluation/report.html"

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

suite: install
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile $(TESTS)

test: lint
	$(MAKE) --no-print-directory suite

test-slow: install
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile -m slow

test-all:
	.ci/every_python $(PYTHONS)

docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "$(CURDIR)/build/site/index.html"

build: install
	$(BIN)/hatchling build

soak: install
	rm -rf build/soak
	OMP_NUM_THREADS=1 PYTHONPATH=tests $(BIN)/python tests/kills.py build/soak 20
	OMP_NUM_THREADS=1 PYTHONPATH=tests $(BIN)/python tests/killed_inferences.py build/soak/inference 20

clean:
	rm -rf build dist .venv
