"""One table, from its name to its finding. Whatever goes wrong with the table is in the finding."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Optional

from .delta_reader import open_delta, read_delta
from .failures import Unsupported, failure_of
from .finding import Failure, Figures, Finding, Format
from .iceberg_reader import open_table, read_iceberg
from .judgement import advise
from .parquet_reader import read_parquet
from .second_opinion import second_opinion
from .storage import Storage
from .targets import Target


@dataclass(frozen=True)
class Options:
    """How tables are inspected."""

    #: Also look at what is in storage: orphans, missing files, what was vacuumed.
    list_storage: bool = True
    #: Also ask TableSleuth's own services.
    ask_table_sleuth: bool = True


def inspect(target: Target, storage: Storage, options: Options, now: datetime) -> Finding:
    """Reads, judges, and never raises but for the end of the program."""
    started = time.monotonic()
    if target.region is not None and target.region != storage.region:
        storage = replace(storage, region=target.region, _s3=None)
    try:
        opened = _open(target, storage)
        figures = _read(target, opened, storage, options, now)
        opinion = second_opinion(target, opened, figures, storage) if options.ask_table_sleuth else None
    except Exception as error:
        return failed(target, failure_of(error), now, time.monotonic() - started)
    except BaseException as error:
        # delta-rs's panics are no exceptions to Python, and no reason to lose the other tables.
        if type(error).__name__ != "PanicException":
            raise
        return failed(target, failure_of(error), now, time.monotonic() - started)
    return Finding(
        table=target.table(),
        inspected_at=now,
        seconds=round(time.monotonic() - started, 3),
        status="ok",
        failure=None,
        figures=figures,
        advice=advise(target.format, figures),
        table_sleuth=opinion,
    )


def failed(target: Target, failure: Failure, now: datetime, seconds: float) -> Finding:
    """The finding of a table that could not be read."""
    return Finding(
        table=target.table(),
        inspected_at=now,
        seconds=round(seconds, 3),
        status="failed",
        failure=failure,
        figures=None,
        advice=[],
        table_sleuth=None,
    )


def _open(target: Target, storage: Storage) -> Optional[Any]:
    if target.format is Format.ICEBERG:
        return open_table(target.metadata_location, storage)
    if target.format is Format.DELTA:
        return open_delta(target.location, storage)
    return None


def _read(target: Target, opened: Any, storage: Storage, options: Options, now: datetime) -> Figures:
    if target.format is Format.ICEBERG:
        return read_iceberg(opened, storage, now, list_storage=options.list_storage)
    if target.format is Format.DELTA:
        return read_delta(opened, target.location, storage, now, list_storage=options.list_storage)
    if target.format is Format.PARQUET:
        return read_parquet(target.location, storage)
    raise Unsupported(f"{target.name} is of no format that is read here")
