"""Promises of the house: the core imports no encoder library, and what is public is said."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import embedbench
from tests.support.paths import ROOT

HEAVY = ("torch", "tensorflow", "keras", "timm", "transformers", "matplotlib", "seaborn")
NUMERIC = (*HEAVY, "numpy", "pandas", "pyarrow", "scipy", "skimage", "sklearn", "hdbscan", "umap")
MODULES = sorted(
    module.name for module in pkgutil.walk_packages(embedbench.__path__, "embedbench.")
)
DRAWING = ("embedbench.report.plots", "embedbench.report")


def heavy_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_core_imports_no_heavy_library() -> None:
    core = [name for name in MODULES if not name.startswith(DRAWING)]
    assert len(core) > len(list(pkgutil.iter_modules(embedbench.__path__)))  # sub-packages too
    assert heavy_after("; ".join(f"import {name}" for name in core)) == set()


def test_the_check_above_can_fail() -> None:
    assert heavy_after("import torch") == {"torch"}


@pytest.mark.parametrize("work", ["embedding.worker", "data.images.describing"])
def test_workers_that_read_or_encode_import_numpy_and_no_other_numeric_library(work: str) -> None:
    code = f"import sys, embedbench.{work}; print(*({set(NUMERIC)} & {{*sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["numpy"]


def imported_after(*words: str) -> set[str]:
    """Return all modules that `embedbench WORDS` has imported when it ends."""
    code = (
        "import atexit, sys; from embedbench.cli import main; "
        f"atexit.register(lambda: print(*sys.modules)); main({list(words)})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


def numeric_after(*words: str) -> set[str]:
    """Return which numeric libraries `embedbench WORDS` has imported when it ends."""
    return imported_after(*words).intersection(NUMERIC)


def test_help_imports_no_numeric_library() -> None:
    assert numeric_after("--help") == set()
    assert numeric_after("run", "--help") == set()


def test_help_does_not_look_for_the_version_which_takes_a_fifth_of_its_time() -> None:
    assert "importlib.metadata" not in imported_after("--help")
    assert "importlib.metadata" in imported_after("--version")


def test_the_list_of_encoders_imports_numpy_alone_which_their_classes_are_written_in() -> None:
    assert numeric_after("encoders") == {"numpy"}


def test_the_two_checks_above_can_fail() -> None:
    assert {"numpy", "pandas", "pyarrow"} <= numeric_after("suggest-labels", "no-such-run")


def test_backends_import_the_contract_and_their_library_alone() -> None:
    for file in ROOT.glob("backends/*/*.py"):
        for line in file.read_text().splitlines():
            if line.strip().startswith(("from embedbench.", "import embedbench")):
                assert line.split()[1] == "embedbench.encoder", (file.name, line)


def is_map_of_a_room(module: ModuleType) -> bool:
    """Whether it is an `__init__.py` that holds its docstring and nothing else."""
    body = ast.parse(inspect.getsource(module)).body
    return hasattr(module, "__path__") and len(body) == 1 and module.__doc__ is not None


@pytest.mark.parametrize("name", MODULES)
def test_exported_names_are_there_and_sorted(name: str) -> None:
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", None)
    if exported is None:
        assert is_map_of_a_room(module), f"{name} has no __all__"
        return
    assert exported == sorted(exported)
    assert all(hasattr(module, item) for item in exported)


def test_everything_of_the_package_can_be_had() -> None:
    assert all(getattr(embedbench, name) is not None for name in embedbench.__all__)


BACKENDS = {
    "pixels": "pixels",
    "timm:test_resnet,pretrained=false": "timm",
    "torchvision:squeezenet1_1,weights=none": "torchvision",
    "keras:MobileNetV2,weights=none": "keras",
}
"""One of each library that needs no file of weights."""


@pytest.mark.parametrize("spec", BACKENDS)
def test_an_encoder_at_work_imports_no_other_backend(spec: str) -> None:
    if BACKENDS[spec] != "pixels":
        pytest.importorskip(BACKENDS[spec])
    code = (
        "import sys, PIL.Image as I; from embedbench.encoders.registry import create_encoder; "
        f"create_encoder({spec!r}).encode([I.new('RGB', (64, 64))]); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = {name.partition(".")[0] for name in done.stdout.split()}
    shared = {"embedbench_torch"}
    own = {name for name in modules if name.startswith("embedbench_")} - shared
    assert own == {f"embedbench_{BACKENDS[spec]}"}
    others = {"timm", "transformers", "open_clip", "tensorflow", "onnxruntime"}
    needed = {"keras": "tensorflow"}.get(BACKENDS[spec], BACKENDS[spec])
    assert modules & others <= {needed}
