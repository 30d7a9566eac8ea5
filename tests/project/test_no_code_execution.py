"""Promises of the sources: what could run foreign code is where SECURITY.md says, or nowhere."""

import ast
from collections.abc import Iterator

import pytest

from tests.support.paths import ROOT

ALLOWED = {
    # An encoder on its way into a worker process of ours, and what that answers.
    ("embedbench/embedding/worker_state.py", "cloudpickle.loads"),
    ("embedbench/embedding/on_ray/actor.py", "pickle.loads"),
    # Its own pickle, of an encoder that runs in the same process anyway.
    ("embedbench/encoders/checking/checks.py", "pickle.loads"),
    # A model whose classes were checked one by one to be Keras's own layers.
    ("backends/embedbench_keras/own_file.py", "keras.saving.load_model"),
}

FORBIDDEN = {
    "eval", "exec", "compile", "__import__",
    "pickle.load", "pickle.loads", "pickle.Unpickler", "cloudpickle.load", "cloudpickle.loads",
    "dill.load", "dill.loads", "joblib.load", "marshal.load", "marshal.loads", "shelve.open",
    "pd.read_pickle", "pandas.read_pickle", "yaml.load", "yaml.unsafe_load", "yaml.full_load",
    "os.system", "os.popen", "runpy.run_path", "torch.hub.load",
    "keras.models.load_model", "keras.saving.load_model", "tempfile.mktemp",
}  # fmt: skip

MUST_SAY = {"torch.load": ("weights_only", True), "load_state_dict": ("weights_only", True),
            "np.load": ("allow_pickle", False), "np.save": ("allow_pickle", False)}  # fmt: skip
"""Calls that must name this argument with this value; a network's own load_state_dict aside."""

NEVER = {"trust_remote_code": True, "shell": True, "weights_only": False, "allow_pickle": True,
         "safe_mode": False, "use_safetensors": False, "verify": False}  # fmt: skip


def _faults(source: str, file: str = "a.py") -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        said = {one.arg: getattr(one.value, "value", None) for one in node.keywords}
        if name in FORBIDDEN and (file, name) not in ALLOWED:
            yield f"{file}:{node.lineno}: {name}"
        if name in MUST_SAY and said.get(MUST_SAY[name][0], "") is not MUST_SAY[name][1]:
            yield f"{file}:{node.lineno}: {name} without {MUST_SAY[name][0]}"
        for word, value in NEVER.items():
            if said.get(word, "") is value:
                yield f"{file}:{node.lineno}: {word}={value}"


def test_nothing_in_the_sources_runs_foreign_code() -> None:
    files = [file for part in ("embedbench", "backends") for file in (ROOT / part).rglob("*.py")]
    assert len(files) > 100
    faults = [
        fault
        for file in files
        for fault in _faults(file.read_text(encoding="utf-8"), file.relative_to(ROOT).as_posix())
    ]
    assert not faults


@pytest.mark.parametrize(
    "line",
    ["eval('1')", "exec(x)", "pickle.load(f)", "cloudpickle.loads(f)", "pd.read_pickle(f)",
     "yaml.load(f)", "torch.load(f)", "torch.load(f, weights_only=False)", "np.load(f)",
     "load_state_dict(f)", "AutoModel.from_pretrained(f, trust_remote_code=True)",
     "subprocess.run(x, shell=True)", "keras.models.load_model(f, safe_mode=False)"],
)  # fmt: skip
def test_the_search_finds_what_it_looks_for(line: str) -> None:
    assert list(_faults(line))


def test_what_is_allowed_is_used_and_told_in_security_md() -> None:
    told = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for file, name in ALLOWED:
        assert f"{name}(" in (ROOT / file).read_text(encoding="utf-8")
        assert f"`{file}`" in told
