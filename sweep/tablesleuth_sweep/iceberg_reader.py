"""Figures of an Iceberg table, read with PyIceberg from its metadata file and manifests; data files are never opened."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Optional

from pyiceberg.manifest import DataFileContent, FileFormat, ManifestFile
from pyiceberg.table import StaticTable
from pyiceberg.table.refs import SnapshotRefType

from .delete_files import Entry, apply_deletes
from .failures import failure_of
from .file_sizes import file_sizes
from .finding import Deletes, Figures, Files, History, Metadata, SchemaFigures, Waste
from .history import history
from .reading import read_all
from .retention import HOUR_MS, Reference, Snapshot, max_age_ms, retained
from .schema_changes import Columns, schema_changes
from .storage import Storage, StoredFile, from_milliseconds, is_s3, join, plain_path
from .thresholds import ORPHAN_HOURS

#: Reserved field id of the specification: the column of position delete files that names the data file.
FILE_PATH = 2147483546
EXAMPLES = 5


@dataclass
class Known:
    """Everything that a table's snapshots name."""

    live: list[Entry] = field(default_factory=list)
    #: Size by path of every data and delete file of every snapshot.
    sizes: dict[str, int] = field(default_factory=dict)
    needed: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    metadata: set[str] = field(default_factory=set)
    manifests: int = 0
    manifest_bytes: int = 0
    notes: list[str] = field(default_factory=list)


def open_table(metadata_location: str, storage: Storage) -> StaticTable:
    """The table at one of its metadata files."""
    return StaticTable.from_metadata(metadata_location, storage.for_pyiceberg())


def read_iceberg(table: StaticTable, storage: Storage, now: datetime, *, list_storage: bool = True) -> Figures:
    """What the newest snapshot holds, what older ones hold in addition, and what nothing holds."""
    keep = _retained(table, now)
    known = _read_manifests(table, keep)
    listing = _list(table, storage, known) if list_storage else None
    data = [entry for entry in known.live if entry.content == "data"]
    sizes: dict[Any, list[int]] = defaultdict(list)
    for entry in data:
        sizes[entry.partition].append(entry.size)
    deletes = _deletes(known.live, len(data))
    stored_rows = sum(entry.rows for entry in data)
    unsure = sum(
        entry.content == "position" and not entry.vector and not _is_about_one_file(entry) for entry in known.live
    )
    if unsure:
        known.notes.append(
            f"Rows are an estimate: {unsure} position delete files may also delete rows of files that are gone"
        )
    return Figures(
        files=Files(
            **asdict(file_sizes(sizes)),
            rows=None if deletes.equality_files else max(0, stored_rows - deletes.position_rows),
            unreadable=0,
            **_compare(known.live, listing),
        ),
        deletes=deletes,
        history=_history(table, keep, now),
        waste=_waste(table, known, listing, now),
        table_schema=_schema(table),
        metadata=Metadata(
            files=known.manifests,
            bytes=known.manifest_bytes,
            checkpoint_version=None,
            commits_since_checkpoint=None,
            checkpoint_interval=None,
            checkpoint_problems=[],
            row_groups=None,
            files_without_statistics=None,
            codecs=[],
        ),
        notes=known.notes,
    )


def _retained(table: StaticTable, now: datetime) -> set[int]:
    metadata = table.metadata
    snapshots = {
        each.snapshot_id: Snapshot(each.snapshot_id, each.parent_snapshot_id, each.timestamp_ms)
        for each in metadata.snapshots
    }
    references = [
        Reference(
            name,
            reference.snapshot_id,
            reference.snapshot_ref_type == SnapshotRefType.BRANCH,
            reference.max_snapshot_age_ms,
            reference.min_snapshots_to_keep,
            reference.max_ref_age_ms,
        )
        for name, reference in metadata.refs.items()
    ]
    kept = retained(snapshots, references, metadata.properties, int(now.timestamp() * 1000))
    return kept if metadata.current_snapshot_id is None else kept | {metadata.current_snapshot_id}


@dataclass
class Listed:
    """A manifest, and whether the current snapshot, or one that retention keeps, names it."""

    manifest: ManifestFile
    is_current: bool = False
    is_kept: bool = False


