"""The lake's own time: its tables look as if they had been written over weeks, and the same each time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from unittest import mock

START = datetime(2026, 9, 1, 6, 0, tzinfo=timezone.utc)


class Clock:
    """Stands still until it is moved."""

    def __init__(self, start: datetime = START) -> None:
        self.now = start

    def forward(self, **amount: float) -> datetime:
        self.now += timedelta(**amount)
        return self.now

    @property
    def milliseconds(self) -> int:
        return int(self.now.timestamp() * 1000)

    @contextmanager
    def for_pyiceberg(self) -> Iterator[None]:
        """PyIceberg takes no clock, so its metadata's three looks at the time are led here. Signatures keep the true time."""

        def milliseconds(_: datetime) -> int:
            return self.milliseconds

        def seconds() -> float:
            return self.now.timestamp()

        with ExitStack() as patches:
            for target, replacement in (
                ("pyiceberg.table.snapshots.time", SimpleNamespace(time=seconds)),
                ("pyiceberg.table.metadata.datetime_to_millis", milliseconds),
                ("pyiceberg.table.update.datetime_to_millis", milliseconds),
            ):
                patches.enter_context(mock.patch(target, replacement))
            yield
