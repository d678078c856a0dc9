"""From what a person asks for to tables, one after the other, so that a lake of any size takes no memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Union

from .catalogs import bucket_tables, glue_tables
from .failures import failure_of
from .storage import Storage
from .targets import Ask, BucketTables, GlueTables, LeftOut, Place, Target
from .walking import tables_below


def discover(asks: Iterable[tuple[str, Ask]], storage: Storage) -> Iterator[Union[Target, LeftOut]]:
    """Each table once. What cannot be looked at is a failed target, and the next is gone on with."""
    seen: set[str] = set()
    for text, ask in asks:
        found_any = False
        try:
            for found in _tables(ask, storage):
                found_any = True
                if isinstance(found, LeftOut):
                    yield found
                elif found.id not in seen:
                    seen.add(found.id)
                    yield found
        except Exception as error:
            yield Target.failed(text, failure_of(error))
            continue
        if not found_any and not isinstance(ask, Place):
            # The catalog knows it, so that it is no mistake.
            yield LeftOut(text, "no table in it")
        elif not found_any:
            yield Target.failed(text, failure_of(FileNotFoundError(f"no table was found in {text}")))


def _tables(ask: Ask, storage: Storage) -> Iterator[Union[Target, LeftOut]]:
    if isinstance(ask, GlueTables):
        return glue_tables(ask)
    if isinstance(ask, BucketTables):
        return bucket_tables(ask)
    return tables_below(ask.uri, storage)
