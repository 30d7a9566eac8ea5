"""Fill the marked blocks of README.md from the program itself; of a demo run also the rest.

python docs/fill_readme.py [DEMO_RUN_FOLDER]

With a run folder of `embedbench demo`, its table and its picture are taken as well.
"""

import re
import sys
from pathlib import Path

import click
from PIL import Image

from embedbench.cli.commands import cli
from embedbench.encoders.registry import installed
from embedbench.metrics.clustering.catalogue import METRICS
from embedbench.metrics.embedding.catalogue import ENCODER_METRICS
from embedbench.report.tables import OTHER_SENTENCES
from embedbench.results.results import Results

README = Path(__file__).parents[1] / "README.md"


def columns() -> str:
    """Return a table of what the columns mean."""
    arrows = {1: "higher", -1: "lower", 0: "neither"}
    rows = [f"| `{name}` | | | {sentence} |" for name, sentence in OTHER_SENTENCES.items()]
    rows += [
        f"| `{metric.name}` | {arrows[metric.direction]} | {metric.low:g} to {metric.high:g} "
        f"| {metric.sentence} ({metric.source}) |"
        for metric in (*METRICS, *ENCODER_METRICS)
        if not metric.name.endswith("_clustered")
    ]
    rows.append("| `NAME_clustered` | | | `NAME` with noise left out: read it beside `coverage`. |")
    return "\n".join(["| column | better | range | what it tells |", "|---|---|---|---|", *rows])


def encoders() -> str:
    """Return a table of the installed encoders."""
    rows = []
    for name, found in installed().items():
        first = (found.load().__doc__ or "").strip().splitlines()[0]
        rows.append(f"| `{name}` | {first} |")
    return "\n".join(["| encoder | what it is |", "|---|---|", *rows])


def help_texts() -> str:
    """Return the help of the program and of its main command."""
    texts = []
    for name in ("", "run"):
        command = cli.commands[name] if name else cli
        path = f"embedbench {name}".strip()
        context = click.Context(
            command, info_name=path, terminal_width=88, help_option_names=["-h", "--help"]
        )
        texts.append(f"$ {path} --help\n{command.get_help(context)}")
    return "```text\n" + "\n\n".join(texts) + "\n```"


def demo_table(run: Path) -> str:
    """Return the main rows of a run as it prints them."""
    return f"```text\n{Results.read(run).to_text()}\n```"


def demo_picture(run: Path) -> None:
    """Write the first encoder's map of pictures, small enough for a README."""
    source = min((run / "figures").glob("01_*/map_tsne_pictures.jpg"))
    with Image.open(source) as picture:
        picture.thumbnail((1000, 1100))
        picture.save(README.parent / "docs" / "demo-clusters.webp", quality=80)


def fill(text: str, name: str, block: str) -> str:
    """Return the text with the block between `<!-- name -->` and the next `<!-- end -->`."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    filled, count = pattern.subn(lambda match: f"{match[1]}{block}\n{match[2]}", text)
    assert count == 1, f"README has {count} blocks '{name}'"
    return filled


def main() -> None:
    """Write README.md with its blocks filled."""
    text = README.read_text(encoding="utf-8")
    for name, make in {"columns": columns, "encoders": encoders, "help": help_texts}.items():
        text = fill(text, name, make())
    if len(sys.argv) > 1:
        text = fill(text, "demo table", demo_table(Path(sys.argv[1])))
        demo_picture(Path(sys.argv[1]))
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
