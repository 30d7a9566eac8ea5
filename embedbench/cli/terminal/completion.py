"""What a shell proposes after the tabulator key: encoders, recipes, words of options, files.

No encoder's library is imported, nor its plug-in: the models that a plug-in gives as examples are
read from the text of its source.
"""

import ast
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from embedbench.comparison.options import CLUSTERERS
from embedbench.utils.options import Option

__all__ = [
    "WORDS",
    "complete_encoder",
    "complete_file",
    "complete_folder",
    "complete_option",
    "complete_recipe",
]

WORDS: Mapping[str, tuple[str, ...]] = {
    "clusterers": CLUSTERERS,
    "spaces": ("l2", "raw", "center-l2", "pca:", "whiten", "umap:", "tsne:2"),
    "projections": ("pca", "tsne", "umap"),
    "corrupt": (
        "noise", "blur", "jpeg", "contrast", "brightness", "occlusion", "rotation", "greyscale",
        "low-resolution", "all", "vector-noise", "plane-noise",
    ),
    "engine": ("local", "ray"),
    "k": ("truth",),
    "crop": ("boxes",),
}  # fmt: skip
"""What some options take, by their keywords; after a colon follows a number."""

Complete = Callable[[Any, Any, str], list[CompletionItem]]


def complete_option(one: Option) -> Complete | None:
    """Return what completes the values of an option; None where nothing can be proposed."""
    if one.keyword == "encoders":
        return complete_encoder
    if one.keyword in WORDS:
        return lambda context, parameter, begun: _beginning(WORDS[one.keyword], begun)
    if one.is_file:
        return complete_file
    return complete_folder if (one.metavar or "").startswith(("DIR", "FOLDER")) else None


def complete_encoder(
    context: click.Context | None, parameter: click.Parameter | None, begun: str
) -> list[CompletionItem]:
    """Return installed encoders and sets; after `NAME:` models, after a path separator files."""
    from embedbench.encoders.registry import installed_encoders
    from embedbench.encoders.sets import SETS

    if "/" in begun.partition(":")[0]:
        return complete_file(context, parameter, begun)
    plugins = installed_encoders()
    name, colon, _ = begun.partition(":")
    if not colon:
        return _beginning([*plugins, *SETS], begun)
    in_sets = [choice.spec for choices in SETS.values() for choice in choices]
    examples = _examples(plugins[name].entry_point.module) if name in plugins else []
    return _beginning(dict.fromkeys([*examples, *in_sets]), begun)


def complete_recipe(
    context: click.Context | None, parameter: click.Parameter | None, begun: str
) -> list[CompletionItem]:
    """Return the recipes."""
    from embedbench.cli.recipes import recipes

    return _beginning(recipes(), begun)


def complete_file(
    context: click.Context | None, parameter: click.Parameter | None, begun: str
) -> list[CompletionItem]:
    """Let the shell propose files and folders."""
    return [CompletionItem(begun, type="file")]


def complete_folder(
    context: click.Context | None, parameter: click.Parameter | None, begun: str
) -> list[CompletionItem]:
    """Let the shell propose folders."""
    return [CompletionItem(begun, type="dir")]


def _beginning(words: Iterable[str], begun: str) -> list[CompletionItem]:
    return [CompletionItem(word) for word in words if word.startswith(begun)]


def _examples(module: str) -> list[str]:
    """Return the texts of `examples` in the source of a top-level module, which is not imported."""
    found = importlib.util.find_spec(module) if "." not in module else None
    if found is None or found.origin is None:
        return []
    try:
        tree = ast.parse(Path(found.origin).read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):  # such as a module in C
        return []
    return [
        part.value
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign | ast.Assign) and _assigns(node, "examples")
        for part in ast.walk(node.value or node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]


def _assigns(node: ast.AnnAssign | ast.Assign, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)
