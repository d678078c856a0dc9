"""`plan` and `work`: one sweep on many machines, as AWS Batch runs it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from typing import Any

from .command import WRONG_USE, add_reading_options, positive
from .failures import CannotKeep
from .targets import FORMS, Ask, parse_ask

DONE = 0
#: An attempt that was told to end: another one goes on where it was. No other failure ends so.
TRY_AGAIN = 75
TABLES_A_SHARE = 100


class _Ended(BaseException):
    """
    SIGTERM: Fargate takes the machine back, and kills what is left of the program some seconds later. No `Exception`,
    which AWS's client would take for a failure of the network and ask again.
    """


def main(arguments: Sequence[str]) -> int:
    """Plans a run or works on a share of it; gives the exit code."""
    given = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    try:
        return given.do(given)
    except _Ended:
        print("Told to end: what has no finding yet is left to another attempt", file=sys.stderr)
        return TRY_AGAIN
    except (CannotKeep, ValueError) as error:
        print(f"sweep: {error}", file=sys.stderr)
        return WRONG_USE


def _plan(given: argparse.Namespace) -> int:
    if (given.queue is None) != (given.worker is None):
        raise ValueError("--queue and --worker go together: a job is submitted with both or not at all")
    asks = [(text, parse_ask(text)) for text in given.what]
    from .runs import Run

    run = Run(given.runs, given.run)
    plan = run.plan() or _made_plan(run, given, asks)
    print(f"run {plan.run}: {plan.tables} tables in {plan.shares} shares, {len(plan.left_out)} left out", flush=True)
    if given.queue is not None and plan.shares > 0 and run.job() is None:
        job_id = _submit(given, plan.shares)
        run.keep_job(job_id)
        print(f"job {job_id}", flush=True)
    return DONE


def _made_plan(run: Any, given: argparse.Namespace, asks: list[tuple[str, Ask]]) -> Any:
    from .discovery import discover
    from .runs import Plan, split
    from .storage import Storage
    from .targets import LeftOut, Target

    found = list(discover(asks, Storage.of_environment()))
    shares = split((each for each in found if isinstance(each, Target)), given.tables_a_share)
    left_out = [each for each in found if isinstance(each, LeftOut)]
    planned_at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    plan = Plan.of(given.run, planned_at, given.what, shares, left_out)
    run.keep(plan, shares)
    return plan


def _submit(given: argparse.Namespace, shares: int) -> str:
    """An array job has two members at least; a single one is no array."""
    import boto3

    array = {"arrayProperties": {"size": shares}} if shares > 1 else {}
    submitted = boto3.client("batch").submit_job(
        jobName=f"sweep-{given.run}",
        jobQueue=given.queue,
        jobDefinition=given.worker,
        parameters={"run": given.run},
        **array,
    )
    return submitted["jobId"]


def _work(given: argparse.Namespace) -> int:
    # Before the readers are loaded, which takes a second: a share that is done needs none of them.
    from .once import OnceARun
    from .runs import Run

    documents = OnceARun(given.findings, given.run)
    share = Run(given.runs, given.run).share(given.share)
    left = documents.missing(share)
    print(f"run {given.run}, share {given.share}: {len(share)} tables, {len(left)} to read", file=sys.stderr, flush=True)
    if left:
        _read(given, documents, left)
    return DONE


def _read(given: argparse.Namespace, documents: Any, targets: Sequence[Any]) -> None:
    from .inspection import Options
    from .report import Report
    from .storage import Storage
    from .targets import LeftOut
    from .workers import Sweep

    storage, now = Storage.of_environment(), datetime.now(timezone.utc)
    options = Options(list_storage=not given.no_listing, ask_table_sleuth=not given.no_tablesleuth)
    report = Report(sys.stderr)
    with Sweep(given.workers, storage, options, now, given.timeout, look=_as_planned) as sweep:
        for found in sweep.run(targets):
            if not isinstance(found, LeftOut):
                documents.keep(found)
                report.take(found)
    report.say(report.total())


def _as_planned(targets: Iterable[Any], _storage: Any) -> Iterator[Any]:
    """Nothing is looked for: the planner has found it."""
    yield from targets


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sweep", description="One sweep on many machines, as AWS Batch runs it.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    plan = commands.add_parser("plan", help="look for tables, write down who reads which, and submit the workers' job")
    plan.set_defaults(do=_plan)
    plan.add_argument("--runs", required=True, metavar="WHERE", help="s3://BUCKET/PREFIX of the plans")
    plan.add_argument(
        "--run",
        default=os.environ.get("AWS_BATCH_JOB_ID") or f"{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}",
        metavar="ID",
        help="default: the job's id, the same in each of its attempts, else the time",
    )
    plan.add_argument("what", nargs="+", metavar="WHAT", help=FORMS)
    plan.add_argument(
        "--tables-a-share",
        type=positive(int),
        default=TABLES_A_SHARE,
        metavar="N",
        help="of one worker (default: %(default)s)",
    )
    plan.add_argument("--queue", metavar="ARN", help="where to submit the workers' job (default: it is not submitted)")
    plan.add_argument("--worker", metavar="ARN", help="the workers' job definition")
    work = commands.add_parser("work", help="read the tables of one share that have no finding of this run yet")
    work.set_defaults(do=_work)
    work.add_argument("--runs", required=True, metavar="WHERE", help="s3://BUCKET/PREFIX of the plans")
    work.add_argument("--run", required=True, metavar="ID", help="as it was planned")
    work.add_argument("--findings", required=True, metavar="WHERE", help="s3://BUCKET/PREFIX of the finding documents")
    work.add_argument(
        "--share",
        type=int,
        default=int(os.environ.get("AWS_BATCH_JOB_ARRAY_INDEX", "0")),
        metavar="N",
        help="default: the job's index in its array",
    )
    add_reading_options(work)
    return parser


def _end(*_: object) -> None:
    raise _Ended
