"""The store: what was computed for an image or a text, keyed by what made it.

A store is a folder. Under `vectors/FINGERPRINT/` lie safetensors files, each with some rows of
`vectors` and their `keys` (SHA-256 of the image file's bytes or of the text). Files are only ever
added, each whole or not at all, so that any number of processes may write at once and a process
that is killed leaves no half row. (safetensors: plain arrays, read and written at the speed of
the disk, with nothing in them that can run.) `tables/` holds Parquet files added in the same way,
such as the images' sizes and thumbnails; `encoders/` remembers what was measured of an encoder,
and the files that its fingerprint was made from.
"""

import hashlib
import io
import json
import os
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import platformdirs
from jaxtyping import Float32
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from embedbench.errors import InputError
from embedbench.whole_files import write_whole

__all__ = ["Store", "default_store", "text_key"]

SCHEMA = "v1"
_KEY_BYTES = 32


def default_store() -> Path:
    """Return where vectors are kept if nothing else is said."""
    return Path(os.environ.get("EMBEDBENCH_STORE") or platformdirs.user_cache_dir("embedbench"))


@dataclass(frozen=True)
class Store:
    """Vectors on disk.

    Attributes:
        folder: made when something is first written.
    """

    folder: Path

    def write(
        self, fingerprint: str, keys: Sequence[str], vectors: Float32[np.ndarray, "rows dim"]
    ) -> None:
        """Add these rows under these keys (SHA-256 in hex)."""
        content = save({"keys": _as_bytes(keys), "vectors": np.ascontiguousarray(vectors)})
        self._add(self._vectors(fingerprint) / f"{uuid.uuid4().hex}.safetensors", content)

    def read(self, fingerprint: str, keys: Sequence[str]) -> dict[str, Float32[np.ndarray, " dim"]]:
        """Return the rows that are stored, of those asked for."""
        wanted = set(keys)
        found: dict[str, Float32[np.ndarray, " dim"]] = {}
        for stored, vectors in self._parts(self._vectors(fingerprint)):
            for row, key in enumerate(stored):
                if key in wanted:
                    found[key] = vectors[row]
        return found

    def tidy(self, fingerprint: str, least: int = 16) -> None:
        """Make one file of many, if there are at least `least`."""
        paths = self._files(self._vectors(fingerprint))
        if len(paths) < least:
            return
        rows: dict[str, Float32[np.ndarray, " dim"]] = {}
        for stored, vectors in self._parts(self._vectors(fingerprint), paths):
            rows.update(zip(stored, vectors, strict=True))
        self.write(fingerprint, list(rows), np.stack(list(rows.values())))
        for path in paths:
            path.unlink(missing_ok=True)

    def add_table(self, kind: str, table: pd.DataFrame) -> None:
        """Add rows with a column `hash`."""
        content = io.BytesIO()
        table.to_parquet(content, index=False)
        self._add(self._root / "tables" / kind / f"{uuid.uuid4().hex}.parquet", content.getvalue())

    def read_table(self, kind: str, keys: Sequence[str]) -> pd.DataFrame | None:
        """Return the stored rows of these hashes, one each, with the hash as index; or None."""
        parts = []
        for path in sorted((self._root / "tables" / kind).glob("*.parquet")):
            try:
                parts.append(pd.read_parquet(path, filters=[("hash", "in", list(set(keys)))]))
            except (OSError, ValueError):
                continue
        if not parts:
            return None
        return pd.concat(parts).drop_duplicates("hash").set_index("hash")

    def remember(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """Keep a small record, in place of an earlier one of the same key."""
        content = json.dumps(value, indent=1, sort_keys=True).encode()
        self._add(self._root / kind / f"{key}.json", content)

    def recall(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return a small record, or None."""
        try:
            value = json.loads((self._root / kind / f"{key}.json").read_bytes())
        except (OSError, ValueError):
            return None
        return value if isinstance(value, dict) else None

    @property
    def _root(self) -> Path:
        return self.folder / SCHEMA

    def _vectors(self, fingerprint: str) -> Path:
        return self._root / "vectors" / fingerprint

    def _files(self, folder: Path) -> list[Path]:
        return sorted(folder.glob("*.safetensors"))

    def _parts(
        self, folder: Path, paths: Iterable[Path] | None = None
    ) -> Iterable[tuple[list[str], Float32[np.ndarray, "rows dim"]]]:
        """Yield the files' keys and rows; one that another process has tidied away is gone."""
        for path in self._files(folder) if paths is None else paths:
            try:
                part = load_file(path)
            except (FileNotFoundError, SafetensorError):
                continue
            yield [bytes(key).hex() for key in part["keys"]], part["vectors"]

    def _add(self, path: Path, content: bytes) -> None:
        try:
            write_whole(path, content)
        except OSError as error:
            raise InputError(
                f"cannot write to the store '{self.folder}': {error.strerror}"
            ) from error


def text_key(text: str) -> str:
    """Return the key of a text: the SHA-256 of its UTF-8 bytes, set apart from any image's."""
    return hashlib.sha256(b"text\0" + text.encode()).hexdigest()


def _as_bytes(keys: Sequence[str]) -> np.ndarray:
    joined = np.frombuffer(bytes.fromhex("".join(keys)), dtype=np.uint8)
    return joined.reshape(len(keys), _KEY_BYTES)
