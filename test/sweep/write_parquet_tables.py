"""Writes small Parquet tables of one file each: write_parquet_tables.py s3://BUCKET/PREFIX COUNT"""

import os
import sys

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

s3 = pafs.S3FileSystem(region=os.environ["AWS_REGION"], endpoint_override=os.environ["AWS_ENDPOINT_URL"])
for number in range(int(sys.argv[2])):
    path = f"{sys.argv[1].removeprefix('s3://')}/table{number:02d}/part.parquet"
    pq.write_table(pa.table({"id": list(range(number + 1))}), path, filesystem=s3)
