"""Write the labelled sets for the benchmark of the verdict as folders of small images.

Writes OUT/SET/CLASS/NNN.png, at most 512 pixels a side, the same at every run, and OUT/sets.csv.
A set whose source is absent is left out with a message.

python benchmarks/labelled_sets.py OUT --assets ASSETS --debian ROOT --emoji PACKAGE
    --repositories FOLDER
"""

import argparse
import hashlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from PIL import Image

from embedbench.data.images.decoding import open_rgb
from embedbench.errors import ImageError
from set_sources import Labelled
from set_table import SETS, LabelledSet


def main() -> None:
    """Write the sets whose sources are available."""
    repositories = sorted(
        {one.source for one in SETS.values() if one.source.startswith("github.com/")}
    )
    packages = sorted(
        {name for one in SETS.values() for name in one.source.split()[1:] if "Debian" in one.source}
    )
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(
            [
                f"Debian packages:\n  {' '.join(packages)}\n\nrepositories, in FOLDER:",
                *(f"  git clone https://{name} {clone_of(name)}" for name in repositories),
            ]
        ),
    )
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--assets", type=Path, required=True)
    parser.add_argument(
        "--debian", type=Path, default=Path("/"), help="root folder of the Debian packages"
    )
    parser.add_argument("--emoji", type=Path, default=Path("package"), help="npm package, unpacked")
    parser.add_argument(
        "--repositories",
        type=Path,
        default=Path("repositories"),
        metavar="FOLDER",
        help="clones, named as below",
    )
    options = parser.parse_args()
    rows = []
    for name, one in SETS.items():
        try:
            counts = write(options.out / name, one.images(folder_of(one, options)), one.most)
        except (OSError, ValueError, LookupError, EOFError, BadZipFile) as error:
            print(f"{name}: left out: {type(error).__name__}: {error}")
            continue
        images = sum(counts.values())
        print(f"{name}: {images} images in {len(counts)} classes")
        rows.append(
            {"set": name, "kind": one.kind, "classes": len(counts), "images": images}
            | {"source": one.source, "licence": one.licence}
        )
    pd.DataFrame(rows).to_csv(options.out / "sets.csv", index=False)


def clone_of(repository: str) -> str:
    """Return the name of the folder of a repository."""
    return "+".join(repository.split("/")[1:])


def folder_of(one: LabelledSet, options: argparse.Namespace) -> Path:
    """Return the folder that has the source of a set."""
    out: Path = options.out
    folders: dict[str, Path] = {
        "assets": options.assets / "images",
        "Debian": options.debian / "usr/share",
        "npm": options.emoji,
    }
    if one.source.startswith("github.com/"):
        return Path(options.repositories / clone_of(one.source))
    return folders.get(one.source.split()[0], out.parent)


def write(folder: Path, labelled: Labelled, most: int) -> dict[str, int]:
    """Write at most `most` images of each class; return the number of each.

    Images that are one plain colour, broken, or the same as one before are left out.
    """
    chosen: dict[str, list[Image.Image]] = {}
    seen: set[bytes] = set()
    for label, found in labelled:
        images = chosen.setdefault(label, [])
        if len(images) == most:
            continue
        try:
            image = open_rgb(found.read_bytes()) if isinstance(found, Path) else found
        except ImageError:
            continue
        image.thumbnail((512, 512))
        key = hashlib.sha256(image.tobytes()).digest()
        if key not in seen and np.ptp(np.asarray(image), axis=(0, 1)).any():
            seen.add(key)
            images.append(image)
    if not chosen:
        raise FileNotFoundError("no image was found")
    for old in sorted(folder.glob("*/[0-9][0-9][0-9].png")):
        old.unlink()
        if not any(old.parent.iterdir()):
            old.parent.rmdir()
    for label, images in chosen.items():
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number, image in enumerate(images):
            # The profile, sRGB by now, carries the time at which it was made.
            image.save(folder / label / f"{number:03d}.png", icc_profile=None)
    return {label: len(images) for label, images in chosen.items()}


if __name__ == "__main__":
    main()
