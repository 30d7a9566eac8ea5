"""What is left to do for an encoder: the images and texts that are not in the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from embedbench.data.images.augmentations import AugmentedImage
from embedbench.data.images.sources import Source
from embedbench.embedding.autotune import TunedVariant, load_tuning
from embedbench.embedding.worker import Item
from embedbench.encoder import Encoder, combine
from embedbench.encoders.record import EncoderRecord
from embedbench.errors import EncoderError
from embedbench.io.store import Store, text_key

__all__ = ["EncodingWork", "Items", "missing_from"]

Items = Mapping[str, Source | AugmentedImage]
"""Images by their keys in the store."""


@dataclass(frozen=True, eq=False)
class EncodingWork:
    """What is left to do for an encoder.

    Attributes:
        variant: the encoder as it runs, or with its settings open if they must be measured first.
        tuned: the settings; None if they must be measured.
        record: what is known of the encoder; None if nothing is.
        images: those that are not in the store.
        texts: the same of texts.
    """

    variant: Encoder
    tuned: TunedVariant | None
    record: EncoderRecord | None
    images: list[Item]
    texts: list[str]

    @classmethod
    def of(
        cls,
        store: Store,
        encoder: Encoder,
        items: Items,
        texts: Sequence[str],
    ) -> "EncodingWork":
        """Return what is left to do for these images and texts.

        Raises:
            EncoderError: the encoder has impossible variants.
        """
        _check(encoder)
        tuned = load_tuning(store, encoder, list(items))
        variant = tuned.encoder if tuned else encoder
        record = _load_record(store, variant) if tuned else None
        missing = missing_from(store, record.fingerprint if record else None, items, texts)
        return cls(variant, tuned, record, *missing)


def missing_from(
    store: Store,
    fingerprint: str | None,
    items: Items,
    texts: Sequence[str],
) -> tuple[list[Item], list[str]]:
    """Return the images and texts that are not in the store: all if there is no fingerprint."""
    if fingerprint is None:
        return list(items.items()), list(texts)
    keys = [text_key(text) for text in texts]
    stored = store.stored(fingerprint, [*items, *keys])
    return (
        [item for item in items.items() if item[0] not in stored],
        [text for text, key in zip(texts, keys, strict=True) if key not in stored],
    )


def _check(encoder: Encoder) -> None:
    """Raise EncoderError if an encoder that is not loaded has impossible variants."""
    variants = list(encoder.variants("cpu"))
    if not variants:
        raise EncoderError("it has no variants; the first is the encoder as it is")
    for variant in variants:
        if not isinstance(variant, Encoder):
            kind = type(variant).__name__
            raise EncoderError(f"one of its variants is a {kind}; it must be an Encoder")
        if not (isinstance(variant.batch_size, int) and variant.batch_size >= 1):
            raise EncoderError(f"its batch_size is {variant.batch_size}; it must be at least 1")


def _load_record(store: Store, encoder: Encoder) -> EncoderRecord | None:
    """Return the encoder's record; None if there is none, or if its weights have changed."""
    values = store.get_record("encoders", combine(encoder.identity(), []))
    if values is None:
        return None
    try:
        record = EncoderRecord.from_json(values)
    except ValueError:  # others may write to the store
        return None
    return record if record.fits(encoder) else None
