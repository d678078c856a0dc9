"""Figures about sizes of files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from .thresholds import SMALL_FILE_BYTES


@dataclass(frozen=True)
class FileSizes:
    """How the sizes of a table's data files are distributed."""

    count: int
    bytes: int
    small_count: int
    small_ratio: float
    small_below_bytes: int
    median_bytes: int
    largest_bytes: int
    count_if_compacted: int


def file_sizes(sizes_by_partition: Mapping[object, Iterable[int]], small_below: int = SMALL_FILE_BYTES) -> FileSizes:
    """Files of different partitions are never merged, so that what compaction would leave is counted for each."""
    partitions = [list(sizes) for sizes in sizes_by_partition.values()]
    sizes = [size for partition in partitions for size in partition]
    small = sum(size < small_below for size in sizes)
    return FileSizes(
        count=len(sizes),
        bytes=sum(sizes),
        small_count=small,
        small_ratio=small / len(sizes) if sizes else 0.0,
        small_below_bytes=small_below,
        median_bytes=int(median(sizes)) if sizes else 0,
        largest_bytes=max(sizes, default=0),
        count_if_compacted=sum(_compacted(partition, small_below) for partition in partitions),
    )


def _compacted(sizes: list[int], small_below: int) -> int:
    small = [size for size in sizes if size < small_below]
    return len(sizes) - len(small) + math.ceil(sum(small) / small_below)
