"""Conformance checks of encoders, built-in and third-party.

In a plug-in's tests:

    @pytest.mark.parametrize("check", embedbench.conformance.CHECKS)
    def test_conformance(check):
        check(MyEncoder())

Each check tests one promise and tolerates violations of the others, so that the failing check
names the problem.
"""

import dataclasses
import pickle
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from embedbench.data.images.decoding import to_rgb
from embedbench.encoder import Encoder, LookupEncoder, TextEncoder, Vectors, check_rows
from embedbench.encoders.checking.import_cost import check_import_cost
from embedbench.encoders.checking.row_order import (
    check_row_order,
    is_close,
    probe_image,
    probe_images,
    shifted_by_one,
)
from embedbench.encoders.checking.side_effects import changes_of_state, printed
from embedbench.errors import EncoderError
from embedbench.utils.messages import describe_error

__all__ = ["CHECKS", "Check", "check_description", "run_checks"]

Check = Callable[[Encoder], None]


def fields_are_the_identity(encoder: Encoder) -> None:
    """Raise unless it is a frozen dataclass, and equal fields alone give equal identities."""
    settings = getattr(type(encoder), "__dataclass_params__", None)
    if settings is None or not settings.frozen:
        raise EncoderError("it must be a frozen dataclass: @dataclass(frozen=True)")
    if _fresh(encoder).identity() != encoder.identity():
        raise EncoderError("two encoders with the same fields have different identities")
    for field in dataclasses.fields(encoder):  # type: ignore[arg-type]
        changed = _with_another(encoder, field.name)
        if changed is not None and changed.identity() == encoder.identity():
            raise EncoderError(f"its identity is the same with another value of '{field.name}'")


def pickles_to_a_worker(encoder: Encoder) -> None:
    """Raise unless a copy that has not loaded its model can be sent to a worker process."""
    try:
        content = pickle.dumps(_fresh(encoder))
    except Exception as error:
        raise EncoderError(f"it cannot be pickled: {describe_error(error)}") from error
    if pickle.loads(content) != encoder:
        raise EncoderError("its pickled copy is not equal to it")
    if len(content) > 1_000_000:
        raise EncoderError(f"before its first use it pickles to {len(content):,} bytes")


def loads_nothing_before_use(encoder: Encoder) -> None:
    """Raise unless constructing it in a new process is quick and imports no heavy library."""
    check_import_cost(encoder)


def returns_one_row_per_image(encoder: Encoder) -> None:
    """Raise unless there is one row for each image, in a NumPy array of two axes."""
    size = encoder.batch_size
    for images in (probe_images(1) * size, probe_images(size)):
        rows = _encode_batch(encoder, images)
        if not isinstance(rows, np.ndarray) or rows.ndim != 2 or len(rows) != size:
            shape = getattr(rows, "shape", type(rows).__name__)
            raise EncoderError(f"it returned {shape} for {size} images")


def returns_float32(encoder: Encoder) -> None:
    """Raise unless the numbers are float32."""
    kind = np.asarray(_encode_batch(encoder, probe_images(encoder.batch_size))).dtype
    if kind != np.float32:
        raise EncoderError(f"it returned {kind}; it must return float32")


def returns_finite_numbers(encoder: Encoder) -> None:
    """Raise unless all numbers are finite, also for images of one colour."""
    plain = [Image.new("RGB", (40, 30), colour) for colour in ("black", "white", "red")]
    for images in (
        probe_images(encoder.batch_size),
        *([image] * encoder.batch_size for image in plain),
    ):
        rows = _encode_batch(encoder, images)
        if not np.isfinite(np.asarray(rows, np.float32)).all():
            raise EncoderError("it returned values that are not finite")


def takes_any_size_and_mode(encoder: Encoder) -> None:
    """Raise unless tiny, long, grey and transparent images give rows of the same length."""
    sizes = [(1, 1), (1, 400), (400, 1), (37, 53), (640, 480)]
    images = [probe_image(seed, size) for seed, size in enumerate(sizes)]
    images += [to_rgb(probe_image(9).convert(mode)) for mode in ("1", "L", "P", "CMYK", "RGBA")]
    lengths = {_rows(encoder, [image]).shape[1] for image in images}
    if len(lengths) > 1:
        raise EncoderError(f"it returned rows of {min(lengths)} and of {max(lengths)} numbers")


