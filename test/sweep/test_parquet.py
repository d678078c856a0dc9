"""Figures of folders of Parquet files, against DuckDB."""

from __future__ import annotations

import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from independent import rows

from clock import Clock
from parquet_files import make_clicks
from tablesleuth_sweep import parquet_reader
from tablesleuth_sweep.finding import Format
from tablesleuth_sweep.inspection import Options, inspect
from tablesleuth_sweep.targets import Target

NOW = Clock().now


@pytest.fixture
def sweep(storage):
    return lambda folder: inspect(Target("t", "t", Format.PARQUET, str(folder)), storage, Options(), NOW)


def advice(finding):
    return {each.code: each.severity for each in finding.advice}


def test_counts_files_rows_row_groups_and_codecs_as_duckdb_does(tmp_path, sweep):
    make_clicks(tmp_path, Clock())
    found = sweep(tmp_path)
    pattern = f"{tmp_path}/*/*.parquet"
    assert (found.figures.files.count, found.figures.files.rows) == rows(
        "SELECT count(*), sum(num_rows) FROM parquet_file_metadata(?)", pattern
    )[0]
    groups, codecs = rows(
        "SELECT count(DISTINCT file_name || row_group_id), list(DISTINCT compression ORDER BY compression) FROM parquet_metadata(?)",
        pattern,
    )[0]
    assert (found.figures.metadata.row_groups, found.figures.metadata.codecs) == (groups, codecs)
    without = rows("SELECT count(DISTINCT file_name) FROM parquet_metadata(?) WHERE stats_null_count IS NULL", pattern)[
        0
    ][0]
    assert found.figures.metadata.files_without_statistics == without == 1
    assert found.figures.table_schema.partition_columns == ["day"]
    assert advice(found) == {"no-statistics": "low", "small-row-groups": "low"}
    assert found.table_sleuth.figures["rows"] == found.figures.files.rows


def test_says_that_many_small_files_are_too_many_but_not_across_partitions(tmp_path, sweep):
    for number in range(12):
        pq.write_table(pa.table({"id": [number]}), tmp_path / f"{number}.parquet")
    assert advice(sweep(tmp_path)) == {"small-files": "medium"}
    for number in range(12):
        folder = tmp_path / f"day={number}"
        folder.mkdir()
        (tmp_path / f"{number}.parquet").rename(folder / "one.parquet")
    assert advice(sweep(tmp_path)) == {}


def test_a_file_that_was_cut_off_is_told_and_the_others_are_read(tmp_path, sweep):
    for number in range(3):
        pq.write_table(pa.table({"id": list(range(100))}), tmp_path / f"{number}.parquet")
    cut = tmp_path / "1.parquet"
    os.truncate(cut, cut.stat().st_size - 20)
    found = sweep(tmp_path)
    assert (found.status, found.figures.files.count, found.figures.files.unreadable, found.figures.files.rows) == (
        "ok",
        2,
        1,
        200,
    )
    assert found.figures.files.examples == [str(cut)]
    assert advice(found) == {"unreadable-files": "high"}
    # TableSleuth does not mention the file.
    assert [(each.figure, each.table_sleuth) for each in found.table_sleuth.differences] == [("files.unreadable", 0)]


def test_fails_when_every_file_was_cut_off(tmp_path, sweep):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and no more")
    assert sweep(tmp_path).failure.kind == "unreadable"


def test_fails_when_there_is_no_file(tmp_path, sweep):
    assert sweep(tmp_path / "nowhere").failure.kind == "not-found"


def test_schemas_that_differ_are_told(tmp_path, sweep):
    pq.write_table(pa.table({"id": [1], "city": ["x"]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"id": ["1"], "town": ["x"]}), tmp_path / "b.parquet")
    os.utime(tmp_path / "a.parquet", (1, 1))
    found = sweep(tmp_path)
    (change,) = found.figures.table_schema.changes
    assert (change.added, change.dropped, change.retyped) == (["town"], ["city"], ["id: int64 → string"])
    assert (found.figures.table_schema.distinct, advice(found)) == (2, {"schema-drift": "medium"})


def test_what_begins_with_a_dot_or_an_underscore_is_no_data(tmp_path, sweep):
    for name in ("a.parquet", "_metadata.parquet", ".hidden.parquet", "_tmp/b.parquet", "_day=1/c.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        pq.write_table(pa.table({"id": [1]}), tmp_path / name)
    assert sweep(tmp_path).figures.files.count == 2


def test_of_very_many_files_a_part_is_read_and_the_finding_says_so(tmp_path, sweep, monkeypatch):
    monkeypatch.setattr(parquet_reader, "MOST_FOOTERS", 4)
    for number in range(10):
        pq.write_table(pa.table({"id": [number]}), tmp_path / f"{number}.parquet")
    found = sweep(tmp_path).figures
    assert (found.files.count, found.files.rows, found.metadata.files) == (10, None, 4)
    assert found.notes == [
        "4 of 10 footers were read: rows are not known, schemas and row groups are those of the sample"
    ]
