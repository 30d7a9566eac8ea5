"""A network of PyTorch that a program already holds: run it, count its weights."""

from collections.abc import Sequence
from typing import Any

from embedbench.encoder import EncoderError, Facts, Vectors, first_sentence
from embedbench_torch import device, devices, running

__all__ = ["module_facts", "run_module"]


def run_module(network: Any, images: Sequence[Any], name: str) -> Vectors:
    """Return a network's output in evaluation mode, one float32 row an image.

    Args:
        network: a `torch.nn.Module`.
        images: tensors "channels height width", of one size.
        name: of the network, for errors.

    Raises:
        EncoderError: the images are no tensors of one size, or the output no tensor "images dim".
    """
    import torch

    for image in images:
        if not isinstance(image, torch.Tensor):
            raise EncoderError(
                f"the transform of '{name}' returned a {type(image).__name__}; it must return a "
                "tensor, channels x height x width"
            )
    shapes = list(dict.fromkeys(tuple(image.shape) for image in images))
    if len(shapes) > 1:
        raise EncoderError(
            f"the transform of '{name}' made tensors of shapes {shapes[0]} and {shapes[1]}; it "
            "must bring all images to one size"
        )
    batch = torch.stack(list(images)).to(device())
    try:
        with running():
            output = network.eval().to(device())(batch)
    except (RuntimeError, TypeError, ValueError) as error:
        raise EncoderError(
            f"'{name}' raised {type(error).__name__} on a batch of shape {tuple(batch.shape)}, as "
            f"its transform makes it: {first_sentence(error)}"
        ) from error
    if not isinstance(output, torch.Tensor) or output.ndim != 2:
        shape = getattr(output, "shape", None)
        came = f"shape {tuple(shape)}" if shape is not None else f"a {type(output).__name__}"
        raise EncoderError(
            f"'{name}' returned {came}; it must return a tensor, images x numbers: wrap it in a "
            "module that picks the vector"
        )
    rows: Vectors = output.float().cpu().numpy()
    return rows


def module_facts(network: Any) -> Facts:
    """Return a network's number of parameters, and where it runs."""
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Facts(parameters, device=device(), devices=devices())
