"""Writes the sample lake into an emulated account: make_lake.py BUCKET DATABASE, with the account in AWS's own variables.

What is being made goes to the error output, a line each; the tables go to the standard output, as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import NoSuchTableError

from clock import Clock
from delta_tables import make_shipments
from iceberg_tables import make_customers, make_orders
from parquet_files import make_clicks

MARK = "_sample_lake.json"


@dataclass(frozen=True)
class Made:
    """A table of the lake, and how many rows a reader finds in it."""

    kind: str
    name: str
    uri: str
    rows: int


@dataclass(frozen=True)
class Lake:
    """Where the lake is."""

    bucket: str
    database: str
    endpoint: str
    region: str

    def s3(self) -> Any:
        return boto3.client("s3", endpoint_url=self.endpoint, region_name=self.region)

    def catalog(self) -> Catalog:
        where = {"glue": self.endpoint, "s3": self.endpoint}
        addresses = {f"{service}.endpoint": endpoint for service, endpoint in where.items()}
        keys = {
            "client.access-key-id": os.environ["AWS_ACCESS_KEY_ID"],
            "client.secret-access-key": os.environ["AWS_SECRET_ACCESS_KEY"],
            "client.region": self.region,
        }
        return load_catalog("glue", type="glue", **addresses, **keys)


def make(lake: Lake, say: Callable[[str], None]) -> list[Made]:
    """Makes the lake, or finds it whole. What another version of this program made is replaced."""
    s3, version = lake.s3(), _version()
    _create_bucket(s3, lake)
    found = _mark_of(s3, lake)
    if found.get("version") == version:
        say("Sample lake: it is there already")
        return [Made(**table) for table in found["tables"]]
    catalog = lake.catalog()
    _empty(s3, lake, catalog)
    made = [
        *_iceberg(lake, catalog, say),
        *_written_here(s3, lake, "delta", "shipments", make_shipments, say),
        *_written_here(s3, lake, "parquet", "clicks", make_clicks, say),
    ]
    mark = {"version": version, "tables": [asdict(table) for table in made]}
    s3.put_object(Bucket=lake.bucket, Key=MARK, Body=json.dumps(mark).encode())
    return made


def _iceberg(lake: Lake, catalog: Catalog, say: Callable[[str], None]) -> list[Made]:
    catalog.create_namespace_if_not_exists(lake.database)
    made = []
    for table, maker in (("orders", make_orders), ("customers", make_customers)):
        # Not below iceberg/: the emulated account would take such a path for that of a REST catalog.
        name, location = f"{lake.database}.{table}", f"s3://{lake.bucket}/warehouse/{table}"
        say(f"Sample lake: Iceberg table {name}")
        clock = Clock()
        with clock.for_pyiceberg():
            rows = maker(catalog, name, location, clock)
        made.append(Made("iceberg", name, location, rows))
    return made


def _written_here(
    s3: Any, lake: Lake, kind: str, name: str, maker: Callable[[Path, Clock], int], say: Callable[[str], None]
) -> list[Made]:
    say(f"Sample lake: {kind.capitalize()} {'table' if kind == 'delta' else 'files'} {name}")
    with tempfile.TemporaryDirectory() as folder:
        rows = maker(Path(folder), Clock())
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                key = f"{kind}/{name}/{path.relative_to(folder).as_posix()}"
                s3.put_object(Bucket=lake.bucket, Key=key, Body=path.read_bytes())
    return [Made(kind, name, f"s3://{lake.bucket}/{kind}/{name}/", rows)]


def _create_bucket(s3: Any, lake: Lake) -> None:
    # us-east-1 is the one region that must not be named.
    where = {} if lake.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": lake.region}}
    try:
        s3.create_bucket(Bucket=lake.bucket, **where)
    except (s3.exceptions.BucketAlreadyOwnedByYou, s3.exceptions.BucketAlreadyExists):
        pass


def _mark_of(s3: Any, lake: Lake) -> dict[str, Any]:
    try:
        return json.loads(s3.get_object(Bucket=lake.bucket, Key=MARK)["Body"].read())
    except s3.exceptions.NoSuchKey:
        return {}


def _empty(s3: Any, lake: Lake, catalog: Catalog) -> None:
    for table in ("orders", "customers"):
        try:
            catalog.drop_table(f"{lake.database}.{table}")
        except NoSuchTableError:
            pass
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=lake.bucket):
        keys = [{"Key": item["Key"]} for item in page.get("Contents", [])]
        if keys:
            s3.delete_objects(Bucket=lake.bucket, Delete={"Objects": keys})


def _version() -> str:
    """A digest of this program and of the packages it writes with: a lake of another version is made anew."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*here.glob("*.py"), here / "requirements.txt"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _endpoint() -> str:
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if urlsplit(endpoint).hostname not in ("127.0.0.1", "::1", "localhost"):
        sys.exit(
            f"AWS_ENDPOINT_URL is {endpoint!r}: the sample lake empties its bucket before it writes, so it is made in an "
            "emulated account on this machine alone. Set it to that account's endpoint, such as http://127.0.0.1:4566."
        )
    return endpoint


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: make_lake.py BUCKET DATABASE")
    _, bucket, database = sys.argv
    lake = Lake(bucket, database, _endpoint(), os.environ["AWS_REGION"])
    made = make(lake, say=lambda line: print(line, file=sys.stderr, flush=True))
    print(json.dumps([asdict(table) for table in made]))


if __name__ == "__main__":
    main()
