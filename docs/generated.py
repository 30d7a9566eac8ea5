"""Parts of the reference that are generated from the program when the site is built.

A page asks for one by a line `<!-- generated: NAME -->`, NAME being a key of `PARTS`.
"""

import html
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

import program
from gallery import gallery

if TYPE_CHECKING:
    import click

    from embedbench.metrics.base import Metric

__all__ = ["PARTS", "expand"]

_MARK = re.compile(r"^<!-- generated: (.+?) -->$", re.MULTILINE)
_BETTER = {1: "higher", -1: "lower", 0: "neither"}


def expand(page: str) -> str:
    """Return a page with every generated part in its place.

    Raises:
        KeyError: the page asks for a part that does not exist.
    """
    return _MARK.sub(lambda mark: PARTS[mark[1]](), page)


def command_line() -> str:
    """Return a section for each command: what it does, its arguments, its options."""
    import click

    group = program.commands()
    context = click.Context(group, info_name="embedbench", help_option_names=["-h", "--help"])
    sections = [_options(group, context, "embedbench")]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, context, name, help_option_names=["-h", "--help"])
        usage = " ".join(command.collect_usage_pieces(inner))
        sections.append(
            f"## {name}\n\n```text\nembedbench {name} {usage}\n```\n\n"
            f"{_prose(command.help or '')}\n\n{_options(command, inner, name)}"
        )
    return "\n\n".join(sections)


def _options(command: "click.Command", context: "click.Context", name: str) -> str:
    """Return the options as a table, each name with an anchor `COMMAND-OPTION`."""
    import click

    rows = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if not isinstance(parameter, click.Option) or record is None:
            continue
        anchor = f"{name}-{max(parameter.opts, key=len).lstrip('-')}"
        flags, text = record
        rows.append([f'<span id="{anchor}"></span>{_code(flags)}', _cell(text)])
    return _table(["option", "meaning"], rows)


def _prose(text: str) -> str:
    """Return a click help text as Markdown paragraphs."""
    paragraphs = text.replace("\b", "").strip().split("\n\n")
    return "\n\n".join(_escaped(paragraph) for paragraph in paragraphs)


def cluster_metrics() -> str:
    """Return the metrics of clusters, those with labels apart from those without."""
    shown = [one for one in program.metrics_of_clusters() if not one.name.endswith("_clustered")]
    with_labels = [one for one in shown if one.needs_truth]
    without = [one for one in shown if not one.needs_truth]
    return (
        f"### With labels\n\n{_metrics(with_labels)}\n\n### Without labels\n\n{_metrics(without)}"
    )


def encoder_metrics() -> str:
    """Return the metrics of an encoder's vectors."""
    return _metrics(program.metrics_of_encoders())


def _metrics(metrics: "Iterable[Metric]") -> str:
    rows = [
        [
            f'<span id="{metric.name}"></span>{_code(metric.name)}',
            _BETTER[metric.direction],
            f"{metric.low:g} to {metric.high:g}",
            _cell(metric.sentence),
            _cell(metric.source),
        ]
        for metric in metrics
    ]
    return _table(["metric", "better", "range", "meaning", "source"], rows)


def run_folder() -> str:
    """Return a section for each table of a run folder, with all its columns."""
    sections = []
    for name, table in program.tables().items():
        rows = [
            [_code(name), _cell(str(column)), _cell(column.meaning)]
            for name, column in table.columns.items()
        ]
        more = f"\n\nFurther columns: {_cell(str(table.others))}." if table.others else ""
        sections.append(
            f"### {name}.{table.suffix} {{: #{name} }}\n\n{_escaped(table.about)}\n\n"
            + _table(["column", "kind", "meaning"], rows)
            + more
        )
    return "\n\n".join(sections)


def run_record() -> str:
    """Return a table of the keys of `run.json`, those of objects in it as `object.key`."""
    rows = [
        [_code(key), _cell(kind), _cell(about)]
        for key, kind, about in _keys(program.run_schema(), "")
    ]
    return _table(["key", "kind", "meaning"], rows)


