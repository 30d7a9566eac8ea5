"""Pooling: one vector an image, from one a token or from a map of features."""

from typing import TYPE_CHECKING

from embedbench.encoder import EncoderError, InputError

if TYPE_CHECKING:
    import torch

__all__ = ["POOLINGS", "check_pooling", "pool_map", "pool_tokens"]

POOLINGS = ("auto", "pooler", "cls", "mean", "cls+mean", "gem")
"""`auto` is the model's own; `pooler` the vector that the model itself returns for an image; `cls`
the class token; `mean` the mean of the patches' tokens, or of all places of a map; `gem` their
generalised mean."""

_POWER = 3.0
_LEAST = 1e-6
"""Of the generalised mean: the power, and what smaller values are raised to, as in its paper."""


def check_pooling(pool: str) -> None:
    """Raise InputError unless this is one of `POOLINGS`."""
    if pool not in POOLINGS:
        raise InputError(f"`pool` must be one of {', '.join(POOLINGS)}; not '{pool}'")


def pool_tokens(
    tokens: "torch.Tensor", pool: str, prefix: int, has_class: bool = True
) -> "torch.Tensor":
    """Return one vector for each image.

    Args:
        tokens: "images tokens dim", the class token and registers first, then the patches.
        pool: `cls`, `mean`, `cls+mean` or `gem`.
        prefix: how many tokens stand before the patches.
        has_class: whether the first of them is a class token.

    Raises:
        EncoderError: there is no class token, or no patch.
    """
    import torch

    if "cls" in pool and not (prefix and has_class):
        raise EncoderError(f"the model has no class token, so `pool` cannot be '{pool}'")
    patches = tokens[:, prefix:]
    if pool != "cls" and not patches.shape[1]:
        raise EncoderError(f"the model has no tokens of patches, so `pool` cannot be '{pool}'")
    if pool == "cls":
        return tokens[:, 0]
    if pool == "mean":
        return patches.mean(1)
    if pool == "cls+mean":
        return torch.cat([tokens[:, 0], patches.mean(1)], dim=1)
    return _generalised_mean(patches)


def pool_map(features: "torch.Tensor", pool: str) -> "torch.Tensor":
    """Return one vector for each image from a map, "images channels height width"."""
    return pool_tokens(features.flatten(2).transpose(1, 2), pool, prefix=0, has_class=False)


def _generalised_mean(vectors: "torch.Tensor") -> "torch.Tensor":
    """Return the generalised mean over the second axis (Radenovic et al. 2018)."""
    raised = vectors.float().clamp(min=_LEAST).pow(_POWER)
    return raised.mean(1).pow(1 / _POWER)
