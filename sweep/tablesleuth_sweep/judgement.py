"""From figures to advice: pure, so that every threshold can be tested with figures alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, Optional

from . import thresholds as at
from .finding import Advice, Figures, Format

Severity = Literal["high", "medium", "low"]
_ORDER = {"high": 0, "medium": 1, "low": 2}


def advise(format: Format, figures: Figures) -> list[Advice]:
    """Every rule's advice, the most severe first."""
    given = [advice for rule in _RULES for advice in rule(format, figures)]
    return sorted(given, key=lambda advice: (_ORDER[advice.severity], advice.code))


def _broken_files(_: Format, figures: Figures) -> Iterator[Advice]:
    files = figures.files
    for code, count, what in (
        ("missing-files", files.missing, "named by the table and not in storage"),
        ("wrong-size-files", files.wrong_size, "of another size in storage than the table says"),
        ("unreadable-files", files.unreadable, "with a footer that cannot be read"),
    ):
        if count:
            yield Advice(
                code=code,
                severity="high",
                reason=f"{count} of {many(files.count + files.unreadable, 'data file')} {what}: readers fail on them",
                action="Restore them from the bucket's versions or a backup, or write the affected partitions again",
                value=count,
                threshold=at.BROKEN_FILES,
            )


def _small_files(format: Format, figures: Figures) -> Iterator[Advice]:
    files = figures.files
    gone = files.count - files.count_if_compacted
    if files.small_count < at.SMALL_FILES_LEAST or files.small_ratio < at.SMALL_FILES_RATIO:
        return
    if gone < at.COMPACTION_GAIN_RATIO * files.count:
        return
    size = files.small_below_bytes // at.MIB
    yield Advice(
        code="small-files",
        severity="high" if files.small_count >= at.SMALL_FILES_MANY else "medium",
        reason=f"{files.small_count} of {files.count} data files are smaller than {size} MiB; {many(files.count_if_compacted, 'file')} would hold the same rows",
        action=_COMPACT[format],
        value=round(files.small_ratio, 4),
        threshold=at.SMALL_FILES_RATIO,
    )


def _read_amplification(format: Format, figures: Figures) -> Iterator[Advice]:
    deletes = figures.deletes
    severity = _severity(deletes.read_amplification, at.READ_AMPLIFICATION_MUCH, at.READ_AMPLIFICATION)
    if severity:
        yield Advice(
            code="read-amplification",
            severity=severity,
            reason=f"A full scan opens {deletes.read_amplification:.1f} files for each data file, because of {many(deletes.files, 'delete file')}",
            action=_COMPACT[format],
            value=round(deletes.read_amplification, 4),
            threshold=at.READ_AMPLIFICATION,
        )


def _deleted_rows(format: Format, figures: Figures) -> Iterator[Advice]:
    deletes = figures.deletes
    severity = _severity(deletes.deleted_ratio or 0, at.DELETED_RATIO_MUCH, at.DELETED_RATIO)
    if severity:
        yield Advice(
            code="deleted-rows",
            severity=severity,
            reason=f"{deletes.deleted_ratio:.0%} of the stored rows are deleted, and still read by every scan",
            action=_PURGE.get(format, _COMPACT[format]),
            value=round(deletes.deleted_ratio or 0, 4),
            threshold=at.DELETED_RATIO,
        )


def _equality_deletes(format: Format, figures: Figures) -> Iterator[Advice]:
    files = figures.deletes.equality_files
    severity = _severity(files, at.EQUALITY_DELETE_FILES_MANY, at.EQUALITY_DELETE_FILES)
    if severity:
        yield Advice(
            code="equality-deletes",
            severity=severity,
            reason=f"{many(files, 'equality delete file')}: each is joined with every older file of its partition, and some readers refuse the table",
            action=_COMPACT[format],
            value=files,
            threshold=at.EQUALITY_DELETE_FILES,
        )


def _dangling_deletes(_: Format, figures: Figures) -> Iterator[Advice]:
    files = figures.deletes.dangling_files
    if files >= at.DANGLING_DELETE_FILES:
        yield Advice(
            code="dangling-deletes",
            severity="low",
            reason=f"{many(files, 'delete file')} without a data file to apply to",
            action="Remove them: rewrite_position_delete_files, or rewrite_data_files with remove-dangling-deletes",
            value=files,
            threshold=at.DANGLING_DELETE_FILES,
        )


def _old_snapshots(format: Format, figures: Figures) -> Iterator[Advice]:
    history = figures.history
    if format is not Format.ICEBERG or history is None or history.expirable < at.EXPIRABLE_SNAPSHOTS:
        return
    yield Advice(
        code="old-snapshots",
        severity="medium" if history.expirable >= at.EXPIRABLE_SNAPSHOTS_MANY else "low",
        reason=f"{history.expirable} of {history.count} snapshots are older than the table's own retention, the oldest {history.oldest_age_days:.0f} days",
        action="Expire them: expire_snapshots, then remove_orphan_files",
        value=history.expirable,
        threshold=at.EXPIRABLE_SNAPSHOTS,
    )


