"""The scripts of the pages, and the only rule that lets one run: its hash."""

import base64
import hashlib
from pathlib import Path

from markupsafe import Markup

__all__ = ["built_script", "script_hash"]

_FOLDER = Path(__file__).parent.parent / "web"


def built_script(name: str) -> Markup:
    """Return `page.js` or `ask.js` as it stands in its page; `make page` builds them."""
    return Markup((_FOLDER / name).read_text(encoding="utf-8"))


def script_hash(script: str) -> str:
    """Return what a Content-Security-Policy names a script by: `sha256-` and its hash."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
