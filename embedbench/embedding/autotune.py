"""How an encoder is run: the quickest of its variants that is faithful, measured and remembered.

A variant is the same model in another precision, batch size, or compiled. Which is quickest
depends on the machine; which is faithful depends on the pictures as well. So both are measured on
the first images, and what was chosen is kept in the store for the next run of these images.
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
"""With fewer images than these the measuring costs more than it can save: the reference runs."""

TIMED = 32
"""On so many images the variants are timed."""

COMPARED = 128
"""On so many images their vectors are held against the reference."""

_LEAST_COSINE = 0.995
_LEAST_SHARE = 0.99
_TIE = 1e-6
_COMPILE_SECONDS = 120.0
_REMEMBERED = 20


@dataclass(frozen=True, eq=False)
class Timing:
    """How long a variant takes, and what it gave.

    Attributes:
        seconds: for one image, in the run of things.
        first_seconds: for the first batch, with loading and compiling.
        rows: of the images that were timed.
    """

    seconds: float
    first_seconds: float
    rows: Vectors


@dataclass(frozen=True)
class Fidelity:
    """How near a variant's vectors are to the reference's.

    Attributes:
        cosine: of the image where they differ most, the mean vector of the reference taken off
            both: at most 1. Left on, it would flatter: vectors that all point the same way have
            a high cosine whatever they say.
        neighbours: the share of images whose nearest other image is the same, 0 to 1.
    """

    cosine: float
    neighbours: float

    @property
    def is_faithful(self) -> bool:
        """Whether a cosine of 0.995 and the same neighbours for 99 % are reached."""
        return self.cosine >= _LEAST_COSINE and self.neighbours >= _LEAST_SHARE


@dataclass(frozen=True)
class TunedVariant:
    """Which variant runs, and what was found of it.

    Attributes:
        encoder: the variant, with nothing left open.
        fidelity: against the reference; None of the reference itself, or where nothing was
            measured.
    """

    encoder: Encoder
    fidelity: Fidelity | None = None

    def told(self) -> dict[str, Any]:
        """Return how the encoder runs, for the table of encoders."""
        return {
            "precision": getattr(self.encoder, "precision", None),
            "batch_size": self.encoder.batch_size,
            "compiled": self.encoder.compiled,
            "precision_cosine": self.fidelity and round(self.fidelity.cosine, 6),
            "precision_neighbours": self.fidelity and round(self.fidelity.neighbours, 4),
        }


def break_even_images(plain: Timing, each: float, variants: int, workers: int) -> float:
    """Return from how many images on it pays to measure so many more variants.

    What it may save is taken to be half of the encoder's time.

    Args:
        plain: the time of the reference.
        each: the seconds that measuring one variant took, its loading included.
        variants: how many are still to be timed; two are loaded once more to be compared.
        workers: that share the images.
    """
    return (variants + 2) * each / (plain.seconds / 2 / workers)


def timed_first(variants: Sequence[Encoder]) -> list[int]:
    """Return the reference and the variants of one batch size, the second one's, not compiled."""
    return [
        number
        for number, one in enumerate(variants)
        if not number or (one.batch_size == variants[1].batch_size and not one.compiled)
    ]


def faster_candidates(timed: Mapping[int, Timing], best: int = 0, gain: float = 1.15) -> list[int]:
    """Return the variants that may be better than the best so far, the quickest first.

    They are quicker by the gain, and on the images that were timed none of their vectors is
    further from the reference's than is faithful.

    Args:
        timed: by the variant's number; the reference is 0.
        best: the number of the best one so far.
        gain: how many times quicker at least: what is nearly as quick may have been lucky.
    """
    if 0 not in timed or best not in timed:
        return []
    most = timed[best].seconds / gain
    quick = [
        number
        for number, time in timed.items()
        if time.seconds <= most and fidelity(timed[0].rows, time.rows).cosine >= _LEAST_COSINE
    ]
    return sorted(quick, key=lambda number: (timed[number].seconds, number))


def batch_size_variants(variants: Sequence[Encoder], number: int) -> list[int]:
    """Return the variants that differ in batch size alone."""
    return _twins(variants, number, "batch_size")


def compiled_variant(variants: Sequence[Encoder], number: int) -> list[int]:
    """Return the variant that differs in being compiled alone, if there is one."""
    return [place for place in _twins(variants, number, "compiled") if variants[place].compiled]


