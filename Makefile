PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
TOOLS := build/tools/bin
COMPILE := $(TOOLS)/uv pip compile pyproject.toml --quiet --upgrade --no-annotate \
	--python-version 3.11.5 --python-platform x86_64-manylinux_2_28 \
	--custom-compile-command "make lock" --output-file
OLDEST := $(TOOLS)/uv venv --quiet --clear --python 3.11 build/oldest && $(TOOLS)/uv pip install \
	--quiet --python build/oldest/bin/python --constraints tests/oldest.txt --editable
TEST_TOOLS := beartype fsspec hypothesis packaging pytest pytest-xdist
# Old libraries warn of newer ones, and the oldest jaxtyping has no part in pytest.
RUN_OLDEST := OMP_NUM_THREADS=1 PYTEST_ADDOPTS='--override-ini filterwarnings=default \
	--override-ini "addopts=--strict-markers --import-mode=importlib"' \
	build/oldest/bin/pytest -n 2 --dist loadfile -m "not soak and not models and not slow and not weights"
CORE_TESTS := $(addprefix tests/,metrics clustering analysis/test_k_selection.py \
	io/test_safe_csv.py io/test_store.py data/test_image_table.py data/images/test_decoding.py \
	report/test_page.py report/plots project/test_dependencies.py)

.PHONY: demo test models docs page soak fuzz oldest oldest-core newest dist lock audit format tutorial bench \
	verdict exports notebooks

demo: .venv/demo-installed
	$(BIN)/embedbench demo

# One math thread each: pytest's two processes would wait for one another's at every small sum.
# A test that hangs is a failure that shows where; alarms are embedbench's own, so a thread looks.
test: .venv/test-installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder \
		--timeout 1200 --timeout-method thread

# The documentation site in build/site; a warning, such as a link that leads nowhere, is an error.
docs: .venv/test-installed
	$(BIN)/python docs/build_site.py
	$(BIN)/zensical build --clean --strict

# The long forms of tests: many more kills, broken files, fuzzed inputs.
soak: .venv/test-installed
	$(BIN)/pytest -m soak

# Every model family of the libraries, held against the library called directly; about an hour.
models: .venv/test-installed
	rm -f build/models.csv
	MODELS_CSV=build/models.csv $(BIN)/pytest -n 2 -m models
	$(BIN)/python docs/fill_models.py build/models.csv

# Readers, specs and tables on several times as many broken inputs, about a minute.
FUZZ_TIMES ?= 10
fuzz: .venv/test-installed
	OMP_NUM_THREADS=1 FUZZ_TIMES=$(FUZZ_TIMES) $(BIN)/pytest -n 2 tests/integration/test_fuzz.py \
		tests/integration/test_fuzz_sources.py

# The tests with the oldest versions that pyproject.toml allows: of all, or of the core alone.
oldest: build/tools/installed
	$(OLDEST) ".[all,ray]" $(TEST_TOOLS) editables hatchling onnx
	$(RUN_OLDEST) tests/backends $(CORE_TESTS)

oldest-core: build/tools/installed
	$(OLDEST) . $(TEST_TOOLS)
	$(RUN_OLDEST) $(CORE_TESTS)

# The core's tests on the newest Python that is here, with the newest libraries, warnings as errors;
# then whether all extras have wheels of released versions for it. Nothing is done where there is none.
newest: build/tools/installed
	@python=$$(.ci/newest-python); \
	if [ -z "$$python" ]; then echo "there is no Python newer than 3.11 here"; exit 0; fi; set -ex; \
	$(TOOLS)/uv venv --quiet --clear --python "$$python" build/newest; \
	$(TOOLS)/uv pip install --quiet --python build/newest/bin/python --editable . $(TEST_TOOLS); \
	OMP_NUM_THREADS=1 build/newest/bin/pytest -n 2 --dist loadfile \
		-m "not soak and not models and not slow and not weights" $(CORE_TESTS); \
	$(TOOLS)/uv pip compile pyproject.toml --quiet --extra all --extra ray --no-annotate \
		--only-binary :all: --prerelease disallow --python build/newest/bin/python \
		--output-file build/newest.txt

