"""Where advice begins: each threshold from below and from above."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tablesleuth_sweep import thresholds as at
from tablesleuth_sweep.finding import Deletes, Figures, Files, Format, History, Metadata, SchemaFigures, Waste
from tablesleuth_sweep.judgement import advise

HEALTHY = {
    "files": dict(
        count=100,
        bytes=100 * 128 * at.MIB,
        rows=10**8,
        small_count=0,
        small_ratio=0,
        small_below_bytes=at.SMALL_FILE_BYTES,
        median_bytes=128 * at.MIB,
        largest_bytes=128 * at.MIB,
        count_if_compacted=100,
        missing=0,
        wrong_size=0,
        unreadable=0,
        examples=[],
    ),
    "deletes": dict(
        files=0,
        bytes=0,
        position_files=0,
        equality_files=0,
        vectors=0,
        position_rows=0,
        equality_rows=0,
        dangling_files=0,
        deleted_ratio=0,
        read_amplification=1,
    ),
    "history": dict(
        count=1, oldest_at=None, newest_at=None, oldest_age_days=40, newest_age_days=0, expirable=0, references=0
    ),
    "waste": dict(
        held_bytes=0,
        held_files=0,
        reclaimable_bytes=0,
        reclaimable_files=0,
        orphan_bytes=0,
        orphan_files=0,
        retention_hours=120,
    ),
    "table_schema": dict(columns=3, changes=[], distinct=1, partition_columns=[], partition_changes=0),
    "metadata": dict(
        files=1,
        bytes=1,
        checkpoint_version=None,
        commits_since_checkpoint=None,
        checkpoint_interval=None,
        checkpoint_problems=[],
        row_groups=None,
        files_without_statistics=None,
        codecs=[],
    ),
}
ROOT = Path(__file__).resolve().parents[2]
TYPES = {
    "files": Files,
    "deletes": Deletes,
    "history": History,
    "waste": Waste,
    "table_schema": SchemaFigures,
    "metadata": Metadata,
}


def given(format=Format.ICEBERG, **changes):
    """Advice on a healthy table but for these changes, as `part__figure=value`."""
    parts = {name: dict(values) for name, values in HEALTHY.items()}
    for path, value in changes.items():
        part, figure = path.split("__")
        parts[part][figure] = value
    figures = Figures(**{name: TYPES[name](**values) for name, values in parts.items()}, notes=[])
    return {each.code: each.severity for each in advise(format, figures)}


@pytest.mark.parametrize("format", list(Format))
def test_a_healthy_table_gets_no_advice(format):
    assert given(format) == {}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (dict(files__small_count=9, files__small_ratio=0.9, files__count_if_compacted=1), {}),
        (dict(files__small_count=49, files__small_ratio=0.49, files__count_if_compacted=52), {}),
        (dict(files__small_count=50, files__small_ratio=0.5, files__count_if_compacted=71), {}),
        (dict(files__small_count=50, files__small_ratio=0.5, files__count_if_compacted=70), {"small-files": "medium"}),
        (
            dict(files__small_count=1000, files__count=1000, files__small_ratio=1, files__count_if_compacted=9),
            {"small-files": "high"},
        ),
        (dict(deletes__read_amplification=1.49), {}),
        (dict(deletes__read_amplification=1.5), {"read-amplification": "medium"}),
        (dict(deletes__read_amplification=2), {"read-amplification": "high"}),
        (dict(deletes__deleted_ratio=0.099), {}),
        (dict(deletes__deleted_ratio=0.1), {"deleted-rows": "medium"}),
        (dict(deletes__deleted_ratio=0.3), {"deleted-rows": "high"}),
        (dict(deletes__deleted_ratio=None), {}),
        (dict(deletes__equality_files=1), {"equality-deletes": "medium"}),
        (dict(deletes__equality_files=50), {"equality-deletes": "high"}),
        (dict(deletes__dangling_files=1), {"dangling-deletes": "low"}),
        (dict(history__expirable=9), {}),
        (dict(history__expirable=10), {"old-snapshots": "low"}),
        (dict(history__expirable=500), {"old-snapshots": "medium"}),
        (dict(waste__held_bytes=1024 * at.MIB, waste__reclaimable_bytes=1024 * at.MIB), {}),
        (
            dict(waste__held_bytes=2 * 1024 * at.MIB, waste__reclaimable_bytes=2 * 1024 * at.MIB),
            {"reclaimable-bytes": "medium"},
        ),
        (
            dict(waste__held_bytes=20 * 1024 * at.MIB, waste__reclaimable_bytes=20 * 1024 * at.MIB),
            {"reclaimable-bytes": "high"},
        ),
        (dict(files__bytes=100, waste__held_bytes=100, waste__reclaimable_bytes=100), {"reclaimable-bytes": "low"}),
        (
            dict(files__bytes=10**15, waste__held_bytes=10**12, waste__reclaimable_bytes=10**12),
            {"reclaimable-bytes": "high"},
        ),
        (dict(files__missing=1), {"missing-files": "high"}),
        (dict(files__missing=None, files__wrong_size=None), {}),
        (dict(metadata__files=49, files__count=10), {}),
        (dict(metadata__files=50, files__count=1000), {}),
        (dict(metadata__files=50, files__count=999), {"many-manifests": "medium"}),
    ],
)
def test_advice_begins_at_its_threshold(changes, expected):
    assert given(**changes) == expected


@pytest.mark.parametrize(
    ("behind", "version", "interval", "expected"),
    [
        (20, 0, 10, {}),
        (21, 0, 10, {"checkpoint-late": "medium"}),
        (21, None, 10, {"checkpoint-missing": "medium"}),
        (120, 0, 10, {"checkpoint-late": "high"}),
        # Who asks for one each hundred commits has a log of a hundred.
        (100, 0, 100, {}),
        (101, 0, 100, {"checkpoint-late": "medium"}),
        (200, 0, 100, {"checkpoint-late": "high"}),
    ],
)
def test_a_checkpoint_is_late_when_readers_replay_more_than_the_table_asked_for(behind, version, interval, expected):
    changes = dict(
        metadata__commits_since_checkpoint=behind,
        metadata__checkpoint_version=version,
        metadata__checkpoint_interval=interval,
    )
    assert given(Format.DELTA, **changes) == expected


def test_versions_of_delta_are_no_snapshots_to_expire():
    assert given(Format.DELTA, history__expirable=10_000) == {}


def test_the_most_severe_advice_is_the_first():
    assert list(given(files__missing=1, deletes__dangling_files=1, deletes__deleted_ratio=0.1)) == [
        "missing-files",
        "deleted-rows",
        "dangling-deletes",
    ]


def test_every_advice_is_explained_in_the_documents():
    rules = (ROOT / "sweep" / "tablesleuth_sweep" / "judgement.py").read_text()
    codes = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', rules))
    explained = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", (ROOT / "docs" / "sweep.md").read_text()))
    assert len(codes) > 12
    assert codes <= explained
