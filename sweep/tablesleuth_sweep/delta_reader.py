"""Figures of a Delta table: its newest state as delta-rs reads it, and from the log and the storage what delta-rs does not tell."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Optional
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from .delta_log import (
    Checkpoint,
    LogFiles,
    Replayed,
    checkpoint_interval,
    columns_of,
    log_retention_hours,
    retention_hours,
)
from .file_sizes import file_sizes
from .finding import Deletes, Figures, Files, History, Metadata, SchemaFigures, Waste
from .history import history
from .reading import READERS, readers
from .schema_changes import Columns, schema_changes
from .storage import Storage, StoredFile, from_milliseconds, join, plain_path

#: Of the commits that a checkpoint has made superfluous only the newest are read: for the history of the schema alone.
MOST_OLD_COMMITS = 1_000
EXAMPLES = 5


@dataclass
class Log:
    """What `_delta_log` says, and how well it is kept."""

    files: LogFiles
    replayed: Replayed
    checkpoint: Optional[Checkpoint]
    problems: list[str]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Active:
    """A file of the newest version."""

    path: str
    size: int
    rows: Optional[int]
    partition: tuple[Any, ...]


def open_delta(uri: str, storage: Storage) -> DeltaTable:
    """The table's newest version."""
    return DeltaTable(uri, storage_options=storage.for_delta())


def read_delta(table: DeltaTable, uri: str, storage: Storage, now: datetime, *, list_storage: bool = True) -> Figures:
    """What the newest version holds, what storage holds beyond it, and what a reader has to replay."""
    active = _active(table)
    log = _read_log(table, uri, storage)
    stored = _stored(uri, storage) if list_storage else None
    sizes: dict[Any, list[int]] = defaultdict(list)
    for file in active:
        sizes[file.partition].append(file.size)
    rows = None if any(file.rows is None for file in active) else sum(file.rows or 0 for file in active)
    deletes = _deletes(active, log, rows)
    configuration = table.metadata().configuration
    return Figures(
        files=Files(
            **asdict(file_sizes(sizes)),
            rows=None if rows is None else rows - deletes.position_rows,
            unreadable=0,
            **_compare(active, stored),
        ),
        deletes=deletes,
        history=_history(log, configuration, now),
        waste=_waste(active, log, stored, retention_hours(configuration), now),
        table_schema=_schema(table, log),
        metadata=_metadata(table, log, configuration),
        notes=log.notes,
    )


def _active(table: DeltaTable) -> list[Active]:
    actions = pa.table(table.get_add_actions(flatten=True))
    partitions = [name for name in actions.column_names if name.startswith("partition.")]
    names = ["path", "size_bytes", "num_records", *partitions]
    columns = [
        actions[name].to_pylist() if name in actions.column_names else [None] * actions.num_rows for name in names
    ]
    return [Active(unquote(path), size, rows, tuple(values)) for path, size, rows, *values in zip(*columns)]


def _read_log(table: DeltaTable, uri: str, storage: Storage) -> Log:
    stored = list(storage.files(join(uri, "_delta_log")))
    files = LogFiles.of((file.path, file.size) for file in stored)
    checkpoint, problems = _newest_whole(files, table.version(), storage)
    problems += _wrong_pointer(stored, files, storage)
    log = Log(files, Replayed(), checkpoint, problems)
    since = -1 if checkpoint is None else checkpoint.version
    versions = sorted(version for version in files.commits if version <= table.version())
    old = [version for version in versions if version <= since]
    if len(old) > MOST_OLD_COMMITS:
        log.notes.append(
            f"{len(old) - MOST_OLD_COMMITS} commits before the newest checkpoint were not read: older changes of the schema are left out"
        )
    _replay(log, old[-MOST_OLD_COMMITS:], storage)
    if checkpoint is not None:
        _take_checkpoint(log, checkpoint, storage)
    _replay(log, [version for version in versions if version > since], storage)
    return log


