"""Other readers of the same tables, of other people's making: what the sweep's figures are held against."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb


@lru_cache
def duck() -> duckdb.DuckDBPyConnection:
    """DuckDB with the extensions of its own release, from the packages that are installed: nothing is downloaded."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "threads": 1})
    for name in ("avro", "iceberg", "delta"):
        folder = Path(importlib.util.find_spec(f"duckdb_extension_{name}").submodule_search_locations[0])
        (file,) = folder.rglob("*.duckdb_extension")
        connection.execute(f"LOAD '{file}'")
    return connection


def rows(sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """What a statement gives."""
    return duck().execute(sql, arguments or None).fetchall()


def iceberg_files(metadata: str) -> dict[str, int]:
    """How many files of each content DuckDB finds in the newest snapshot."""
    counted = "SELECT content, count(*) FROM iceberg_metadata(?) WHERE status <> 'DELETED' GROUP BY content"
    return dict(rows(counted, metadata))


def iceberg_rows(metadata: str) -> int:
    """How many rows DuckDB reads, deletes applied."""
    return rows("SELECT count(*) FROM iceberg_scan(?)", metadata)[0][0]


def delta_rows(folder: str) -> int:
    """How many rows the Delta kernel reads."""
    return rows("SELECT count(*) FROM delta_scan(?)", folder)[0][0]
