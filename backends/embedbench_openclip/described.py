"""What OpenCLIP writes beside weights: a model's configuration, and how its images are prepared."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedbench.encoder import InputError, WeightsError
from embedbench_torch.folders import read_settings, weights_in
from embedbench_torch.hub import hub_reason

__all__ = ["PREPARATION", "WEIGHTS", "Described", "described", "preparation_beside"]

WEIGHTS = (".safetensors", ".bin", ".pt", ".pth")
"""How the names of files of weights end."""

PREPARATION = ("mean", "std", "interpolation", "resize_mode", "fill_color")
"""What OpenCLIP says of how an image is prepared; its size is the network's."""

_CONFIG = "open_clip_config.json"
_BESIDE = (_CONFIG, "preprocess_cfg.json")
_HUB, _FOLDER = "hf-hub:", "local-dir:"
_PREFERRED = ("open_clip_model", "open_clip_pytorch_model", "model", "pytorch_model")


@dataclass(frozen=True)
class Described:
    """A model that its own open_clip_config.json describes.

    Attributes:
        folder: where that file lies.
        hub: the repository's name on the hub, perhaps with `@` and a revision; empty if it is not
            from there.
    """

    folder: Path
    hub: str = ""

    @property
    def name(self) -> str:
        """The model's name for people."""
        return self.hub.partition("@")[0] or self.folder.resolve().name

    def config(self) -> Path:
        """Return the file that describes the model."""
        return self.folder / _CONFIG

    def weights(self) -> Path:
        """Return the file of weights, fetched from the hub if it was not.

        Raises:
            WeightsError: there is none, or one cannot tell which of several it is.
        """
        if self.hub:
            return _fetched(self.hub)
        return weights_in(self.folder, _PREFERRED, WEIGHTS)


def described(model: str) -> Described | None:
    """Return the model that a folder or a repository of the hub describes.

    Args:
        model: "hf-hub:OWNER/NAME", "local-dir:FOLDER", a folder; any other name is None.

    Raises:
        WeightsError: there is no such folder or repository, or no description in it.
    """
    if model.startswith(_HUB):
        hub = model.removeprefix(_HUB)
        found = Described(_fetched(hub, _CONFIG).parent, hub)
    elif model.startswith(_FOLDER) or (
        Path(model).is_dir() and ("/" in model or Path(model, _CONFIG).is_file())
    ):
        found = Described(Path(model.removeprefix(_FOLDER)))
    else:
        return None
    if not found.config().is_file():
        what = f"no {_CONFIG} in the folder" if found.folder.is_dir() else "no folder"
        raise WeightsError(f"there is {what} '{found.folder}'; OpenCLIP saves one beside weights")
    if "model_cfg" not in read_settings(found.config()):
        raise WeightsError(f"'{found.config()}' has no `model_cfg`, which says what network it is")
    return found


def preparation_beside(weights: Path) -> dict[str, Any]:
    """Return how images are prepared as the file beside the weights says; empty if there is none.

    Raises:
        WeightsError: that file cannot be read, or says what is no preparation.
    """
    for name in _BESIDE:
        file = weights.with_name(name)
        if file.is_file():
            content = read_settings(file)
            found = content.get("preprocess_cfg", {}) if name == _CONFIG else content
            if not isinstance(found, Mapping):
                raise WeightsError(f"`preprocess_cfg` in '{file}' must be a table of values")
            return {name: value for name, value in found.items() if name in PREPARATION}
    return {}


def _fetched(hub: str, file: str | None = None) -> Path:
    """Return a file of a repository of the hub, its weights by default."""
    from open_clip.pretrained import download_pretrained_from_hf

    name, _, revision = hub.partition("@")
    if name.count("/") != 1:
        raise InputError(f"a model on the hub is called hf-hub:OWNER/NAME; not hf-hub:{hub}")
    try:
        return Path(download_pretrained_from_hf(name, filename=file, revision=revision or None))
    except (OSError, RuntimeError, ValueError) as error:
        step = (
            "fetch the repository on a machine that reaches the hub and give its folder: "
            "openclip:local-dir:FOLDER"
        )
        raise WeightsError(
            f"cannot fetch {file or 'the weights'} of '{hub}': {hub_reason(error, step)}"
        ) from error
