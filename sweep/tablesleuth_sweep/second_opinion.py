"""What TableSleuth's own services say of the same table, and where its figures differ from ours and why."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any, Optional

from .finding import Difference, Figures, Format, SecondOpinion
from .storage import Storage, is_s3
from .targets import Target

#: They read the footer of each file four times.
MOST_PARQUET_FILES = 200
_WHY = {
    "deletes.files": "TableSleuth lists delete files that a scan plan names: none that apply to nothing, and no deletion vectors",
    "deletes.readAmplification": "TableSleuth counts each delete file once, by the snapshot's summary; here once for each data file that it applies to",
    "files.count": "TableSleuth adds up the log's JSON commits; those that a checkpoint replaced and that were cleaned up are not in there",
    "waste.heldBytes": "TableSleuth counts files that the log calls removed, vacuumed ones too, and no orphans",
    "waste.reclaimableBytes": "TableSleuth counts a week back from the newest commit, not from today, whatever retention the table has",
    "metadata.commitsSinceCheckpoint": "TableSleuth takes any checkpoint file that is not empty for a good one",
    "files.rows": "TableSleuth counts rows as stored",
    "files.unreadable": "TableSleuth leaves files on a disk that are no whole Parquet out, without a word",
}


def installed_version() -> Optional[str]:
    """Of TableSleuth; nothing when it is not installed."""
    try:
        return version("tablesleuth")
    except PackageNotFoundError:
        return None


def second_opinion(target: Target, opened: Any, figures: Figures, storage: Storage) -> Optional[SecondOpinion]:
    """Never fails: what TableSleuth cannot read is part of the answer."""
    installed = installed_version()
    if installed is None:
        return None
    said: dict[str, Any] = {}
    compared: list[tuple[str, Optional[float], Optional[float]]] = []
    recommendations: list[str] = []
    failure = None
    try:
        if target.format is Format.ICEBERG:
            _iceberg(opened, figures, said, compared)
        else:
            _need_own_endpoint(target, storage)
            if target.format is Format.DELTA:
                _delta(target, figures, storage, said, compared, recommendations)
            else:
                _parquet(target, figures, storage, said, compared)
    except Exception as error:
        failure = " ".join(f"{type(error).__name__}: {error}".split())[:500]
    differences = [
        Difference(figure=figure, ours=ours, table_sleuth=theirs, why=_WHY[figure])
        for figure, ours, theirs in compared
        if ours != theirs and (ours is None or theirs is None or abs(ours - theirs) > 1e-6)
    ]
    return SecondOpinion(
        version=installed, figures=said, recommendations=recommendations, differences=differences, failure=failure
    )


class _NotAsked(Exception):
    pass


def _need_own_endpoint(target: Target, storage: Storage) -> None:
    """Its services for Delta and Parquet build file systems of their own, which know AWS's endpoints alone."""
    if storage.endpoint and is_s3(target.location or ""):
        raise _NotAsked("TableSleuth reads Delta and Parquet at AWS's own endpoints alone")


def _iceberg(table: Any, figures: Figures, said: dict[str, Any], compared: list[Any]) -> None:
    from tablesleuth.models.iceberg import IcebergTableInfo
    from tablesleuth.services.iceberg_metadata_service import IcebergMetadataService

    current = table.metadata.current_snapshot_id
    info = IcebergTableInfo(
        metadata_location=table.metadata_location,
        format_version=table.metadata.format_version,
        table_uuid=str(table.metadata.table_uuid),
        location=table.metadata.location,
        current_snapshot_id=current,
        properties=dict(table.properties),
        native_table=table,
    )
    service = IcebergMetadataService()
    snapshots = service.list_snapshots(info)
    said["snapshots"] = len(snapshots)
    newest = next((each for each in snapshots if each.snapshot_id == current), None)
    if newest is None:
        return
    said.update(
        deleteRatioPercent=newest.delete_ratio,
        readAmplification=newest.read_amplification,
        records=newest.total_records,
    )
    compared.append(("deletes.readAmplification", figures.deletes.read_amplification, newest.read_amplification))
    details = service.get_snapshot_details(info, newest.snapshot_id)
    said.update(dataFiles=len(details.data_files), deleteFiles=len(details.delete_files))
    compared.append(("deletes.files", figures.deletes.files, len(details.delete_files)))


def _delta(
    target: Target,
    figures: Figures,
    storage: Storage,
    said: dict[str, Any],
    compared: list[Any],
    recommendations: list[str],
) -> None:
    from tablesleuth.services.delta_forensics import DeltaForensics
    from tablesleuth.services.formats.delta import DeltaAdapter

    options = storage.for_delta()
    adapter = DeltaAdapter(options)
    handle = adapter.open_table(target.location)
    snapshot = adapter.load_snapshot(handle, None)
    waste = DeltaForensics.analyze_storage_waste(handle.native, handle.native.version(), storage_options=options)
    checkpoint = DeltaForensics.analyze_checkpoint_health(handle.native, options)
    said.update(fileSizes=DeltaForensics.analyze_file_sizes(snapshot), storageWaste=waste, checkpoint=checkpoint)
    given = DeltaForensics.generate_recommendations(handle.native, snapshot, options)
    recommendations.extend(f"{each['priority']} {each['type']}: {each['reason']}" for each in given)
    compared += [
        ("files.count", figures.files.count, waste["active_files"]["count"]),
        ("deletes.files", figures.deletes.files, len(snapshot.delete_files)),
        ("metadata.commitsSinceCheckpoint", figures.metadata.commits_since_checkpoint, checkpoint["log_tail_length"]),
    ]
    if figures.waste is not None:
        compared += [
            ("waste.heldBytes", figures.waste.held_bytes, waste["tombstone_files"]["total_size_bytes"]),
            ("waste.reclaimableBytes", figures.waste.reclaimable_bytes, waste["reclaimable_bytes"]),
        ]


def _parquet(target: Target, figures: Figures, storage: Storage, said: dict[str, Any], compared: list[Any]) -> None:
    if figures.files.count > MOST_PARQUET_FILES:
        raise _NotAsked(f"TableSleuth is asked about at most {MOST_PARQUET_FILES} Parquet files")
    from tablesleuth.services.file_discovery import FileDiscoveryService
    from tablesleuth.services.parquet_service import ParquetInspector

    files = FileDiscoveryService(region=storage.region).discover_from_path(target.location)
    inspector = ParquetInspector(region=storage.region)
    infos = [inspector.inspect_file(file.path) for file in files]
    rows = sum(info.num_rows for info in infos)
    said.update(
        files=len(infos),
        bytes=sum(info.file_size_bytes for info in infos),
        rows=rows,
        rowGroups=sum(info.num_row_groups for info in infos),
    )
    compared.append(("files.unreadable", figures.files.unreadable, 0))
    compared.append(("files.rows", figures.files.rows, rows))
