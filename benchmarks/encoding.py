"""From JPEG files to vectors, compared with forward passes only and with the first projects' code.

python benchmarks/encoding.py [--long]

embedbench runs `embed` with a store that has none of the images. All sides have started and
loaded before, so the steady state is compared. Weights are random, the architectures the real
ones. The ceiling is the same number of processes, one thread each, that pass a prepared batch of
the same size and precision through the network.
"""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from embedbench.parallel.pool import KEEPS_BLOCKS, Pool, map_unordered, thread_limits
from embedbench.utils.hardware import cores, machine_name
from forward import (
    first_way,
    forward,
    hold_first,
    hold_keras,
    hold_network,
    predict,
    save_clip,
)
from measure import Row, at_least, interleaved, ratio, run
from photographs import Photographs
from warm import Pictures, Warm, read

BATCH = 8
FIRST_IMAGES = 64
PRECISIONS = ("float32", "bfloat16") if "bfloat16" in machine_name() else ("float32",)
"""Without instructions for it bfloat16 is no way to be quick, and takes minutes."""
EVERY_CORE = thread_limits(cores())
AS_WORKERS = thread_limits(1) | KEEPS_BLOCKS
"""Environment variables of a worker, with one thread."""


@dataclass(frozen=True)
class Case:
    """One network with its goals.

    Attributes:
        name: name in the table.
        encoder: spec of the encoder.
        model: folder, or name of a timm model.
        images: images per repetition in the short form.
        ceiling: goal: minimum share of the forward-only speed.
        first: goal: minimum speed relative to the first projects; None if not measured.
        size: size of the photographs; None for the original, about 1024 x 768.
    """

    name: str
    encoder: str
    model: str
    images: int
    ceiling: float
    first: float | None
    size: tuple[int, int] | None = None


def cases(clip: Path) -> list[Case]:
    mobile = "mobilenetv3_large_100"
    spec = f"timm:{mobile},pretrained=false"
    return [
        Case("CLIP ViT-B/32", f"clip:{clip}", str(clip), 64, 0.93, 2.0),
        Case("ResNet50", "timm:resnet50,pretrained=false", "resnet50", 64, 0.93, None),
        Case(mobile, spec, mobile, 384, 0.75, 5.5),
        Case(mobile, spec, mobile, 384, 0.75, None, (640, 480)),
    ]


def rows(short: bool) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with Pool(1) as pool:
            pool.call(save_clip, str(home / "clip"))
        found = []
        for number, case in enumerate(cases(home / "clip")):
            (home / str(number)).mkdir()
            found += _torch_rows(case, Photographs(home / str(number), case.size), short)
        return [*found, _keras_row(Photographs(home), short)]


def _torch_rows(case: Case, photographs: Photographs, short: bool) -> list[Row]:
    images, repetitions = (case.images, 3) if short else (2 * case.images, 5)
    seconds = _torch_seconds(case, photographs, images, repetitions)
    speed = f"{images} {photographs.what}"
    found = [
        at_least(
            f"{case.name}, {precision}: of the forward-only ceiling",
            case.ceiling,
            ratio(seconds[f"{precision} ceiling"], seconds[precision]),
            note=f"{speed}, {_rate(seconds[precision])}",
        )
        for precision in PRECISIONS
    ]
    if case.first is None:
        return found
    best = PRECISIONS[-1]
    what = f"{case.name}, {best}: against a processor on the list and one float32 pass"
    against = ratio(seconds["first"], seconds[best])
    note = f"the other way {FIRST_IMAGES} at once, {_rate(seconds['first'])}"
    return [*found, at_least(what, case.first, against, note=note)]


def _torch_seconds(
    case: Case, photographs: Photographs, images: int, repetitions: int
) -> dict[str, list[float]]:
    """Return the seconds per image of each way."""
    with ExitStack() as stack:
        ceiling = stack.enter_context(Pool(cores(), AS_WORKERS, hold_network, (case.model, BATCH)))
        ways: dict[str, Callable[[], object]] = {}
        for precision in PRECISIONS:
            encoder = f"{case.encoder},precision={precision}"
            ways[precision] = _warm_way(stack, encoder, photographs, images, repetitions)
            ways[f"{precision} ceiling"] = partial(_pass_all, ceiling, precision, images)
            _pass_all(ceiling, precision, 4 * BATCH)
        if case.first is not None:
            first = stack.enter_context(Pool(1, EVERY_CORE, hold_first, (case.model,)))
            paths = sorted(photographs.write(FIRST_IMAGES).iterdir())
            first.call(first_way, paths)
            ways["first"] = partial(first.call, first_way, paths)
        seconds = interleaved(ways, repetitions)
    counts = dict.fromkeys(seconds, images) | {"first": FIRST_IMAGES}
    return {name: [one / counts[name] for one in times] for name, times in seconds.items()}


def _keras_row(photographs: Photographs, short: bool) -> Row:
    images, repetitions = (64, 3) if short else (256, 5)
    with ExitStack() as stack:
        keras = stack.enter_context(Pool(1, EVERY_CORE, hold_keras, (images,)))
        keras.call(predict)
        ours = _warm_way(stack, "keras:ResNet50,weights=none", photographs, images, repetitions)
        ways: dict[str, Callable[[], object]] = {
            "ours": ours,
            "predict": partial(keras.call, predict),
        }
        seconds = interleaved(ways, repetitions)
    return at_least(
        "Keras ResNet50: against `model.predict` on a prepared array",
        0.9,
        ratio(seconds["predict"], seconds["ours"]),
        note=f"{images} {photographs.what}, {_rate([one / images for one in seconds['ours']])}",
    )


def _warm_way(
    stack: ExitStack, encoder: str, photographs: Photographs, images: int, repetitions: int
) -> Callable[[], object]:
    """Return a call that encodes new images with loaded workers."""
    home = photographs.folder / f"store_{len(list(photographs.folder.iterdir()))}"
    warm = Warm(encoder, home, read(photographs.write(2 * BATCH * cores())))
    stack.callback(warm.close)
    sets: list[Pictures] = [read(photographs.write(images)) for _ in range(repetitions)]
    return lambda: warm.embed(sets.pop())


def _pass_all(pool: Pool, precision: str, images: int) -> None:
    """Pass this number of images through the networks of a pool, batch by batch."""
    list(map_unordered([pool], forward, [precision] * (images // BATCH)))


def _rate(seconds: list[float]) -> str:
    return f"{1 / median(seconds):.0f} images a second"


if __name__ == "__main__":
    run(rows)
