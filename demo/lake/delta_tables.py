"""The Delta table of the sample lake. It is written on this machine and copied, as its log's times are put right between."""

from __future__ import annotations

import json
from pathlib import Path

from deltalake import DeltaTable, PostCommitHookProperties, write_deltalake

import sample_data
from clock import Clock

SHIPMENTS_A_LOAD = 400
KEEP_THE_LOG = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
TIMES = ("timestamp", "deletionTimestamp", "modificationTime", "createdTime")


def make_shipments(folder: Path, clock: Clock) -> int:
    """A table with waste: loads in small files, deletes, an update and a compaction, and nothing was ever vacuumed."""
    rows = _load(folder, range(5), clock)
    rows -= _delete(folder, "weight_kg > 27", clock)
    _table(folder).update(
        updates={"carrier": "'dhl'"}, predicate="carrier = 'ups' and order_id < 500", post_commithook_properties=KEEP_THE_LOG
    )
    _put_clock_right(folder, clock)
    _table(folder).create_checkpoint()
    rows += _load(folder, range(5, 8), clock)
    _table(folder).optimize.compact(post_commithook_properties=KEEP_THE_LOG)
    _put_clock_right(folder, clock)
    clock.forward(days=10)
    rows += _load(folder, range(8, 10), clock)
    rows -= _delete(folder, "order_id % 10 = 3", clock)
    return rows + _load(folder, range(10, 12), clock)


def _table(folder: Path) -> DeltaTable:
    return DeltaTable(str(folder))


def _load(folder: Path, loads: range, clock: Clock) -> int:
    for load in loads:
        clock.forward(days=2)
        rows = sample_data.shipments(load * SHIPMENTS_A_LOAD, SHIPMENTS_A_LOAD, clock.now)
        write_deltalake(
            str(folder), rows, mode="append", partition_by=["carrier"], post_commithook_properties=KEEP_THE_LOG
        )
        _put_clock_right(folder, clock)
    return len(loads) * SHIPMENTS_A_LOAD


def _delete(folder: Path, predicate: str, clock: Clock) -> int:
    metrics = _table(folder).delete(predicate, post_commithook_properties=KEEP_THE_LOG)
    _put_clock_right(folder, clock)
    return int(metrics["num_deleted_rows"])


def _put_clock_right(folder: Path, clock: Clock) -> None:
    """Delta's writer takes no clock: the commit that it wrote last gets the lake's time instead of the true one."""
    clock.forward(hours=1)
    log = max((folder / "_delta_log").glob("*.json"))
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    for action in actions:
        for fields in action.values():
            fields.update({name: clock.milliseconds for name in TIMES if name in fields})
    log.write_text("".join(json.dumps(action) + "\n" for action in actions))
