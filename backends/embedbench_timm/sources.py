"""What a timm model may be called, and where its weights lie: timm's list, the hub, a folder."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedbench.encoder import InputError, WeightsError
from embedbench_torch.folders import read_settings, weights_in

__all__ = [
    "check_name",
    "fetched_files",
    "full_name",
    "is_listed",
    "told_by_folder",
    "weights_of_folder",
]

_HUB = ("hf-hub:", "hf_hub:")
_FOLDER = "local-dir:"
_SUFFIXES = (".safetensors", ".bin", ".pth", ".pt")
_PREFERRED = ("model", "pytorch_model", "open_clip_model", "open_clip_pytorch_model")


def full_name(model: str) -> str:
    """Return the name as timm wants it: `hf-hub:` and `local-dir:` for what is in no list.

    A folder with a config.json may be given by its path alone.
    """
    if model.startswith(_HUB):
        return _HUB[0] + model.partition(":")[2]
    if not model.startswith(_FOLDER) and Path(model, "config.json").is_file():
        return _FOLDER + model
    return model


def is_listed(model: str) -> bool:
    """Whether a full name is of timm's own list: neither on the hub nor in a folder."""
    return not model.startswith((_HUB[0], _FOLDER))


def check_name(model: str, pretrained: bool) -> None:
    """Raise InputError unless timm knows the model and, where they are wanted, its weights.

    Raises:
        InputError: the name is in no list of timm, or has no weights there.
        WeightsError: there is no such folder, or no config.json in it.
    """
    import timm

    if model.startswith(_FOLDER):
        folder = Path(model.removeprefix(_FOLDER))
        if not (folder / "config.json").is_file():
            what = "no config.json in the folder" if folder.is_dir() else "no folder"
            raise WeightsError(
                f"there is {what} '{folder}'; a folder that timm saved has config.json and weights"
            )
        if "architecture" not in read_settings(folder / "config.json"):
            raise WeightsError(
                f"the config.json in '{folder}' names no `architecture`, so timm has not saved it; "
                f"a folder of transformers is given as vision:{folder}"
            )
    if not is_listed(model):
        return
    if not timm.is_model(model):
        known = timm.list_models()
        close = difflib.get_close_matches(model, known, n=4, cutoff=0.5) or known[:4]
        hint = f"; on the hub it would be hf-hub:{model}" if "/" in model else ""
        raise InputError(f"unknown timm model '{model}'; some are: {', '.join(close)}{hint}")
    tag = model.partition(".")[2]
    if (tag or pretrained) and not timm.models.is_model_pretrained(model):
        base = model.partition(".")[0]
        tags = timm.list_models(base, pretrained=True)
        if tags:
            raise InputError(f"unknown timm model '{model}'; known: {', '.join(tags)}")
        raise InputError(f"timm has no weights for '{base}'; add pretrained=false or weights=FILE")


def told_by_folder(model: str) -> set[str]:
    """Return what the config.json of a folder says itself of its weights: names of fields."""
    settings = read_settings(Path(model.removeprefix(_FOLDER)) / "config.json")
    own = settings.get("pretrained_cfg")
    return set(own) - {"tag"} if isinstance(own, dict) else set()


def weights_of_folder(model: str) -> Path:
    """Return the file of weights in a folder that timm saved.

    Raises:
        WeightsError: there is none, or one cannot tell which of several it is.
    """
    return weights_in(Path(model.removeprefix(_FOLDER)), _PREFERRED, _SUFFIXES)


def fetched_files(model: str, config: Mapping[str, Any]) -> list[Path]:
    """Return the weights' file in the cache that timm fetched it to.

    Raises:
        WeightsError: it is not there.
    """
    import torch
    from huggingface_hub import snapshot_download

    if hub := config.get("hf_hub_id"):
        name, _, revision = hub.partition("@")
        folder = Path(snapshot_download(name, revision=revision or None, local_files_only=True))
        found = sorted(path for path in folder.iterdir() if path.suffix in (*_SUFFIXES, ".npz"))
        found = [path for path in found if path.suffix == ".safetensors"] or found
    else:
        found = [Path(torch.hub.get_dir(), "checkpoints", Path(config["url"]).name)]
    if not found or not found[0].is_file():
        raise WeightsError(f"the weights of '{model}' were loaded, but are not in the cache")
    return found
