"""How a run is dealt out, without any storage."""

from __future__ import annotations

import random

import pytest

from tablesleuth_sweep.failures import failure_of
from tablesleuth_sweep.finding import Format
from tablesleuth_sweep.run_command import main
from tablesleuth_sweep.runs import SHARES_AT_MOST, _read, _written, bucket_and_prefix, split
from tablesleuth_sweep.targets import Target


def targets(count):
    return [Target(f"glue:db.t{number}", f"db.t{number}", Format.DELTA, f"s3://lake/t{number}") for number in range(count)]


@pytest.mark.parametrize(("tables", "sizes"), [(0, []), (1, [1]), (4, [4]), (5, [3, 2]), (9, [3, 3, 3]), (10, [4, 3, 3])])
def test_no_share_is_larger_than_asked_for_and_all_are_of_one_size(tables, sizes):
    shares = split(targets(tables), tables_a_share=4)
    assert [len(share) for share in shares] == sizes
    assert sorted(target.id for share in shares for target in share) == sorted(target.id for target in targets(tables))


def test_the_order_in_which_tables_are_found_does_not_matter():
    shuffled = targets(50)
    random.Random(7).shuffle(shuffled)
    assert split(shuffled, 7) == split(targets(50), 7)


def test_a_table_that_is_found_twice_is_read_once():
    assert split([*targets(3), *targets(3)], 2) == split(targets(3), 2)


def test_there_are_no_more_shares_than_an_array_job_has_members():
    shares = split(targets(SHARES_AT_MOST * 2 + 1), tables_a_share=1)
    assert (len(shares), max(map(len, shares))) == (SHARES_AT_MOST, 3)


@pytest.mark.parametrize("failure", [None, failure_of(PermissionError("Access Denied"))])
def test_a_worker_reads_the_table_that_the_planner_wrote(failure):
    target = Target("a", "b", Format.ICEBERG, "s3://x", "s3://x/m.json", "eu-west-1", failure)
    assert _read(_written(target)) == target


@pytest.mark.parametrize(
    ("where", "parts"),
    [("s3://b", ("b", "")), ("s3://b/", ("b", "")), ("s3://b/runs", ("b", "runs/")), ("s3a://b/x/y/", ("b", "x/y/"))],
)
def test_takes_a_place_in_s3_apart(where, parts):
    assert bucket_and_prefix(where) == parts


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "--runs", "./runs", "sales.orders"], "has to be s3://BUCKET/PREFIX"),
        (["plan", "--runs", "s3://b/runs", "sales"], "what to sweep is one of"),
        (["plan", "--runs", "s3://b/runs", "--queue", "arn", "glue:sales"], "--queue and --worker go together"),
    ],
)
def test_fails_with_2_when_it_is_used_wrongly(arguments, said, capsys):
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
