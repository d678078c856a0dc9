"""Which delete files of Iceberg apply to which data files, by the rules of the specification's "Scan Planning"."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Literal, Optional


@dataclass(frozen=True, slots=True)
class Entry:
    """A live file of a snapshot."""

    path: str
    size: int
    rows: int
    content: Literal["data", "position", "equality"]
    sequence: int
    #: Equal for files of one partition of one partition spec.
    partition: Hashable
    unpartitioned: bool = False
    #: Of a position delete file: the first and the last path that it is about, where it says so.
    bounds: Optional[tuple[str, str]] = None
    #: A deletion vector is about one data file.
    vector: bool = False


@dataclass
class Application:
    """How often delete files apply, and which never do."""

    #: A delete file counts once for each data file that it applies to.
    count: int = 0
    dangling: list[Entry] = field(default_factory=list)


def apply_deletes(entries: Iterable[Entry]) -> Application:
    """Counts what a scan of everything would open beside the data files."""
    entries = list(entries)
    data = _DataFiles(entry for entry in entries if entry.content == "data")
    application = Application()
    for entry in entries:
        if entry.content == "data":
            continue
        times = data.older_than(entry) if entry.content == "equality" else data.not_newer_than(entry)
        application.count += times
        if times == 0:
            application.dangling.append(entry)
    return application


class _DataFiles:
    """Sequence numbers of data files, by partition and, in the order of paths, for those that say what they are about."""

    def __init__(self, files: Iterable[Entry]) -> None:
        self._by_path: dict[Hashable, list[tuple[str, int]]] = defaultdict(list)
        for file in files:
            self._by_path[file.partition].append((file.path, file.sequence))
        for paths in self._by_path.values():
            paths.sort()
        self._sequences = {key: sorted(number for _, number in paths) for key, paths in self._by_path.items()}
        self._all = sorted(number for numbers in self._sequences.values() for number in numbers)

    def older_than(self, delete: Entry) -> int:
        """An equality delete is about all partitions when it has none itself."""
        numbers = self._all if delete.unpartitioned else self._sequences.get(delete.partition, [])
        return bisect_left(numbers, delete.sequence)

    def not_newer_than(self, delete: Entry) -> int:
        """A position delete may also be about files of its own commit."""
        if delete.vector and delete.bounds is None:
            return 1
        if delete.bounds is None:
            return bisect_right(self._sequences.get(delete.partition, []), delete.sequence)
        paths = self._by_path.get(delete.partition, [])
        first = bisect_left(paths, (delete.bounds[0], -1))
        within = takewhile(lambda pair: pair[0] <= delete.bounds[1], islice(paths, first, None))
        return sum(number <= delete.sequence for _, number in within)
