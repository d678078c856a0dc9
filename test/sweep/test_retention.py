"""Which snapshots a table's own retention keeps."""

from __future__ import annotations

from tablesleuth_sweep.retention import HOUR_MS, Reference, Snapshot, retained

NOW = 1_000 * HOUR_MS
#: One every 24 hours; the fifth is the newest, made just now.
LINE = {number: Snapshot(number, number - 1 or None, NOW - (5 - number) * 24 * HOUR_MS) for number in range(1, 6)}
MAIN = Reference("main", 5, True)


def test_keeps_five_days_by_default():
    assert retained(LINE, [MAIN], {}, NOW) == {1, 2, 3, 4, 5}
    assert retained(LINE, [MAIN], {}, NOW + 48 * HOUR_MS) == {2, 3, 4, 5}


def test_keeps_the_newest_however_old_it_is():
    assert retained(LINE, [MAIN], {}, NOW + 9_999 * HOUR_MS) == {5}


def test_keeps_as_many_as_the_table_asks_for():
    assert retained(LINE, [MAIN], {"history.expire.min-snapshots-to-keep": "3"}, NOW + 9_999 * HOUR_MS) == {3, 4, 5}


def test_a_branch_may_ask_for_more_than_the_table():
    branch = Reference("audit", 3, True, max_snapshot_age_ms=10_000 * HOUR_MS)
    assert retained(LINE, [MAIN, branch], {}, NOW + 500 * HOUR_MS) == {1, 2, 3, 5}


def test_a_tag_keeps_its_snapshot_until_it_ends_itself():
    tag = Reference("release", 2, False, max_age_ms=200 * HOUR_MS)
    assert retained(LINE, [MAIN, tag], {}, NOW + 121 * HOUR_MS) == {2, 5}
    assert retained(LINE, [MAIN, tag], {}, NOW + 200 * HOUR_MS) == {5}


def test_a_snapshot_that_nothing_refers_to_goes_by_its_age():
    loose = {**LINE, 9: Snapshot(9, 2, NOW - 100 * HOUR_MS), 10: Snapshot(10, 2, NOW - 130 * HOUR_MS)}
    assert retained(loose, [MAIN], {}, NOW) == {1, 2, 3, 4, 5, 9}
