"""The loose Parquet files of the sample lake, as several programs might have left them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

import sample_data
from clock import Clock


@dataclass(frozen=True)
class Style:
    """How one day's file was written."""

    rows: int
    row_group_size: int
    compression: str
    statistics: bool


STYLES = (
    Style(rows=4_000, row_group_size=4_000, compression="zstd", statistics=True),
    Style(rows=4_000, row_group_size=1_000, compression="snappy", statistics=True),
    Style(rows=2_000, row_group_size=100, compression="snappy", statistics=True),
    Style(rows=2_000, row_group_size=2_000, compression="none", statistics=False),
    Style(rows=50, row_group_size=50, compression="gzip", statistics=True),
)


def make_clicks(folder: Path, clock: Clock) -> int:
    """A file a day: one is as it should be, the others have tiny row groups, no statistics, no compression or few rows."""
    for style in STYLES:
        clock.forward(days=1)
        path = folder / f"day={clock.now:%Y-%m-%d}" / "clicks.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(
            sample_data.clicks(style.rows, clock.now),
            path,
            row_group_size=style.row_group_size,
            compression=style.compression,
            write_statistics=style.statistics,
        )
    return sum(style.rows for style in STYLES)
