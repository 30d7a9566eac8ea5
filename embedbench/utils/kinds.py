"""What an object is, by the names of its classes: no library is imported to tell."""

from typing import Any

__all__ = ["described", "is_of"]


def is_of(value: Any, module: str, name: str | None = None) -> bool:
    """Return whether an object is of a class of a module, or of one that inherits from it.

    Args:
        value: the object.
        module: the name of the module; one that ends with a dot stands for all in it.
        name: the name of the class; None for any.
    """
    return any(
        (one.__module__.startswith(module) if module.endswith(".") else one.__module__ == module)
        and name in (None, one.__name__)
        for one in type(value).__mro__
    )


def described(value: Any) -> str:
    """Return what an object is, for a message: `a torch.Tensor`, `an int`, `None`."""
    if value is None:
        return "None"
    kind = type(value)
    module = kind.__module__.partition(".")[0]
    name = kind.__name__ if module == "builtins" else f"{module}.{kind.__name__}"
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
