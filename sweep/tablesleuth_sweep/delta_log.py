"""Delta's log: which checkpoints are whole, which files were removed, how the schema changed. Pure, but for what it is given."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Optional
from urllib.parse import unquote

from .thresholds import DELTA_CHECKPOINT_INTERVAL, DELTA_LOG_HOURS, DELTA_RETENTION_HOURS

_COMMIT = re.compile(r"^(\d{20})\.json$")
_CHECKPOINT = re.compile(r"^(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10})|\.[0-9a-f-]{36})?\.(?:parquet|json)$")
_INTERVAL = re.compile(r"(\d+(?:\.\d+)?)\s*(second|minute|hour|day|week)s?", re.IGNORECASE)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint of one version: one file, or all the parts of one."""

    version: int
    paths: tuple[str, ...]
    bytes: int
    #: How many parts it should have.
    parts: int = 1

    @property
    def is_complete(self) -> bool:
        return len(self.paths) == self.parts


@dataclass(frozen=True)
class LogFiles:
    """What is in a table's `_delta_log`."""

    #: Path and size by version.
    commits: Mapping[int, tuple[str, int]]
    checkpoints: tuple[Checkpoint, ...]

    @staticmethod
    def of(files: Iterable[tuple[str, int]]) -> LogFiles:
        """From the paths and sizes of its files."""
        commits: dict[int, tuple[str, int]] = {}
        parts: dict[tuple[int, int, str], list[tuple[str, int]]] = defaultdict(list)
        for path, size in files:
            name = path.rsplit("/", 1)[-1]
            if commit := _COMMIT.match(name):
                commits[int(commit[1])] = (path, size)
            elif checkpoint := _CHECKPOINT.match(name):
                version, count = int(checkpoint[1]), int(checkpoint[3] or 1)
                # One version may have a checkpoint of one file beside one of many.
                parts[version, count, name if count == 1 else ""].append((path, size))
        checkpoints = [
            Checkpoint(version, tuple(sorted(path for path, _ in found)), sum(size for _, size in found), count)
            for (version, count, _), found in parts.items()
        ]
        return LogFiles(commits, tuple(sorted(checkpoints, key=lambda each: (each.version, each.paths))))


@dataclass(frozen=True)
class Vector:
    """A deletion vector: which file it is in, or nothing when it is in the log itself, and how many rows it deletes."""

    file: Optional[str]
    bytes: int
    rows: int

    @staticmethod
    def of(descriptor: Optional[Mapping[str, Any]]) -> Optional[Vector]:
        """From an add action's descriptor."""
        if not descriptor:
            return None
        file = None if descriptor["storageType"] == "i" else descriptor["pathOrInlineDv"]
        return Vector(file, descriptor["sizeInBytes"], descriptor["cardinality"])


@dataclass
class Replayed:
    """What the log says, in its order."""

    #: When each removed file was removed, in milliseconds; a file that was added again is not in here.
    removed_at: dict[str, int] = field(default_factory=dict)
    #: Of files that are not removed.
    vectors: dict[str, Vector] = field(default_factory=dict)
    #: Version and schema of each change of the table's metadata.
    schemas: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    #: When each version was committed, in milliseconds.
    times: dict[int, int] = field(default_factory=dict)

    def commit(self, version: int, content: bytes) -> None:
        """
        Reads a commit; they come in the order of their versions.

        :raises ValueError: when it is not JSON lines
        """
        actions = [json.loads(line) for line in content.splitlines() if line.strip()]
        # A new deletion vector removes and adds the same file in one commit, in any order.
        for action in actions:
            if removed := action.get("remove"):
                self.remove(removed["path"], removed.get("deletionTimestamp"))
        for action in actions:
            if added := action.get("add"):
                self.add(added["path"], added.get("deletionVector"))
            elif info := action.get("commitInfo"):
                self.times[version] = info.get("inCommitTimestamp") or info.get("timestamp") or 0
            elif metadata := action.get("metaData"):
                self.schemas.append((version, json.loads(metadata["schemaString"])))

    def remove(self, path: str, at_ms: Optional[int]) -> None:
        """The file is not part of the table any more."""
        path = unquote(path)
        self.removed_at[path] = at_ms or 0
        self.vectors.pop(path, None)

    def add(self, path: str, vector: Optional[Mapping[str, Any]]) -> None:
        """The file is part of the table, with these rows deleted."""
        path = unquote(path)
        self.removed_at.pop(path, None)
        self.vectors.pop(path, None)
        if found := Vector.of(vector):
            self.vectors[path] = found


def retention_hours(configuration: Mapping[str, Optional[str]]) -> float:
    """How long a removed file is kept for readers of older versions."""
    return _hours(configuration.get("delta.deletedFileRetentionDuration"), DELTA_RETENTION_HOURS)


def log_retention_hours(configuration: Mapping[str, Optional[str]]) -> float:
    """How long a commit is kept that a checkpoint has made superfluous."""
    return _hours(configuration.get("delta.logRetentionDuration"), DELTA_LOG_HOURS)


def _hours(interval: Optional[str], default: float) -> float:
    found = _INTERVAL.findall(interval or "")
    spans = (timedelta(**{f"{unit.lower()}s": float(amount)}) for amount, unit in found)
    return sum(span.total_seconds() for span in spans) / 3600 if found else default


def checkpoint_interval(configuration: Mapping[str, Optional[str]]) -> int:
    """How many commits the table wants between two checkpoints."""
    said = configuration.get("delta.checkpointInterval") or ""
    return int(said) if said.isdigit() and int(said) > 0 else DELTA_CHECKPOINT_INTERVAL


def columns_of(schema: Mapping[str, Any]) -> dict[object, tuple[str, str]]:
    """Columns by their id where the table maps columns, else by name."""
    return {
        each.get("metadata", {}).get("delta.columnMapping.id", each["name"]): (each["name"], _type(each["type"]))
        for each in schema.get("fields", [])
    }


def _type(type_: Any) -> str:
    return type_ if isinstance(type_, str) else json.dumps(type_, sort_keys=True, separators=(",", ":"))
