"""Figures of a folder of Parquet files that no table format keeps track of: from the listing and the files' footers."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Optional

import pyarrow as pa
import pyarrow.parquet as pq

from .file_sizes import file_sizes
from .finding import Deletes, Figures, Files, Metadata, SchemaFigures
from .schema_changes import Columns, schema_changes
from .storage import Storage, StoredFile, plain_path

READERS = 8
#: Footers that are read of one table; of larger ones, as many files at equal distances.
MOST_FOOTERS = 1_000
EXAMPLES = 5
SUFFIXES = (".parquet", ".pq", ".parq")


@dataclass(frozen=True)
class Footer:
    """What one file says of itself."""

    file: StoredFile
    rows: int
    row_groups: int
    columns: dict[object, tuple[str, str]]
    codecs: frozenset[str]
    has_statistics: bool
    bytes: int


def parquet_files(uri: str, storage: Storage) -> list[StoredFile]:
    """The data files below a location, or the one that it is; what begins with a dot or an underscore is no data."""
    root = plain_path(uri)
    files = list(storage.files(uri)) or _single(uri, storage)
    return sorted(
        (file for file in files if file.path.lower().endswith(SUFFIXES) and not _is_hidden(file.path[len(root) :])),
        key=lambda file: file.path,
    )


def read_parquet(uri: str, storage: Storage) -> Figures:
    """
    Sizes of all files; rows, schemas and row groups of the files whose footers are read.

    :raises FileNotFoundError: when there is no Parquet file
    :raises ValueError: when none of them can be read
    """
    files = parquet_files(uri, storage)
    if not files:
        raise FileNotFoundError(f"no Parquet file was found below {uri}")
    footers, broken, first_error = _footers(_sample(files), storage)
    if not footers:
        raise ValueError(f"none of {len(broken)} Parquet files can be read: {first_error}")
    bad = {file.path for file in broken}
    sizes: dict[Any, list[int]] = defaultdict(list)
    for file in files:
        if file.path not in bad:
            sizes[file.path.rsplit("/", 1)[0]].append(file.size)
    sampled = len(files) > MOST_FOOTERS
    notes = [
        f"{MOST_FOOTERS} of {len(files)} footers were read: rows are not known, schemas and row groups are those of the sample"
    ]
    return Figures(
        files=Files(
            **asdict(file_sizes(sizes)),
            rows=None if sampled else sum(footer.rows for footer in footers),
            missing=None,
            wrong_size=None,
            unreadable=len(broken),
            examples=[file.path for file in broken[:EXAMPLES]],
        ),
        deletes=NO_DELETES,
        history=None,
        waste=None,
        table_schema=_schema(footers, files, plain_path(uri)),
        metadata=_metadata(footers),
        notes=notes if sampled else [],
    )


NO_DELETES = Deletes(
    files=0,
    bytes=0,
    position_files=0,
    equality_files=0,
    vectors=0,
    position_rows=0,
    equality_rows=0,
    dangling_files=0,
    deleted_ratio=0.0,
    read_amplification=1.0,
)


def _single(uri: str, storage: Storage) -> list[StoredFile]:
    system, path = storage.open(uri)
    (info,) = system.get_file_info([path])
    return [StoredFile(path, info.size, info.mtime)] if info.is_file else []


def _is_hidden(path: str) -> bool:
    return any(name.startswith(("_", ".")) and "=" not in name for name in path.split("/"))


def _sample(files: list[StoredFile]) -> list[StoredFile]:
    if len(files) <= MOST_FOOTERS:
        return files
    return [files[index * len(files) // MOST_FOOTERS] for index in range(MOST_FOOTERS)]


def _footers(files: list[StoredFile], storage: Storage) -> tuple[list[Footer], list[StoredFile], Optional[Exception]]:
    """A damaged file is counted; a refused one fails the table, as nothing can be said of it."""
    footers, broken, first_error = [], [], None
    with ThreadPoolExecutor(READERS) as readers:
        for file, read in zip(files, readers.map(lambda each: _footer(each, storage), files)):
            if isinstance(read, Footer):
                footers.append(read)
            else:
                broken.append(file)
                first_error = first_error or read
    return footers, broken, first_error


def _footer(file: StoredFile, storage: Storage) -> Any:
    system, _ = storage.open(file.path if file.path.startswith("/") else f"s3://{file.path}")
    with system.open_input_file(file.path) as opened:
        try:
            metadata = pq.read_metadata(opened)
            schema = metadata.schema.to_arrow_schema()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, EOFError) as error:
            return error
        except OSError as error:
            # Thrift's and Snappy's errors are input errors to pyarrow, as those of the network are.
            if "thrift" in str(error).lower() or "deserialize" in str(error).lower():
                return error
            raise
    chunks = [
        metadata.row_group(group).column(column)
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
    ]
    return Footer(
        file=file,
        rows=metadata.num_rows,
        row_groups=metadata.num_row_groups,
        columns={name: (name, str(schema.field(name).type)) for name in dict.fromkeys(schema.names)},
        codecs=frozenset(chunk.compression for chunk in chunks),
        has_statistics=all(chunk.is_stats_set for chunk in chunks),
        bytes=metadata.serialized_size,
    )


def _schema(footers: list[Footer], files: list[StoredFile], root: str) -> SchemaFigures:
    """In the order in which the files were written: folders keep no other history."""
    ordered = sorted(
        footers, key=lambda footer: (footer.file.modified_at is not None, footer.file.modified_at, footer.file.path)
    )
    partitions = [part.split("=", 1)[0] for part in files[0].path[len(root) :].split("/")[:-1] if "=" in part]
    return SchemaFigures(
        columns=len(ordered[-1].columns) + len(partitions),
        changes=schema_changes([Columns(footer.file.modified_at, footer.columns) for footer in ordered]),
        distinct=len({tuple(footer.columns.values()) for footer in footers}),
        partition_columns=partitions,
        partition_changes=0,
    )


def _metadata(footers: list[Footer]) -> Metadata:
    return Metadata(
        files=len(footers),
        bytes=sum(footer.bytes for footer in footers),
        checkpoint_version=None,
        commits_since_checkpoint=None,
        checkpoint_interval=None,
        checkpoint_problems=[],
        row_groups=sum(footer.row_groups for footer in footers),
        files_without_statistics=sum(not footer.has_statistics for footer in footers),
        codecs=sorted(frozenset().union(*(footer.codecs for footer in footers))),
    )
