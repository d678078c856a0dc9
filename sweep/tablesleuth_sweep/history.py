"""The history of a table, from the moments of its snapshots or versions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from .finding import History


def history(moments: Collection[datetime], now: datetime, *, count: int, expirable: int, references: int) -> History:
    """``moments`` may be fewer than ``count``: of a version whose commit was cleaned up nobody knows when it was."""
    oldest, newest = (min(moments), max(moments)) if moments else (None, None)
    return History(
        count=count,
        oldest_at=oldest,
        newest_at=newest,
        oldest_age_days=_age_days(oldest, now) if oldest else None,
        newest_age_days=_age_days(newest, now) if newest else None,
        expirable=expirable,
        references=references,
    )


def _age_days(at: datetime, now: datetime) -> float:
    """How long ago something was; a clock that is ahead makes nothing younger than new."""
    return round(max(0.0, (now - at).total_seconds() / 86_400), 3)
