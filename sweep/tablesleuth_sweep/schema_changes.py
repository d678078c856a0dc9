"""How a table's columns changed from one schema to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from .finding import SchemaChange

MOST_CHANGES = 50


@dataclass(frozen=True)
class Columns:
    """A schema: names and types by what identifies a column, which is its name where a format has no ids."""

    at: Optional[datetime]
    columns: dict[object, tuple[str, str]]


def schema_changes(schemas: Sequence[Columns]) -> list[SchemaChange]:
    """One entry for each schema that differs from the one before it, oldest first."""
    changes = [_change(before, after) for before, after in zip(schemas, schemas[1:])]
    return [change for change in changes if change is not None][-MOST_CHANGES:]


def _change(before: Columns, after: Columns) -> Optional[SchemaChange]:
    old, new = before.columns, after.columns
    kept = [(old[key], new[key]) for key in new if key in old]
    change = SchemaChange(
        at=after.at,
        added=[name for key, (name, _) in new.items() if key not in old],
        dropped=[name for key, (name, _) in old.items() if key not in new],
        renamed=[f"{was} → {now}" for (was, _), (now, _) in kept if was != now],
        retyped=[f"{name}: {was} → {now}" for (_, was), (name, now) in kept if was != now],
    )
    return change if change.added or change.dropped or change.renamed or change.retyped else None
