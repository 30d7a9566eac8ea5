"""Promises of the hub: what it has comes whole, and what it has not is one line that says why.

The hub is a small one on this machine; one process with the network asks it for everything.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.hub import TOKEN, Hub, Repository, serve_hub
from tests.support.libraries import library

torch = library("torch")
transformers = library("transformers")

PROGRAM = """
import json, sys
from pathlib import Path
from embedbench.encoders.record import WeightsFile
from embedbench.encoders.registry import create_encoder

for spec in sys.argv[1:]:
    try:
        encoder = create_encoder(spec)
        facts = encoder.facts()
        for path in encoder.weights_files():
            WeightsFile.read(Path(path))
        answer = {
            "weights": facts.weights, "revision": facts.revision, "licence": facts.licence
        }
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
"""


def write_model(folder: Path, is_pickled: bool = False, intermediate_size: int = 32) -> Path:
    """Write a small ViT with its image processor."""
    config = transformers.ViTConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=32, patch_size=16,
        intermediate_size=intermediate_size,
    )  # fmt: skip
    torch.manual_seed(0)
    model = transformers.ViTModel(config)
    model.save_pretrained(folder)
    transformers.ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\nA small model.\n")
    if is_pickled:
        (folder / "model.safetensors").unlink()
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder


@dataclass(frozen=True)
class Asked:
    """What came of asking for each encoder, and the hub that was asked."""

    answers: dict[str, dict[str, Any]]
    hub: Hub
    errors: str


SPECS = (
    "vision:small/vit",
    "vision:small/vit,revision=old",
    "vision:small/vit,revision=nope",
    "vision:small/pickled",
    "vision:small/gated",
    "vision:small/none",
    "vision:small/cut",
    "vision:small/slow",
    "vision:small/swapped",
    "vision:small/text",
    "clip:small/gated",
)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("hub")
    model = write_model(folder / "vit")
    text = transformers.BertConfig(
        vocab_size=10, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
        intermediate_size=8,
    )  # fmt: skip
    transformers.BertModel(text).save_pretrained(folder / "text")
    repositories = {
        "small/vit": Repository(model, branches={"main": "a" * 40, "old": "b" * 40}),
        "small/pickled": Repository(write_model(folder / "pickled", is_pickled=True)),
        "small/gated": Repository(model, is_gated=True),
        # The hub's library writes ten megabytes at once, and goes on after those.
        "small/cut": Repository(write_model(folder / "cut", intermediate_size=10**5), cuts=1),
        "small/slow": Repository(model, pause=0.05),
        "small/swapped": Repository(model, is_swapped=True),
        "small/text": Repository(folder / "text"),
    }
    with serve_hub(repositories) as hub:
        answers, errors = ask(hub, folder / "home", SPECS)
        yield Asked(answers, hub, errors)


def ask(
    hub: Hub, home: Path, specs: tuple[str, ...], **environment: str
) -> tuple[dict[str, dict[str, Any]], str]:
    """Return what came of each encoder, and what was printed to standard error."""
    hidden = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    variables = {"HF_ENDPOINT": hub.address, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, *specs],
        env=kept | variables | environment,
        capture_output=True,
        text=True,
    )
    lines = run.stdout.splitlines()
    assert run.returncode == 0 and len(lines) == len(specs), run.stderr
    return dict(zip(specs, map(json.loads, lines), strict=True)), run.stderr


def test_a_model_comes_with_its_commit_and_licence(asked: Asked) -> None:
    answer = {"weights": "small/vit", "revision": "a" * 40, "licence": "mit"}
    assert asked.answers["vision:small/vit"] == answer
    assert asked.answers["vision:small/vit,revision=old"] == answer | {"revision": "b" * 40}


def test_a_pickle_of_tensors_alone_is_read(asked: Asked) -> None:
    assert asked.answers["vision:small/pickled"]["weights"] == "small/pickled"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("vision:small/vit,revision=nope", "no such revision"),
        ("vision:small/gated", "gated; ask for access on its page on the hub, then set HF_TOKEN"),
        ("clip:small/gated", "gated; ask for access on its page on the hub, then set HF_TOKEN"),
        ("vision:small/none", "no such repository"),
        ("vision:small/text", "text model"),
    ],
)
def test_what_cannot_be_had_is_one_line_that_says_why(asked: Asked, spec: str, words: str) -> None:
    error = asked.answers[spec]["error"]
    assert words in error and "\n" not in error


def test_a_transfer_that_breaks_off_goes_on_where_it_was(asked: Asked) -> None:
    assert asked.answers["vision:small/cut"]["weights"] == "small/cut"
    first, second = asked.hub.weights_asked("small/cut")
    size = (asked.hub.repositories["small/cut"].folder / "model.safetensors").stat().st_size
    assert first is None or first.startswith("bytes=0-")
    assert second is not None and 0 < int(second.removeprefix("bytes=").split("-")[0]) < size


def test_a_slow_one_comes_whole(asked: Asked) -> None:
    assert asked.answers["vision:small/slow"]["weights"] == "small/slow"


def test_other_bytes_than_the_hub_says_are_refused(asked: Asked) -> None:
    error = asked.answers["vision:small/swapped"]["error"]
    assert "is not the file that the hub has: its SHA-256 is" in error


def test_of_a_model_of_another_kind_no_weights_are_asked_for(asked: Asked) -> None:
    assert asked.hub.weights_asked("small/text") == []


def test_nothing_stray_is_printed_after_an_error(asked: Asked) -> None:
    assert "resource_tracker" not in asked.errors and "Traceback" not in asked.errors


def test_a_token_opens_a_gated_model_and_the_cache_needs_no_network(
    asked: Asked, tmp_path: Path
) -> None:
    specs = ("vision:small/gated",)
    answers, _ = ask(asked.hub, tmp_path, specs, HF_TOKEN=TOKEN)
    assert answers["vision:small/gated"]["weights"] == "small/gated"
    before = len(asked.hub.asked)
    answers, _ = ask(asked.hub, tmp_path, specs, HF_HUB_OFFLINE="1")
    assert answers["vision:small/gated"]["revision"] == "a" * 40
    assert len(asked.hub.asked) == before
