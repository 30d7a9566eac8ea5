"""Texts through a tokenizer and a text network in an ONNX file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from embedbench.encoder import EncoderError, Vectors, WeightsError
from embedbench_onnx.files import NetworkFile
from embedbench_onnx.inputs import TEXT_INPUTS, number_type
from embedbench_onnx.settings import read_settings, settings_file

__all__ = ["TextNetwork"]

_SETTINGS = "tokenizer_config.json"
_LIKELY = ("text_embeds", "sentence_embedding", "pooler_output")
_LONGEST = 10**6
"""Above it a tokenizer's greatest length says that it knows none."""


@dataclass(frozen=True)
class TextNetwork:
    """A text network and its tokenizer, loaded at first use.

    Texts go one by one, so that none is filled up unless the network or `length` asks for it.

    Attributes:
        network: the text network.
        tokens: the `tokenizer.json`; None for the one beside the network.
        output: which of the network's outputs is taken; empty if it has one.
        length: how many tokens every text is filled up to or cut to; 0 for neither.
        blank: one image for each input of images, by name, where the network takes texts and
            images at once.
    """

    network: NetworkFile
    tokens: Path | None
    output: str
    length: int
    blank: Callable[[], dict[str, np.ndarray]] = dict

    @property
    def files(self) -> list[Path]:
        """All that the texts' rows depend on."""
        settings = settings_file(self._tokens_file, _SETTINGS)
        return [*self.network.files, self._tokens_file, *([settings] if settings else [])]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text."""
        output = self.network.choose_output("text_output", self.output, _LIKELY)
        rows = [self.network.run(output, self._inputs(text)) for text in texts]
        if rows[0].ndim != 2:
            raise EncoderError(
                f"output '{output}' of '{self.network.path}' has shape {rows[0].shape}; it must "
                "be one row a text: give text_output"
            )
        return np.concatenate(rows)

    def _inputs(self, text: str) -> dict[str, np.ndarray]:
        """Return the tokens of a text by the names of the network's inputs."""
        encoded = self._tokenizer.encode(text)
        known = {
            "input_ids": encoded.ids,
            "attention_mask": encoded.attention_mask,
            "token_type_ids": encoded.type_ids,
            "position_ids": range(len(encoded.ids)),
        }
        inputs, blank = self.network.session.get_inputs(), self.blank()
        if unknown := [one.name for one in inputs if one.name not in {*known, *blank}]:
            raise EncoderError(
                f"'{self.network.path}' wants '{unknown[0]}'; a text network's inputs are some of "
                f"{', '.join(TEXT_INPUTS)}"
            )
        tokens = {
            one.name: np.array([known[one.name]], number_type(one))
            for one in inputs
            if one.name in known
        }
        return tokens | blank

    @property
    def _tokens_file(self) -> Path:
        if self.tokens is not None:
            return self.tokens
        name = "tokenizer.json"
        return settings_file(self.network.path, name) or self.network.path.parent / name

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        path = self._tokens_file
        if not path.is_file():
            raise WeightsError(f"there is no file '{path}'; give tokenizer=FILE, a tokenizer.json")
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises Exception itself
            raise WeightsError(f"'{path}' is no tokenizer.json: {error}") from error
        beside = settings_file(path, _SETTINGS)
        settings = read_settings(beside) if beside else {}
        inputs = self.network.session.get_inputs()
        fixed = next((one.shape[-1] for one in inputs if one.name in TEXT_INPUTS), None)
        length = self.length or (fixed if isinstance(fixed, int) else 0)
        longest = length or settings.get("model_max_length") or _LONGEST
        if longest < _LONGEST:
            tokenizer.enable_truncation(int(longest))
        if length:
            filler = (tokenizer.padding or {}).get("pad_token") or _filler(settings)
            number = tokenizer.token_to_id(filler) if filler else None
            if number is None:
                raise WeightsError(
                    f"'{path}' does not say what texts are filled up with; a {_SETTINGS} with a "
                    "`pad_token` must lie beside it"
                )
            tokenizer.enable_padding(length=length, pad_id=number, pad_token=filler)
        else:
            tokenizer.no_padding()  # texts go one by one
        return tokenizer


def _filler(settings: dict[str, Any]) -> str | None:
    token = settings.get("pad_token")
    return token.get("content") if isinstance(token, dict) else token