def _read_manifests(table: StaticTable, keep: set[int]) -> Known:
    """Each manifest once, however many snapshots share it."""
    known, current = Known(), table.metadata.current_snapshot_id
    manifests: dict[str, Listed] = {}
    unreadable, waits = 0, is_s3(table.metadata.location)
    for snapshot, named in read_all(table.metadata.snapshots, lambda each: _manifests_of(each, table), waits=waits):
        if named is None:
            if snapshot.snapshot_id == current:
                raise FileNotFoundError(f"the current snapshot's manifest list is not there: {snapshot.manifest_list}")
            unreadable += 1
            continue
        known.metadata.add(plain_path(snapshot.manifest_list))
        for manifest in named:
            listed = manifests.setdefault(manifest.manifest_path, Listed(manifest))
            listed.is_current |= snapshot.snapshot_id == current
            listed.is_kept |= snapshot.snapshot_id in keep
    if unreadable:
        known.notes.append(f"{unreadable} old snapshots cannot be read any more: their manifest lists are gone")
    known.metadata.update(plain_path(path) for path in manifests)
    fetched = read_all(manifests.values(), lambda each: each.manifest.fetch_manifest_entry(table.io), waits=waits)
    for listed, entries in fetched:
        _add(known, table, listed, entries)
    return known


def _manifests_of(snapshot: Any, table: StaticTable) -> Optional[list[ManifestFile]]:
    try:
        return snapshot.manifests(table.io)
    except FileNotFoundError:
        return None


def _add(known: Known, table: StaticTable, listed: Listed, entries: list[Any]) -> None:
    manifest = listed.manifest
    if listed.is_current:
        known.manifests += 1
        known.manifest_bytes += manifest.manifest_length
    spec = table.metadata.specs().get(manifest.partition_spec_id)
    for each in entries:
        file = each.data_file
        path = plain_path(file.file_path)
        known.sizes[path] = file.file_size_in_bytes
        if listed.is_kept:
            known.kept.add(path)
        if listed.is_current:
            known.needed.add(path)
            known.live.append(_entry(each, manifest.partition_spec_id, spec is None or spec.is_unpartitioned()))


def _entry(manifest_entry: Any, spec_id: int, unpartitioned: bool) -> Entry:
    file = manifest_entry.data_file
    content = {DataFileContent.DATA: "data", DataFileContent.POSITION_DELETES: "position"}.get(file.content, "equality")
    return Entry(
        path=file.file_path,
        size=file.file_size_in_bytes,
        rows=file.record_count,
        content=content,
        sequence=manifest_entry.sequence_number or 0,
        partition=(spec_id, *(file.partition[index] for index in range(len(file.partition)))),
        unpartitioned=unpartitioned,
        bounds=_bounds(file) if content == "position" else None,
        vector=file.file_format == FileFormat.PUFFIN,
    )


def _bounds(file: Any) -> Optional[tuple[str, str]]:
    lower, upper = (file.lower_bounds or {}).get(FILE_PATH), (file.upper_bounds or {}).get(FILE_PATH)
    return None if lower is None or upper is None else (lower.decode(errors="replace"), upper.decode(errors="replace"))


def _is_about_one_file(entry: Entry) -> bool:
    return entry.bounds is not None and entry.bounds[0] == entry.bounds[1]


def _deletes(live: list[Entry], data_files: int) -> Deletes:
    deletes = [entry for entry in live if entry.content != "data"]
    files = {entry.path: entry for entry in deletes}
    positions = [entry for entry in deletes if entry.content == "position"]
    equality = [entry for entry in deletes if entry.content == "equality"]
    stored_rows = sum(entry.rows for entry in live if entry.content == "data")
    application = apply_deletes(live)
    dangling = {id(entry) for entry in application.dangling}
    position_rows = sum(entry.rows for entry in positions if id(entry) not in dangling)
    return Deletes(
        files=len(files),
        bytes=sum(entry.size for entry in files.values()),
        position_files=len({entry.path for entry in positions if not entry.vector}),
        equality_files=len({entry.path for entry in equality}),
        vectors=sum(entry.vector for entry in positions),
        position_rows=position_rows,
        equality_rows=sum(entry.rows for entry in equality),
        dangling_files=len({entry.path for entry in application.dangling}),
        deleted_ratio=None if equality else min(1.0, position_rows / stored_rows) if stored_rows else 0.0,
        read_amplification=1 + application.count / data_files if data_files else 1.0,
    )


