"""The same work on several processors: lists of items go to processes of their own, results come back as they end."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

_work: list[Callable[[Any], Any]] = []  # of this process: what its items are handed to


def in_processes(
    count: int, begin: Callable[[], Callable[[_T], _R]], items: Sequence[_T], *, at_once: int = 1
) -> Iterator[_R]:
    """Yield what the work makes of each item, in the order in which they end.

    `begin` runs once in each of `count` new processes and returns the work; it, the items and the results must be
    picklable. `at_once` items go to a process together. The first error ends it: what has not begun is not begun.
    """
    # Spawned, not forked: a forked process would share our connections to the database.
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_begin, initargs=(begin,)) as pool:
        parts = [list(items[at : at + at_once]) for at in range(0, len(items), at_once)]
        waiting = [pool.submit(_each, part) for part in parts]
        try:
            for ended in as_completed(waiting):
                yield from ended.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin(begin: Callable[[], Callable[[Any], Any]]) -> None:
    """Prepare a process."""
    _work.append(begin())


def _each(items: list[Any]) -> list[Any]:
    """Do the work on some items."""
    return [_work[0](item) for item in items]
