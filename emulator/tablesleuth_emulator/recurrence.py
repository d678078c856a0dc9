"""When a group's scheduled action is due: a cron expression of five fields in a time zone, or one moment.

Pure: the clock is somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .calls import ServiceRefused
from .registry import Properties

_MINUTE = timedelta(minutes=1)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def due(action: Properties, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every moment later than ``after``, up to ``until``, at which an action is to be done."""
    start, end = moment(action.get("StartTime")), moment(action.get("EndTime"))
    if not action.get("Recurrence"):
        if start and after < start <= until:
            yield start
        return
    fields, zone = parse(action["Recurrence"]), time_zone(action.get("TimeZone"))
    now = after.replace(second=0, microsecond=0) + _MINUTE
    while now <= until:
        if (not start or now >= start) and (not end or now <= end) and _matches(fields, now.astimezone(zone)):
            yield now
        now += _MINUTE


def moment(text: str | None) -> datetime | None:
    """A moment as the API and templates write it; one without an offset is in UTC."""
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        raise ServiceRefused(f"Invalid time: {text}") from None
    return read if read.tzinfo else read.replace(tzinfo=timezone.utc)


def time_zone(name: str | None) -> ZoneInfo:
    """A time zone by its name, UTC without one."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        raise ServiceRefused(f"Invalid time zone: {name}") from None


def parse(expression: str) -> list[set[int] | None]:
    """The five fields of a cron expression: the numbers that each allows, None for all of them."""
    fields = expression.split()
    try:
        minute, hour, day, month, weekday = fields
        weekdays = _numbers(weekday, 0, 7, _DAYS)
        return [
            _numbers(minute, 0, 59),
            _numbers(hour, 0, 23),
            _numbers(day, 1, 31),
            _numbers(month, 1, 12, _MONTHS),
            weekdays and {one % 7 for one in weekdays},
        ]
    except ValueError:
        raise ServiceRefused(f"Given recurrence string: {expression} is invalid") from None


def _numbers(field: str, least: int, most: int, names: tuple[str, ...] = ()) -> set[int] | None:
    if field == "*":
        return None
    found: set[int] = set()
    for part in field.upper().split(","):
        span, _, step = part.partition("/")
        first, _, last = ("", "", "") if span == "*" else span.partition("-")
        begin = _number(first, least, names) if first else least
        end = _number(last, least, names) if last else (most if step or not first else begin)
        if not least <= begin <= end <= most or (step and int(step) < 1):
            raise ValueError(field)
        found.update(range(begin, end + 1, int(step or 1)))
    return found


def _number(text: str, first: int, names: tuple[str, ...]) -> int:
    return names.index(text) + first if text in names else int(text)


def _matches(fields: list[set[int] | None], now: datetime) -> bool:
    minute, hour, day, month, weekday = fields
    is_day, is_weekday = day is None or now.day in day, weekday is None or now.isoweekday() % 7 in weekday
    # Where both are limited, either is enough: cron's own rule.
    is_date = is_day or is_weekday if day is not None and weekday is not None else is_day and is_weekday
    in_time = (minute is None or now.minute in minute) and (hour is None or now.hour in hour)
    return is_date and in_time and (month is None or now.month in month)
