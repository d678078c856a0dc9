"""The finding document: one for each table. This is its only definition; `finding.schema.json` is made from it.

Bytes are bytes, times are UTC in ISO 8601, ages are days. A figure that cannot be known is null, never zero.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal, Optional

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

#: Goes up when a reader of older documents would misunderstand a newer one; a field more does not.
VERSION = 1

Count = Annotated[int, Field(ge=0)]
Ratio = Annotated[float, Field(ge=0, le=1)]


class Document(BaseModel):
    """Field names are those of JSON outside, and a name that is not known is an error."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class Format(str, Enum):
    """What kind of table it is."""

    ICEBERG = "iceberg"
    DELTA = "delta"
    PARQUET = "parquet"
    UNKNOWN = "unknown"


class Table(Document):
    """Which table the finding is about."""

    id: str = Field(description="The same in every sweep: what a history of findings is kept by")
    name: str = Field(description="As a person calls it: database.table, or the last part of its location")
    format: Format
    location: Optional[str] = Field(description="Where its files are; null when that could not be found out")


class Failure(Document):
    """Why a table, or the place where tables were looked for, could not be read."""

    kind: Literal["access-denied", "not-found", "unreadable", "unsupported", "timeout", "crashed", "other"]
    message: str = Field(max_length=500)
    action: str = Field(description="What to do about it")


class Files(Document):
    """The data files of the newest state."""

    count: Count
    bytes: Count
    rows: Optional[Count] = Field(
        description="Rows that a reader finds; null when only a reader can count them, and a note when it is an estimate"
    )
    small_count: Count = Field(description="Files below `smallBelowBytes`")
    small_ratio: Ratio
    small_below_bytes: Count
    median_bytes: Count
    largest_bytes: Count
    count_if_compacted: Count = Field(
        description="Files that compaction to `smallBelowBytes` or more would leave, by partition"
    )
    missing: Optional[Count] = Field(description="Named by the table's metadata and not there; null when not looked")
    wrong_size: Optional[Count] = Field(
        description="There with another size than the metadata says; null when not looked"
    )
    unreadable: Count = Field(
        description="Files whose own footer cannot be read; only looked for in folders of Parquet"
    )
    examples: list[str] = Field(description="Up to five files that are missing, of the wrong size or unreadable")


class Deletes(Document):
    """Deleted rows that readers have to filter out: merge-on-read."""

    files: Count
    bytes: Count
    position_files: Count
    equality_files: Count
    vectors: Count = Field(description="Deletion vectors, of Delta or of Iceberg's third format version")
    position_rows: Count = Field(description="Rows that positions and vectors delete, of files that are still there")
    equality_rows: Count = Field(description="Rows of equality delete files; each may delete any number of rows")
    dangling_files: Count = Field(description="Delete files that apply to no data file any more")
    deleted_ratio: Optional[Ratio] = Field(description="Of the stored rows; null with equality deletes")
    read_amplification: float = Field(
        ge=1, description="Files that a full scan opens for each data file: 1 + the delete files that apply to it"
    )


class History(Document):
    """Snapshots of Iceberg, versions of Delta."""

    count: Count
    oldest_at: Optional[datetime]
    newest_at: Optional[datetime]
    oldest_age_days: Optional[float]
    newest_age_days: Optional[float]
    expirable: Count = Field(description="That the table's own retention no longer asks to keep")
    references: Count = Field(description="Branches and tags, the main branch not counted")


class Waste(Document):
    """Bytes in storage that the newest state does not need."""

    held_bytes: Count = Field(description="All of it: what old states alone need, and orphans")
    held_files: Count
    reclaimable_bytes: Count = Field(
        description="Part of it that may be deleted today: beyond the table's own retention, or an orphan and old enough"
    )
    reclaimable_files: Count
    orphan_bytes: Optional[Count] = Field(
        description="Part of it that no state refers to, of any age; null when the storage was not listed"
    )
    orphan_files: Optional[Count]
    retention_hours: float = Field(description="The table's own, or the default of its format")


class SchemaChange(Document):
    """A schema that followed another."""

    at: Optional[datetime] = Field(
        description="When it was first written with; null when that is not recorded any more"
    )
    added: list[str]
    dropped: list[str]
    renamed: list[str] = Field(description="As `old → new`")
    retyped: list[str] = Field(description="As `column: old → new`")


class SchemaFigures(Document):
    """The columns, and how they changed."""

    columns: Count
    changes: list[SchemaChange] = Field(description="Oldest first; at most the newest 50")
    distinct: Count = Field(
        description="Different schemas in use: of folders of Parquet, among the files that were read"
    )
    partition_columns: list[str]
    partition_changes: Count


class Metadata(Document):
    """What a reader must go through before it reads data."""

    files: Count = Field(
        description="Manifests of Iceberg; commits since the newest good checkpoint of Delta; footers of Parquet"
    )
    bytes: Count
    checkpoint_version: Optional[Count] = Field(description="Delta: of the newest checkpoint that is whole")
    commits_since_checkpoint: Optional[Count] = Field(description="Delta: what a reader replays, one file each")
    checkpoint_interval: Optional[Count] = Field(description="Delta: how often the table asks for one")
    checkpoint_problems: list[str] = Field(description="Delta: damaged or incomplete checkpoints, a wrong pointer")
    row_groups: Optional[Count] = Field(description="Parquet: in the files that were read")
    files_without_statistics: Optional[Count] = Field(description="Parquet: in the files that were read")
    codecs: list[str] = Field(description="Parquet: compression of the files that were read")


class Figures(Document):
    """Everything that was measured."""

    files: Files
    deletes: Deletes
    history: Optional[History] = Field(description="null where a table has none: folders of Parquet")
    waste: Optional[Waste] = Field(description="null where a table has none: folders of Parquet")
    table_schema: SchemaFigures = Field(alias="schema")
    metadata: Metadata
    notes: list[str] = Field(description="What was left out or estimated, and why")


class Advice(Document):
    """One thing to do, by a threshold of `thresholds.py`."""

    code: str
    severity: Literal["high", "medium", "low"]
    reason: str
    action: str
    value: float = Field(description="The figure that was judged")
    threshold: float = Field(description="What it was held against")


class Difference(Document):
    """A figure that TableSleuth gives otherwise."""

    figure: str
    ours: Optional[float]
    table_sleuth: Optional[float]
    why: str


class SecondOpinion(Document):
    """What TableSleuth's own services say about the same state."""

    version: str
    figures: dict[str, Any]
    recommendations: list[str]
    differences: list[Difference]
    failure: Optional[str] = Field(max_length=500, description="What they could not read, in their words")


class Finding(Document):
    """What a sweep found about one table."""

    schema_version: Literal[1] = VERSION
    table: Table
    inspected_at: datetime
    seconds: float = Field(ge=0)
    status: Literal["ok", "failed"]
    failure: Optional[Failure]
    figures: Optional[Figures]
    advice: list[Advice] = Field(description="The most severe first")
    table_sleuth: Optional[SecondOpinion] = Field(description="null when it was left out or is not installed")

    def to_json(self) -> str:
        """The document, on one line."""
        return self.model_dump_json(by_alias=True)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the document."""
    schema = Finding.model_json_schema(by_alias=True, mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": f"TableSleuth sweep finding, version {VERSION}",
    }
