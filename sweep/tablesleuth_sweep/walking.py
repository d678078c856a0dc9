"""Tables that no catalog has to know: found by what is below a location."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Optional, Union

from .finding import Format
from .parquet_reader import SUFFIXES
from .storage import Storage, StoredFile, is_s3, join, plain_path
from .targets import LeftOut, Target

MOST_LEVELS = 12
_METADATA = re.compile(r"^v?(\d+)(?:-[^/]*)?(?:\.gz)?\.metadata\.json(?:\.gz)?$")


def tables_below(uri: str, storage: Storage, levels: int = MOST_LEVELS) -> Iterator[Union[Target, LeftOut]]:
    """The table that a location is, or every table below it; a table within a table is not looked for."""
    if uri.endswith((".metadata.json", *SUFFIXES)):
        yield _named(uri, Format.ICEBERG if uri.endswith(".json") else Format.PARQUET, uri)
        return
    folders, files = storage.children(uri)
    if (found := _table_at(uri, folders, files, storage)) is not None:
        yield found
        return
    visible = [name for name in folders if not name.startswith(("_", "."))]
    beside = [file for file in files if _is_data(file)]
    if beside:
        yield LeftOut(uri, f"{len(beside)} Parquet files beside folders that are no partitions")
    for name in visible if levels > 0 else []:
        yield from tables_below(join(uri, name), storage, levels - 1)


def _table_at(uri: str, folders: list[str], files: list[StoredFile], storage: Storage) -> Optional[Target]:
    if "_delta_log" in folders:
        return _named(uri, Format.DELTA)
    if "metadata" in folders and (metadata := newest_metadata(join(uri, "metadata"), storage)):
        return _named(uri, Format.ICEBERG, metadata)
    # A partition may be by a column whose name begins with an underscore.
    visible = [name for name in folders if "=" in name or not name.startswith(("_", "."))]
    if all("=" in name for name in visible) and (visible or any(map(_is_data, files))):
        return _named(uri, Format.PARQUET)
    return None


def newest_metadata(folder: str, storage: Storage) -> Optional[str]:
    """The metadata file with the highest number; of several, the one that was written last."""
    _, files = storage.children(folder)
    numbered = [(int(match[1]), file) for file in files if (match := _METADATA.match(file.path.rsplit("/", 1)[-1]))]
    if not numbered:
        return None
    _, newest = max(numbered, key=lambda pair: (pair[0], pair[1].modified_at is not None, pair[1].modified_at))
    return join(folder, newest.path.rsplit("/", 1)[-1])


def _is_data(file: StoredFile) -> bool:
    name = file.path.rsplit("/", 1)[-1]
    return name.lower().endswith(SUFFIXES) and not name.startswith(("_", "."))


def _named(uri: str, format: Format, metadata_location: Optional[str] = None) -> Target:
    path = plain_path(uri)
    location = f"s3://{path}" if is_s3(uri) else path
    table = location.rsplit("/metadata/", 1)[0] if location.endswith(".metadata.json") else location
    return Target(
        id=table,
        name=table.rsplit("/", 1)[-1],
        format=format,
        location=table,
        metadata_location=metadata_location if format is Format.ICEBERG else None,
    )
