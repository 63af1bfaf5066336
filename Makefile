# `make demo` and `make test` need Python 3.11 or 3.12 and nothing else.
PYTHON ?= $(firstword $(shell for p in python3.11 python3.12 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && echo $$p; done))
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV_VERSION := 0.13.9

.PHONY: help setup demo docs test test-fast test-all check fix lock bench clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "%-10s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## .venv, from the pinned files

# Built anew where what is installed changes, or how it is installed: an old one would hide a step that is missing.
$(STAMP): requirements/cpu.txt pyproject.toml Makefile
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or 3.12 found; set PYTHON=/path/to/python" >&2; exit 2; }
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	@# The list is complete, so nothing is resolved: what was tested is what is installed.
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --no-deps -r requirements/cpu.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	touch $@

demo: setup ## see a model get better without a label
	$(BIN)/ttrl-verl demo

# What starts no verl runs side by side; what trains or holds a Ray has the machine to itself. Both are run and told.
APART := -n auto --maxprocesses 8

# A run and the suite start hundreds of Pythons: without bytecode each would compile what it imports anew.
unexport PYTHONDONTWRITEBYTECODE

test: setup check ## the whole suite but for its long matrix
	@status=0; \
	$(BIN)/python -m pytest $(APART) --dist loadfile -m "not verl and not e2e and not matrix" || status=1; \
	$(BIN)/python -m pytest -m "(verl or e2e) and not matrix" || status=1; \
	exit $$status

test-fast: setup ## seconds: nothing here imports verl
	$(BIN)/python -m pytest $(APART) --dist worksteal -m "not slow and not verl and not e2e and not matrix"

test-all: setup check ## everything, the long end-to-end matrix included
	$(BIN)/python -m pytest

check: setup ## style, the layers and the site, as CI sees them
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	.ci/layers
	.ci/docs

fix: setup ## style, repaired
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## the site of README and docs/, in site/
	.ci/docs site

lock: ## requirements/cpu.txt, anew from pyproject.toml: names and versions only
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header \
		--override requirements/overrides.txt --extra cpu --extra dev pyproject.toml -o requirements/cpu.txt

bench: setup ## what the plugin costs, beside stock verl
	$(BIN)/python benchmarks/import_time.py
	$(BIN)/python benchmarks/step_overhead.py

clean: ## remove what make and the tests made
	rm -rf $(VENV) build dist site *.egg-info .pytest_cache .ruff_cache .hypothesis
