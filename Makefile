# make demo   a first dataset, offline        make test   the whole suite
# make lint   ruff and mypy                   make bench  novelty and gateway, about 20 minutes
# make train  installs what fine-tuning needs; without it `make test` skips those tests
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := demo
.PHONY: demo test lint bench train clean

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

.venv/.installed-test: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,bench]'
	touch $@

# Fine-tuning and models in this process: PyTorch and its libraries, for which pip takes gigabytes of CUDA on Linux
.venv/.installed-train: .venv/.installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[local,train]'
	touch $@

train: .venv/.installed-train

demo: .venv/.installed
	$(BIN)/selfinstruct run

test: .venv/.installed-test
	$(BIN)/python -m pytest -n auto --dist worksteal tests

lint: .venv/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.installed-test
	$(BIN)/python -m pytest tests/benchmarks --benchmark-only

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache
