"""Figures of Delta tables, against delta-rs and the Delta kernel in DuckDB."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from faulty_delta import NOW, append, checkpoint, delete, orphan, put_clock_right, vacuumable
from independent import delta_rows

from tablesleuth_sweep.finding import Format
from tablesleuth_sweep.inspection import Options, inspect
from tablesleuth_sweep.targets import Target


@pytest.fixture
def sweep(storage):
    def of(folder, now=NOW, **options):
        return inspect(Target("t", "t", Format.DELTA, str(folder)), storage, Options(**options), now)

    return of


def advice(finding):
    return {each.code: each.severity for each in finding.advice}


@pytest.fixture
def loaded(tmp_path):
    """Twelve loads of 30 rows by three partitions, one a day, with a delete ten days ago."""
    for day in range(12):
        append(tmp_path, day * 30, 30, days_ago=30 - day, partition_by=["city"])
    delete(tmp_path, "id < 90", days_ago=10)
    return tmp_path


def test_counts_files_and_rows_as_the_delta_kernel_does(loaded, sweep):
    found = sweep(loaded).figures
    table = DeltaTable(str(loaded))
    assert found.files.count == len(table.file_uris()) == 27
    assert found.files.rows == delta_rows(str(loaded)) == table.count() == 270
    assert found.files.bytes == sum(os.path.getsize(path) for path in table.file_uris())
    assert found.table_schema.partition_columns == ["city"]
    # Files of different partitions are never merged.
    assert found.files.count_if_compacted == 3


def test_removed_files_are_held_and_after_the_retention_reclaimable_as_a_vacuum_says(loaded, sweep):
    waste = sweep(loaded).figures.waste
    files = vacuumable(loaded, hours=0)
    assert waste.held_files == len(files) == 9
    assert waste.held_bytes == waste.reclaimable_bytes == sum((loaded / path).stat().st_size for path in files)
    early = sweep(loaded, now=NOW - timedelta(days=9)).figures.waste
    assert (early.held_files, early.reclaimable_files) == (9, 0)


def test_today_counts_where_tablesleuth_counts_from_the_newest_commit(loaded, sweep):
    opinion = sweep(loaded).table_sleuth
    assert opinion.failure is None
    differences = {each.figure: (each.ours, each.table_sleuth) for each in opinion.differences}
    assert differences["waste.reclaimableBytes"][1] == 0 < differences["waste.reclaimableBytes"][0]
    assert set(differences) == {"waste.reclaimableBytes"}
    assert any("OPTIMIZE" in each for each in opinion.recommendations)


def test_vacuumed_files_are_no_waste_though_the_log_names_them(loaded, sweep):
    table = DeltaTable(str(loaded))
    table.vacuum(0, dry_run=False, enforce_retention_duration=False)
    found = sweep(loaded)
    assert (found.figures.waste.held_files, found.figures.waste.reclaimable_bytes) == (0, 0)
    figures = {each.figure: each.table_sleuth for each in found.table_sleuth.differences}
    assert figures["waste.heldBytes"] > 0


def test_the_table_s_own_retention_decides(tmp_path, sweep):
    append(tmp_path, 0, 10, days_ago=20, configuration={"delta.deletedFileRetentionDuration": "interval 2 weeks"})
    delete(tmp_path, "id < 5", days_ago=10)
    waste = sweep(tmp_path).figures.waste
    assert (waste.retention_hours, waste.reclaimable_files, waste.held_files) == (336, 0, 1)
    today = sweep(tmp_path, now=datetime.now(timezone.utc)).figures.waste
    assert today.reclaimable_files == len(vacuumable(tmp_path))


def test_finds_orphans_that_no_commit_names(loaded, sweep):
    orphan(loaded, "city=city 0/part-lost.parquet", 1234, days_ago=20)
    orphan(loaded, "part-young.parquet", 99, days_ago=1)
    orphan(loaded, "_staging/part.parquet", 7, days_ago=20)
    waste = sweep(loaded).figures.waste
    assert (waste.orphan_files, waste.orphan_bytes) == (2, 1234 + 99)
    assert waste.reclaimable_files == 9 + 1
    assert waste.held_files == len(vacuumable(loaded, hours=0))


def test_a_table_without_a_checkpoint_makes_readers_replay_its_log(tmp_path, sweep):
    for commit in range(30):
        append(tmp_path, commit, 1, configuration={"delta.checkpointInterval": "10"} if commit == 0 else None)
    metadata = sweep(tmp_path).figures.metadata
    assert (metadata.checkpoint_version, metadata.commits_since_checkpoint, metadata.checkpoint_interval) == (
        None,
        30,
        10,
    )
    assert advice(sweep(tmp_path))["checkpoint-missing"] == "medium"
    checkpoint(tmp_path)
    found = sweep(tmp_path)
    assert (found.figures.metadata.checkpoint_version, found.figures.metadata.commits_since_checkpoint) == (29, 0)
    assert not any(code.startswith("checkpoint") for code in advice(found))
    for commit in range(21):
        append(tmp_path, 100 + commit, 1)
    assert advice(sweep(tmp_path))["checkpoint-late"] == "medium"


def test_a_checkpoint_that_is_cut_off_counts_as_none(loaded, sweep):
    path = checkpoint(loaded)
    os.truncate(path, path.stat().st_size // 2)
    found = sweep(loaded)
    # delta-rs fails on it as well, or falls back: whichever it does, the finding says that the checkpoint is bad.
    if found.status == "failed":
        assert "checkpoint" in found.failure.message.lower() or found.failure.kind == "unreadable"
        return
    assert found.figures.metadata.commits_since_checkpoint == 13
    assert advice(found)["checkpoint-damaged"] == "medium"


def test_a_pointer_to_a_checkpoint_that_is_not_there_is_told(loaded, sweep):
    checkpoint(loaded)
    (loaded / "_delta_log" / "_last_checkpoint").write_text('{"version": 5, "size": 1}')
    problems = sweep(loaded).figures.metadata.checkpoint_problems
    assert problems == ["_last_checkpoint names version 5, which has no checkpoint"]


def test_commits_that_a_checkpoint_replaced_may_be_cleaned_up(loaded, sweep):
    checkpoint(loaded)
    before = sweep(loaded).figures
    for version in range(12):
        (loaded / "_delta_log" / f"{version:020d}.json").unlink()
    append(loaded, 1_000, 3, partition_by=["city"])
    found = sweep(loaded)
    assert found.figures.files.count == before.files.count + 3 == len(DeltaTable(str(loaded)).file_uris())
    # When they were removed is in the checkpoint.
    assert found.figures.waste.held_files == 9
    assert found.figures.waste.orphan_files == 0
    differences = {each.figure: (each.ours, each.table_sleuth) for each in found.table_sleuth.differences}
    assert differences["files.count"] == (30, 3)


def test_tells_how_the_schema_changed_and_when(tmp_path, sweep):
    append(tmp_path, 0, 3, days_ago=4)
    rows = pa.table({"id": pa.array([9], pa.int64()), "city": ["x"], "note": ["y"]})
    write_deltalake(str(tmp_path), rows, mode="append", schema_mode="merge")
    put_clock_right(tmp_path, 2)
    (change,) = sweep(tmp_path).figures.table_schema.changes
    assert (change.added, change.dropped) == (["note"], [])
    assert change.at == NOW - timedelta(days=2)


def test_finds_files_that_are_gone_and_files_that_were_cut_off(loaded, sweep):
    gone, cut = sorted(DeltaTable(str(loaded)).file_uris())[:2]
    os.remove(gone)
    os.truncate(cut, 50)
    found = sweep(loaded)
    assert (found.figures.files.missing, found.figures.files.wrong_size) == (1, 1)
    assert advice(found)["missing-files"] == advice(found)["wrong-size-files"] == "high"


def test_names_of_partitions_are_those_of_the_folders(tmp_path, sweep):
    rows = pa.table({"id": [1, 2], "city": ["São Paulo/100%", "a b"]})
    write_deltalake(str(tmp_path), rows, partition_by=["city"])
    figures = sweep(tmp_path, now=datetime.now(timezone.utc)).figures
    assert (figures.files.count, figures.files.missing, figures.waste.held_files) == (2, 0, 0)


def test_versions_and_their_times_are_those_of_the_log(loaded, sweep):
    history = sweep(loaded).figures.history
    commits = DeltaTable(str(loaded)).history()
    assert history.count == len(commits) == 13
    assert history.oldest_at.timestamp() * 1000 == min(each["timestamp"] for each in commits)
    assert (history.oldest_age_days, history.newest_age_days) == (30, 10)


def test_fails_with_the_reason_when_a_commit_is_missing(loaded, sweep):
    (loaded / "_delta_log" / f"{5:020d}.json").unlink()
    found = sweep(loaded)
    assert found.status == "failed"
    assert found.failure.message


def test_fails_with_the_reason_when_a_commit_is_no_json(loaded, sweep):
    (loaded / "_delta_log" / f"{5:020d}.json").write_text('{"add": {"path"')
    assert sweep(loaded).failure.kind == "unreadable"


def test_deletion_vectors_are_counted_from_the_log(tmp_path):
    from tablesleuth_sweep.delta_log import Replayed

    vector = {"storageType": "u", "pathOrInlineDv": "ab^-aqEH.-t@S}K{vb[*k^", "sizeInBytes": 40, "cardinality": 6}
    replayed = Replayed()
    replayed.commit(0, json.dumps({"add": {"path": "a%20b.parquet", "size": 10}}).encode())
    lines = [
        {"add": {"path": "a%20b.parquet", "deletionVector": vector}},
        {"remove": {"path": "a%20b.parquet", "deletionTimestamp": 1}},
    ]
    replayed.commit(1, "\n".join(map(json.dumps, lines)).encode())
    assert replayed.removed_at == {}
    assert replayed.vectors["a b.parquet"].rows == 6
