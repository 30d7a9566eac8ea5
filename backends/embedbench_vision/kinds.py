"""Which models are vision models that give a vector, by their configuration alone."""

import inspect
from typing import Any

from embedbench.encoder import EncoderError
from embedbench_transformers.kinds import configured_class, is_listed, model_type

__all__ = ["image_class"]

_WITHOUT_A_VECTOR = {
    "depth_pro": "a model of depth, which sees an image as overlapping pieces",
    "timm_backbone": "a model of timm; take the encoder `timm`",
}
_INPUTS = {"pixel_values", "pixel_attention_mask", "spatial_shapes"}


def image_class(model: str, settings: dict[str, Any]) -> Any:
    """Return the class that reads a vision model: AutoModel, or a backbone's own.

    Raises:
        EncoderError: it is none; the message says what it is instead.
        WeightsError: the installed transformers does not know it.
    """
    from transformers import CONFIG_MAPPING, MODEL_FOR_BACKBONE_MAPPING, AutoModel

    family = model_type(model, settings)
    kind = configured_class(family, settings)
    if kind is None and is_listed(family, "BACKBONE"):
        return MODEL_FOR_BACKBONE_MAPPING[CONFIG_MAPPING[family]]
    if other := _other_kind(model, family, kind, settings):
        name = (kind or CONFIG_MAPPING[family]).__name__
        raise EncoderError(
            f"'{model}' is {other} ({name}); `vision` takes image models, e.g. "
            "facebook/dinov2-small"
        )
    return AutoModel


def _other_kind(model: str, family: str, kind: Any, settings: dict[str, Any]) -> str | None:
    """Return what a model is that is no vision model with a vector; None for one that is."""
    if family in _WITHOUT_A_VECTOR:
        return _WITHOUT_A_VECTOR[family]
    if kind is None and "vision_config" in settings:  # in transformers 4: LLaVA and others
        return "a model of images and texts"
    if kind is None:
        return f"of the family '{family}', which has no network without a head"
    takes = kind.main_input_name
    if hasattr(kind, "get_text_features") and hasattr(kind, "get_image_features"):
        return f"a model of images and texts, for clip:{model}"
    if "vision_config" in settings and takes != "pixel_values":
        return "a model of images and texts"
    modalities = str(getattr(kind, "input_modalities", ""))
    if is_listed(family, "VIDEO_CLASSIFICATION") or "videos" in takes or modalities == "video":
        return "a video model"
    if takes in ("input_values", "input_features", "audio_values"):
        return "an audio model"
    reads_images = "image" in modalities or is_listed(family, "IMAGE_CLASSIFICATION")
    if takes == "input_ids" and not reads_images:
        return "a text model"
    if takes != "pixel_values":
        return f"a model of `{takes}`, not of pixels"
    if is_listed(family, "OBJECT_DETECTION") and not is_listed(
        family, "IMAGE_CLASSIFICATION", "BACKBONE"
    ):
        return "a detector of objects"
    parts = family.endswith(("_vision_model", "_vit_model"))
    if not parts and not is_listed(family, "IMAGE_CLASSIFICATION", "BACKBONE", "IMAGE"):
        return "a model of another task"
    needed = {
        name
        for name, one in inspect.signature(kind.forward).parameters.items()
        if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD and name != "self"
    }
    if others := sorted(needed - _INPUTS):
        return f"a part of a larger model, which hands it `{others[0]}`"
    return None
