"""Merge-on-read deletes for Iceberg: PyIceberg reads them, and writes deletes only by rewriting data files."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat, ManifestContent, ManifestWriter, ManifestWriterV2
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _FastAppendFiles

# The reserved field ids of the Iceberg specification.
SCHEMA = pa.schema(
    [
        pa.field("file_path", pa.string(), False, {b"PARQUET:field_id": b"2147483546"}),
        pa.field("pos", pa.int64(), False, {b"PARQUET:field_id": b"2147483545"}),
    ]
)


class _DeleteManifest(ManifestWriterV2):
    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


class _AddDeleteFiles(_FastAppendFiles):
    def new_manifest_writer(self, spec: PartitionSpec) -> ManifestWriter:
        schema = self._transaction.table_metadata.schema()
        return _DeleteManifest(spec, schema, self.new_manifest_output(), self._snapshot_id, self._compression)


def delete_rows_by_position(table: Table, tasks: Iterable[FileScanTask], rows_per_file: int) -> int:
    """Deletes the first rows of each given data file in one commit, with one delete file each; gives how many rows."""
    rows = 0
    with (
        table.transaction() as transaction,
        _AddDeleteFiles(operation=Operation.DELETE, transaction=transaction, io=table.io) as snapshot,
    ):
        for task in tasks:
            count = min(rows_per_file, task.file.record_count)
            snapshot.append_data_file(_delete_file(table, task.file, count))
            rows += count
    return rows


def _delete_file(table: Table, data: DataFile, count: int) -> DataFile:
    location = f"{table.location()}/data/{uuid.uuid4()}-deletes.parquet"
    rows = {"file_path": [data.file_path] * count, "pos": list(range(count))}
    with table.io.new_output(location).create() as stream:
        pq.write_table(pa.Table.from_pydict(rows, schema=SCHEMA), stream)
    delete_file = DataFile.from_args(
        content=DataFileContent.POSITION_DELETES,
        file_path=location,
        file_format=FileFormat.PARQUET,
        partition=data.partition,
        record_count=count,
        file_size_in_bytes=len(table.io.new_input(location)),
        column_sizes={},
        value_counts={},
        null_value_counts={},
        nan_value_counts={},
        lower_bounds={},
        upper_bounds={},
        key_metadata=None,
        split_offsets=None,
        equality_ids=None,
        sort_order_id=None,
    )
    delete_file.spec_id = data.spec_id
    return delete_file
