"""Which delete files apply to which data files, by the rules of the specification."""

from __future__ import annotations

import pytest

from tablesleuth_sweep.delete_files import Entry, apply_deletes


def data(path, sequence, partition=(0,)):
    return Entry(path, 1, 1, "data", sequence, partition)


def position(sequence, partition=(0,), **more):
    return Entry("delete", 1, 1, "position", sequence, partition, **more)


def equality(sequence, partition=(0,), **more):
    return Entry("delete", 1, 1, "equality", sequence, partition, **more)


FILES = [data("a", 1), data("b", 2), data("c", 3), data("d", 3, (1,))]


@pytest.mark.parametrize(
    ("delete", "times"),
    [
        (position(2), 2),
        (position(3), 3),
        (position(3, (1,)), 1),
        (position(3, (2,)), 0),
        (position(3, bounds=("b", "b")), 1),
        (position(1, bounds=("b", "b")), 0),
        (position(3, bounds=("a", "b")), 2),
        (position(3, bounds=("x", "z")), 0),
        (position(9, vector=True), 1),
        # An equality delete is not about files of its own commit.
        (equality(3), 2),
        (equality(4), 3),
        (equality(1), 0),
        (equality(4, unpartitioned=True), 4),
    ],
)
def test_a_delete_file_applies_to_the_files_that_it_is_about(delete, times):
    application = apply_deletes([*FILES, delete])
    assert (application.count, application.dangling) == (times, [] if times else [delete])


def test_without_deletes_nothing_applies():
    assert apply_deletes(FILES).count == 0
