"""The Iceberg tables of the sample lake, in Glue."""

from __future__ import annotations

from pyiceberg.catalog import Catalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DoubleType, LongType, NestedField, StringType, TimestamptzType

import sample_data
from clock import Clock
from position_deletes import delete_rows_by_position

ORDERS_A_DAY = 500
ORDERS = Schema(
    NestedField(1, "order_id", LongType()),
    NestedField(2, "ordered_at", TimestamptzType()),
    NestedField(3, "region", StringType()),
    NestedField(4, "status", StringType()),
    NestedField(5, "amount", DoubleType()),
)
BY_REGION = PartitionSpec(PartitionField(3, 1000, IdentityTransform(), "region"))


def make_orders(catalog: Catalog, name: str, location: str, clock: Clock) -> int:
    """A table that nobody maintains: a snapshot a day, four small files each, and deletes that readers have to merge."""
    table = catalog.create_table(name, ORDERS, location, BY_REGION, properties={"format-version": "2"})
    rows = 0
    for day in range(10):
        clock.forward(days=1)
        if day == 6:
            with table.update_schema() as update:
                update.add_column("channel", StringType(), "Where the order came from; unknown before this column was added")
        table.append(sample_data.orders(day * ORDERS_A_DAY, ORDERS_A_DAY, clock.now, with_channel=day >= 6))
        rows += ORDERS_A_DAY
        if day in (3, 6, 8):
            clock.forward(hours=9)
            rows -= delete_rows_by_position(table, _files_of(table, "eu", "us"), rows_per_file=12)
    clock.forward(hours=3)
    return rows - _rewrite_without_cancelled(table)


def make_customers(catalog: Catalog, name: str, location: str, clock: Clock) -> int:
    """A healthy table beside it: one file, and one old snapshot from before it was loaded anew."""
    count = 2_000
    table = catalog.create_table(name, sample_data.customers(1).schema, location, properties={"format-version": "2"})
    clock.forward(days=2)
    table.append(sample_data.customers(count // 2))
    clock.forward(days=7)
    table.overwrite(sample_data.customers(count))
    return count


def _files_of(table: Table, *regions: str):
    """The data files of some regions, without those that have deletes already: their first rows are gone."""
    tasks = table.scan(row_filter=" or ".join(f"region = '{region}'" for region in regions)).plan_files()
    return [task for task in tasks if not task.delete_files]


def _rewrite_without_cancelled(table: Table) -> int:
    """A copy-on-write delete, as PyIceberg does it, in the one region that has no merge-on-read deletes: Asia."""
    cancelled = "region = 'ap' and status = 'cancelled'"
    rows = table.scan(row_filter=cancelled, selected_fields=("order_id",)).to_arrow().num_rows
    table.delete(cancelled)
    return rows
