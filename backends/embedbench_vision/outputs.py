"""One vector an image from what a vision model returns: tokens, a map, or a vector already."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedbench.encoder import EncoderError, InputError
from embedbench_torch.pooling import pool_map, pool_tokens

if TYPE_CHECKING:
    import torch

__all__ = ["Layout", "layout_of", "vectors_of"]

_BEFORE_PATCHES = (
    "cls_token",
    "class_token",
    "class_embedding",
    "distillation_token",
    "register_tokens",
)
_CLASS = _BEFORE_PATCHES[:3]

# Maps whose channels come last: of the last output, and of hidden states.
_LAST_OUTPUT_CHANNELS_LAST = ("dinat", "sam2_vision_model")
_CHANNELS_LAST = (
    *_LAST_OUTPUT_CHANNELS_LAST,
    "sam3_vit_model",
    "sam_hq_vision_model",
    "sam_vision_model",
)


@dataclass(frozen=True)
class Layout:
    """How the vectors lie in what a network returns.

    Attributes:
        pool: the pooling, with `auto` decided.
        layer: the index of a hidden state; 0 for the last output.
        prefix: how many tokens stand before the patches.
        has_class: whether the first of them is a class token.
        channels_last: whether a map is "images height width channels".
    """

    pool: str
    layer: int
    prefix: int
    has_class: bool
    channels_last: bool


def layout_of(output: Any, network: Any, pool: str, layer: int, pooler_read: bool) -> Layout:
    """Return how the vectors lie in a network's output.

    Args:
        output: of one image.
        network: what returned it.
        pool: one of `POOLINGS`; `auto` is decided here.
        layer: the index of a hidden state; 0 for the last output.
        pooler_read: whether the weights held those of the pooler.

    Raises:
        InputError: there is no such layer, or no pooler.
        EncoderError: the hidden states are not one an image.
    """
    family = network.config.model_type
    values = _values(output, layer)
    if len(values) != 1:
        raise EncoderError(
            f"the hidden states of a {type(network).__name__} are {len(values)} windows of an "
            "image, not one; `layer` must be 0"
        )
    prefix, has_class = _tokens_before_patches(network, values)
    if family == "pvt" and values.shape[-1] == network.config.hidden_sizes[-1]:
        prefix, has_class = 1, True  # in its last stage alone
    if family == "dinov3_convnext":
        prefix, has_class = int(values.ndim == 3), False  # the mean, before its parts
    if pool == "auto":
        if not layer and pooler_read and _pooler(output) is not None:
            pool = "pooler"
        else:
            pool = "cls" if _has_class(output, values, layer, has_class) else "mean"
    if pool == "pooler" and _pooler(output) is None:
        raise InputError(
            f"`pool` must be another than pooler: a {type(network).__name__} returns no vector of "
            "its own; try mean"
        )
    channels = _CHANNELS_LAST if layer else _LAST_OUTPUT_CHANNELS_LAST
    return Layout(pool, layer, prefix, has_class, family in channels)


def vectors_of(output: Any, layout: Layout) -> "torch.Tensor":
    """Return one vector an image.

    Raises:
        EncoderError: the model has no tokens of the kind that the pooling takes.
    """
    if layout.pool == "pooler":
        pooled: torch.Tensor = output.pooler_output.flatten(1)
        return pooled
    values = _values(output, layout.layer)
    apart = _separate_class(output)
    if layout.pool == "cls" and not layout.layer and apart is not None:
        return apart[:, 0]
    if values.ndim == 4:
        return pool_map(values.permute(0, 3, 1, 2) if layout.channels_last else values, layout.pool)
    return pool_tokens(values, layout.pool, layout.prefix, layout.has_class)


def _values(output: Any, layer: int) -> "torch.Tensor":
    """Return the last output, or a hidden state: tokens or a map."""
    if not layer:
        maps = getattr(output, "feature_maps", None)
        last: torch.Tensor = maps[-1] if maps else output.last_hidden_state
        return last
    states = getattr(output, "hidden_states", None) or ()
    if not -len(states) <= layer < len(states):
        raise InputError(
            f"`layer` must be 0, or from {-len(states)} to {len(states) - 1}, for the model has "
            f"{len(states)} hidden states; not {layer}"
            if states
            else f"`layer` must be 0, for the model shows no hidden states; not {layer}"
        )
    state = states[layer]
    tokens: torch.Tensor = state[-1] if isinstance(state, (tuple, list)) else state
    return tokens


def _tokens_before_patches(network: Any, values: "torch.Tensor") -> tuple[int, bool]:
    """Return how many tokens stand before the patches, and whether a class token leads them."""
    if values.ndim != 3:
        return 0, False
    count, has_class = 0, False
    for name, parameter in network.named_parameters():
        *above, last = name.split(".")
        if last in _BEFORE_PATCHES and "embeddings" in above:
            count += 1 if parameter.ndim == 1 else parameter.shape[-2]
            has_class = has_class or last in _CLASS
    return count, has_class


def _pooler(output: Any) -> "torch.Tensor | None":
    """Return the model's own vectors; those that still are maps do not count."""
    pooled: torch.Tensor | None = getattr(output, "pooler_output", None)
    if pooled is None or pooled[0].numel() != pooled.shape[1]:
        return None
    return pooled


def _separate_class(output: Any) -> "torch.Tensor | None":
    """Return the class token where a model keeps it apart from its map (CvT)."""
    token: torch.Tensor | None = getattr(output, "cls_token_value", None)
    return token


def _has_class(output: Any, values: "torch.Tensor", layer: int, among_tokens: bool) -> bool:
    if values.ndim == 4:
        return not layer and _separate_class(output) is not None
    return among_tokens
