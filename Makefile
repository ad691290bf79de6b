# Everything is made in $(VENV) with the versions of constraints.txt.  `make` lists the targets.

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Python compiles what it imports, once; all that there is would take half of the installation.
# Where it may not keep that, each of the hundreds of processes of the tests would compile it again.
INSTALL := $(PIP) install --no-compile --constraint constraints.txt
unexport PYTHONDONTWRITEBYTECODE
# Tests run in so many processes, which share what is compiled.
WORKERS ?= 2
PYTEST_ARGS ?=

# The first interpreter that starts and is new enough.  To choose another: make test PYTHON=python3.13
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo $$python; break; fi; done)

PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

# What is installed so far; a stamp is older than what it was made from when something has to be done.
RUN := $(VENV)/.installed-run
TEST := $(VENV)/.installed-test
DEV := $(VENV)/.installed-dev
DOCS := $(VENV)/.installed-docs
LOCK := pyproject.toml constraints.txt
# Compared with in the tests; what it needs to run is in the extra `peers` of pyproject.toml.
ALONE := stockpyl

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help install demo test test-all test-thorough lint types layers check check-experiments validate validate-search figures docs bench wheel clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(DEV) $(DOCS) ## install all that any target needs

demo: $(RUN) ## compare seven policies: table, finding, report in backsim-demo
	$(BIN)/backsim demo

test: $(TEST) ## run the fast tests
	$(PYTEST)

test-all: $(TEST) ## run the fast and the slow tests
	$(PYTEST) -m ""

test-thorough: $(TEST) ## run all tests, properties on ten times as many examples (nightly)
	BACKSIM_TESTS=thorough $(PYTEST) -m ""

lint: $(DEV) ## check format and style
	@status=0; \
	$(BIN)/ruff format --check . || status=1; \
	$(BIN)/ruff check . || status=1; \
	exit $$status

types: $(DEV) ## check types
	$(BIN)/mypy --strict src

layers: $(DEV) ## check that dependencies run one way
	$(BIN)/lint-imports

check-experiments: $(RUN) ## compare the shipped experiments with their baselines
	$(BIN)/backsim check experiments/*.yaml

check: install ## everything that CI checks: tests, style, types, layers, docs, experiments
	@$(MAKE) --no-print-directory --keep-going test lint types layers docs check-experiments

validate: $(RUN) ## compare simulation with every known answer (minutes)
	$(BIN)/backsim selftest

validate-search: $(TEST) ## count how often searches keep their promises (an hour)
	$(BIN)/python -m pytest tests/search -m "" $(PYTEST_ARGS)

figures: $(RUN) ## draw the figures of the documentation again
	$(BIN)/python docs/figures/make.py

docs: $(DOCS) ## build the site in docs/_build; a warning is an error
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -b html docs docs/_build

bench: $(TEST) ## measure speed and memory, in one process
	$(BIN)/python -m pytest tests/bench -m "" -p no:xdist -s $(PYTEST_ARGS)

# In an environment of its own, away from the checkout: what a user who installs it has.
wheel: $(BIN)/pip ## build dist/*.whl, and run its demo in an empty environment
	rm -rf dist/*.whl
	$(PIP) wheel --no-deps --wheel-dir dist .
	$(PYTHON) -m venv --clear $(VENV)/wheel
	$(VENV)/wheel/bin/pip --disable-pip-version-check --quiet install --constraint constraints.txt dist/*.whl
	$(VENV)/wheel/bin/backsim demo --out dist/demo

clean: ## remove the virtual environment and the caches
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache \
		.hypothesis .benchmarks .coverage
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(RUN): $(LOCK) | $(BIN)/pip
	$(INSTALL) --editable .
	@touch $@

$(TEST): $(LOCK) | $(BIN)/pip
	$(INSTALL) --editable ".[test]"
	$(INSTALL) --no-deps $(ALONE)
	@touch $(RUN) $@

$(DEV): $(LOCK) | $(BIN)/pip
	$(INSTALL) --editable ".[dev]"
	$(INSTALL) --no-deps $(ALONE)
	@touch $(RUN) $(TEST) $@

$(DOCS): $(LOCK) | $(BIN)/pip
	$(INSTALL) --editable ".[docs]"
	@touch $(RUN) $@

# Debian keeps what makes a virtual environment with pip in a package of its own.  Without that
# package, the pip of $(PYTHON) can still fill an environment that was made empty.
$(BIN)/pip:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "backsim needs Python 3.11 or newer; found: $(or $(PYTHON),none)." \
			"On Debian: apt-get install python3 python3-venv." \
			"To use another: make PYTHON=/path/to/python3" >&2; \
		exit 1; }
	@if $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
		$(PYTHON) -m venv --clear $(VENV); \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then \
		$(PYTHON) -m venv --clear --without-pip $(VENV) && \
		$(PYTHON) -m pip --disable-pip-version-check --quiet --python $(BIN)/python install pip; \
	else \
		echo "$(PYTHON) cannot make a virtual environment with pip." \
			"On Debian: apt-get install python3-venv, then run make again." >&2; \
		exit 1; \
	fi
