"""Files of settings beside a network, and the preparation that they describe."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedbench.encoder import InputError

__all__ = ["Described", "described", "read_settings", "settings_file"]

_FOLDER_OF_NETWORKS = "onnx"
"""A folder of this name holds networks alone; the files of settings lie above it."""


@dataclass(frozen=True)
class Described:
    """A preparation of images that a file of settings describes.

    Attributes:
        file: that describes it.
        distribution: the library that carries it out.
        settings: what the file says of it.
        others: further files that were read for it.
    """

    file: Path
    distribution: str
    settings: dict[str, Any]
    others: tuple[Path, ...] = ()


def described(model: Path) -> Described | None:
    """Return the preparation that lies beside a network, or above its folder `onnx`.

    Looked for in this order: `processor_config.json` and `preprocessor_config.json`, which
    transformers write; `preprocess_cfg.json` and `open_clip_config.json`, of OpenCLIP;
    `config.json` of timm.

    Raises:
        InputError: a file is no JSON object.
    """
    for find in (_of_transformers, _of_openclip, _of_timm):
        if found := find(model):
            return found
    return None


def settings_file(model: Path, name: str) -> Path | None:
    """Return where a file of settings is; None where there is none."""
    above = [model.parent.parent] if model.parent.name == _FOLDER_OF_NETWORKS else []
    paths = (folder / name for folder in [model.parent, *above])
    return next((path for path in paths if path.is_file()), None)


def read_settings(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises:
        InputError: it holds something else.
    """
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise InputError(f"'{path}' is no JSON object: {error}; it must hold one") from error


def _of_transformers(model: Path) -> Described | None:
    found = _part(model, "processor_config.json", lambda told: told.get("image_processor"))
    found = found or _part(model, "preprocessor_config.json", lambda told: told)
    if found is None:
        return None
    path, told = found
    kinds = ("image_processor_type", "feature_extractor_type")
    config = None if any(told.get(kind) for kind in kinds) else settings_file(model, "config.json")
    return Described(path, "transformers", told, (config,) if config else ())


def _of_openclip(model: Path) -> Described | None:
    found = _part(model, "preprocess_cfg.json", lambda told: told)
    found = found or _part(model, "open_clip_config.json", _openclip_settings)
    return Described(found[0], "open-clip-torch", found[1]) if found else None


def _of_timm(model: Path) -> Described | None:
    found = _part(model, "config.json", _timm_settings)
    return Described(found[0], "timm", found[1]) if found else None


def _part(
    model: Path, name: str, part: Callable[[dict[str, Any]], Any]
) -> tuple[Path, dict[str, Any]] | None:
    """Return a file of settings and the part of it that describes a preparation."""
    path = settings_file(model, name)
    told = part(read_settings(path)) if path else None
    return (path, told) if path and isinstance(told, dict) else None


def _openclip_settings(told: dict[str, Any]) -> Any:
    """Return the settings with the size, which OpenCLIP's file says of the model alone."""
    config, vision = told.get("preprocess_cfg"), (told.get("model_cfg") or {}).get("vision_cfg")
    if not isinstance(config, dict) or not isinstance(vision, dict):
        return None
    size = vision.get("image_size")
    return config if size is None or config.get("size") else {**config, "size": size}


def _timm_settings(told: dict[str, Any]) -> Any:
    """Return timm's settings; in its older files they are not apart."""
    if "architecture" not in told:
        return None
    return told.get("pretrained_cfg", told)
