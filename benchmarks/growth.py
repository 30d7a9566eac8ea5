"""Growth of time and memory of a whole analysis with the number of images, by step.

python benchmarks/growth.py [--long]
python benchmarks/growth.py --steps 1000 2000 5000 10000

The vectors are made up: 20 blobs of different sizes and widths in a subspace of 40 dimensions,
noise in all 512, a common direction. Everything else is a default comparison, with
labels, of one encoder; a part of its vectors serves as a second encoder. Steps run one after the
other in one process with one math thread; times are CPU seconds, because the cores
may be shared. The whole analysis runs in the worker processes that `--memory` allows, and the
memory of all of them is added up. With `--steps` the table of the steps is printed, as in
docs/explanation/growth.md.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import wraps
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from threadpoolctl import threadpool_limits

import embedbench.analysis.label_free
import embedbench.analysis.measurement
import embedbench.analysis.sweep
import embedbench.clustering.clusterers
import embedbench.comparison.stages.clustering
import embedbench.metrics.clustering.evaluate
from embedbench.analysis.duplicates import duplicate_groups
from embedbench.analysis.inputs import AnalysisInputs, Targets
from embedbench.analysis.pairwise import EncoderView, disputed_pairs, similarity_of
from embedbench.clustering.clusterers import Agglomerative, Hdbscan, KMeans
from embedbench.clustering.limits import SampleLimit
from embedbench.comparison.config import parse_k
from embedbench.comparison.memory import Memory
from embedbench.comparison.stages.clustering import ClusteringAnalysis, run_clustering_stage
from embedbench.comparison.stages.verdict import run_verdict_stage
from embedbench.comparison.verdicts.belief import Asked
from embedbench.data.images.decoding import thumbnail
from embedbench.encoder import Vectors
from embedbench.utils.progress import Progress
from measure import Row, at_most, run, told

LIMIT = 8 * 10**9
SIZES = (1000, 2000, 5000, 10_000, 20_000, 50_000)
SHORT = SampleLimit(500)
DIM, RANK, BLOBS = 512, 40, 20

WHOLE = "all"
STEPS: list[tuple[str, Any, str, bool]] = [
    ("K-means", KMeans, "run", True),
    ("agglomerative", Agglomerative, "run", True),
    ("HDBSCAN", Hdbscan, "cut", True),
    ("silhouettes", embedbench.metrics.clustering.evaluate, "silhouettes_of", True),
    ("other scores without labels", embedbench.metrics.clustering.evaluate, "internal", True),
    ("scores with labels", embedbench.metrics.clustering.evaluate, "external", True),
    ("choice of k", embedbench.comparison.stages.clustering, "choose_k", True),
    ("stability", embedbench.analysis.sweep, "stability", True),
    ("influence and intervals", embedbench.analysis.sweep, "comparison_rows", False),
    ("influence and intervals", embedbench.comparison.tables, "comparison_rows", False),
    ("clusters looked into", embedbench.comparison.stages.clustering, "cluster_tables", True),
    ("projections", embedbench.comparison.stages.clustering, "project_vectors", True),
    ("neighbours, retrieval", embedbench.analysis.measurement, "neighbourhood", True),
    ("intrinsic dimension", embedbench.analysis.measurement, "intrinsic_dimension", True),
    ("effective rank", embedbench.analysis.measurement, "effective_rank", True),
    ("linear probe", embedbench.analysis.measurement, "probe_score", True),
    ("values by chance", embedbench.comparison.stages.clustering, "score_encoder", False),
    ("shortcuts", embedbench.comparison.stages.clustering, "shortcut_probe", True),
    ("how alike two encoders are", sys.modules[__name__], "similarity_of", True),
    ("pairs that encoders split", sys.modules[__name__], "disputed_pairs", True),
    ("table of partitions", embedbench.comparison.stages.clustering, "partitions_table", True),
    ("duplicates", sys.modules[__name__], "duplicate_groups", True),
    ("verdict", sys.modules[__name__], "run_verdict_stage", True),
    ("partitions written", sys.modules[__name__], "write", True),
]
"""Name of the step, module and name of its function, and whether nested steps count to it."""


def made(images: int) -> tuple[Vectors, np.ndarray]:
    """Return the vectors, and the blob of each image."""
    random = np.random.default_rng(0)
    truth = random.choice(BLOBS, size=images, p=random.dirichlet(np.full(BLOBS, 3.0)))
    axes = np.linalg.qr(random.normal(size=(DIM, RANK)))[0].T
    spread = 1 / np.sqrt(1 + np.arange(RANK))
    centres = random.normal(size=(BLOBS, RANK)) * spread
    width = random.uniform(0.4, 0.9, size=(BLOBS, 1))[truth]
    within = random.normal(size=(images, RANK)) * spread * width
    rows = (centres[truth] + within) @ axes + 0.02 * random.normal(size=(images, DIM))
    return (rows + 0.5 * axes[0]).astype(np.float32), truth


def inputs_of(truth: np.ndarray, short: bool) -> AnalysisInputs:
    """Return a default comparison; the short form has fewer ks and seeds, and a lower limit."""
    images = len(truth)
    return AnalysisInputs(
        image_names=[f"{row:07d}.jpg" for row in range(images)],
        targets=Targets(truth, [str(blob) for blob in range(BLOBS)], np.arange(images)),
        clusterers=[KMeans(), Agglomerative(), Hdbscan()],
        spaces=["l2"],
        k_grid=parse_k("2..6" if short else "2..20", images, BLOBS),
        seeds=range(2 if short else 10),
        attributes={"folder": np.arange(images) % 7},
        projections=["pca", "tsne"],
        limit=SHORT if short else SampleLimit(),
    )


def thumbnails(images: int) -> list[bytes]:
    """Return a small JPEG of each of different pictures without detail."""
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, size=(images, 6, 8, 3)).astype(np.uint8)
    return [thumbnail(Image.fromarray(one).resize((128, 96))) for one in pixels]


def write(partitions: pd.DataFrame) -> None:
    with tempfile.TemporaryDirectory() as folder:
        partitions.to_parquet(Path(folder) / "partitions.parquet", index=False)


def whole(images: int, short: bool) -> ClusteringAnalysis:
    """Analyse this number of images, from vectors to the partitions on disk."""
    vectors, truth = made(images)
    inputs = inputs_of(truth, short)
    duplicate_groups(inputs.image_names, thumbnails(images))
    analysis = run_clustering_stage(
        inputs, {"made": vectors}, {"made": None}, Memory(LIMIT), Progress(quiet=True)
    )
    neighbours = analysis.criteria["made"].neighbours
    one = EncoderView(vectors, analysis.assignments["made"], neighbours)
    part = np.ascontiguousarray(vectors[:, :64])
    other = EncoderView(part, one.assignments[:, ::-1], neighbours)
    similarity_of(one, other)
    disputed_pairs(one, other, inputs.targets.groups, inputs.image_names)
    facts = {"encoder": "made", "dim": DIM, "parameters": 1, "images_per_second": 1.0}
    table = pd.DataFrame([facts | {"status": "ok", "error": ""}])
    run_verdict_stage(inputs, analysis, table, Asked())
    write(analysis.tables["partitions"])
    return analysis


class Clock:
    """Processor seconds and peak memory of each step; a step within another counts once."""

    def __init__(self) -> None:
        """Start with no step."""
        self.seconds: dict[str, float] = {}
        self.peaks: dict[str, float] = {}
        self._open: list[tuple[str, bool]] = []
        self._since = time.process_time()

    def wrap(self, name: str, function: Callable[..., Any], opaque: bool) -> Callable[..., Any]:
        """Return the function that counts as the step of that name."""

        @wraps(function)
        def counted(*arguments: Any, **named: Any) -> Any:
            if self._open and self._open[-1][1]:
                return function(*arguments, **named)
            self._turn()
            self._open.append((name, opaque))
            try:
                return function(*arguments, **named)
            finally:
                self._turn()
                self._open.pop()

        return counted

    def _turn(self) -> None:
        """Assign the time and the peak since the last turn to the innermost step."""
        now, name = time.process_time(), self._open[-1][0] if self._open else "the rest"
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self.peaks[name] = max(self.peaks.get(name, 0.0), _peak())
        self._since = time.process_time()


def _peak() -> float:
    """Return the most MB that this process held since the last call (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM"))
    Path("/proc/self/clear_refs").write_text("5")
    return int(peak.split()[1]) / 1000


class _Here:
    """Replacement of the worker processes: run each call at once, in this process."""

    def __init__(self, workers: int, patience: float | None) -> None:
        """Start nothing."""

    def __enter__(self) -> "_Here":
        return self

    def __exit__(self, *error: object) -> None: ...

    def gather(self, calls: Sequence[tuple[Any, ...]], tick: Callable[[int], object]) -> list[Any]:
        """Return the results of the calls."""
        return [function(*arguments) for function, *arguments in calls]


def measure_steps(images: int, short: bool) -> dict[str, tuple[float, float]]:
    """Return the seconds and the peak in MB of each step, and of all together."""
    clock = Clock()
    for name, place, attribute, opaque in STEPS:
        setattr(place, attribute, clock.wrap(name, getattr(place, attribute), opaque))
    setattr(embedbench.comparison.stages.clustering, "Pool", _Here)  # noqa: B010
    with threadpool_limits(1):
        whole(images, short)
    clock._turn()
    found = {name: (clock.seconds[name], clock.peaks[name]) for name in clock.seconds}
    return found | {WHOLE: (sum(clock.seconds.values()), max(clock.peaks.values()))}


def in_own_process(form: str, images: int, short: bool) -> tuple[Any, float]:
    """Return the result of one form in a new process, and the peak of it and its children in MB."""
    command = [sys.executable, __file__, form, str(images), str(int(short))]
    peak = 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while form == "whole" and process.poll() is None:
            peak = max(peak, _held(process.pid))
            time.sleep(0.5)
        assert process.stdout is not None
        output = process.stdout.read()
    if process.returncode:
        raise RuntimeError(f"{form} of {images} images failed")
    return json.loads(output), peak


def _held(root: int) -> float:
    """Return the memory of a process and its descendants in MB, each page once (Linux)."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    family = {root}
    while more := {one for one, parent in parents.items() if parent in family} - family:
        family |= more
    total = 0
    for process in family:
        try:
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return total / 1000


def exponent(sizes: Sequence[int], figures: Sequence[float]) -> float:
    """Return the exponent of the growth of a figure between two numbers of images."""
    return log(figures[1] / figures[0]) / log(sizes[1] / sizes[0])


def steps_table(found: dict[int, dict[str, tuple[float, float]]]) -> str:
    """Return seconds, peak memory and exponents of every step, as Markdown.

    The exponents are between the last two sizes up to the limit, where all images are used, and
    between the last two above it.
    """
    sizes = list(found)
    limit = SampleLimit().images
    ends = [
        two
        for two in (
            [size for size in sizes if size <= limit][-2:],
            [size for size in sizes if size > limit][-2:],
        )
        if len(two) == 2
    ]
    heads = [
        *(f"{size:,}" for size in sizes),
        f"MB at {sizes[-1]:,}",
        *(f"exponent from {low:,} to {high:,}" for low, high in ends),
    ]
    lines = ["| step | " + " | ".join(heads) + " |", "|---|" + "---|" * len(heads)]
    last = found[sizes[-1]]
    for name in sorted(last, key=lambda name: -last[name][0]):
        seconds = {size: found[size].get(name, (0.0, 0.0))[0] for size in sizes}
        cells = [f"{one:.1f}" for one in seconds.values()] + [f"{last[name][1]:,.0f}"]
        for two in ends:
            grown = [seconds[size] for size in two]
            cells.append(f"{exponent(two, grown):.2f}" if min(grown) > 0.05 else "")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def rows(short: bool) -> list[Row]:
    """Return the growth of the whole analysis above the limit, and its memory."""
    sizes = (1000, 2000) if short else SIZES[-2:]
    limit = SHORT.images if short else SampleLimit().images
    found = [in_own_process("steps", size, short)[0] for size in sizes]
    power = exponent(sizes, [one[WHOLE][0] for one in found])
    (seconds, _), peak = in_own_process("whole", sizes[-1], short)
    between = f"{sizes[0]:,} to {sizes[1]:,} images, quadratic steps on {limit:,} of them"
    note = f"{sizes[1]:,} images in {seconds:.0f} s"
    return [
        at_most("a whole analysis grows with the images to the power",
                1.3, (power,) * 3, "", between),
        at_most("memory of all its processes, of the 8 GB allowed",
                1.0, (peak * 1e6 / LIMIT,) * 3, note=note),
        *(
            told(f"power: {name}", (exponent(sizes, [one[name][0] for one in found]),) * 3, "")
            for name in found[0]
            if name != WHOLE and found[0][name][0] > 0.02 * found[0][WHOLE][0]
        ),
    ]  # fmt: skip


def main() -> None:
    """Measure in this process, or print the table of the steps, or the rows."""
    form, *rest = sys.argv[1:] or [""]
    if form == "steps":
        print(json.dumps(measure_steps(int(rest[0]), rest[1] == "1")))
    elif form == "whole":
        start = time.perf_counter()
        whole(int(rest[0]), rest[1] == "1")
        print(json.dumps((time.perf_counter() - start, 0)))
    elif form == "--steps":
        found = {}
        for size in map(int, rest):
            found[size] = in_own_process("steps", size, False)[0]
            print(steps_table(found), end="\n\n", flush=True)
    else:
        run(rows)


if __name__ == "__main__":
    main()
