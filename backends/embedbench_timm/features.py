"""Features of timm's networks: from one of their layers, pooled as a person asks for."""

import inspect
from typing import TYPE_CHECKING, Any

from embedbench.encoder import EncoderError, InputError
from embedbench_torch.pooling import check_pooling, pool_map, pool_tokens

if TYPE_CHECKING:
    import torch

__all__ = ["check_features", "features_of", "own_pooling", "pooling_name"]


def check_features(pool: str, layer: int, size: int) -> None:
    """Raise InputError unless these fields mean something for a timm model."""
    check_pooling(pool)
    if pool == "pooler":
        raise InputError("timm's models have no pooler; their own pooling is `pool` auto")
    if layer > 0:
        raise InputError(f"`layer` must be 0 (the last) or count from the end: -2; not {layer}")
    if size < 0:
        raise InputError(f"`size` must be 0 (the model's own) or pixels; not {size}")


def features_of(network: Any, batch: "torch.Tensor", pool: str, layer: int) -> "torch.Tensor":
    """Return one vector for each image of a normalised batch.

    Args:
        network: a timm model without classifier.
        batch: "images 3 height width".
        pool: `auto` for the model's own, or one of `POOLINGS`.
        layer: 0 for what the model returns, -2 for the second last block (or stage), without
            the model's last norm.

    Raises:
        EncoderError: the model's features are neither tokens nor a map, or lack what is pooled.
        AssertionError: the model has fewer blocks.
    """
    if pool == "auto" and not layer:
        features: torch.Tensor = network(batch)
        return features
    pool = _named(network, pool)
    prefix, has_class = _prefix(network), _has_class(network)
    if layer:
        tokens = _block(network, batch, layer)
    else:
        tokens = network.forward_features(batch)
    shape = tuple(getattr(tokens, "shape", ()))
    if len(shape) == 3:
        return pool_tokens(tokens, pool, prefix, has_class)
    if len(shape) == 4:
        return pool_map(tokens if layer else _channels_first(network, tokens), pool)
    raise EncoderError(
        f"the features of this model, {_described(tokens)}, are neither tokens nor a map; "
        "leave `pool` auto and `layer` 0"
    )


def own_pooling(network: Any) -> str | None:
    """Return the model's own pooling as timm calls it: "avg", "token", "map"; None if unknown."""
    for holder in (network, getattr(network, "head", None)):
        pooling = getattr(holder, "global_pool", None)
        name = pooling if isinstance(pooling, str) else getattr(pooling, "pool_type", None)
        if isinstance(name, str) and name:
            return name
    return None


def pooling_name(network: Any, pool: str, layer: int) -> str | None:
    """Return how one vector comes out of many, and from which layer: "mean of layer -2"."""
    if not layer:
        return own_pooling(network) if pool == "auto" else pool
    return f"{_named(network, pool)} of layer {layer}"


def _named(network: Any, pool: str) -> str:
    """Return the pooling of a layer where the model's own is asked for: its class token, if any."""
    if pool != "auto":
        return pool
    own = own_pooling(network) == "token" and _has_class(network) and _gives_prefix(network)
    return "cls" if own else "mean"


def _block(network: Any, batch: "torch.Tensor", layer: int) -> "torch.Tensor":
    """Return the tokens, or the map with channels first, that leave a block."""
    import torch

    if not hasattr(network, "forward_intermediates"):
        raise EncoderError("timm gives this model's last layer alone; leave `layer` 0")
    options: dict[str, Any] = {"indices": [layer], "intermediates_only": True}
    if not _gives_prefix(network):
        features: torch.Tensor = network.forward_intermediates(batch, **options)[0]
        return features
    options |= {"return_prefix_tokens": True, "output_fmt": "NLC"}
    patches, prefix = network.forward_intermediates(batch, **options)[0]
    return torch.cat([prefix, patches], dim=1)


def _gives_prefix(network: Any) -> bool:
    """Whether each block has tokens of its own before those of the patches."""
    known = inspect.signature(network.forward_intermediates).parameters
    return _prefix(network) > 0 and "return_prefix_tokens" in known


def _prefix(network: Any) -> int:
    """Return how many tokens, classes and registers, stand before those of the patches."""
    return int(getattr(network, "num_prefix_tokens", _has_class(network)))


def _has_class(network: Any) -> bool:
    holders = (network, getattr(network, "embeds", None))
    return any(getattr(holder, "cls_token", None) is not None for holder in holders)


def _channels_first(network: Any, features: "torch.Tensor") -> "torch.Tensor":
    last = getattr(network, "output_fmt", None) == "NHWC"
    width = network.num_features
    if last or (features.shape[1] != width and features.shape[3] == width):
        return features.permute(0, 3, 1, 2)
    return features


def _described(features: Any) -> str:
    shape = getattr(features, "shape", None)
    return type(features).__name__ if shape is None else f"of the shape {tuple(shape)}"
