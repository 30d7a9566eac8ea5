"""The checks that every encoder passes, for ours and for other people's.

In a plug-in's tests:

    @pytest.mark.parametrize("check", embedbench.conformance.CHECKS)
    def test_conformance(check):
        check(MyEncoder())
"""

import dataclasses
import pickle
import random
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from embedbench.encoder import Encoder, LookupEncoder, TextEncoder, Vectors, check_rows
from embedbench.errors import EncoderError
from embedbench.images import to_rgb

__all__ = ["CHECKS", "Check", "run_checks"]

Check = Callable[[Encoder], None]

TOLERANCE = 1e-4
"""How far a row may move with its place in the batch: relative to the longest row."""


def fields_are_the_identity(encoder: Encoder) -> None:
    """Raise unless it is a frozen dataclass whose equal fields give equal identities."""
    settings = getattr(type(encoder), "__dataclass_params__", None)
    if settings is None or not settings.frozen:
        raise EncoderError("it must be a frozen dataclass: @dataclass(frozen=True)")
    if dataclasses.replace(encoder).identity() != encoder.identity():  # type: ignore[type-var]
        raise EncoderError("two encoders with the same fields have different identities")


def pickles_to_a_worker(encoder: Encoder) -> None:
    """Raise unless a copy of it, not yet loaded, can be sent to a worker process."""
    fresh = dataclasses.replace(encoder)  # type: ignore[type-var]
    try:
        content = pickle.dumps(fresh)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise EncoderError(f"it cannot be pickled: {error}") from error
    if pickle.loads(content) != encoder:
        raise EncoderError("a pickled copy is not equal to it")
    if len(content) > 1_000_000:
        raise EncoderError(f"before its first use it pickles to {len(content):,} bytes")


def returns_one_row_per_image(encoder: Encoder) -> None:
    """Raise unless there is one finite float32 row for each image."""
    for count in (1, encoder.batch_size, encoder.batch_size + 3):
        check_rows(encoder.encode(_pictures(count)), count)


def takes_any_size_and_mode(encoder: Encoder) -> None:
    """Raise unless tiny, long, grey and transparent images give rows of the same length."""
    sizes = [(1, 1), (1, 400), (400, 1), (37, 53), (640, 480)]
    images = [_picture(seed, size) for seed, size in enumerate(sizes)]
    images += [to_rgb(_picture(9).convert(mode)) for mode in ("1", "L", "P", "CMYK", "RGBA")]
    check_rows(encoder.encode(images), len(images))


def is_deterministic(encoder: Encoder) -> None:
    """Raise unless the same images give the same rows, byte for byte, loaded anew as well."""
    images = _pictures(encoder.batch_size)
    first = encoder.encode(images)
    if not np.array_equal(first, encoder.encode(images)):
        raise EncoderError("the same images gave other rows the second time")
    again = dataclasses.replace(encoder)  # type: ignore[type-var]
    if not np.array_equal(first, again.encode(images)):
        raise EncoderError("the same images gave other rows after loading it anew")


def keeps_the_order(encoder: Encoder) -> None:
    """Raise unless row i is image i."""
    images = _pictures(encoder.batch_size)
    _require_close(encoder.encode(images)[::-1], encoder.encode(images[::-1]), "order")


def does_not_mix_images(encoder: Encoder) -> None:
    """Raise unless a row is the same whatever stands beside it in the batch."""
    images = _pictures(encoder.batch_size + 1)
    alone = np.concatenate([encoder.encode([image]) for image in images])
    _require_close(encoder.encode(images), alone, "company")


def tells_images_apart(encoder: Encoder) -> None:
    """Raise unless different images give different rows."""
    rows = encoder.encode(_pictures(2))
    if np.array_equal(rows[0], rows[1]):
        raise EncoderError("two different images gave the same row")


def fingerprint_is_steady(encoder: Encoder) -> None:
    """Raise unless the fingerprint is the same for an equal encoder, and after use."""
    before = encoder.fingerprint()
    encoder.encode(_pictures(1))
    again = dataclasses.replace(encoder)  # type: ignore[type-var]
    if not before == encoder.fingerprint() == again.fingerprint():
        raise EncoderError("its fingerprint changed without any change of its fields")


def leaves_global_state_alone(encoder: Encoder) -> None:
    """Raise if it seeds the random numbers of Python or NumPy for everyone."""
    after = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)
        dataclasses.replace(encoder).encode(_pictures(1))  # type: ignore[type-var]
        after.append((random.random(), np.random.random()))
    if after[0][0] == after[1][0] or after[0][1] == after[1][1]:
        raise EncoderError("it seeds the global random numbers")


def texts_share_the_space(encoder: Encoder) -> None:
    """Raise unless texts, where it reads them, give rows as long as the images'."""
    if not isinstance(encoder, TextEncoder) or not encoder.reads_texts:
        return
    texts = ["a cat", "a photo of a dog", ""]
    rows = check_rows(encoder.encode_texts(texts), len(texts))
    if rows.shape[1] != encoder.encode(_pictures(1)).shape[1]:
        raise EncoderError("its texts and images have rows of different length")
    if np.array_equal(rows[0], rows[1]):
        raise EncoderError("two different texts gave the same row")


CHECKS: tuple[Check, ...] = (
    fields_are_the_identity,
    pickles_to_a_worker,
    returns_one_row_per_image,
    takes_any_size_and_mode,
    is_deterministic,
    keeps_the_order,
    does_not_mix_images,
    tells_images_apart,
    fingerprint_is_steady,
    leaves_global_state_alone,
    texts_share_the_space,
)


def run_checks(encoder: Encoder, checks: Sequence[Check] = CHECKS) -> dict[str, str]:
    """Return for each check its name, and what is wrong: an empty text if nothing is."""
    if isinstance(encoder, LookupEncoder):
        raise EncoderError("its vectors were made elsewhere; there is nothing to check")
    found = {}
    for check in checks:
        try:
            check(encoder)
            found[check.__name__] = ""
        except Exception as error:  # a check must survive whatever an encoder raises
            found[check.__name__] = " ".join(f"{error or type(error).__name__}".split())
    return found


def _require_close(rows: Vectors, others: Vectors, what: str) -> None:
    scale = float(np.linalg.norm(others, axis=1).max()) or 1.0
    moved = float(np.abs(rows - others).max()) / scale
    if moved > TOLERANCE:
        raise EncoderError(f"rows change with their {what} in the batch, by {moved:.2g}")


def _pictures(count: int) -> list[Image.Image]:
    return [_picture(seed) for seed in range(count)]


def _picture(seed: int, size: tuple[int, int] = (96, 80)) -> Image.Image:
    """A smooth random picture in colour."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
