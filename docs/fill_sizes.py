"""Fill the table of the README with the sizes of what each extra installs.

python docs/fill_sizes.py

Run it in an environment with all extras. A size is that of the files of all distributions that the
extra asks for, and of those that they ask for; the core's own are not counted again.
"""

import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from blocks import fill
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["closure", "size", "table"]

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "README.md"
EXTRAS = (
    "demo",
    "timm",
    "conse",
    "clip",
    "vision",
    "openclip",
    "torchvision",
    "keras",
    "onnx",
    "all",
)
"""Those that the table lists."""


def closure(requirements: list[str], found: set[str] | None = None) -> set[str]:
    """Return the installed distributions that these requirements lead to, by canonical name."""
    found = set() if found is None else found
    for requirement in map(Requirement, requirements):
        for extra in ("", *requirement.extras):
            if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                continue
            name = canonicalize_name(requirement.name)
            key = f"{name}[{extra}]" if extra else name
            if key in found or (package := _installed(name)) is None:
                continue
            found.add(key)
            wanted = [one for one in package.requires or () if _applies(one, extra)]
            closure([one.partition(";")[0] for one in wanted], found)
    return found


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _applies(requirement: str, extra: str) -> bool:
    marker = Requirement(requirement).marker
    return marker is None or marker.evaluate({"extra": extra})


def size(names: set[str]) -> int:
    """Return the bytes of the files of these distributions."""
    places = [
        Path(str(file.locate()))
        for name in names
        if "[" not in name and (package := _installed(name)) is not None
        for file in package.files or ()
    ]
    return sum(place.stat().st_size for place in places if place.is_file())


def table() -> str:
    """Return the rows: the core, then what each extra adds to it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    core = closure(project["dependencies"])
    lines = ["| extra | installs |", "|---|---|", f"| none | {_gigabytes(size(core))} |"]
    for extra in EXTRAS:
        asked = [f"image-embedbench[{extra}]"]
        added = closure(asked) - core - {"image-embedbench"}
        lines.append(f"| `{extra}` | {_gigabytes(size(added))} more |")
    return "\n".join(lines)


def _gigabytes(count: int) -> str:
    return f"{count / 10**9:.1f} GB"


def main() -> None:
    """Write the README with its table filled."""
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), "sizes", table()), encoding="utf-8")


if __name__ == "__main__":
    main()
