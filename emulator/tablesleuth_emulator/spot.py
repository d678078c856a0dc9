"""Whether there is spot capacity: a switch that AWS does not have, for whoever wants to see what happens without."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable

from .calls import ServiceRefused

_RETRY_SECONDS = 3.0
_available = True
_retries: set[str] = set()


class NoSpotCapacity(ServiceRefused):
    """A spot launch that AWS has no capacity for."""

    def __init__(self) -> None:
        super().__init__(
            "Could not launch Spot Instances. InsufficientInstanceCapacity - There is no Spot capacity available that "
            "matches your request. Launching EC2 instance failed."
        )


def set_available(available: bool) -> None:
    """From now on spot launches work, or fail for want of capacity. Instances that run are left alone."""
    global _available
    _available = available


def is_available() -> bool:
    """Whether there is capacity now."""
    return _available


def check() -> None:
    """Refuse a spot launch while there is no capacity."""
    if not _available:
        raise NoSpotCapacity


def retry_later(launcher: str, launch: Callable[[], None]) -> None:
    """Have a group or fleet try again in a few seconds, as both do on AWS within minutes, until there is capacity."""
    if launcher in _retries:
        return
    _retries.add(launcher)

    def retry() -> None:
        _retries.discard(launcher)
        launch()

    # The launcher's own account and region travel in the context of the request that failed.
    timer = threading.Timer(_RETRY_SECONDS, contextvars.copy_context().run, (retry,))
    timer.daemon = True
    timer.start()