def prepares_pixels_alike(encoder: Encoder) -> None:
    """Raise unless an image and its pixels give the same row."""
    images = probe_images(encoder.batch_size)
    given = [encoder.prepare_pixels(np.array(image)) for image in images]
    if not is_close(_forgiven(encoder, given), _rows(encoder, images)):
        raise EncoderError("`prepare` and `prepare_pixels` give different rows for the same image")


def is_deterministic(encoder: Encoder) -> None:
    """Raise unless the same images give the same rows, byte for byte, also after reloading."""
    images = probe_images(encoder.batch_size)
    first = _rows(encoder, images)
    if not np.array_equal(first, _rows(encoder, images)):
        raise EncoderError("the same images gave different rows the second time")
    if not np.array_equal(first, _rows(_fresh(encoder), images)):
        raise EncoderError("the same images gave different rows after reloading it")


def keeps_the_order(encoder: Encoder) -> None:
    """Raise unless row i is image i."""
    images = probe_images(encoder.batch_size)
    rows, moved = _rows(encoder, images), _rows(encoder, shifted_by_one(images))
    check_row_order(rows, moved[: len(rows)])


def does_not_mix_images(encoder: Encoder) -> None:
    """Raise unless a row is independent, within 1e-4, of the other images in the batch."""
    images = probe_images(encoder.batch_size)
    alone = np.concatenate([_rows(encoder, [image]) for image in images])
    for row in _rows(encoder, images):  # in any order: the order has its own check
        gaps = np.abs(alone - row).max(axis=1)
        if not is_close(row[None], alone[[gaps.argmin()]]):
            raise EncoderError("a row depends on the other images in its batch")


def tells_images_apart(encoder: Encoder) -> None:
    """Raise unless different images give different rows."""
    rows = _rows(encoder, probe_images(max(2, encoder.batch_size)))
    if (rows == rows[0]).all():
        raise EncoderError("different images gave the same row")


def fingerprint_is_steady(encoder: Encoder) -> None:
    """Raise unless the fingerprint is the same for an equal encoder, and after use."""
    before = encoder.fingerprint()
    _rows(encoder, probe_images(1))
    if not before == encoder.fingerprint() == _fresh(encoder).fingerprint():
        raise EncoderError("its fingerprint changed while its fields did not")


def fingerprint_follows_the_weights(encoder: Encoder) -> None:
    """Raise unless the fingerprint changes with the bytes of a weights file."""
    _rows(encoder, probe_images(1))
    files = [Path(file) for file in encoder.weights_files()]
    if not files:
        return
    smallest = min(files, key=lambda file: file.stat().st_size)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, smallest.name)
        copy.write_bytes(smallest.read_bytes())
        changed = _fresh(encoder)
        copies = [copy if file == smallest else file for file in files]
        vars(changed)["weights_files"] = lambda: copies  # its own files stay unchanged
        before = changed.fingerprint()
        copy.write_bytes(smallest.read_bytes() + b"another")
        if changed.fingerprint() == before:
            raise EncoderError(f"its fingerprint does not depend on the bytes of '{smallest.name}'")


def leaves_global_state_alone(encoder: Encoder) -> None:
    """Raise unless it leaves seeds, working folder, environment, warnings and signals alone."""
    changed = changes_of_state(
        lambda: _rows(encoder, probe_images(1)), lambda: _rows(_fresh(encoder), probe_images(1))
    )
    if changed:
        raise EncoderError(f"it changes global state of the process: {', '.join(changed)}")


def leaves_its_images_alone(encoder: Encoder) -> None:
    """Raise unless it leaves its input images and pixels unchanged."""
    image, pixels = probe_image(0), np.array(probe_image(0))
    _forgiven(encoder, [encoder.prepare(image)])
    _forgiven(encoder, [encoder.prepare_pixels(pixels)])
    if image.tobytes() != probe_image(0).tobytes() or pixels.tobytes() != probe_image(0).tobytes():
        raise EncoderError("it modified its input image")


