"""Readers that fail, hang or die: each costs its table alone."""

from __future__ import annotations

import os
import signal
import time

import pytest
from faulty_delta import NOW

from tablesleuth_sweep import workers
from tablesleuth_sweep.failures import failure_of
from tablesleuth_sweep.finding import Format
from tablesleuth_sweep.inspection import Options, failed
from tablesleuth_sweep.storage import Storage
from tablesleuth_sweep.targets import Target
from tablesleuth_sweep.workers import Sweep


def misbehave(target, storage, options, now):
    """Stands for a reader, by the name of its table."""
    if target.name.startswith("hangs"):
        time.sleep(60)
    if target.name.startswith("dies"):
        os.kill(os.getpid(), signal.SIGKILL)
    if target.name == "leaves":
        os._exit(3)
    return failed(target, failure_of(RuntimeError(f"read by {os.getpid()}")), now, 0)


def look(asks, storage):
    """Stands for a catalog: everything that is asked for is a table, some of them after a while."""
    for name, _ in asks:
        if name == "end":
            os._exit(4)
        yield Target(name, name, Format.DELTA)


def run(names, workers=2, timeout=20.0):
    with Sweep(workers, Storage(), Options(), NOW, timeout, look, misbehave) as sweep:
        findings = {finding.table.name: finding.failure for finding in sweep.run([(name, None) for name in names])}
        processes = [worker.process for worker in sweep._workers]
    assert not any(process.is_alive() for process in processes)
    return findings


def test_a_reader_that_dies_costs_its_table_alone():
    found = run(["a", "dies", "b", "leaves", "c"])
    assert {name: failure.kind for name, failure in found.items()} == {
        "a": "other",
        "b": "other",
        "c": "other",
        "dies": "crashed",
        "leaves": "crashed",
    }
    assert "SIGKILL" in found["dies"].message
    assert "exit code 3" in found["leaves"].message


def test_a_reader_that_hangs_is_ended_and_the_others_are_read():
    found = run(["hangs", "a", "b"], timeout=1.0)
    assert (found["hangs"].kind, found["a"].kind, found["b"].kind) == ("timeout", "other", "other")


def test_what_is_found_before_looking_fails_is_read():
    found = run(["a", "end", "b"])
    assert {name: failure.kind for name, failure in found.items()} == {"a": "other", "looking for tables": "crashed"}


def test_a_worker_is_replaced_after_so_many_tables(monkeypatch):
    monkeypatch.setattr(workers, "TABLES_A_WORKER", 2)
    assert len({failure.message for failure in run(["a", "b", "c", "d", "e"], workers=1).values()}) == 3


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PermissionError("x"), "access-denied"),
        (OSError("When listing objects: AWS Error ACCESS_DENIED during ListObjectsV2 operation"), "access-denied"),
        (OSError("Unable to locate credentials"), "access-denied"),
        (FileNotFoundError("x"), "not-found"),
        (Exception("EntityNotFoundException: Entity Not Found"), "not-found"),
        (Exception("Parquet magic bytes not found in footer"), "unreadable"),
        (Exception("The table uses reader features that are unsupported: columnMapping"), "unsupported"),
        (Exception("Read timed out"), "timeout"),
        (Exception("what?"), "other"),
    ],
)
def test_a_failure_says_what_kind_it_is_and_what_to_do(error, kind):
    failure = failure_of(error)
    assert failure.kind == kind
    assert failure.action


def test_a_message_is_one_line_of_bounded_length():
    assert len(failure_of(Exception("a\n" * 2_000)).message) == 500
