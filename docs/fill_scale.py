"""Fill the tables of docs/performance/scale.md from the measured rates in scale.toml there.

python docs/fill_scale.py
"""

import tomllib
from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path
from typing import Any

from blocks import fill

PAGE = Path(__file__).parent / "performance" / "scale.md"
RATES = PAGE.with_suffix(".toml")

Rates = dict[str, Any]

_UNITS = ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"))
_TIMES = ((365.25 * 86400.0, "years"), (86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"))


def read_rates() -> Rates:
    """Return what docs/performance/scale.toml holds."""
    return tomllib.loads(RATES.read_text(encoding="utf-8"))


def core_hours(images: float, rate: float) -> float:
    """Return how many hours one core, or one GPU, takes at this rate of images a second."""
    return images / rate / 3600


def seconds_of(step: Rates, images: float) -> float:
    """Return the seconds that a step takes for this number of images, by its exponent."""
    seconds, measured, exponent = (float(step[name]) for name in ("seconds", "images", "exponent"))
    return seconds * float((images / measured) ** exponent)


def encode(rates: Rates) -> str:
    """Return a table of what encoding takes: hours of one core, and machines for a day."""
    machine = rates["machine"]
    share = machine["cores"] * machine["hours"]
    rows = []
    for encoder in rates["encoders"]:
        for precision in ("float32", "bfloat16"):
            rate = encoder[precision]
            cells = [f"{encoder['name']}, {precision}", f"{rate:g}"]
            for images in rates["images"]:
                hours = core_hours(images, rate)
                cells += [f"{hours:,.0f}", f"{ceil(hours / share):,}"]
            rows.append(cells)
    headings = ["encoder", "images a second and core"]
    for images in rates["images"]:
        headings += [f"{_images(images)}: core hours", f"machines for {machine['hours']:g} hours"]
    return _table(headings, rows)


def encode_on_gpu(rates: Rates) -> str:
    """Return the same for GPUs."""
    gpu, limit = rates["gpu"], rates["machine"]["hours"]
    decoded = rates["bookkeeping"]["decoded"]
    rows = []
    for encoder in rates["encoders"]:
        rate = gpu.get(encoder["name"])
        cells = [encoder["name"], f"{rate:,.0f}" if rate else "not measured"]
        cells.append(f"{ceil(rate / decoded)}" if rate else "")
        for images in rates["images"]:
            hours = core_hours(images, rate) if rate else 0.0
            cells += [f"{hours:,.1f}", f"{ceil(hours / limit)}"] if rate else ["", ""]
        rows.append(cells)
    headings = ["encoder", f"images a second on {gpu['name']}", "cores that decode for it"]
    for images in rates["images"]:
        headings += [f"{_images(images)}: GPU hours", f"GPUs for {limit:g} hours"]
    return _table(headings, rows)


def keep(rates: Rates) -> str:
    """Return a table of what is kept: bytes on disk and in memory, and how long they take."""
    each, machine = rates["bookkeeping"], rates["machine"]
    sizes: dict[str, Callable[[float], str]] = {
        "the images themselves, read once": lambda n: _bytes(n * each["file"])
    }
    for encoder in rates["encoders"]:
        row = 4 * encoder["dim"] + each["stored_key"]
        sizes[f"vectors of {encoder['name']}"] = lambda n, row=row: _bytes(n * row)  # type: ignore[misc]
    sizes |= {
        "sizes and thumbnails, one Parquet table": lambda n: _bytes(n * each["thumbnail_row"]),
        f"partitions.parquet, {machine['runs']} labellings": lambda n: _bytes(
            n * machine["runs"] * each["label"]
        ),
        "keys and paths in the main process": lambda n: _bytes(n * each["key_in_memory"]),
        "writing 512 dimensions, one process": lambda n: _time(n / each["rows_written"]),
        "looking through 512 dimensions, one process": lambda n: _time(n / each["rows_read"]),
    }
    rows = [[what, *(size(images) for images in rates["images"])] for what, size in sizes.items()]
    return _table(["what", *map(_images, rates["images"])], rows)


def cluster(rates: Rates) -> str:
    """Return a table of what each step would take if it looked at all images, on one core."""
    rows = [
        [
            step["name"],
            f"{step['seconds']:g} s for {step['images']:,}",
            f"{step['exponent']:g}",
            *(_time(seconds_of(step, images)) for images in rates["images"]),
        ]
        for step in rates["steps"]
    ]
    return _table(["step", "measured", "exponent", *map(_images, rates["images"])], rows)


BLOCKS: dict[str, Callable[[Rates], str]] = {
    "encode": encode,
    "encode on a gpu": encode_on_gpu,
    "keep": keep,
    "cluster": cluster,
}


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _images(count: int) -> str:
    return f"{count / 1e9:g} billion" if count >= 1e9 else f"{count / 1e6:g} million"


def _bytes(size: float) -> str:
    return next((f"{size / unit:.3g} {name}" for unit, name in _UNITS if size >= unit), "< 1 MB")


def _time(seconds: float) -> str:
    found = ((seconds / unit, name) for unit, name in _TIMES if seconds >= unit)
    value, name = next(found, (seconds, "seconds"))
    return f"{value:,.0f} {name}" if value >= 10 else f"{value:.1f} {name}"


def main() -> None:
    """Write the page with its blocks filled."""
    page = PAGE.read_text(encoding="utf-8")
    for name, make in BLOCKS.items():
        page = fill(page, name, make(read_rates()))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