def _twins(variants: Sequence[Encoder], number: int, name: str) -> list[int]:
    """Return the variants that differ from one of them in a single field."""

    def others(encoder: Encoder) -> dict[str, Any]:
        fields: dict[str, Any] = encoder.identity()["fields"]
        return {field: value for field, value in fields.items() if field != name}

    one = variants[number]
    return [
        place
        for place, other in enumerate(variants)
        if getattr(other, name) != getattr(one, name) and others(other) == others(one)
    ]


def compiled_pays(plain: Timing, images: int, workers: int, compiled: Timing | None = None) -> bool:
    """Return whether a compiled model saves more time than it takes to compile.

    Args:
        plain: the time of the best variant that is not compiled.
        images: how many are still to be encoded.
        workers: that share them.
        compiled: the time of the compiled one; None to ask whether it is worth being measured.
    """
    ahead = images * plain.seconds / workers
    if compiled is None:
        return ahead > _COMPILE_SECONDS
    return images * compiled.seconds / workers + compiled.first_seconds < ahead


def fidelity(reference: Vectors, vectors: Vectors) -> Fidelity:
    """Return how near the vectors are to the reference's, row by row, of at least 2 images."""
    from sklearn.preprocessing import normalize  # takes a second, which workers that encode save

    mean = reference.astype(np.float64).mean(axis=0)
    cosines = (normalize(reference - mean) * normalize(vectors - mean)).sum(axis=1)
    exact, mine = (_similarities(normalize(one.astype(np.float64))) for one in (reference, vectors))
    rows = np.arange(len(mine))
    # Between copies of an image it is chance which is nearest: as near as the nearest will do.
    same = exact[rows, mine.argmax(axis=1)] >= exact.max(axis=1) - _TIE
    return Fidelity(float(cosines.min()), float(same.mean()))


def _similarities(unit: Float64[np.ndarray, "images dim"]) -> Float64[np.ndarray, "images images"]:
    cosines: Float64[np.ndarray, "images images"] = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    return cosines


def load_tuning(store: Store, encoder: Encoder, keys: Sequence[str]) -> TunedVariant | None:
    """Return how the encoder is to be run on these images; None if that is to be measured first.

    It is settled where the encoder leaves nothing open, where the images are few, and where it
    was measured before on images of which at least half are among these, or was found not worth
    measuring for as many.
    """
    reference = encoder.variants("cpu")[0]
    if reference == encoder or len(keys) < LEAST_IMAGES:
        return TunedVariant(reference)
    here = set(keys)
    for made in _made(store, encoder):
        same = 2 * len(here.intersection(made["images"])) >= len(made["images"])
        if same and len(keys) <= (made["most_images"] or math.inf):
            return _choice(encoder, made)
    return None


def _choice(encoder: Encoder, made: dict[str, Any]) -> TunedVariant | None:
    """Return what was chosen; None if it is none of the encoder's variants.

    A store that others write to could name another model.
    """
    found = made["fidelity"]
    chosen = replace(encoder, **made["fields"])  # type: ignore[type-var]
    if not any(chosen in encoder.variants(device) for device in ("cpu", "gpu")):
        return None
    return TunedVariant(chosen, found and Fidelity(**found))


def save_tuning(
    store: Store,
    label: str,
    encoder: Encoder,
    keys: Sequence[str],
    choice: TunedVariant,
    speed: float,
    most_images: float = math.inf,
) -> None:
    """Keep what was chosen for the next run.

    Args:
        store: where.
        label: what the tables call the encoder.
        encoder: as it was asked for.
        keys: the images that the variants were compared on.
        choice: what was chosen.
        speed: images a second by one worker, as measured.
        most_images: the choice is for no more images than these.
    """
    chosen = {field.name: getattr(choice.encoder, field.name) for field in fields(encoder)}  # type: ignore[arg-type]
    changed = {name: value for name, value in chosen.items() if value != getattr(encoder, name)}
    made = {
        "fields": changed,
        "most_images": None if math.isinf(most_images) else most_images,
        "fidelity": choice.fidelity and asdict(choice.fidelity),
        "told": choice.told(),
        "images": sorted(keys),
        "images_per_second": round(speed, 2),
    }
    others = [one for one in _made(store, encoder) if one["images"] != made["images"]]
    record = {"encoder": label, "machine": machine_name(), "choices": [made, *others][:_REMEMBERED]}
    store.put_record("tunings", _key(encoder), record)


def _made(store: Store, encoder: Encoder) -> list[dict[str, Any]]:
    choices: list[dict[str, Any]] = (store.get_record("tunings", _key(encoder)) or {}).get(
        "choices", []
    )
    return choices


def _key(encoder: Encoder) -> str:
    text = json.dumps([combine(encoder.identity(), []), machine_name()])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
