"""Files of weights as people have them: read as tensors alone, and fitted to a network strictly.

A training script saves its network inside other things: under `state_dict` or `teacher`, behind
`module.` or `backbone.`, beside a classifier, a projection head and an optimiser.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedbench.encoder import InputError, WeightsError, first_sentence

if TYPE_CHECKING:
    import torch

__all__ = ["CHECKPOINTS", "Fitted", "check_file", "fit_state", "load_checkpoint", "read_checkpoint"]

CHECKPOINTS = (".safetensors", ".pth", ".pt", ".bin", ".ckpt", ".tar")
"""How the names of files of weights end."""

_NESTED = (
    "state_dict_ema", "model_ema", "teacher", "state_dict", "model", "model_state",
    "model_state_dict", "net", "student",
)  # fmt: skip
"""Under which name a checkpoint holds its network, what is to be preferred first."""

_WRAPPERS = {
    "_orig_mod", "backbone", "base_encoder", "encoder", "encoder_q", "model", "module", "net",
    "network", "student", "teacher", "trunk",
}  # fmt: skip
"""What stands before a tensor's name where the network was part of another module."""

_HEADS = (
    "aux", "center", "classif", "decoder", "fc", "head", "linear", "logit", "loss", "mask_token",
    "mlp", "predict", "proj", "prototype", "queue",
)  # fmt: skip
"""Parts of the names of what is trained beside a network, and is no part of its features."""

_COUNTER = "num_batches_tracked"
"""Of batch normalisation; files of old versions of PyTorch lack it, and features need it not."""

State = dict[str, "torch.Tensor"]


@dataclass(frozen=True)
class Fitted:
    """The tensors of a file that a network takes.

    Attributes:
        state: the tensors under the network's names.
        remark: what was left out of the file; None if nothing was.
    """

    state: State
    remark: str | None


def check_file(path: Path, suffixes: Sequence[str] = CHECKPOINTS) -> None:
    """Raise WeightsError unless there is this file; InputError unless it is named as weights."""
    if not path.is_file():
        raise WeightsError(f"there is no file '{path}'; `weights` must be a local file")
    if path.suffix not in suffixes:
        raise InputError(f"`weights` must be one of {', '.join(suffixes)}; not '{path}'")


def read_checkpoint(path: Path) -> State:
    """Return the tensors of a file by name, of the network within it alone.

    Reads safetensors, and pickles of tensors, numbers and texts (`weights_only=True`).

    Raises:
        WeightsError: there is no such file, it is larger than the free memory, cannot be read,
            holds other things than tensors, or none.
    """
    check_file(path)
    _check_memory(path)
    content: Any = _read(path)
    while isinstance(content, Mapping):
        nested = [name for name in _NESTED if isinstance(content.get(name), Mapping)]
        if not nested:
            break
        content = content[nested[0]]
    tensors = _tensors(content)
    if not tensors:
        found = ", ".join(map(str, list(content)[:4])) if isinstance(content, Mapping) else ""
        raise WeightsError(
            f"'{path}' holds no tensors by name, but {found or type(content).__name__}; "
            "save them again: torch.save(model.state_dict(), FILE)"
        )
    return tensors


def fit_state(
    network: "torch.nn.Module",
    state: State,
    source: str,
    heads: Sequence[str] = (),
    convert: Callable[[State], State] | None = None,
) -> Fitted:
    """Return the tensors of `state` that the network takes, every one of its own among them.

    Args:
        network: without its classifier.
        state: tensors by name, as they were saved.
        source: the file or the hub's name, for messages.
        heads: the names of the classifier's modules.
        convert: from other names than the library's to its own; tried if the names do not fit.

    Raises:
        WeightsError: a tensor of the network is missing or of another shape, or the file holds
            more of the network than it has.
    """
    own: Any = network.state_dict()
    wanted = {name: tensor.shape for name, tensor in own.items()}
    prefixes = _prefixes(state)
    tried = [(_strip(state, prefix), prefix) for prefix in prefixes]
    found, prefix = max(tried, key=lambda one: _matches(one[0], wanted))
    if convert and _matches(found, wanted) < len(wanted):
        tried = [(found, prefix), *((_converted(names, convert), at) for names, at in tried)]
        found, prefix = max(tried, key=lambda one: _matches(one[0], wanted))
    left = [name for name in found if name not in wanted]
    _check_fit(found, wanted, [name for name in left if not _is_head(name, wanted, heads)], source)
    left += [name for name in state if not name.startswith(prefix)]
    raw = _strip(state, prefix)
    resized = [name for name in found if name in raw and raw[name].shape != found[name].shape]
    kept: Any = OrderedDict((name, tensor) for name, tensor in found.items() if name in wanted)
    kept._metadata = own._metadata  # versions of modules, which some ask for
    return Fitted(kept, _remark(left, [name for name in resized if "pos" in name], source))


