"""The latency of one query in a service: from one decoded image to its vector."""

import os
import time
from collections.abc import Collection
from contextlib import suppress

from embedbench.data.images.augmentations import AugmentedImage
from embedbench.data.images.decoding import open_pixels
from embedbench.data.images.sources import Source, read_verified
from embedbench.embedding.engine import Workers
from embedbench.embedding.work import Items
from embedbench.embedding.worker_state import Placement, state
from embedbench.errors import EncoderError

__all__ = ["latency_ms", "time_one_image"]

_WARM_CALLS = 4
_ENOUGH_SECONDS = 1.0
"""No further call is timed once the warm ones took as long."""


def latency_ms(
    workers: Workers, items: Items, failures: Collection[str], placement: Placement
) -> float | None:
    """Return the milliseconds of the first image alone, as one worker takes them.

    None where they cannot be measured; see `time_one_image`.

    Args:
        workers: they hold the encoder.
        items: the images by their keys.
        failures: keys of images that could not be encoded.
        placement: the variant that runs.
    """
    for key, source in items.items():
        if key not in failures and not isinstance(source, AugmentedImage):
            with suppress(EncoderError):  # the worker dies of it, or does not answer
                return workers.call(time_one_image, key, source, placement)
            break
    return None


def time_one_image(key: str, source: Source, placement: Placement) -> float | None:
    """Return the milliseconds from a decoded image to its vector, alone in its batch.

    The encoder is loaded. Of a few calls the quickest counts: the rest of the machine disturbed it
    least. The first does not, which may still prepare the model for this batch size. None where
    the encoder cannot encode an image alone, and where it is compiled: it would be compiled again.

    Args:
        key: the image's key in the store.
        source: where it is.
        placement: the variant that runs.
    """
    worker = state()
    encoder = worker.select_variant(placement)
    if encoder.compiled:
        return None
    seconds: list[float] = []
    try:
        os.chdir(worker.folder)  # the encoder may have left it, and relative paths start here
        pixels = open_pixels(read_verified(source, key), encoder.least_side)
        while len(seconds) <= _WARM_CALLS and sum(seconds[1:]) < _ENOUGH_SECONDS:
            start = time.perf_counter()
            encoder.encode_prepared([encoder.prepare_pixels(pixels)], 1)
            seconds.append(time.perf_counter() - start)
    except Exception:  # some models take whole batches only
        return None
    return round(1000 * min(seconds[1:]), 2)
