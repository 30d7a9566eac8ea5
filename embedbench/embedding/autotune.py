"""Choose the quickest faithful variant of an encoder.

A variant is the same model in another precision, batch size, or compiled. Which is the quickest
depends on the machine; which is faithful depends on the images too. So both are measured on the
first images, and the choice is kept in the store for the next run of these images.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from jaxtyping import Float64

from embedbench.encoder import Encoder, Vectors, combine
from embedbench.io.store import Store
from embedbench.utils.hardware import machine_name

__all__ = [
    "COMPARED",
    "Fidelity",
    "LEAST_IMAGES",
    "TIMED",
    "Timing",
    "TunedVariant",
    "batch_size_variants",
    "break_even_images",
    "compiled_pays",
    "compiled_variant",
    "faster_candidates",
    "fidelity",
    "load_tuning",
    "save_tuning",
    "timed_first",
]

LEAST_IMAGES = 1000
"""With fewer images measuring costs more than it can save: the reference runs."""

TIMED = 32
"""Images on which variants are timed."""

COMPARED = 128
"""Images on which vectors of variants are compared with the reference."""

_LEAST_COSINE = 0.995
_LEAST_SHARE = 0.99
_TIE = 1e-6
_COMPILE_SECONDS = 120.0
_REMEMBERED = 20


@dataclass(frozen=True, eq=False)
class Timing:
    """How long a variant takes, and its vectors.

    Attributes:
        seconds: time for one image, once loaded.
        first_seconds: time for the first batch, with loading and compiling.
        rows: vectors of the timed images.
    """

    seconds: float
    first_seconds: float
    rows: Vectors


@dataclass(frozen=True)
class Fidelity:
    """How near a variant's vectors are to the reference's.

    Attributes:
        cosine: of the image where they differ most, at most 1, after the reference's mean vector
            is subtracted from both. Otherwise vectors that all point the same way would have a
            high cosine whatever their differences.
        neighbours: share of images whose nearest other image is the same, 0 to 1.
    """

    cosine: float
    neighbours: float

    @property
    def is_faithful(self) -> bool:
        """Whether the cosine is at least 0.995 and 99 % of the images keep their neighbour."""
        return self.cosine >= _LEAST_COSINE and self.neighbours >= _LEAST_SHARE


@dataclass(frozen=True)
class TunedVariant:
    """The variant that runs.

    Attributes:
        encoder: the variant, with nothing left open.
        fidelity: compared with the reference; None for the reference, or if nothing was measured.
    """

    encoder: Encoder
    fidelity: Fidelity | None = None

    def settings_record(self) -> dict[str, Any]:
        """Return how the encoder runs, as the table of encoders shows it."""
        return {
            "precision": getattr(self.encoder, "precision", None),
            "batch_size": self.encoder.batch_size,
            "compiled": self.encoder.compiled,
            "precision_cosine": self.fidelity and round(self.fidelity.cosine, 6),
            "precision_neighbours": self.fidelity and round(self.fidelity.neighbours, 4),
        }


def break_even_images(plain: Timing, each: float, variants: int, workers: int) -> float:
    """Return from how many images on it pays to measure more variants.

    It is assumed to save half of the encoder's time.

    Args:
        plain: timing of the reference.
        each: seconds that measuring one variant took, loading included.
        variants: how many are still to be timed; two are loaded again to be compared.
        workers: how many share the images.
    """
    return (variants + 2) * each / (plain.seconds / 2 / workers)


def timed_first(variants: Sequence[Encoder]) -> list[int]:
    """Return the reference and the uncompiled variants with the batch size of the second one."""
    return [
        number
        for number, variant in enumerate(variants)
        if not number or (variant.batch_size == variants[1].batch_size and not variant.compiled)
    ]


def faster_candidates(timed: Mapping[int, Timing], best: int = 0, gain: float = 1.15) -> list[int]:
    """Return the variants that may be better than the best so far, the quickest first.

    They are quicker by the gain, and faithful on the timed images as far as the cosine says.

    Args:
        timed: timings by the variant's number; the reference is 0.
        best: number of the best variant so far.
        gain: least ratio of the times; a smaller one may be chance.
    """
    if 0 not in timed or best not in timed:
        return []
    most = timed[best].seconds / gain
    quick = [
        number
        for number, timing in timed.items()
        if timing.seconds <= most and fidelity(timed[0].rows, timing.rows).cosine >= _LEAST_COSINE
    ]
    return sorted(quick, key=lambda number: (timed[number].seconds, number))


def batch_size_variants(variants: Sequence[Encoder], number: int) -> list[int]:
    """Return the variants that differ only in batch size."""
    return _twins(variants, number, "batch_size")


def compiled_variant(variants: Sequence[Encoder], number: int) -> list[int]:
    """Return the variant that differs only in being compiled, if there is one."""
    return [twin for twin in _twins(variants, number, "compiled") if variants[twin].compiled]


def _twins(variants: Sequence[Encoder], number: int, name: str) -> list[int]:
    """Return the variants that differ from a variant in one field."""

    def other_fields(encoder: Encoder) -> dict[str, Any]:
        fields: dict[str, Any] = encoder.identity()["fields"]
        return {field: value for field, value in fields.items() if field != name}

    variant = variants[number]
    return [
        twin
        for twin, other in enumerate(variants)
        if getattr(other, name) != getattr(variant, name)
        and other_fields(other) == other_fields(variant)
    ]


def compiled_pays(plain: Timing, images: int, workers: int, compiled: Timing | None = None) -> bool:
    """Return whether compiling the model saves more time than it takes.

    Args:
        plain: timing of the best variant that is not compiled.
        images: how many are still to be encoded.
        workers: how many share them.
        compiled: timing of the compiled variant; None to ask whether measuring it may pay.
    """
    ahead = images * plain.seconds / workers
    if compiled is None:
        return ahead > _COMPILE_SECONDS
    return images * compiled.seconds / workers + compiled.first_seconds < ahead


def fidelity(reference: Vectors, vectors: Vectors) -> Fidelity:
    """Return how near the vectors are to the reference's, for at least 2 images."""
    from sklearn.preprocessing import normalize  # takes a second, which encoding workers save

    mean = reference.astype(np.float64).mean(axis=0)
    cosines = (normalize(reference - mean) * normalize(vectors - mean)).sum(axis=1)
    exact, approximate = (
        _similarities(normalize(rows.astype(np.float64))) for rows in (reference, vectors)
    )
    images = np.arange(len(approximate))
    # Which of several copies of an image is nearest is chance: any that is as near counts.
    same = exact[images, approximate.argmax(axis=1)] >= exact.max(axis=1) - _TIE
    return Fidelity(float(cosines.min()), float(same.mean()))


