"""Iceberg tables with known faults, on this machine."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.memory import InMemoryCatalog
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation
from pyiceberg.types import LongType, NestedField, StringType

from position_deletes import _AddDeleteFiles, delete_rows_by_position

SCHEMA = Schema(NestedField(1, "id", LongType()), NestedField(2, "city", StringType()))
NOW = datetime(2026, 11, 1, tzinfo=timezone.utc)


class Lake:
    """A catalog in memory over a folder, with a clock that is set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.catalog = InMemoryCatalog("test", warehouse=f"file://{folder}")
        self.catalog.create_namespace("db")

    def table(self, name: str, **properties: str) -> Table:
        return self.catalog.create_table(f"db.{name}", SCHEMA, properties={"format-version": "2", **properties})

    def append(self, table: Table, first: int, count: int, days_ago: float = 0) -> None:
        with at(days_ago):
            table.append(cities(first, count))


def cities(first: int, count: int) -> pa.Table:
    return pa.table(
        {"id": pa.array(range(first, first + count), pa.int64()), "city": [f"city {each % 7}" for each in range(count)]}
    )


def at(days_ago: float):
    """PyIceberg takes no clock; this is where it looks at the time when it commits."""
    seconds = NOW.timestamp() - days_ago * 86_400
    return mock.patch("pyiceberg.table.snapshots.time", SimpleNamespace(time=lambda: seconds))


def delete_by_position(table: Table, rows_per_file: int, days_ago: float = 0) -> int:
    """The first rows of each data file, in a delete file of its own for each."""
    with at(days_ago):
        return delete_rows_by_position(table, list(table.scan().plan_files()), rows_per_file)


def delete_by_equality(table: Table, ids: list[int], days_ago: float = 0) -> None:
    """Rows with these ids, as Flink writes it."""
    field = pa.field("id", pa.int64(), True, {b"PARQUET:field_id": b"1"})
    location = f"{table.location()}/data/{uuid.uuid4()}-equality.parquet"
    with table.io.new_output(location).create() as stream:
        pq.write_table(pa.Table.from_pydict({"id": ids}, schema=pa.schema([field])), stream)
    delete_file = DataFile.from_args(
        content=DataFileContent.EQUALITY_DELETES,
        file_path=location,
        file_format=FileFormat.PARQUET,
        partition=next(iter(table.scan().plan_files())).file.partition,
        record_count=len(ids),
        file_size_in_bytes=len(table.io.new_input(location)),
        column_sizes={},
        value_counts={},
        null_value_counts={},
        nan_value_counts={},
        lower_bounds={},
        upper_bounds={},
        key_metadata=None,
        split_offsets=None,
        equality_ids=[1],
        sort_order_id=None,
    )
    delete_file.spec_id = 0
    with (
        at(days_ago),
        table.transaction() as transaction,
        _AddDeleteFiles(operation=Operation.DELETE, transaction=transaction, io=table.io) as snapshot,
    ):
        snapshot.append_data_file(delete_file)