# What is published, in build/dist: the wheel built from the sdist, checked, and run where nothing else is.
CLEAN := build/clean/bin
dist: build/tools/installed
	rm -rf build/dist build/clean-run
	$(TOOLS)/cffconvert --validate
	$(TOOLS)/python -m build --outdir build/dist
	$(TOOLS)/twine check --strict build/dist/*
	$(TOOLS)/uv venv --quiet --clear --python $(TOOLS)/python build/clean
	$(TOOLS)/uv pip install --quiet --python $(CLEAN)/python build/dist/*.whl
	cd build && clean/bin/embedbench --version
	cd build && clean/bin/python -c "from pathlib import Path; \
		from embedbench.data.sample_photos import write_samples; write_samples(Path('clean-run/photographs'))"
	cd build && clean/bin/embedbench run clean-run/photographs -e pixels --k 18 --seeds 2 --quiet \
		--store clean-run/store --out clean-run/run

# What the tests last ran with, with hashes, and the oldest versions.
lock: .venv/test-installed build/tools/installed
	$(BIN)/pip list --format freeze --exclude-editable > build/tested.txt
	$(COMPILE) requirements.lock --extra all --extra dev --constraints build/tested.txt \
		--generate-hashes
	$(COMPILE) tests/oldest.txt --extra all --extra ray --resolution lowest-direct

# What the notebooks show, and the pictures of the gallery, after a change of either; needs Chromium.
notebooks: .venv/test-installed
	$(BIN)/python docs/run_notebooks.py
	$(BIN)/python docs/gallery.py

# Known holes in what is locked. What could not be asked about is a failure too.
audit: build/tools/installed
	$(TOOLS)/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock

# Results written for each tool and read back by its own library, in an environment of its own, as
# the tools do not fit into one. FiftyOne needs MongoDB: where its package could not fetch one, set
# FIFTYONE_DATABASE_URI to the address of a server.
EXPORTS := atlas fiftyone hub mlflow mteb wandb
exports: $(EXPORTS:%=build/exports/%/installed)
	for tool in $(EXPORTS); do \
		echo "$$tool"; \
		OMP_NUM_THREADS=1 build/exports/$$tool/bin/python -m pytest -q -m exports \
			--override-ini filterwarnings=default \
			--override-ini "addopts=--strict-markers --import-mode=importlib" tests/export || exit 1; \
	done

build/exports/%/installed: pyproject.toml
	$(PYTHON) -m venv build/exports/$*
	build/exports/$*/bin/pip install --quiet $(TEST_TOOLS) --editable \
		$(if $(filter atlas,$*),. embedding-atlas,".[$*]")
	touch $@

format: .venv/test-installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The scripts of the pages from their sources, checked first. They are part of the package; needs node.
page:
	embedbench/report/web/build.sh build/page
	cp build/page/page.js build/page/ask.js build/page/LICENCES.txt embedbench/report/web/

# The tutorial's table and the pictures, from a demo run; Chromium takes that of the page.
tutorial: demo
	$(BIN)/python docs/fill_tutorial.py embedbench-demo/run

# The benchmarks' short form, and the table of docs/performance/index.md from it.
bench: .venv/bench-installed
	$(BIN)/python benchmarks/bench.py --out build/bench.json
	$(BIN)/python docs/fill_performance.py build/bench.json

# The benchmark of the verdict, from labelled sets to the tables of docs/explanation/verdict.md: hours.
# `benchmarks/labelled_sets.py --help` lists the packages and repositories that the folders hold.
verdict: .venv/test-installed
	$(BIN)/python benchmarks/labelled_sets.py build/sets --assets $(ASSETS) --debian $(DEBIAN) \
		--emoji $(EMOJI) --repositories $(REPOSITORIES)
	$(BIN)/python benchmarks/verdict_bank.py build/sets build/bank --assets $(ASSETS) --wheels $(WHEELS)
	$(BIN)/python benchmarks/verdict_truth.py build/bank build/truth.csv
	$(BIN)/python benchmarks/verdict_draws.py build/bank build/draws 3
	$(BIN)/python benchmarks/calibration.py build/draws build/sets/sets.csv > build/verdict.md
	$(BIN)/python docs/fill_verdict.py build/verdict.md
	$(BIN)/python benchmarks/signal_candidates.py build/bank build/candidates 1 > build/signals.md
	$(BIN)/python benchmarks/label_choice.py build/bank > build/label-choice.md
	$(BIN)/python benchmarks/group_numbers.py build/bank > build/groups.md

build/tools/installed: Makefile
	$(PYTHON) -m venv build/tools
	$(TOOLS)/pip install --quiet build cffconvert pip-audit twine uv
	touch $@

.venv/demo-installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable ".[demo]"
	touch $@

.venv/test-installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable ".[all,dev]"
	touch $@

.venv/bench-installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable ".[all,bench]"
	touch $@
