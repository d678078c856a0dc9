"""Tables that a catalog knows: AWS Glue and S3 Tables, asked with boto3. Only reading calls are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Union

import boto3
from botocore.config import Config

from .failures import Unsupported, failure_of
from .finding import Format
from .storage import CONNECT_SECONDS, REQUEST_SECONDS
from .targets import BucketTables, GlueTables, LeftOut, Target

_CALLS = Config(
    connect_timeout=CONNECT_SECONDS, read_timeout=REQUEST_SECONDS, retries={"mode": "standard", "max_attempts": 5}
)


def glue_tables(ask: GlueTables) -> Iterator[Union[Target, LeftOut]]:
    """The tables of a database, or the one that is asked for. Needs `glue:GetTables`, for one `glue:GetTable`."""
    glue = boto3.client("glue", config=_CALLS)
    if ask.table is not None:
        found = glue_target(glue.get_table(DatabaseName=ask.database, Name=ask.table)["Table"])
        yield _must_be_table(found)
        return
    for page in glue.get_paginator("get_tables").paginate(DatabaseName=ask.database):
        for table in page["TableList"]:
            yield glue_target(table)


def glue_target(table: Mapping[str, Any]) -> Union[Target, LeftOut]:
    """What Glue's entry says of a table: its format, and where it is."""
    name = f"{table['DatabaseName']}.{table['Name']}"
    parameters = {key.lower(): value for key, value in table.get("Parameters", {}).items()}
    descriptor = table.get("StorageDescriptor") or {}
    location = descriptor.get("Location") or None
    if table.get("TableType") == "VIRTUAL_VIEW":
        return LeftOut(name, "a view")
    format = _format_of(parameters, descriptor)
    if format is None:
        return LeftOut(name, "neither Iceberg nor Delta nor Parquet")
    if format is Format.DELTA:
        # Spark keeps the true location of a table of its own here.
        location = descriptor.get("SerdeInfo", {}).get("Parameters", {}).get("path") or location
    metadata = parameters.get("metadata_location")
    if format is Format.ICEBERG and metadata is None:
        return Target(
            f"glue:{name}",
            name,
            format,
            location,
            failure=failure_of(ValueError("Glue's entry of this Iceberg table has no metadata_location")),
        )
    if format is not Format.ICEBERG and location is None:
        return Target(
            f"glue:{name}", name, format, failure=failure_of(ValueError("Glue's entry of this table has no location"))
        )
    return Target(f"glue:{name}", name, format, location, metadata if format is Format.ICEBERG else None)


def bucket_tables(ask: BucketTables) -> Iterator[Target]:
    """The tables of a table bucket. Needs `s3tables:ListNamespaces`, `ListTables`, `GetTable` and `GetTableData`."""
    client = boto3.client("s3tables", region_name=ask.region, config=_CALLS)
    if ask.table is not None:
        yield _bucket_target(client, ask, ask.namespace, ask.table)
        return
    for page in client.get_paginator("list_tables").paginate(tableBucketARN=ask.arn):
        for table in page["tables"]:
            yield _bucket_target(client, ask, table["namespace"][0], table["name"])


def _bucket_target(client: Any, ask: BucketTables, namespace: Any, name: str) -> Target:
    id, readable = f"{ask.arn}/table/{namespace}.{name}", f"{namespace}.{name}"
    try:
        table = client.get_table(tableBucketARN=ask.arn, namespace=namespace, name=name)
    except Exception as error:
        return Target(id, readable, Format.ICEBERG, region=ask.region, failure=failure_of(error))
    metadata = table.get("metadataLocation")
    failure = None if metadata else failure_of(ValueError("nothing was ever written to this table"))
    return Target(id, readable, Format.ICEBERG, table.get("warehouseLocation"), metadata, ask.region, failure)


def _format_of(parameters: Mapping[str, str], descriptor: Mapping[str, Any]) -> Union[Format, None]:
    said = {parameters.get(key, "").lower() for key in ("table_type", "spark.sql.sources.provider", "classification")}
    if "iceberg" in said:
        return Format.ICEBERG
    if "delta" in said:
        return Format.DELTA
    reads_parquet = "parquet" in (descriptor.get("InputFormat") or "").lower()
    return Format.PARQUET if reads_parquet or "parquet" in said else None


def _must_be_table(found: Union[Target, LeftOut]) -> Target:
    if isinstance(found, Target):
        return found
    return Target(
        f"glue:{found.name}",
        found.name,
        Format.UNKNOWN,
        failure=failure_of(Unsupported(f"{found.name} is {found.reason}")),
    )
