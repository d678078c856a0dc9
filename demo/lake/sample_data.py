"""The rows of the sample tables: those of a web shop, the same each time."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pyarrow as pa

REGIONS = ("ap", "eu", "sa", "us")
STATUSES = ("cancelled", "delivered", "placed", "returned", "shipped")
CHANNELS = ("app", "phone", "shop", "web")
CARRIERS = ("dhl", "fedex", "ups")
PAGES = ("/", "/basket", "/checkout", "/product", "/search")

TIMESTAMP = pa.timestamp("us", tz="UTC")


def orders(first: int, count: int, day: datetime, with_channel: bool) -> pa.Table:
    """One day of orders. The last of the five columns came to the table later."""
    chance = random.Random(f"orders {first}")
    columns = {
        "order_id": pa.array(range(first, first + count), pa.int64()),
        "ordered_at": pa.array([day + timedelta(seconds=86_400 * row / count) for row in range(count)], TIMESTAMP),
        "region": pa.array([REGIONS[chance.randrange(len(REGIONS))] for _ in range(count)]),
        "status": pa.array(chance.choices(STATUSES, weights=(1, 12, 3, 1, 4), k=count)),
        "amount": pa.array([round(chance.lognormvariate(3.5, 0.8), 2) for _ in range(count)], pa.float64()),
    }
    if with_channel:
        columns["channel"] = pa.array([None if chance.random() < 0.1 else chance.choice(CHANNELS) for _ in range(count)])
    return pa.table(columns)


def customers(count: int) -> pa.Table:
    chance = random.Random("customers")
    return pa.table(
        {
            "customer_id": pa.array(range(count), pa.int64()),
            "country": pa.array(chance.choices(("BR", "DE", "FR", "IN", "JP", "US"), k=count)),
            "newsletter": pa.array([chance.random() < 0.3 for _ in range(count)]),
            "lifetime_value": pa.array([round(chance.paretovariate(1.5) * 20, 2) for _ in range(count)], pa.float64()),
        }
    )


def shipments(first: int, count: int, day: datetime) -> pa.Table:
    chance = random.Random(f"shipments {first}")
    return pa.table(
        {
            "shipment_id": pa.array(range(first, first + count), pa.int64()),
            "order_id": pa.array([chance.randrange(10_000) for _ in range(count)], pa.int64()),
            "carrier": pa.array(chance.choices(CARRIERS, k=count)),
            "weight_kg": pa.array([round(chance.uniform(0.1, 30), 1) for _ in range(count)], pa.float64()),
            "shipped_at": pa.array([day + timedelta(minutes=row) for row in range(count)], TIMESTAMP),
        }
    )


def clicks(count: int, day: datetime) -> pa.Table:
    chance = random.Random(f"clicks {day:%Y-%m-%d}")
    return pa.table(
        {
            "visitor": pa.array([f"v{chance.randrange(10**9):09d}" for _ in range(count)]),
            "page": pa.array(chance.choices(PAGES, weights=(8, 2, 1, 6, 3), k=count)),
            "milliseconds": pa.array([int(chance.expovariate(1 / 300)) for _ in range(count)], pa.int32()),
            "clicked_at": pa.array([day + timedelta(seconds=row) for row in range(count)], TIMESTAMP),
        }
    )
