# What there is to run. Needs Python 3.11 or newer with pip and venv; everything else goes into .venv.
#
#   make demo      write demo_report.html, a report of the bundled checkpoint
#   make test      all tests
#   make lint      formatting, lint, types
#   make bench     the benchmarks (minutes; makes 1.3 GB of files and a second environment in benchmarks/work)
#   make samples   write the bundled reports again after a change to them
#   make picture   photograph the bundled page for the README (needs Chromium)
#   make prove     all proofs of the reader's safety that make test only samples, and packed weights beside the libraries
#                  that write them (an hour; PROVE_ARGS="-n 4" on four cores; a second environment in .venv-libraries)
#   make oracle    200,000 generated files, loaded by real loaders in a jail, against the reader (ORACLE_ARGS="-n 5000 --seed 2")
#   make fuzz      ten minutes of coverage-guided fuzzing of the reader (installs atheris)
#   make train     train the bundled checkpoint again (its bytes differ between processors and torch versions)
#   make clean     remove all that this file makes, the environment included

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint bench prove oracle fuzz samples picture train clean

demo: $(VENV)/.installed
	$(BIN)/pthreport sample_reports/digits_cnn.pth -o demo_report.html
	@echo "Wrote $(CURDIR)/demo_report.html: open it in a browser."

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

prove: $(VENV)/.installed-dev
	PTHREPORT_PROVE=1 $(BIN)/python -m pytest $(PROVE_ARGS) tests/hostile \
	    tests/checkpoint/test_any_bytes.py tests/checkpoint/test_against_cpython.py
	$(BIN)/python -m tests.hostile
	$(PYTHON) -m venv $(VENV)-libraries
	$(VENV)-libraries/bin/python -m pip install --quiet --disable-pip-version-check -r tests/parameters/libraries.txt
	$(VENV)-libraries/bin/python -W ignore tests/parameters/write_library_files.py build/library_files
	PTHREPORT_LIBRARY_FILES=build/library_files $(BIN)/python -m pytest tests/parameters/test_against_libraries.py

ORACLE_ARGS ?= -n 200000 --jobs 2
oracle: $(VENV)/.installed-dev
	$(BIN)/python -m tests.oracle $(ORACLE_ARGS)

FUZZ_ARGS ?= --seconds 600
fuzz: $(VENV)/.installed-dev
	$(PIP) -c constraints.txt -e ".[fuzz]"
	$(BIN)/python -m fuzz $(FUZZ_ARGS)

samples: $(VENV)/.installed-dev
	$(BIN)/python -m sample_reports.write_reports

picture: $(VENV)/.installed-dev
	$(BIN)/python -m sample_reports.take_picture

train: $(VENV)/.installed-dev
	$(BIN)/python -m sample_reports.train_digits_cnn

clean:
	rm -rf $(VENV) $(VENV)-libraries build dist demo_report.html benchmarks/work .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment that is there is used as it is; the stamps say what has been installed into it.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -c constraints.txt -e ".[dev]"
	touch $@ $(VENV)/.installed
