"""What is asked for, and what is found where no catalog knows of it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from faulty_delta import append
from faulty_iceberg import Lake

from tablesleuth_sweep.catalogs import glue_target
from tablesleuth_sweep.discovery import discover
from tablesleuth_sweep.finding import Format
from tablesleuth_sweep.targets import BucketTables, GlueTables, LeftOut, Place, document_name, parse_ask

ARN = "arn:aws:s3tables:eu-west-1:123456789012:bucket/lake"


@pytest.mark.parametrize(
    ("text", "ask"),
    [
        ("sales.orders", GlueTables("sales", "orders")),
        ("glue:sales", GlueTables("sales")),
        (ARN, BucketTables(ARN, "eu-west-1")),
        (f"{ARN}/table/sales.orders", BucketTables(ARN, "eu-west-1", "sales", "orders")),
        ("s3://lake/warehouse", Place("s3://lake/warehouse")),
        ("./lake", Place("./lake")),
        ("lake/orders", Place("lake/orders")),
    ],
)
def test_what_is_asked_for_has_one_meaning(text, ask):
    assert parse_ask(text) == ask


@pytest.mark.parametrize("text", ["sales", "a.b.c", "", "arn:aws:s3:::lake", f"{ARN}/table/orders"])
def test_fails_for_anything_else(text):
    with pytest.raises(ValueError, match="is one of|not the ARN"):
        parse_ask(text)


def test_documents_of_different_tables_have_different_names():
    names = {document_name(id) for id in ("s3://lake/a/b", "s3://lake/a_b", "glue:a.b", "/lake/a/b")}
    assert len(names) == 4
    assert document_name("s3://lake/a/b").startswith("lake_a_b-")


def glue(parameters, **more):
    return {"DatabaseName": "sales", "Name": "orders", "Parameters": parameters, **more}


@pytest.mark.parametrize(
    ("entry", "format"),
    [
        (glue({"table_type": "ICEBERG", "metadata_location": "s3://lake/m.json"}), Format.ICEBERG),
        (glue({"spark.sql.sources.provider": "delta"}, StorageDescriptor={"Location": "s3://lake/t"}), Format.DELTA),
        (glue({"classification": "parquet"}, StorageDescriptor={"Location": "s3://lake/t"}), Format.PARQUET),
        (
            glue(
                {},
                StorageDescriptor={
                    "Location": "s3://lake/t",
                    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                },
            ),
            Format.PARQUET,
        ),
    ],
)
def test_glue_s_entry_says_which_format_a_table_has(entry, format):
    found = glue_target(entry)
    assert (found.id, found.format, found.failure) == ("glue:sales.orders", format, None)


def test_views_and_other_formats_are_left_out_and_broken_entries_are_not():
    assert glue_target(glue({}, TableType="VIRTUAL_VIEW")) == LeftOut("sales.orders", "a view")
    assert isinstance(glue_target(glue({"classification": "csv"})), LeftOut)
    assert "metadata_location" in glue_target(glue({"table_type": "ICEBERG"})).failure.message
    assert "location" in glue_target(glue({"classification": "parquet"})).failure.message


@pytest.fixture
def mixed(tmp_path):
    lake = Lake(tmp_path)
    lake.append(lake.table("orders"), 0, 1)
    append(tmp_path / "raw" / "shipments", 0, 1)
    for path in (
        "raw/clicks/day=1/a.parquet",
        "raw/clicks/day=2/a.parquet",
        "raw/plain/a.parquet",
        "raw/stray.parquet",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"id": [1]}), tmp_path / path)
    return tmp_path


def names(found):
    return sorted((each.name, each.format.value) for each in found if not isinstance(each, LeftOut))


def test_every_table_below_a_place_is_found_once(mixed, storage):
    found = list(discover([("all", Place(str(mixed))), ("again", Place(f"file://{mixed}/raw"))], storage))
    assert names(found) == [("clicks", "parquet"), ("orders", "iceberg"), ("plain", "parquet"), ("shipments", "delta")]
    assert [each.reason for each in found if isinstance(each, LeftOut)][
        0
    ] == "1 Parquet files beside folders that are no partitions"


def test_a_place_may_be_a_table_or_a_file_of_one(mixed, storage):
    for place, expected in (("raw/shipments", "delta"), ("db/orders", "iceberg"), ("raw/plain/a.parquet", "parquet")):
        assert [format for _, format in names(discover([("", Place(f"{mixed}/{place}"))], storage))] == [expected]
    (metadata,) = (mixed / "db" / "orders" / "metadata").glob("00001*.metadata.json")
    (target,) = discover([("", Place(str(metadata)))], storage)
    assert (target.name, target.metadata_location) == ("orders", str(metadata))


def test_fails_where_there_is_no_table_and_goes_on(mixed, storage):
    nowhere, found = discover(
        [("nowhere", Place(str(mixed / "nowhere"))), ("raw", Place(f"{mixed}/raw/shipments"))], storage
    )
    assert "no table was found in nowhere" in nowhere.failure.message
    assert found.name == "shipments"
