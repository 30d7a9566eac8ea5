"""The script of the page, and the only rule that lets it run: its hash."""

import base64
import hashlib
from pathlib import Path

from markupsafe import Markup

__all__ = ["page_script", "script_hash"]

_FILE = Path(__file__).parent.parent / "web" / "page.js"


def page_script() -> Markup:
    """Return the script as it stands in the page; `make page` builds it."""
    return Markup(_FILE.read_text(encoding="utf-8"))


def script_hash(script: str) -> str:
    """Return what a Content-Security-Policy names a script by: `sha256-` and its hash."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
