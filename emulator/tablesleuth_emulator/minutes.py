"""The clock that figures of processor time and the alarms of scaling policies go by: the computer's, and the minutes that
somebody had pass at once. Nothing else in the account goes by it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

#: What is done when a minute is over.
at_end: list[Callable[[], None]] = []
_ahead = 0.0


def now() -> float:
    """The time, in seconds since 1970."""
    return time.time() + _ahead


def skip(seconds: float) -> None:
    """Let time pass at once."""
    global _ahead
    _ahead += seconds
