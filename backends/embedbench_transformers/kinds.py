"""What a model is, by its configuration and transformers' own lists, before it is read."""

from typing import Any

from embedbench.encoder import WeightsError

__all__ = ["configured_class", "is_listed", "model_type"]


def model_type(model: str, settings: dict[str, Any]) -> str:
    """Return the family that a configuration names.

    Raises:
        WeightsError: it names none, or one that the installed transformers does not know.
    """
    from transformers import CONFIG_MAPPING, __version__

    family = str(settings.get("model_type", ""))
    if not family:
        raise WeightsError(
            f"the config.json of '{model}' names no `model_type`; give a model of transformers, "
            "such as facebook/dinov2-small"
        )
    if family not in CONFIG_MAPPING:
        raise WeightsError(
            f"'{model}' is of the family '{family}', which transformers {__version__} does not "
            "know; install a newer one: pip install --upgrade transformers"
        )
    return family


def configured_class(family: str, settings: dict[str, Any]) -> Any:
    """Return the class of networks that AutoModel takes for a family; None where it has none."""
    from transformers import CONFIG_MAPPING, MODEL_MAPPING

    found = MODEL_MAPPING.get(CONFIG_MAPPING[family], None)
    if not isinstance(found, (tuple, list)):
        return found
    named = settings.get("architectures") or ()
    return next((one for one in found if one.__name__ in named), found[0])


def is_listed(family: str, *tasks: str) -> bool:
    """Whether transformers lists a family for one of these tasks, such as "OBJECT_DETECTION"."""
    from transformers.models.auto import modeling_auto

    return any(
        family in getattr(modeling_auto, f"MODEL_FOR_{task}_MAPPING_NAMES", ()) for task in tasks
    )
