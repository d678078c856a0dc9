"""Threads that wait for storage, kept from one table to the next: to start them takes longer than to read a small table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice
from typing import TypeVar

Item, Result = TypeVar("Item"), TypeVar("Result")

#: Files that are read at a time.
READERS = 8


@cache
def readers() -> ThreadPoolExecutor:
    """Those of this process, which reads one table at a time."""
    return ThreadPoolExecutor(READERS)


def read_all(items: Iterable[Item], read: Callable[[Item], Result], *, waits: bool) -> Iterator[tuple[Item, Result]]:
    """
    Each with what reading it gives: where reading waits for storage, several at a time, and no more than that, so that
    memory stays flat; else one after the other, as threads would only wait for each other.
    """
    if not waits:
        yield from ((item, read(item)) for item in items)
        return
    remaining = iter(items)
    while some := list(islice(remaining, 2 * READERS)):
        yield from zip(some, readers().map(read, some))
