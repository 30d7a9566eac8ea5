"""Check that a tag is that of the version in pyproject.toml, CITATION.cff and CHANGELOG.md.

python .ci/check_release.py TAG
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def faults(tag: str, root: Path = ROOT) -> list[str]:
    """Return where the version of a tag is not that of the release; none if all agree."""
    version = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    found = [] if tag == f"v{version}" else [f"the tag is {tag}; pyproject.toml says {version}"]
    citation = (root / "CITATION.cff").read_text("utf-8")
    cited = re.search(r"^version: (\S+)$", citation, re.MULTILINE)
    if cited is None or cited[1] != version:
        found.append(f"CITATION.cff does not name version {version}")
    changes = (root / "CHANGELOG.md").read_text("utf-8")
    headings = re.findall(r"^## (.*)$", changes, re.MULTILINE)
    released = [one for one in headings if one != "[Unreleased]"]
    dated = rf"\[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d"
    if not released or not re.fullmatch(dated, released[0]):
        found.append(f"CHANGELOG.md does not begin with '## [{version}] - YYYY-MM-DD'")
    return found


if __name__ == "__main__":
    told = faults(sys.argv[1])
    print("\n".join(told) or f"{sys.argv[1]} agrees with the files")
    sys.exit(bool(told))
