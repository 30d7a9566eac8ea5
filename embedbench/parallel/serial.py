"""Calls made one after the other in this process, where a worker would start for longer."""

import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from threadpoolctl import threadpool_limits

__all__ = ["Serial"]


class Serial:
    """Makes calls in this process, as a `Pool` makes them: one math thread, nothing printed."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> "Serial":
        self._stack.enter_context(threadpool_limits(1))
        self._stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def gather(self, calls: Sequence[tuple[Any, ...]], tick: Callable[[int], object]) -> list[Any]:
        """Return the results of calls, (function, argument ...), in their order.

        Args:
            calls: the functions with their arguments.
            tick: called with 1 after each result.
        """
        results = []
        for function, *arguments in calls:
            results.append(function(*arguments))
            tick(1)
        return results
