"""Records as they stand inside the page: JSON that ends no script, arrays in base64."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

__all__ = ["as_script_data", "packed"]

_TYPES = ("uint16", "uint32", "int16", "float32")


def packed(values: np.ndarray) -> dict[str, str]:
    """Return an array of one of these types: its name, and its bytes in base64.

    The numbers stand row by row, the lowest byte first, as browsers read them.
    """
    name = values.dtype.name
    if name not in _TYPES:
        raise TypeError(f"an array in the page is one of {', '.join(_TYPES)}; not {name}")
    content = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
    return {"type": name, "data": base64.b64encode(content).decode("ascii")}


def as_script_data(record: Mapping[str, Any]) -> Markup:
    r"""Return a record as JSON in ASCII that no parser of HTML takes for anything but text.

    `<`, `>` and `&` are written as `\u003c` and so on, as is all beyond ASCII.

    Raises:
        ValueError: it holds nan or infinity, which JSON lacks.
    """
    text = json.dumps(record, separators=(",", ":"), allow_nan=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)
