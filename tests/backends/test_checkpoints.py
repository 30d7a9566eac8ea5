"""Files of weights as training scripts save them, read and fitted by what the PyTorch encoders
share."""

import argparse
import fractions
from pathlib import Path
from typing import Any

import pytest

from embedbench.errors import WeightsError
from tests.support.libraries import library

torch = library("torch")
psutil = library("psutil")


def _network(classes: int = 0, width: int = 4) -> Any:
    """A small network with batch normalisation, under names that torch gives."""
    nn = torch.nn
    layers = {"conv": nn.Conv2d(3, width, 1), "norm": nn.BatchNorm2d(width)}
    if classes:
        layers["fc"] = nn.Linear(width, classes)
    return nn.ModuleDict(layers)


def _state(seed: int = 1, classes: int = 5) -> dict[str, Any]:
    torch.manual_seed(seed)
    state: dict[str, Any] = _network(classes).state_dict()
    return state


def _under(prefix: str, state: dict[str, Any]) -> dict[str, Any]:
    return {prefix + name: tensor for name, tensor in state.items()}


FORMS: dict[str, Any] = {
    "plain": lambda good, bad: good,
    "distributed": lambda good, bad: {"state_dict": _under("module.", good), "epoch": 3},
    "compiled": lambda good, bad: {"model": _under("_orig_mod.", good), "optimizer": {"a": [bad]}},
    "lightning": lambda good, bad: {"state_dict": _under("model.backbone.", good)},
    "timm": lambda good, bad: {"state_dict": good, "args": argparse.Namespace(lr=0.1), "epoch": 3},
    "averaged": lambda good, bad: {"state_dict": bad, "state_dict_ema": good},
    "averaged, but not yet": lambda good, bad: {"model": good, "model_ema": None},
    "DINO": lambda good, bad: {
        "student": _under("module.backbone.", bad),
        "teacher": _under("backbone.", good) | {"head.mlp.0.weight": torch.zeros(2)},
    },
    "MoCo": lambda good, bad: {
        "state_dict": _under("module.base_encoder.", good) | _under("module.momentum_encoder.", bad)
    },
    "MoCo v2": lambda good, bad: {
        "state_dict": _under("module.encoder_q.", good)
        | _under("module.encoder_k.", bad)
        | {"module.queue": torch.zeros(3)}
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_a_network_is_found_within_what_training_saves(form: str, tmp_path: Path) -> None:
    from embedbench_torch.checkpoints import load_checkpoint

    good, bad = _state(1), _state(2)
    torch.save(FORMS[form](good, bad), tmp_path / "ft.pth")
    network = _network()
    remark = load_checkpoint(network, tmp_path / "ft.pth", heads=("fc",))
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, good[name]), name
    assert remark is not None and remark.startswith("left out of 'ft.pth': ")
    if form == "plain":
        assert remark.endswith("2 tensors (fc.weight, fc.bias)")


def test_nothing_left_out_is_no_remark_and_old_batch_norm_is_read(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    from embedbench_torch.checkpoints import load_checkpoint

    state = _state(classes=0)
    del state["norm.num_batches_tracked"]
    save_file(state, tmp_path / "old.safetensors")
    assert load_checkpoint(_network(), tmp_path / "old.safetensors") is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: {n: t for n, t in s.items() if n != "conv.bias"},
         r"lacks 'conv.bias' \(so with 1 tensors; the model has 7\)"),
        (lambda s: _network(5, width=6).state_dict(),
         r"another architecture: it has another shape for 'conv.weight', \(6, 3, 1, 1\) in place "
         r"of \(4, 3, 1, 1\)"),
        (lambda s: s | {"conv.9.weight": s["conv.weight"]}, "also holds 'conv.9.weight'"),
        (lambda s: s | {"reg_token": s["conv.bias"]}, "also holds 'reg_token'"),
        (lambda s: {"stem.weight": s["conv.weight"]},
         "another architecture: it has none of the model's 7 tensors, such as 'conv.weight', but "
         "'stem.weight'"),
        (lambda s: {"epoch": 3, "loss": 0.5}, "holds no tensors by name, but epoch, loss; save"),
        (lambda s: s["conv.weight"], "holds no tensors by name, but Tensor"),
        (lambda s: {"model": s, "args": fractions.Fraction(1, 2)},
         r"holds more than tensors \(fractions.Fraction\), .*torch.save\(model.state_dict\(\)"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_told_in_one_line(
    change: Any, words: str, tmp_path: Path
) -> None:
    from embedbench_torch.checkpoints import load_checkpoint

    torch.save(change(_state()), tmp_path / "ft.pth")
    with pytest.raises(WeightsError, match=words) as caught:
        load_checkpoint(_network(), tmp_path / "ft.pth", heads=("fc",))
    assert "\n" not in str(caught.value)


def test_a_file_larger_than_the_free_memory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    from embedbench_torch.checkpoints import read_checkpoint

    with (tmp_path / "vast.pth").open("wb") as file:
        file.truncate(2 * psutil.virtual_memory().total)  # a hole: no disk is used
    with pytest.raises(WeightsError, match="GB, which do not fit the .* GB of memory"):
        read_checkpoint(tmp_path / "vast.pth")
