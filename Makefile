PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: demo test soak format readme bench

demo: .venv/demo-installed
	$(BIN)/embedbench demo

test: .venv/test-installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# The long forms of tests: many more kills, broken files, fuzzed inputs.
soak: .venv/test-installed
	$(BIN)/pytest -m soak

format: .venv/test-installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The README's table, picture and texts, from a demo run and the program.
readme: demo
	$(BIN)/python docs/fill_readme.py embedbench-demo/run

# The benchmarks' short form, and the table of docs/performance.md from it.
bench: .venv/bench-installed
	$(BIN)/python benchmarks/bench.py --out build/bench.json
	$(BIN)/python docs/fill_performance.py build/bench.json

.venv/demo-installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable ".[all]"
	touch $@

.venv/test-installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable ".[all,dev]"
	touch $@

.venv/bench-installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable ".[all,bench]"
	touch $@