def load_checkpoint(
    network: "torch.nn.Module",
    path: Path,
    heads: Sequence[str] = (),
    convert: Callable[[State], State] | None = None,
) -> str | None:
    """Load a file into a network without classifier; return what was left out, if anything.

    Raises:
        WeightsError: as `read_checkpoint` and `fit_state` do.
    """
    fitted = fit_state(network, read_checkpoint(path), path.name, heads, convert)
    network.load_state_dict(fitted.state, strict=False)  # it may lack counters alone
    return fitted.remark


def _check_memory(path: Path) -> None:
    import psutil

    size, free = path.stat().st_size, psutil.virtual_memory().available
    if size > free:
        raise WeightsError(
            f"'{path}' has {size / 1e9:.1f} GB, which do not fit the {free / 1e9:.1f} GB of memory "
            "that are free; use a machine with more"
        )


def _read(path: Path) -> Any:
    from argparse import Namespace
    from pickle import UnpicklingError

    import torch
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        with torch.serialization.safe_globals([Namespace]):  # settings that scripts save beside
            return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise WeightsError(
            f"cannot load '{path}': it holds more than tensors{_unsafe(path)}, which could run "
            "code; save the tensors alone where it was made: "
            "torch.save(model.state_dict(), FILE)"
        ) from error
    except Exception as error:  # safetensors, zip files and torch raise errors of their own
        raise WeightsError(
            f"cannot load '{path}', which is no whole file of torch.save or safetensors: "
            f"{type(error).__name__}: {first_sentence(error)}"
        ) from error


def _unsafe(path: Path) -> str:
    """Return the classes that a pickle asks for, in brackets; nothing where that is unknown."""
    import torch

    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(str(path))
    except Exception:  # not a zip file of torch's own
        return ""
    return f" ({', '.join(sorted(names)[:3])})" if names else ""


def _tensors(content: Any) -> State:
    import torch

    if not isinstance(content, Mapping):
        return {}
    return {
        name: tensor
        for name, tensor in content.items()
        if isinstance(name, str) and isinstance(tensor, torch.Tensor)
    }


def _prefixes(state: State) -> list[str]:
    """Return what may stand before the network's own names, the shortest first."""
    found = {""}
    for name in state:
        prefix = ""
        for part in name.split(".")[:-1]:
            if part not in _WRAPPERS:
                break
            prefix += f"{part}."
            found.add(prefix)
    return sorted(found, key=lambda prefix: (len(prefix), prefix))


def _strip(state: State, prefix: str) -> State:
    start = len(prefix)
    return {name[start:]: tensor for name, tensor in state.items() if name.startswith(prefix)}


def _converted(state: State, convert: Callable[[State], State]) -> State:
    try:
        return _tensors(convert(dict(state)))
    except Exception:  # written for one form of file, it fails on others in any way
        return {}


def _matches(state: State, wanted: "Mapping[str, torch.Size]") -> int:
    return sum(name in state and state[name].shape == shape for name, shape in wanted.items())


def _is_head(name: str, wanted: "Mapping[str, torch.Size]", heads: Sequence[str]) -> bool:
    """Whether a tensor belongs to what is trained beside the network, not to more of it."""
    if any(name.startswith(f"{head}.") for head in heads):
        return True
    top = name.partition(".")[0]
    if any(one.partition(".")[0] == top for one in wanted):
        return False
    return any(part in top.lower() for part in _HEADS)


def _check_fit(
    state: State, wanted: "Mapping[str, torch.Size]", more: Sequence[str], source: str
) -> None:
    needed = [name for name in wanted if not name.endswith(_COUNTER)]
    shapes = [name for name in needed if name in state and state[name].shape != wanted[name]]
    lacks = [name for name in needed if name not in state]
    count = f"the model has {len(wanted)}"
    if len(lacks) == len(needed):
        raise WeightsError(
            f"'{source}' is of another architecture: it has none of the model's {len(wanted)} "
            f"tensors, such as '{needed[0]}', but '{next(iter(state), '')}'"
        )
    if shapes:
        name = shapes[0]
        raise WeightsError(
            f"'{source}' is of another architecture: it has another shape for '{name}', "
            f"{tuple(state[name].shape)} in place of {tuple(wanted[name])} "
            f"(so with {len(shapes)} tensors; {count})"
        )
    for what, names in (("lacks", lacks), ("also holds", more)):
        if names:
            raise WeightsError(
                f"'{source}' does not fit the model: it {what} '{names[0]}' "
                f"(so with {len(names)} tensors; {count})"
            )


def _remark(left: Sequence[str], resized: Sequence[str], source: str) -> str | None:
    remarks = []
    if resized:
        remarks.append(
            f"'{source}' was trained at another image size: its {resized[0]} was interpolated; "
            "`size` gives that size"
        )
    if left:
        names = ", ".join([*left[:2], *(["..."] if len(left) > 2 else [])])
        remarks.append(f"left out of '{source}': {len(left)} tensors ({names})")
    return "; ".join(remarks) or None
