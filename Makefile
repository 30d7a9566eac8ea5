PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: demo test format

demo: .venv/demo-installed
	$(BIN)/embedbench demo

test: .venv/test-installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile

format: .venv/test-installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/demo-installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable ".[all]"
	touch $@

.venv/test-installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable ".[all,dev]"
	touch $@