def _newest_whole(files: LogFiles, version: int, storage: Storage) -> tuple[Optional[Checkpoint], list[str]]:
    problems: list[str] = []
    for checkpoint in reversed([each for each in files.checkpoints if each.version <= version]):
        if not checkpoint.is_complete:
            problems.append(
                f"The checkpoint of version {checkpoint.version} has {len(checkpoint.paths)} of {checkpoint.parts} parts"
            )
            continue
        try:
            for path in checkpoint.paths:
                _check_footer(path, storage)
        except (pa.ArrowException, OSError, ValueError) as error:
            problems.append(
                f"The checkpoint of version {checkpoint.version} cannot be read ({' '.join(str(error).split())[:120]})"
            )
            continue
        return checkpoint, problems
    return None, problems


def _check_footer(path: str, storage: Storage) -> None:
    if path.endswith(".json"):
        json.loads(_read(path, storage).splitlines()[0])
        return
    with _system(path, storage).open_input_file(path) as file:
        pq.read_metadata(file)


def _wrong_pointer(stored: list[StoredFile], files: LogFiles, storage: Storage) -> list[str]:
    """`_last_checkpoint` spares readers a look at the whole log, if it is right."""
    pointer = next((file for file in stored if file.path.endswith("/_last_checkpoint")), None)
    if pointer is None:
        return []
    try:
        version = json.loads(_read(pointer.path, storage))["version"]
    except (ValueError, KeyError, TypeError):
        return ["_last_checkpoint cannot be read"]
    known = {each.version for each in files.checkpoints}
    return [] if version in known else [f"_last_checkpoint names version {version}, which has no checkpoint"]


def _take_checkpoint(log: Log, checkpoint: Checkpoint, storage: Storage) -> None:
    """Which files it knows as removed, and which have deletion vectors."""
    for path in checkpoint.paths:
        if path.endswith(".json"):
            log.notes.append(
                "The checkpoint is one of version 2 in JSON: when files were removed before it is not read"
            )
            continue
        with _system(path, storage).open_input_file(path) as file:
            parquet = pq.ParquetFile(file)
            names = set(parquet.schema_arrow.names)
            if "sidecar" in names and _has_sidecars(parquet):
                log.notes.append(
                    "The checkpoint is one of version 2 with sidecars: when files were removed before it is not read"
                )
            for batch in parquet.iter_batches(columns=_checkpoint_columns(parquet)):
                for row in batch.to_pylist():
                    _take_row(log.replayed, row)


def _checkpoint_columns(parquet: pq.ParquetFile) -> list[str]:
    wanted = ("remove.path", "remove.deletionTimestamp", "add.path", "add.deletionVector")
    leaves = [parquet.schema.column(index).path for index in range(len(parquet.schema))]
    return [leaf for leaf in leaves if leaf.startswith(wanted)]


def _has_sidecars(parquet: pq.ParquetFile) -> bool:
    return any(
        value is not None
        for batch in parquet.iter_batches(columns=["sidecar.path"])
        for value in batch.column(0).to_pylist()
    )


def _take_row(replayed: Replayed, row: dict[str, Any]) -> None:
    if (removed := row.get("remove")) and removed.get("path"):
        replayed.remove(removed["path"], removed.get("deletionTimestamp"))
    if (added := row.get("add")) and added.get("path"):
        replayed.add(added["path"], added.get("deletionVector"))


def _replay(log: Log, versions: list[int], storage: Storage) -> None:
    """Reads several at a time, as each waits for storage, and takes them in their order."""
    for start in range(0, len(versions), 4 * READERS):
        some = versions[start : start + 4 * READERS]
        contents = readers().map(lambda version: _read(log.files.commits[version][0], storage), some)
        for version, content in zip(some, contents):
            log.replayed.commit(version, content)


def _stored(uri: str, storage: Storage) -> dict[str, StoredFile]:
    root = plain_path(uri) + "/"
    files = ((file.path[len(root) :], file) for file in storage.files(uri))
    return {path: file for path, file in files if not _is_hidden(path)}


def _is_hidden(path: str) -> bool:
    """What VACUUM leaves alone: folders and files of others, but not partitions by a column with such a name."""
    return any(name.startswith(("_", ".")) and "=" not in name for name in path.split("/")) or path.endswith(".bin")


