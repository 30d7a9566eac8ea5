"""From a folder of images to labels, compared with other projects from PyPI.

python benchmarks/peers.py [--long]

Both sides have started and loaded before. embedbench reads and hashes the files, encodes them into
an empty store, and clusters vectors of length 1 by K-means. `bfloat16` is what a user gets from
1,000 images on, if a measurement on the first images shows that the results do not change.
"""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from sklearn.preprocessing import normalize

from embedbench.clustering.kmeans import fit_kmeans
from embedbench.parallel.pool import Pool
from embedbench.utils.hardware import cores
from encoding import BATCH, EVERY_CORE
from measure import Row, Spread, at_least, interleaved, ratio, run, told
from other_projects import (
    CLUSTERS,
    hold_imcluster,
    hold_tasnif,
    imcluster_folder,
    imcluster_labels,
    tasnif_labels,
)
from photographs import Photographs
from warm import Warm, read

MODEL = "resnet50"
THEIR_BATCH = 32


def rows(short: bool) -> list[Row]:
    images, repetitions = (64, 3) if short else (256, 5)
    with tempfile.TemporaryDirectory() as folder:
        photographs = Photographs(Path(folder))
        found = _tasnif(photographs, images, repetitions)
        return found if short else [*found, _imcluster(photographs, images // 2, repetitions)]


def _tasnif(photographs: Photographs, images: int, repetitions: int) -> list[Row]:
    home = photographs.write(images)
    with ExitStack() as stack:
        ours = {
            precision: Ours(stack, f"timm:{MODEL},pretrained=false", precision, photographs)
            for precision in ("float32", "bfloat16")
        }
        theirs = stack.enter_context(Pool(1, EVERY_CORE, hold_tasnif, (MODEL,)))
        theirs.call(tasnif_labels, home, THEIR_BATCH)
        ways: dict[str, Callable[[], object]] = {
            f"tasnif {batch}": partial(theirs.call, tasnif_labels, home, batch)
            for batch in (BATCH, THEIR_BATCH)
        }
        ways |= {name: way.labels(images, repetitions) for name, way in ours.items()}
        seconds = interleaved(ways, repetitions)
    note = f"{images} {photographs.what}, {CLUSTERS} clusters"
    return [
        at_least(
            f"{MODEL}, folder to labels: bfloat16 against tasnif 0.3.0 as it is",
            3.5,
            _against(seconds, f"tasnif {THEIR_BATCH}", "bfloat16"),
            note=note,
        ),
        at_least(
            f"{MODEL}, folder to labels: float32 against tasnif 0.3.0, both in batches of {BATCH}",
            1.35,
            _against(seconds, f"tasnif {BATCH}", "float32"),
            note=note,
        ),
    ]


def _imcluster(photographs: Photographs, images: int, repetitions: int) -> Row:
    home = photographs.write(images)
    with ExitStack() as stack:
        model = photographs.folder / "vit"
        libraries = imcluster_folder()
        variables = EVERY_CORE | {"USE_TF": "0"}
        pool = stack.enter_context(Pool(1, variables, hold_imcluster, (libraries, model)))
        spec = "timm:vit_base_patch16_224,pretrained=false"
        ours = Ours(stack, spec, "bfloat16", photographs)
        tables = iter([photographs.folder / f"{number}.parquet" for number in range(99)])
        pool.call(imcluster_labels, home, next(tables))
        ways: dict[str, Callable[[], object]] = {
            "imcluster": lambda: pool.call(imcluster_labels, home, next(tables)),
            "ours": ours.labels(images, repetitions),
        }
        seconds = interleaved(ways, repetitions)
    what = "ViT-B/16, folder to labels: bfloat16 against imcluster 0.4.0 as it is"
    return told(what, _against(seconds, "imcluster", "ours"), note=f"{images} {photographs.what}")


class Ours:
    """embedbench, with its workers started and loaded."""

    def __init__(
        self, stack: ExitStack, spec: str, precision: str, photographs: Photographs
    ) -> None:
        self._photographs = photographs
        store = photographs.folder / f"store_{spec.partition(':')[2]}_{precision}"
        first = read(photographs.write(2 * BATCH * cores()))
        self._warm = Warm(f"{spec},precision={precision}", store, first)
        stack.callback(self._warm.close)

    def labels(self, images: int, repetitions: int) -> Callable[[], object]:
        """Return a call that clusters new images; it can be called `repetitions` times."""
        homes = [self._photographs.write(images) for _ in range(repetitions)]

        def way() -> None:
            vectors = self._warm.embed(read(homes.pop())).vectors
            fit_kmeans(normalize(vectors), [(CLUSTERS, 0)])

        return way


def _against(seconds: dict[str, list[float]], theirs: str, ours: str) -> Spread:
    slow: Sequence[float] = seconds[theirs]
    return ratio(slow, seconds[ours])


if __name__ == "__main__":
    run(rows)
