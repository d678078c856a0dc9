"""Which snapshots of Iceberg a table's own retention still asks to keep, as `expire_snapshots` decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from .thresholds import ICEBERG_SNAPSHOT_HOURS

HOUR_MS = 3_600_000
MAX_AGE = "history.expire.max-snapshot-age-ms"
MIN_SNAPSHOTS = "history.expire.min-snapshots-to-keep"
MAX_REF_AGE = "history.expire.max-ref-age-ms"


@dataclass(frozen=True)
class Snapshot:
    """When a snapshot was made, and from which."""

    id: int
    parent: Optional[int]
    at_ms: int


@dataclass(frozen=True)
class Reference:
    """A branch or a tag, and the retention of its own that it may have."""

    name: str
    snapshot: int
    is_branch: bool
    max_snapshot_age_ms: Optional[int] = None
    min_snapshots: Optional[int] = None
    max_age_ms: Optional[int] = None


def max_age_ms(properties: Mapping[str, str]) -> int:
    """How long the table keeps a snapshot that nothing else asks for."""
    return int(properties.get(MAX_AGE, ICEBERG_SNAPSHOT_HOURS * HOUR_MS))


def retained(
    snapshots: Mapping[int, Snapshot], references: list[Reference], properties: Mapping[str, str], now_ms: int
) -> set[int]:
    """The ids of the snapshots that expiring would leave."""
    default_age = max_age_ms(properties)
    default_count = int(properties.get(MIN_SNAPSHOTS, 1))
    kept: set[int] = set()
    referenced: set[int] = set()
    for reference in references:
        line = _line(snapshots, reference)
        referenced.update(line)
        if not line or _has_ended(reference, snapshots[reference.snapshot], properties, now_ms):
            continue
        if not reference.is_branch:
            kept.add(reference.snapshot)
            continue
        age = reference.max_snapshot_age_ms or default_age
        count = reference.min_snapshots or default_count
        kept.update(each for nth, each in enumerate(line) if nth < count or now_ms - snapshots[each].at_ms <= age)
    loose = (each for each in snapshots.values() if each.id not in referenced)
    return kept | {each.id for each in loose if now_ms - each.at_ms <= default_age}


def _line(snapshots: Mapping[int, Snapshot], reference: Reference) -> list[int]:
    """A reference's snapshot and, of a branch, all it came from that are still there."""
    line: list[int] = []
    at: Optional[int] = reference.snapshot
    while at is not None and at in snapshots:
        line.append(at)
        at = snapshots[at].parent if reference.is_branch else None
    return line


def _has_ended(reference: Reference, snapshot: Snapshot, properties: Mapping[str, str], now_ms: int) -> bool:
    age = reference.max_age_ms or (int(properties[MAX_REF_AGE]) if MAX_REF_AGE in properties else None)
    return reference.name != "main" and age is not None and now_ms - snapshot.at_ms > age