def prints_nothing(encoder: Encoder) -> None:
    """Raise unless it prints nothing to standard output, which is for tables."""
    output = printed(lambda: _rows(_fresh(encoder), probe_images(1)))
    if output:
        raise EncoderError(f"it prints to standard output: {output}")


def texts_share_the_space(encoder: Encoder) -> None:
    """Raise unless texts, if supported, give rows in order, of the length of image rows."""
    if not isinstance(encoder, TextEncoder) or not encoder.reads_texts:
        return
    texts = ["a cat", "a photo of a dog", ""]
    rows = check_rows(encoder.encode_texts(texts), len(texts))
    if rows.shape[1] != _rows(encoder, probe_images(1)).shape[1]:
        raise EncoderError("its rows of texts and of images differ in length")
    if np.array_equal(rows[0], rows[1]):
        raise EncoderError("two different texts gave the same row")
    check_row_order(rows, check_rows(encoder.encode_texts(shifted_by_one(texts)), len(texts)))


CHECKS: tuple[Check, ...] = (
    fields_are_the_identity,
    pickles_to_a_worker,
    loads_nothing_before_use,
    returns_one_row_per_image,
    returns_float32,
    returns_finite_numbers,
    takes_any_size_and_mode,
    prepares_pixels_alike,
    is_deterministic,
    keeps_the_order,
    does_not_mix_images,
    tells_images_apart,
    fingerprint_is_steady,
    fingerprint_follows_the_weights,
    leaves_global_state_alone,
    leaves_its_images_alone,
    prints_nothing,
    texts_share_the_space,
)


def check_description(check: Check) -> str:
    """Return what the check requires, in words."""
    return (check.__doc__ or "").splitlines()[0].removeprefix("Raise unless ").rstrip(".")


def run_checks(encoder: Encoder, checks: Sequence[Check] = CHECKS) -> dict[str, str]:
    """Return the error of each check by its name, an empty text if it passes."""
    if isinstance(encoder, LookupEncoder):
        raise EncoderError("its vectors were made elsewhere; there is nothing to check")
    errors = {}
    for check in checks:
        try:
            check(encoder)
            errors[check.__name__] = ""
        except (Exception, SystemExit) as error:  # an encoder may raise anything
            errors[check.__name__] = describe_error(error)
    return errors


def _fresh(encoder: Encoder) -> Encoder:
    """Return an encoder with the same fields that has not loaded its model."""
    return dataclasses.replace(encoder)  # type: ignore[type-var]


def _with_another(encoder: Encoder, name: str) -> Encoder | None:
    """Return the encoder with another value of a field; None if no other value is known."""
    value = getattr(encoder, name)
    changes: dict[type, Callable[[Any], Any]] = {
        bool: lambda it: not it,
        int: lambda it: it + 1,
        float: lambda it: it + 1,
        str: lambda it: f"{it}x",
        type(Path()): lambda it: Path(f"{it}x"),
    }
    if name.startswith("_") or type(value) not in changes:
        return None
    try:
        return dataclasses.replace(encoder, **{name: changes[type(value)](value)})  # type: ignore[type-var]
    except Exception:  # the encoder may reject the value
        return None


def _encode_batch(encoder: Encoder, images: Sequence[Image.Image]) -> np.ndarray:
    """Return the encoder's output for a full batch."""
    return encoder.encode_batch([encoder.prepare(image.copy()) for image in images])


def _rows(encoder: Encoder, images: Sequence[Image.Image]) -> Vectors:
    """Return the rows of the images, with violations of other checks repaired."""
    size = encoder.batch_size
    batches = [images[start : start + size] for start in range(0, len(images), size)]
    prepared = [[encoder.prepare(image.copy()) for image in batch] for batch in batches]
    return np.concatenate([_forgiven(encoder, batch) for batch in prepared])


def _forgiven(encoder: Encoder, prepared: list[Any]) -> Vectors:
    """Return the rows of at most a batch of prepared images."""
    filled = prepared + prepared[-1:] * (encoder.batch_size - len(prepared))
    rows = np.asarray(encoder.encode_batch(filled), np.float32)[: len(prepared)]
    return np.nan_to_num(rows, posinf=0, neginf=0)  # a copy: the encoder may reuse its array
