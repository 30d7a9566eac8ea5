"""The templates of the pages."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

__all__ = ["template"]


def template(name: str) -> Template:
    """Return a template of the folder `templates`; what is put into it is escaped."""
    files = Environment(
        loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return files.get_template(name)
