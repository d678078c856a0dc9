"""When a schedule of EventBridge Scheduler is due, by the clock of its time zone.

At a change of clocks AWS's own rule holds: a time that the day does not have is left out, and one that it has twice
counts once.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from ministack.services import eventbridge

_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_UTC = timezone.utc


class NotASchedule(ValueError):
    """An expression or a time zone that EventBridge Scheduler would refuse."""


def check(expression: str, zone: str) -> None:
    """Refuse what can never be due."""
    next_time(expression, zone, after=datetime.now(_UTC), created=datetime.now(_UTC))


def next_time(expression: str, zone: str, *, after: datetime, created: datetime) -> datetime | None:
    """The first time after ``after`` at which a schedule is due, or None when there is none."""
    at = _AT.fullmatch(expression.strip())
    if at:
        due = _instant(datetime.fromisoformat(at.group(1)), _zone(zone))
        return due if due and due > after else None
    seconds = eventbridge._parse_rate_seconds(expression)
    if seconds is not None:
        passed = max(int((after - created).total_seconds() // seconds), 0)
        return created + timedelta(seconds=seconds * (passed + 1))
    fields = eventbridge._parse_cron_fields(expression)
    if fields is None:
        raise NotASchedule(f"Invalid Schedule Expression {expression}.")
    return _next_by_cron(fields, _zone(zone), after)


def _next_by_cron(fields: tuple, zone: ZoneInfo, after: datetime) -> datetime | None:
    wall: datetime | None = after.astimezone(zone).replace(tzinfo=None)
    while wall is not None:
        # ministack counts in UTC; here its hours are those on the wall.
        wall = eventbridge._cron_next_fire(fields, wall.replace(tzinfo=_UTC))
        wall = wall and wall.replace(tzinfo=None)
        due = _instant(wall, zone) if wall else None
        if due and due > after:
            return due
    return None


def _instant(wall: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment when the clocks of a zone first show a time, or None when they skip it."""
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(_UTC)
    return instant if instant.astimezone(zone).replace(tzinfo=None) == wall else None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise NotASchedule(f"Invalid Schedule Expression Timezone {name}.") from None
