"""The commands on a run folder: they encode nothing."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from embedbench.cli.compare import draw_run, name_of_run
from embedbench.cli.options import as_json_option, click_options, given_words, keywords_from_words
from embedbench.cli.output import (
    OK,
    PARTLY_DONE,
    echo,
    echo_err,
    print_json,
    print_results,
    print_table,
    stdout_reserved,
)
from embedbench.cli.terminal.completion import complete_folder
from embedbench.utils.text import pluralise

__all__ = ["ask", "diff", "figures", "merge", "open_page", "report", "show", "suggest_labels"]


@click.command()
@click.argument("run_folder", metavar="RUN", shell_complete=complete_folder)
@click.option("--full", is_flag=True, help="Every clusterer, with every number of the comparison.")
@as_json_option
def show(run_folder: str, full: bool, as_json: bool) -> int:
    """Print the table and the verdict of a run folder again."""
    from embedbench.results.reading import read_results

    results = read_results(Path(run_folder))
    if full and as_json:
        print_json({"comparison": results.comparison.to_dict("records")})
    elif full:
        echo(results.to_text())
        echo_err("* in the encoder's own space: compares clusterings of one encoder, not encoders")
    else:
        print_results(results, Path(run_folder), as_json)
    return OK


@click.command()
@click.argument("before", metavar="RUN", shell_complete=complete_folder)
@click.argument("after", metavar="RUN", shell_complete=complete_folder)
@as_json_option
def diff(before: str, after: str, as_json: bool) -> int:
    """Say what moved from the first run to the second, and whether by more than chance.

    What else differs (images, labels, encoders, options, versions) is told first.
    """
    from embedbench.comparison.runs.difference import difference
    from embedbench.results.formats import short_interval, short_number
    from embedbench.results.reading import read_results

    found = difference(read_results(before), read_results(after))
    if as_json:
        print_json({"remarks": found.remarks, "changes": found.table.to_dict("records")})
        return OK
    for remark in found.remarks:
        echo_err(f"note: {remark}")
    rows = [
        [
            *row[:3],
            *map(short_number, row[3:6]),
            short_interval(row[6], row[7]),
            "yes" if row[8] else "",
        ]
        for row in found.table.itertuples(index=False)
    ]
    headings = [
        "encoder",
        "purpose",
        "metric",
        "before",
        "after",
        "change",
        "95 % interval",
        "moved",
    ]
    print_table(headings, rows)
    count = int(found.table["moved"].sum())
    numbers = pluralise(len(rows), "number")
    echo_err(f"{count} of {numbers} moved by more than chance explains")
    return OK


@click.command()
@click.argument(
    "runs", metavar="RUN RUN...", nargs=-1, required=True, shell_complete=complete_folder
)
@click.option(
    "--out",
    metavar="DIR",
    shell_complete=complete_folder,
    help="Folder for the results.  [default: embedbench-runs/RUN-RUN]",
)
@click_options("labels", "without_pictures", "without_vectors", "memory", "store", "quiet")
@as_json_option
def merge(runs: tuple[str, ...], out: str | None, as_json: bool, **options: Any) -> int:
    """Compare the encoders of several runs on the same images, as if one run had had them all.

    Nothing is encoded, so the runs may come from different machines. Images that not every run
    has are left out; labels and options are those of the first run. With --labels, one run may be
    judged again, too.
    """
    from embedbench.comparison.runs.merge import merge as merge_runs

    words = keywords_from_words(given_words(options))
    given = {keyword: words[keyword] for keyword in options if keyword in words}
    folder = Path(out or Path("embedbench-runs") / name_of_run(runs))
    with stdout_reserved():
        results = merge_runs(runs, out=folder, **given)
    print_results(results, folder, as_json, not given["quiet"])
    return PARTLY_DONE if len(results.failures) else OK


@click.command()
@click.argument("run_folder", metavar="RUN", shell_complete=complete_folder)
@click.option("--without-pictures", is_flag=True, help="Leave the thumbnails out of the page.")
@as_json_option
def report(run_folder: str, without_pictures: bool, as_json: bool) -> int:
    """Write the page and the files for papers of a run folder again, without encoding."""
    from embedbench.report import redraw

    folder = Path(run_folder)
    remarks = redraw(folder, not without_pictures)
    if as_json:
        print_json({"report": str(folder / "report.html"), "remarks": remarks})
        return OK
    for sentence in remarks:
        echo_err(f"note: {sentence}")
    echo_err(f"report: {folder / 'report.html'}")
    return OK


@click.command()
@click.argument("run_folder", metavar="RUN", shell_complete=complete_folder)
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="A figure such as ranks or timm/elbow, or a pattern such as '*/map_*'; may be repeated.",
)
@click.option(
    "--format",
    "format_",
    default="png",
    metavar="png|svg|pdf",
    shell_complete=lambda context, parameter, begun: [
        name for name in ("png", "svg", "pdf") if name.startswith(begun)
    ],
    show_default=True,
    help="svg and pdf are for papers; pictures among the png files are jpg.",
)
@click.option("--quiet", is_flag=True, help="Show no progress bars.")
@as_json_option
def figures(
    run_folder: str, only: tuple[str, ...], format_: str, quiet: bool, as_json: bool
) -> int:
    """Draw the figures of a run folder as files, in its folder `figures`.

    Nothing is encoded or computed. `embedbench report RUN` then shows those of single encoders.
    """
    files = draw_run(Path(run_folder), only, format_, quiet)
    if as_json:
        print_json({"files": list(map(str, files))})
    return OK


@click.command("open")
@click.argument("run_folder", metavar="RUN", shell_complete=complete_folder)
@click.option(
    "--originals",
    is_flag=True,
    help="Offer the originals from disk beside it, by a server on this machine, until Ctrl-C.",
)
def open_page(run_folder: str, originals: bool) -> int:
    """Open the page of a run folder in the browser."""
    from embedbench.report.viewing.originals import Originals, page_of
    from embedbench.results.reading import read_results

    folder = Path(run_folder)
    page = page_of(folder)
    if not originals:
        _browse(page.resolve().as_uri(), str(page))
        return OK
    from embedbench.report.viewing.server import PageServer

    with PageServer(page, Originals(read_results(folder))) as server:
        _browse(server.address, server.address)
        echo_err("Ctrl-C ends it")
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return OK


def _browse(address: str, shown: str) -> None:
    """Open an address in the browser, and say which; where there is none, who reads it opens it."""
    import webbrowser

    echo(f"page: {shown}")
    try:
        is_open = webbrowser.open(address)
    except (webbrowser.Error, OSError):
        is_open = False
    if not is_open:
        echo_err("there is no browser here: open it yourself")


@click.command()
@click.argument("run_folder", metavar="RUN", shell_complete=complete_folder)
@click.option("-n", "count", type=int, default=60, metavar="N", show_default=True)
@click.option("--out", default="labels.csv", metavar="FILE.csv", show_default=True)
@as_json_option
def suggest_labels(run_folder: str, count: int, out: str, as_json: bool) -> int:
    """Choose N images to label, so that the verdict can use labels.

    Fill in the column `label`, whole or in part, and run again with --labels FILE.csv.
    """
    from embedbench.comparison.provenance import with_labels
    from embedbench.results.label_sheet import suggest_labels as write
    from embedbench.results.reading import read_results

    written = write(Path(run_folder), count, Path(out))
    command = with_labels(read_results(Path(run_folder)).run, out)
    if as_json:
        print_json({"images": written, "file": out, "next": command})
        return OK
    echo_err(f"{pluralise(written, 'image')} to label: {out}")
    echo_err(f"then: {command}")
    return OK


@click.command()
@click.argument("run_folder", metavar="RUN", shell_complete=complete_folder)
@click.option("--out", default="labels.csv", metavar="FILE.csv", show_default=True)
def ask(run_folder: str, out: str) -> int:
    """Ask for labels of a run's pictures in the browser, and say after each dozen what they tell.

    Every label is written to FILE.csv at once. The same command again goes on where it ended.
    """
    from embedbench.comparison.provenance import with_labels
    from embedbench.comparison.verdicts.belief import Asked
    from embedbench.comparison.verdicts.few_labels import standing
    from embedbench.errors import InputError
    from embedbench.report.viewing.asking import AskServer
    from embedbench.report.viewing.originals import Originals
    from embedbench.results.label_sheet import LabelSheet
    from embedbench.results.reading import read_results

    results, file = read_results(Path(run_folder)), Path(out)
    if results.comparison["encoder"].nunique() < 2:
        raise InputError(f"'{run_folder}' has one encoder; labels tell which of several is best")
    if file.suffix != ".csv":
        raise InputError(f"`out` must be a .csv file; not '{out}'")
    sheet = LabelSheet.of(results.images)
    if file.exists():
        sheet.read(file)
    sheet.write(file)  # if it cannot be written, that is told before any work
    images = results.images["image"].astype(str).tolist()

    asked = Asked(results.run["certainty"], results.run["margin"])

    def judge(sheet: LabelSheet) -> Sequence[str]:
        return standing(results, sheet.labels, sheet.left, asked).sentences

    with AskServer(sheet, file, images, Originals(results), judge) as server:
        _browse(server.address, server.address)
        echo_err("Ctrl-C ends it")
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    for sentence in judge(sheet):
        echo(sentence)
    if sheet.labels:
        echo_err(f"next: {with_labels(results.run, out)}")
    return OK
