"""Where the processes that read tables come from."""

from __future__ import annotations

import multiprocessing
import sys
from multiprocessing import forkserver
from typing import Any


def begin() -> Any:
    """
    The context that processes are started in. On Linux its server begins now to load the readers, half a second: called before
    this process loads them itself, both are done at the same time.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    # A process forked from this one would share the readers' threads with it, and starting from nothing takes a second.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tablesleuth_sweep.workers"])
    forkserver.ensure_running()
    return context
