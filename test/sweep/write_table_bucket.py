"""Makes a table bucket in the emulated account, with a table that was written to twice; prints the bucket's ARN."""

from __future__ import annotations

import os

import boto3
import pyarrow as pa
from pyiceberg.catalog import load_catalog

ENDPOINT, REGION = os.environ["AWS_ENDPOINT_URL"], os.environ["AWS_REGION"]

client = boto3.client("s3tables")
arn = client.create_table_bucket(name="sales-tables")["arn"]
client.create_namespace(tableBucketARN=arn, namespace=["sales"])
signing = {"rest.sigv4-enabled": "true", "rest.signing-name": "s3tables", "rest.signing-region": REGION}
places = {"uri": f"{ENDPOINT}/iceberg", "warehouse": arn, "s3.endpoint": ENDPOINT, "client.region": REGION}
table = load_catalog("s3tables", type="rest", **places, **signing).create_table(
    "sales.orders", pa.schema([("id", pa.int64())])
)
for ids in ([1, 2, 3], [4]):
    table.append(pa.table({"id": ids}))
print(arn)