def _reclaimable(format: Format, figures: Figures) -> Iterator[Advice]:
    waste = figures.waste
    if waste is None or waste.reclaimable_bytes == 0:
        return
    ratio = waste.reclaimable_bytes / (figures.files.bytes + figures.deletes.bytes + waste.held_bytes)
    if ratio < at.RECLAIMABLE_RATIO and waste.reclaimable_bytes < at.RECLAIMABLE_BYTES_MUCH:
        return
    much = waste.reclaimable_bytes >= at.RECLAIMABLE_BYTES_MUCH or (
        ratio >= at.RECLAIMABLE_RATIO_MUCH and waste.reclaimable_bytes >= at.RECLAIMABLE_BYTES
    )
    little = waste.reclaimable_bytes < at.RECLAIMABLE_BYTES
    yield Advice(
        code="reclaimable-bytes",
        severity="high" if much else "low" if little else "medium",
        reason=f"{waste.reclaimable_bytes} bytes in {many(waste.reclaimable_files, 'file')} that nobody needs: {ratio:.0%} of what is stored",
        action=_RECLAIM[format],
        value=round(ratio, 4),
        threshold=at.RECLAIMABLE_RATIO,
    )


def _checkpoint(_: Format, figures: Figures) -> Iterator[Advice]:
    metadata = figures.metadata
    for problem in metadata.checkpoint_problems:
        yield Advice(
            code="checkpoint-damaged",
            severity="medium",
            reason=f"{problem}: readers fall back to an older checkpoint or replay the log, and some fail",
            action="Write a new checkpoint, then delete the damaged one",
            value=len(metadata.checkpoint_problems),
            threshold=1,
        )
    behind = metadata.commits_since_checkpoint
    if behind is None:
        return
    late = max(at.COMMITS_SINCE_CHECKPOINT, (metadata.checkpoint_interval or 0))
    severity = _severity(behind, at.COMMITS_SINCE_CHECKPOINT_MANY + late, late + 1)
    if severity:
        missing = metadata.checkpoint_version is None
        yield Advice(
            code="checkpoint-missing" if missing else "checkpoint-late",
            severity=severity,
            reason=f"{many(behind, 'commit')} {'and no checkpoint' if missing else 'since the newest checkpoint'}: every reader opens each of them",
            action="Write a checkpoint, and find out why the writers do not",
            value=behind,
            threshold=late,
        )


def _manifests(format: Format, figures: Figures) -> Iterator[Advice]:
    manifests = figures.metadata.files
    if format is not Format.ICEBERG or manifests < at.MANIFESTS_LEAST:
        return
    files = (figures.files.count + figures.deletes.files) / manifests
    if files < at.FILES_A_MANIFEST:
        yield Advice(
            code="many-manifests",
            severity="medium",
            reason=f"{manifests} manifests name {files:.1f} files each: planning a query opens all of them",
            action="Merge them: rewrite_manifests",
            value=round(files, 2),
            threshold=at.FILES_A_MANIFEST,
        )


def _schemas(format: Format, figures: Figures) -> Iterator[Advice]:
    schema = figures.table_schema
    if format is Format.PARQUET and schema.distinct > 1:
        yield Advice(
            code="schema-drift",
            severity="medium",
            reason=f"The files have {schema.distinct} different schemas: readers take the first, or fail",
            action="Write them again with one schema, or make a table format keep track of it",
            value=schema.distinct,
            threshold=1,
        )


def _row_groups(format: Format, figures: Figures) -> Iterator[Advice]:
    groups, rows, metadata = figures.metadata.row_groups, figures.files.rows, figures.metadata
    if format is not Format.PARQUET or not groups or rows is None:
        return
    if rows / groups < at.ROWS_A_ROW_GROUP and groups > 2 * metadata.files:
        yield Advice(
            code="small-row-groups",
            severity="low",
            reason=f"A row group has {rows / groups:.0f} rows on average, in {groups} row groups",
            action="Write with larger row groups",
            value=round(rows / groups, 1),
            threshold=at.ROWS_A_ROW_GROUP,
        )
    if metadata.files_without_statistics:
        yield Advice(
            code="no-statistics",
            severity="low",
            reason=f"{many(metadata.files_without_statistics, 'file')} with columns without statistics: no reader can skip in them",
            action="Write with statistics",
            value=metadata.files_without_statistics,
            threshold=1,
        )


def many(count: int, noun: str) -> str:
    """A number and what it counts."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _severity(value: float, much: float, some: float) -> Optional[Severity]:
    return "high" if value >= much else "medium" if value >= some else None


_COMPACT = {
    Format.ICEBERG: "Compact it: rewrite_data_files",
    Format.DELTA: "Compact it: OPTIMIZE",
    Format.PARQUET: "Write the files again, fewer and larger",
    Format.UNKNOWN: "Compact it",
}
_PURGE = {
    Format.DELTA: "Rewrite the files: REORG TABLE … APPLY (PURGE)",
    Format.ICEBERG: "Rewrite the files: rewrite_data_files with a delete-file-threshold of 1",
}
_RECLAIM = {
    Format.ICEBERG: "Expire old snapshots and remove orphans: expire_snapshots, remove_orphan_files",
    Format.DELTA: "Vacuum it: VACUUM",
    Format.PARQUET: "Delete them",
    Format.UNKNOWN: "Delete them",
}
_RULES: tuple[Callable[[Format, Figures], Iterator[Advice]], ...] = (
    _broken_files,
    _small_files,
    _read_amplification,
    _deleted_rows,
    _equality_deletes,
    _dangling_deletes,
    _old_snapshots,
    _reclaimable,
    _checkpoint,
    _manifests,
    _schemas,
    _row_groups,
)