def _deletes(active: list[Active], log: Log, rows: Optional[int]) -> Deletes:
    paths = {file.path for file in active}
    vectors = [vector for path, vector in log.replayed.vectors.items() if path in paths]
    stored = [vector for vector in vectors if vector.file is not None]
    deleted = sum(vector.rows for vector in vectors)
    return Deletes(
        files=len({vector.file for vector in stored}),
        bytes=sum(vector.bytes for vector in vectors),
        position_files=0,
        equality_files=0,
        vectors=len(vectors),
        position_rows=deleted,
        equality_rows=0,
        dangling_files=0,
        deleted_ratio=None if rows is None else deleted / rows if rows else 0.0,
        read_amplification=1 + len(stored) / len(active) if active else 1.0,
    )


def _compare(active: list[Active], stored: Optional[dict[str, StoredFile]]) -> dict[str, Any]:
    if stored is None:
        return {"missing": None, "wrong_size": None, "examples": []}
    # A shallow clone names files of another table by their whole address.
    own = [file for file in active if "://" not in file.path]
    missing = [file.path for file in own if file.path not in stored]
    wrong = [file.path for file in own if file.path in stored and stored[file.path].size != file.size]
    return {"missing": len(missing), "wrong_size": len(wrong), "examples": [*missing, *wrong][:EXAMPLES]}


def _history(log: Log, configuration: dict[str, Any], now: datetime) -> History:
    times = log.replayed.times
    versions = sorted(log.files.commits)
    known = [from_milliseconds(at) for at in times.values() if at]
    until = now - timedelta(hours=log_retention_hours(configuration))
    since = -1 if log.checkpoint is None else log.checkpoint.version
    return history(
        known,
        now,
        count=len(versions),
        expirable=sum(version < since and from_milliseconds(at) < until for version, at in times.items() if at),
        references=0,
    )


def _waste(
    active: list[Active], log: Log, stored: Optional[dict[str, StoredFile]], retention: float, now: datetime
) -> Optional[Waste]:
    """Only storage knows which removed files were vacuumed: the log keeps naming them."""
    if stored is None:
        return None
    needed = {file.path for file in active}
    held = {path: file for path, file in stored.items() if path not in needed}
    until = now - timedelta(hours=retention)
    removed_at = log.replayed.removed_at
    orphans = [file for path, file in held.items() if path not in removed_at]
    free = [file for path, file in held.items() if path in removed_at and from_milliseconds(removed_at[path]) < until]
    free += [file for file in orphans if file.modified_at and file.modified_at < until]
    return Waste(
        held_bytes=sum(file.size for file in held.values()),
        held_files=len(held),
        reclaimable_bytes=sum(file.size for file in free),
        reclaimable_files=len(free),
        orphan_bytes=sum(file.size for file in orphans),
        orphan_files=len(orphans),
        retention_hours=retention,
    )


def _schema(table: DeltaTable, log: Log) -> SchemaFigures:
    times = log.replayed.times
    schemas = [
        Columns(from_milliseconds(times[version]) if times.get(version) else None, columns_of(schema))
        for version, schema in log.replayed.schemas
    ]
    return SchemaFigures(
        columns=len(table.schema().fields),
        changes=schema_changes(schemas),
        distinct=1,
        partition_columns=table.metadata().partition_columns,
        partition_changes=0,
    )


def _metadata(table: DeltaTable, log: Log, configuration: dict[str, Any]) -> Metadata:
    since = -1 if log.checkpoint is None else log.checkpoint.version
    tail = [size for version, (_, size) in log.files.commits.items() if since < version <= table.version()]
    return Metadata(
        files=len(tail) + (len(log.checkpoint.paths) if log.checkpoint else 0),
        bytes=sum(tail) + (log.checkpoint.bytes if log.checkpoint else 0),
        checkpoint_version=None if log.checkpoint is None else log.checkpoint.version,
        commits_since_checkpoint=table.version() - since,
        checkpoint_interval=checkpoint_interval(configuration),
        checkpoint_problems=log.problems,
        row_groups=None,
        files_without_statistics=None,
        codecs=[],
    )


def _system(path: str, storage: Storage) -> Any:
    """Paths of a listing are absolute on this machine, and begin with the bucket in S3."""
    return storage.open(path if path.startswith("/") else f"s3://{path}")[0]


def _read(path: str, storage: Storage) -> bytes:
    return storage.read(path if path.startswith("/") else f"s3://{path}")