def _history(table: StaticTable, keep: set[int], now: datetime) -> History:
    times = [from_milliseconds(each.timestamp_ms) for each in table.metadata.snapshots]
    return history(
        times,
        now,
        count=len(times),
        expirable=sum(each.snapshot_id not in keep for each in table.metadata.snapshots),
        references=sum(name != "main" for name in table.metadata.refs),
    )


@dataclass(frozen=True)
class Listing:
    """What is in the folders where a table's files are."""

    folders: tuple[str, ...]
    files: dict[str, StoredFile]

    def covers(self, path: str) -> bool:
        """Whether a file would have been seen: imported ones may be anywhere."""
        return path.startswith(self.folders)


def _list(table: StaticTable, storage: Storage, known: Known) -> Optional[Listing]:
    properties, location = table.metadata.properties, table.metadata.location
    folders = {
        properties.get("write.data.path") or join(location, "data"),
        properties.get("write.metadata.path") or join(location, "metadata"),
    }
    if location.rstrip("/").endswith("--table-s3"):
        known.notes.append(
            "Orphans and missing files were not looked for: S3 Tables does not list its storage, and removes orphans itself"
        )
        return None
    try:
        files = {file.path: file for folder in folders for file in storage.files(folder)}
    except OSError as error:
        if failure_of(error).kind != "access-denied":
            raise
        known.notes.append(f"Orphans and missing files were not looked for: {error}"[:300])
        return None
    return Listing(tuple(plain_path(folder) + "/" for folder in folders), files)


def _compare(live: list[Entry], listing: Optional[Listing]) -> dict[str, Any]:
    if listing is None:
        return {"missing": None, "wrong_size": None, "examples": []}
    sizes = {plain_path(entry.path): None if entry.vector else entry.size for entry in live}
    missing = sorted(path for path in sizes if listing.covers(path) and path not in listing.files)
    wrong = sorted(
        path for path, size in sizes.items() if size and path in listing.files and listing.files[path].size != size
    )
    return {"missing": len(missing), "wrong_size": len(wrong), "examples": [*missing, *wrong][:EXAMPLES]}


def _waste(table: StaticTable, known: Known, listing: Optional[Listing], now: datetime) -> Waste:
    held = {path: size for path, size in known.sizes.items() if path not in known.needed}
    free = {path: size for path, size in held.items() if path not in known.kept}
    orphans = _orphans(table, known, listing.files if listing else {})
    old = [file for file in orphans if file.modified_at and file.modified_at < now - timedelta(hours=ORPHAN_HOURS)]
    return Waste(
        held_bytes=sum(held.values()) + sum(file.size for file in orphans),
        held_files=len(held) + len(orphans),
        reclaimable_bytes=sum(free.values()) + sum(file.size for file in old),
        reclaimable_files=len(free) + len(old),
        orphan_bytes=None if listing is None else sum(file.size for file in orphans),
        orphan_files=None if listing is None else len(orphans),
        retention_hours=max_age_ms(table.metadata.properties) / HOUR_MS,
    )


def _orphans(table: StaticTable, known: Known, stored: dict[str, StoredFile]) -> list[StoredFile]:
    metadata = table.metadata
    named = {plain_path(table.metadata_location), *(plain_path(entry.metadata_file) for entry in metadata.metadata_log)}
    statistics = [*metadata.statistics, *getattr(metadata, "partition_statistics", [])]
    named.update(plain_path(each.statistics_path) for each in statistics)
    return [
        file
        for path, file in stored.items()
        if path not in known.sizes
        and path not in known.metadata
        and path not in named
        and not path.endswith("version-hint.text")
    ]


def _schema(table: StaticTable) -> SchemaFigures:
    metadata = table.metadata
    first_written: dict[Any, int] = {}
    for snapshot in sorted(metadata.snapshots, key=lambda each: each.timestamp_ms):
        first_written.setdefault(snapshot.schema_id, snapshot.timestamp_ms)
    schemas = [
        Columns(
            from_milliseconds(first_written[schema.schema_id]) if schema.schema_id in first_written else None,
            {field.field_id: (field.name, str(field.field_type)) for field in schema.fields},
        )
        for schema in sorted(metadata.schemas, key=lambda each: each.schema_id)
    ]
    return SchemaFigures(
        columns=len(table.schema().fields),
        changes=schema_changes(schemas),
        distinct=1,
        partition_columns=[field.name for field in table.spec().fields],
        partition_changes=max(0, len(metadata.partition_specs) - 1),
    )