def _similarities(unit: Float64[np.ndarray, "images dim"]) -> Float64[np.ndarray, "images images"]:
    cosines: Float64[np.ndarray, "images images"] = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    return cosines


def load_tuning(store: Store, encoder: Encoder, keys: Sequence[str]) -> TunedVariant | None:
    """Return the variant that runs on these images; None if that must be measured first.

    Nothing is measured if the encoder leaves nothing open, if the images are few, or if an earlier
    measurement counts: half of its images are among these, and these are not more than it is for.
    """
    reference = encoder.variants("cpu")[0]
    if reference == encoder or len(keys) < LEAST_IMAGES:
        return TunedVariant(reference)
    images = set(keys)
    for tuning in _tunings(store, encoder):
        same = 2 * len(images.intersection(tuning["images"])) >= len(tuning["images"])
        if same and len(keys) <= (tuning["most_images"] or math.inf):
            return _tuned(encoder, tuning)
    return None


def _tuned(encoder: Encoder, tuning: dict[str, Any]) -> TunedVariant | None:
    """Return the variant that was chosen; None if the encoder has no such variant.

    A store that others write to could name another model.
    """
    measured = tuning["fidelity"]
    variant = replace(encoder, **tuning["fields"])  # type: ignore[type-var]
    if not any(variant in encoder.variants(device) for device in ("cpu", "gpu")):
        return None
    return TunedVariant(variant, measured and Fidelity(**measured))


def save_tuning(
    store: Store,
    label: str,
    encoder: Encoder,
    keys: Sequence[str],
    tuned: TunedVariant,
    speed: float,
    most_images: float = math.inf,
) -> None:
    """Keep the chosen variant for the next run.

    Args:
        store: where it is kept.
        label: the encoder's name in the tables.
        encoder: with its settings left open.
        keys: the images that the variants were compared on.
        tuned: the chosen variant.
        speed: measured images per second of one worker.
        most_images: the choice counts for at most this many images.
    """
    chosen = {field.name: getattr(tuned.encoder, field.name) for field in fields(encoder)}  # type: ignore[arg-type]
    changed = {name: value for name, value in chosen.items() if value != getattr(encoder, name)}
    tuning = {
        "fields": changed,
        "most_images": None if math.isinf(most_images) else most_images,
        "fidelity": tuned.fidelity and asdict(tuned.fidelity),
        "told": tuned.settings_record(),
        "images": sorted(keys),
        "images_per_second": round(speed, 2),
    }
    earlier = [saved for saved in _tunings(store, encoder) if saved["images"] != tuning["images"]]
    tunings = [tuning, *earlier][:_REMEMBERED]
    record = {"encoder": label, "machine": machine_name(), "choices": tunings}
    store.put_record("tunings", _key(encoder), record)


def _tunings(store: Store, encoder: Encoder) -> list[dict[str, Any]]:
    record = store.get_record("tunings", _key(encoder)) or {}
    tunings: list[dict[str, Any]] = record.get("choices", [])
    return tunings


def _key(encoder: Encoder) -> str:
    text = json.dumps([combine(encoder.identity(), []), machine_name()])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