def _keys(schema: dict[str, Any], place: str) -> Iterator[tuple[str, str, str]]:
    """Yield each key with its kind and its meaning."""
    for key, part in schema.get("properties", {}).items():
        known = program.run_schema()["$defs"]["verdict"] | part if "$ref" in part else part
        kinds = known.get("type", "one of " + ", ".join(map(str, known.get("enum", ()))))
        kind = str(known["const"]) if "const" in known else kinds
        kind = kind if isinstance(kind, str) else " or ".join(kind)
        yield f"{place}{key}", kind, known["description"]
        yield from _keys(known, f"{place}{key}.")


def encoders() -> str:
    """Return a section for each installed encoder: what it is, its fields, examples."""
    sections = []
    for name, cls in program.encoders().items():
        about = inspect.getdoc(cls) or ""
        rows = [
            [_code(field), _code(default) if default else "", _cell(sentence)]
            for field, default, sentence in program.fields_of(cls)
        ]
        fields = _table(["field", "by default", "what it is"], rows) if rows else "It has no field."
        examples = [f"- `-e {example}`" for example in cls.examples]
        parts = [f"## {name}", _prose(about.split("\n\n")[0]), fields, "\n".join(examples)]
        sections.append("\n\n".join(filter(None, parts)))
    return "\n\n".join(sections)


def encoder_sets() -> str:
    """Return a table for each set of encoders."""
    headings, sets = program.encoder_sets()
    tables = {
        name: [[_code(spec), *map(_cell, rest)] for spec, *rest in (one.row() for one in choices)]
        for name, choices in sets.items()
    }
    return "\n\n".join(
        f"`-e {name}`:\n\n" + _table(headings, rows) for name, rows in tables.items()
    )


def checks() -> str:
    """Return a table of the conformance checks."""
    rows = [[_code(name), _cell(fails)] for name, fails in program.checks().items()]
    return _table(["check", "it fails"], rows)


def promised_names() -> str:
    """Return a section for each promised module, with a directive of mkdocstrings for each name."""
    modules = program.promised_modules()
    return "\n\n".join(_module(module, [one.__name__ for one in modules]) for module in modules)


def _module(module: ModuleType, promised: Sequence[str]) -> str:
    parts = [f"## {module.__name__}"]
    for name in module.__all__:
        value = getattr(module, name)
        home = getattr(value, "__module__", module.__name__)
        if isinstance(value, ModuleType):
            parts.append(f"- `{name}`: the module [{value.__name__}](#{value.__name__}-module)")
        elif name.startswith("__"):
            parts.append(f"- `{name}`: {type(value).__name__}")
        elif home in promised and home != module.__name__:
            parts.append(f"- `{name}`: see [{home}.{name}](#{home}.{name})")
        else:
            parts.append(f"::: {module.__name__}.{name}")
    lines = [one for one in parts if one.startswith("- ")]
    others = [one for one in parts[1:] if not one.startswith("- ")]
    heading = f"{parts[0]} {{: #{module.__name__}-module }}"
    return "\n\n".join([heading, "\n".join(lines), *others]).replace("\n\n\n\n", "\n\n")


def version() -> str:
    """Return the version of embedbench that the site describes."""
    import embedbench

    return f"This site describes version {embedbench.__version__}."


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines: list[Any] = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """Return a text of the program as Markdown that stays within its cell of a table."""
    return _escaped(text).replace("|", "&#124;")


def _code(text: str) -> str:
    """Return a text as code that stays within its cell of a table."""
    return f"<code>{html.escape(text).replace('|', '&#124;')}</code>"


def _escaped(text: str) -> str:
    """Return a text in one line, in which nothing but code in backticks is Markdown."""
    parts = " ".join(text.split()).split("`")
    parts[::2] = [re.sub(r"([\\[\]*_<>])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


PARTS: dict[str, Callable[[], str]] = {
    "command line": command_line,
    "checks": checks,
    "cluster metrics": cluster_metrics,
    "encoder metrics": encoder_metrics,
    "encoder sets": encoder_sets,
    "encoders": encoders,
    "gallery": gallery,
    "promised names": promised_names,
    "run folder": run_folder,
    "run record": run_record,
    "version": version,
}
"""What a page may ask for, by name."""
