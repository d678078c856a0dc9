"""Ties the emulator's life to its parent's: no process is left, however the parent ended."""

from __future__ import annotations

import os
import signal
import sys
import threading


def end_with_parent() -> None:
    """Kill this process and every process it started once standard input closes.

    The parent holds the other end of the pipe and the kernel closes it for a parent that was killed, too.
    Needs a process group of our own, or the parent's other children would be killed as well.
    """
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    threading.Thread(target=_wait_for_end, name="end-with-parent", daemon=True).start()


def _wait_for_end() -> None:
    descriptor = sys.stdin.fileno()
    while os.read(descriptor, 4096):
        pass
    os.killpg(os.getpid(), signal.SIGKILL)
