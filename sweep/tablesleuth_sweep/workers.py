"""Several tables at a time, each in a process of its own: a reader that hangs, dies or eats memory costs its table alone."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Optional, Union

from . import fork_server
from .discovery import discover
from .failures import Crashed, TimedOut, failure_of
from .finding import Finding
from .inspection import Options, failed, inspect
from .storage import Storage
from .targets import Ask, LeftOut, Target

#: A worker is replaced after so many tables, so that what readers keep in caches does not add up.
TABLES_A_WORKER = 500
#: A process has this long to load the readers before a table's own time runs.
START_SECONDS = 60.0
_BEGUN = "begun"

Looking = Callable[[Iterable[tuple[str, Ask]], Storage], Iterator[Union[Target, LeftOut]]]
Reading = Callable[[Target, Storage, Options, datetime], Finding]


@dataclass
class Process:
    """A process that serves this one, and how to talk to it."""

    process: Any
    pipe: Connection
    #: Of a worker: what it reads, since when, and how many tables it has had.
    target: Optional[Target] = None
    started: float = 0.0
    tables: int = 0

    def end(self) -> str:
        """Ends it, whatever it does, and says how it had ended before, if it had."""
        if self.process.exitcode is None:
            self.process.join(0.2)
        code = self.process.exitcode
        self.process.kill()
        self.process.join()
        self.pipe.close()
        return f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"


class Sweep:
    """
    Looks for tables and reads them. Use it in a `with`: leaving it ends every process, at once.

    Looking is in a process of its own as well, because Python cannot interrupt a library that waits for the network.
    """

    def __init__(
        self,
        workers: int,
        storage: Storage,
        options: Options,
        now: datetime,
        timeout_seconds: float,
        look: Looking = discover,
        read: Reading = inspect,
    ) -> None:
        self._count, self._timeout, self._now, self._storage = workers, timeout_seconds, now, storage
        self._look, self._reading = look, (read, storage, options, now)
        self._workers: list[Process] = []
        self._discovery: Optional[Process] = None
        self._context = fork_server.begin()

    def __enter__(self) -> Sweep:
        return self

    def __exit__(self, type_: Optional[type], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        processes = [*self._workers, *([self._discovery] if self._discovery else [])]
        for each in processes:
            each.process.kill()
        for each in processes:
            each.end()
        self._workers, self._discovery = [], None

    def run(self, asks: Iterable[tuple[str, Ask]]) -> Iterator[Union[Finding, LeftOut]]:
        """Findings as they come, and what was left out. A table is taken only when a worker is free for it."""
        self._discovery = self._start(_serve_discovery, self._look, list(asks), self._storage)
        while self._discovery is not None or self._busy():
            may_take = self._discovery is not None and len(self._busy()) < self._count
            pipes = [worker.pipe for worker in self._busy()]
            ready = wait([*pipes, *([self._discovery.pipe] if may_take else [])], self._patience())
            if may_take and self._discovery.pipe in ready:
                yield from self._take()
            for worker in self._busy():
                yield from self._hear(worker, worker.pipe in ready)

    def _busy(self) -> list[Process]:
        return [worker for worker in self._workers if worker.target is not None]

    def _patience(self) -> Optional[float]:
        busy = self._busy()
        if not busy:
            return None
        return max(0.0, min(worker.started for worker in busy) + self._timeout - time.monotonic())

    def _take(self) -> Iterator[Union[Finding, LeftOut]]:
        try:
            found = self._discovery.pipe.recv()
        except (EOFError, OSError):
            ending = self._discovery.end()
            self._discovery = None
            if ending != "exit code 0":
                failure = failure_of(Crashed(f"the process that looked for tables ended with {ending}"))
                yield failed(Target.failed("looking for tables", failure), failure, self._now, 0)
            return
        if isinstance(found, LeftOut):
            yield found
        elif found.failure is not None:
            yield failed(found, found.failure, self._now, 0)
        else:
            self._give(found)

    def _give(self, target: Target) -> None:
        worker = next((each for each in self._workers if each.target is None), None)
        if worker is not None and worker.tables >= TABLES_A_WORKER:
            self._drop(worker)
            worker = None
        if worker is None:
            worker = self._start(_serve, *self._reading)
            self._workers.append(worker)
        worker.target, worker.started, worker.tables = target, time.monotonic() + START_SECONDS, worker.tables + 1
        try:
            worker.pipe.send(target)
        except OSError:
            pass  # It has ended; what waits for its answer says so.

    def _hear(self, worker: Process, is_ready: bool) -> Iterator[Finding]:
        target, seconds = worker.target, max(0.0, time.monotonic() - worker.started)
        if is_ready:
            try:
                answer = worker.pipe.recv()
            except (EOFError, OSError):
                error = Crashed(f"the process that read it ended with {self._drop(worker)}")
                yield failed(target, failure_of(error), self._now, seconds)
                return
            if answer == _BEGUN:
                worker.started = time.monotonic()
            else:
                worker.target = None
                yield answer
        elif time.monotonic() - worker.started >= self._timeout:
            self._drop(worker)
            yield failed(target, failure_of(TimedOut(f"not read within {self._timeout:g} seconds")), self._now, seconds)

    def _start(self, serve: Callable[..., None], *arguments: Any) -> Process:
        here, there = self._context.Pipe()
        process = self._context.Process(target=serve, args=(there, *arguments), daemon=True)
        process.start()
        there.close()
        return Process(process, here)

    def _drop(self, worker: Process) -> str:
        self._workers.remove(worker)
        return worker.end()


def _serve(pipe: Connection, read: Reading, storage: Storage, options: Options, now: datetime) -> None:
    """A worker's life: tables come in, findings go out."""
    _end_with_parent()
    while True:
        try:
            target = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(_BEGUN)
        pipe.send(read(target, storage, options, now))


def _serve_discovery(pipe: Connection, look: Looking, asks: list[tuple[str, Ask]], storage: Storage) -> None:
    """A pipe holds some tables and then makes who writes to it wait: what is found never piles up."""
    _end_with_parent()
    for found in look(asks, storage):
        pipe.send(found)


def _end_with_parent() -> None:
    """The parent alone hears Ctrl-C; and whichever way it ends, its processes do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
    logging.disable(logging.CRITICAL)
