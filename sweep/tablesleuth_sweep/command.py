"""The command line: arguments, signals, exit codes."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Optional

from . import fork_server
from .failures import CannotKeep
from .finding import json_schema
from .targets import FORMS, Ask, LeftOut, parse_ask

ALL_READ, SOME_FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
TIMEOUT_SECONDS = 600.0
EPILOG = """exit codes: 0 every table was read, 1 at least one was not (its finding says why), 2 wrong use,
or the documents cannot be written, 130 interrupted.
AWS's own variables and profiles say where S3 and Glue are and who asks; nothing but reading calls is made, and
s3:PutObject when --output is in S3. docs/sweep.md explains the findings."""


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Runs a sweep; gives the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.schema:
        print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
        return ALL_READ
    if not given.what:
        parser.error(f"say what to sweep: {FORMS}")
    try:
        asks = [(text, parse_ask(text)) for text in given.what]
    except ValueError as error:
        parser.error(str(error))
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        fork_server.begin()
        return _sweep(given, asks)
    except KeyboardInterrupt:
        print("Interrupted: tables that were not read yet have no finding", file=sys.stderr)
        return INTERRUPTED
    except CannotKeep as error:
        print(f"sweep: {error}", file=sys.stderr)
        return WRONG_USE
    except BrokenPipeError:
        # Who reads the output has read enough; Python must not write more to it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SOME_FAILED


def _sweep(given: argparse.Namespace, asks: list[tuple[str, Ask]]) -> int:
    # The readers take a second to load, which whoever asks for help or makes a mistake need not wait for.
    from .documents import documents_at
    from .inspection import Options
    from .report import Report
    from .storage import Storage
    from .workers import Sweep

    storage, now = Storage.of_environment(), datetime.now(timezone.utc)
    options = Options(list_storage=not given.no_listing, ask_table_sleuth=not given.no_tablesleuth)
    report = Report(sys.stderr, quiet=given.quiet)
    documents = documents_at(given.output)
    with Sweep(given.workers, storage, options, now, given.timeout) as sweep:
        for found in sweep.run(asks):
            if isinstance(found, LeftOut):
                report.leave_out(found)
                continue
            documents.keep(found)
            if given.json:
                print(found.to_json(), flush=True)
            report.take(found)
    if given.json:
        report.say(report.total())
    else:
        print("\n".join(report.lines()))
    return SOME_FAILED if report.failed else ALL_READ


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sweep",
        description="Inspects lakehouse tables and gives one finding document for each.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="*", metavar="WHAT", help=FORMS)
    parser.add_argument(
        "--json", action="store_true", help="one finding document a line on the standard output, as they come"
    )
    parser.add_argument(
        "--output", metavar="WHERE", help="also write each document to a folder or to s3://BUCKET/PREFIX"
    )
    add_reading_options(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of the documents, and end")
    return parser


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """How tables are read, by whichever command."""
    parser.add_argument(
        "--workers",
        type=positive(int),
        default=os.cpu_count() or 1,
        metavar="N",
        help="tables read at a time (default: the machine's cores)",
    )
    parser.add_argument(
        "--timeout",
        type=positive(float),
        default=TIMEOUT_SECONDS,
        metavar="SECONDS",
        help="for one table (default: %(default)g)",
    )
    parser.add_argument(
        "--no-listing",
        action="store_true",
        help="do not list storage: no orphans, no missing files, no waste of Delta tables",
    )
    parser.add_argument("--no-tablesleuth", action="store_true", help="do not ask TableSleuth's own services")


def positive(type_: type) -> object:
    """A type of arguments that are more than zero."""

    def convert(text: str) -> object:
        value = type_(text)
        if value <= 0:
            raise argparse.ArgumentTypeError(f"{text} is not more than zero")
        return value

    convert.__name__ = type_.__name__
    return convert


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
