"""Delta tables with known faults, on this machine."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, PostCommitHookProperties, write_deltalake

NOW = datetime(2026, 11, 1, tzinfo=timezone.utc)
KEEP_THE_LOG = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
TIMES = ("timestamp", "deletionTimestamp", "modificationTime", "createdTime")


def append(folder: Path, first: int, count: int, days_ago: float = 0, **options) -> None:
    rows = pa.table(
        {"id": pa.array(range(first, first + count), pa.int64()), "city": [f"city {each % 3}" for each in range(count)]}
    )
    write_deltalake(str(folder), rows, mode="append", post_commithook_properties=KEEP_THE_LOG, **options)
    put_clock_right(folder, days_ago)


def delete(folder: Path, predicate: str, days_ago: float = 0) -> None:
    DeltaTable(str(folder)).delete(predicate, post_commithook_properties=KEEP_THE_LOG)
    put_clock_right(folder, days_ago)


def checkpoint(folder: Path) -> Path:
    """Gives the file."""
    table = DeltaTable(str(folder))
    table.create_checkpoint()
    return folder / "_delta_log" / f"{table.version():020d}.checkpoint.parquet"


def put_clock_right(folder: Path, days_ago: float) -> None:
    """Delta's writer takes no clock: the commit that it wrote last gets the test's time instead of the true one."""
    at = NOW - timedelta(days=days_ago)
    log = max((folder / "_delta_log").glob("*.json"))
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    for action in actions:
        for fields in action.values():
            fields.update({name: int(at.timestamp() * 1000) for name in TIMES if name in fields})
    log.write_text("".join(json.dumps(action) + "\n" for action in actions))


def orphan(folder: Path, name: str, size: int, days_ago: float) -> Path:
    """A file that no commit names, as a writer that died leaves it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    seconds = (NOW - timedelta(days=days_ago)).timestamp()
    os.utime(path, (seconds, seconds))
    return path


def vacuumable(folder: Path, hours: int | None = None) -> set[str]:
    """What delta-rs would remove: it is asked, and removes nothing."""
    return set(DeltaTable(str(folder)).vacuum(hours, dry_run=True, enforce_retention_duration=False, full=True))
