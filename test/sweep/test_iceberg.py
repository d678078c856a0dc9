"""Figures of Iceberg tables, against DuckDB and PyIceberg."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from independent import iceberg_files, iceberg_rows
from faulty_iceberg import NOW, Lake, at, cities, delete_by_equality, delete_by_position
from pyiceberg.types import IntegerType, LongType, StringType

from tablesleuth_sweep.finding import Format
from tablesleuth_sweep.inspection import Options, inspect
from tablesleuth_sweep.storage import plain_path
from tablesleuth_sweep.targets import Target


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return Lake(tmp_path_factory.mktemp("lake"))


@pytest.fixture
def sweep(storage):
    def of(table, now=NOW, **options):
        target = Target("t", "t", Format.ICEBERG, table.location(), table.metadata_location)
        return inspect(target, storage, Options(**options), now)

    return of


@pytest.fixture(scope="module")
def neglected(lake):
    """Twelve small files over 30 days, position deletes in each, and never maintained."""
    table = lake.table("neglected")
    for day in range(12):
        lake.append(table, day * 100, 100, days_ago=30 - day)
    delete_by_position(table, 10, days_ago=10)
    return table


def advice(finding):
    return {each.code: each.severity for each in finding.advice}


def test_counts_files_and_rows_as_duckdb_does(neglected, sweep):
    found = sweep(neglected).figures
    counted = iceberg_files(neglected.metadata_location)
    # DuckDB calls the content of data files so.
    assert counted == {"EXISTING": 12, "POSITION_DELETES": 12}
    assert (found.files.count, found.deletes.files) == (12, 12)
    assert found.files.rows == iceberg_rows(neglected.metadata_location) == 1200 - 120
    assert found.files.bytes == sum(task.file.file_size_in_bytes for task in neglected.scan().plan_files())


def test_says_when_rows_are_an_estimate(neglected, sweep):
    assert "Rows are an estimate: 12 position delete files" in sweep(neglected).figures.notes[0]


def test_says_that_small_files_and_deletes_make_reading_slow(neglected, sweep):
    found = sweep(neglected)
    assert found.figures.files.small_ratio == 1
    assert found.figures.files.count_if_compacted == 1
    assert found.figures.deletes.position_rows == 120
    assert found.figures.deletes.deleted_ratio == pytest.approx(0.1)
    assert advice(found) == {
        "read-amplification": "high",
        "small-files": "medium",
        "deleted-rows": "medium",
        "old-snapshots": "low",
    }


def test_amplification_is_that_of_a_scan_plan(neglected, sweep):
    tasks = list(neglected.scan().plan_files())
    opened = sum(1 + len(task.delete_files) for task in tasks)
    assert sweep(neglected).figures.deletes.read_amplification == pytest.approx(opened / len(tasks))


def test_tells_when_snapshots_were_made_and_which_retention_lets_go(neglected, sweep):
    history = sweep(neglected).figures.history
    assert (history.count, history.oldest_age_days, history.newest_age_days) == (13, 30, 10)
    assert history.count == len(neglected.snapshots())
    assert history.expirable == 12


def test_keeps_the_table_s_own_retention_and_its_tags(lake, sweep):
    table = lake.table("kept", **{"history.expire.max-snapshot-age-ms": str(3 * 86_400_000)})
    for day in (20, 10, 2, 1):
        lake.append(table, day, 1, days_ago=day)
    first = table.snapshots()[0].snapshot_id
    assert sweep(table).figures.history.expirable == 2
    table.manage_snapshots().create_tag(first, "audit").commit()
    found = sweep(table).figures
    assert (found.history.expirable, found.history.references) == (1, 1)
    assert found.waste.retention_hours == 72


def test_old_snapshots_hold_what_expiring_them_frees(lake, sweep, storage):
    table = lake.table("overwritten")
    lake.append(table, 0, 5_000, days_ago=20)
    replaced = [task.file for task in table.scan().plan_files()]
    with at(15):
        table.overwrite(cities(0, 10))
    before = sweep(table).figures.waste
    assert before.held_bytes == before.reclaimable_bytes == sum(file.file_size_in_bytes for file in replaced)
    table.maintenance.expire_snapshots().by_ids([each.snapshot_id for each in table.snapshots()[:-1]]).commit()
    after = sweep(table, now=NOW + timedelta(days=3650)).figures
    # PyIceberg expires the metadata and deletes no file: they are orphans now, and as large as before.
    assert after.history.expirable == 0
    assert after.waste.orphan_bytes >= before.held_bytes
    assert {plain_path(file.file_path) for file in replaced} <= {file.path for file in storage.files(table.location())}


def test_young_snapshots_hold_bytes_that_may_not_go_yet(lake, sweep):
    table = lake.table("young")
    lake.append(table, 0, 1_000, days_ago=2)
    with at(1):
        table.overwrite(cities(0, 10))
    waste = sweep(table).figures.waste
    assert waste.held_bytes > 0
    assert waste.reclaimable_bytes == 0


def test_finds_orphans_and_lets_writers_in_flight_alone(lake, sweep):
    table = lake.table("orphans")
    lake.append(table, 0, 10, days_ago=1)
    data = Path(plain_path(table.location())) / "data"
    for name, size, days in (("old.parquet", 700, 10), ("new.parquet", 50, 1)):
        (data / name).write_bytes(b"x" * size)
        seconds = (NOW - timedelta(days=days)).timestamp()
        os.utime(data / name, (seconds, seconds))
    waste = sweep(table).figures.waste
    assert (waste.orphan_files, waste.orphan_bytes) == (2, 750)
    assert (waste.reclaimable_files, waste.reclaimable_bytes) == (1, 700)
    unlisted = sweep(table, list_storage=False).figures
    assert (unlisted.waste.orphan_bytes, unlisted.files.missing) == (None, None)


def test_reads_a_table_with_equality_deletes_that_pyiceberg_and_tablesleuth_refuse(lake, sweep):
    table = lake.table("streamed")
    for part in range(3):
        lake.append(table, part * 10, 10, days_ago=3 - part)
    delete_by_equality(table, [1, 11, 21])
    lake.append(table, 100, 10)
    with pytest.raises(ValueError, match="equality deletes"):
        table.scan().plan_files()
    found = sweep(table)
    deletes = found.figures.deletes
    assert (found.figures.files.count, deletes.equality_files, deletes.equality_rows) == (4, 1, 3)
    # The newest file was written after the delete, which therefore does not apply to it.
    assert deletes.read_amplification == pytest.approx((4 + 3) / 4)
    assert found.figures.files.rows is None
    assert iceberg_rows(table.metadata_location) == 37
    assert advice(found)["equality-deletes"] == "medium"
    assert "equality deletes" in found.table_sleuth.failure


def test_finds_delete_files_that_apply_to_nothing_any_more(lake, sweep):
    table = lake.table("dangling")
    lake.append(table, 0, 10)
    delete_by_position(table, 2)
    table.delete("id >= 0")
    lake.append(table, 50, 10)
    found = sweep(table)
    assert (found.figures.deletes.files, found.figures.deletes.dangling_files) == (1, 1)
    assert advice(found)["dangling-deletes"] == "low"
    assert [task.delete_files for task in table.scan().plan_files()] == [set()]
    assert found.figures.files.rows == iceberg_rows(table.metadata_location) == 10


def test_finds_files_that_are_gone_and_files_that_were_cut_off(lake, sweep):
    table = lake.table("broken")
    for part in range(3):
        lake.append(table, part * 10, 10)
    gone, cut, _ = sorted(plain_path(task.file.file_path) for task in table.scan().plan_files())
    os.remove(gone)
    os.truncate(cut, 100)
    found = sweep(table)
    assert (found.figures.files.missing, found.figures.files.wrong_size) == (1, 1)
    assert found.figures.files.examples == [gone, cut]
    assert advice(found)["missing-files"] == advice(found)["wrong-size-files"] == "high"
    assert sweep(table, list_storage=False).figures.files.missing is None


def test_tells_how_the_schema_changed(lake, sweep):
    table = lake.table("evolved")
    lake.append(table, 0, 10, days_ago=5)
    with table.update_schema() as update:
        update.add_column("amount", IntegerType())
    with table.update_schema() as update:
        update.rename_column("city", "town")
        update.update_column("amount", field_type=LongType())
    with table.update_schema() as update:
        update.add_column("note", StringType())
        update.delete_column("amount")
    changes = sweep(table).figures.table_schema.changes
    assert [(each.added, each.dropped, each.renamed, each.retyped) for each in changes] == [
        (["amount"], [], [], []),
        ([], [], ["city → town"], ["amount: int → long"]),
        (["note"], ["amount"], [], []),
    ]


def test_a_table_that_nothing_was_written_to_has_nothing_to_say(lake, sweep):
    found = sweep(lake.table("empty"))
    assert (found.status, found.figures.files.count, found.advice) == ("ok", 0, [])


def test_a_good_table_gets_no_advice(lake, sweep):
    table = lake.table("good")
    lake.append(table, 0, 1_000, days_ago=1)
    assert sweep(table).advice == []


def test_where_tablesleuth_says_the_same_no_difference_is_told(lake, sweep):
    table = lake.table("agreed")
    lake.append(table, 0, 10)
    opinion = sweep(table).table_sleuth
    assert (opinion.version, opinion.failure, opinion.differences) == ("0.6.1", None, [])
    assert opinion.figures["dataFiles"] == 1


def test_fails_with_the_reason_when_the_metadata_is_cut_off(lake, sweep):
    table = lake.table("damaged")
    lake.append(table, 0, 10)
    path = plain_path(table.metadata_location)
    os.truncate(path, 200)
    found = sweep(table)
    assert (found.status, found.figures, found.failure.kind) == ("failed", None, "unreadable")


def test_fails_when_the_newest_manifest_list_is_gone_and_not_when_an_old_one_is(lake, sweep):
    table = lake.table("unlisted")
    for part in range(2):
        lake.append(table, part, 1, days_ago=2 - part)
    os.remove(plain_path(table.snapshots()[0].manifest_list))
    found = sweep(table)
    assert found.status == "ok"
    assert "1 old snapshots cannot be read" in found.figures.notes[0]
    os.remove(plain_path(table.snapshots()[1].manifest_list))
    assert sweep(table).failure.kind == "not-found"
