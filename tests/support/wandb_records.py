"""Records of a run of Weights & Biases on disk, by its own definition of them.

The file is a log as LevelDB writes it: blocks of 32 KiB, and records in parts of a block.
"""

import struct
from pathlib import Path
from typing import Any

__all__ = ["records_of"]

_BLOCK, _FIRST, _PART = 32_768, 7, 7
_WHOLE, _LAST = 1, 4


def records_of(file: Path) -> list[Any]:
    """Return the records of a `.wandb` file."""
    from wandb.proto import wandb_internal_pb2

    content, place, record, found = file.read_bytes(), _FIRST, b"", []
    assert content[1:4] == b"W&B"
    while place + _PART <= len(content):
        if _BLOCK - place % _BLOCK < _PART:
            place += _BLOCK - place % _BLOCK
            continue
        _, length, kind = struct.unpack("<IHB", content[place : place + _PART])
        record += content[place + _PART : place + _PART + length]
        place += _PART + length
        if kind in (_WHOLE, _LAST):
            found.append(wandb_internal_pb2.Record.FromString(record))
            record = b""
    return found
