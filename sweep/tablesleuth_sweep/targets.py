"""What a person asks for, and what is inspected. Pure: no catalog and no storage is asked here."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Optional, Union

from .finding import Failure, Format, Table

_TABLE_BUCKET = re.compile(
    r"^(?P<bucket>arn:[\w-]+:s3tables:(?P<region>[a-z0-9-]+):\d{12}:bucket/[a-z0-9-]+)(?:/table/(?P<namespace>\w+)\.(?P<table>\w+))?$"
)
_GLUE_TABLE = re.compile(r"^(?P<database>[\w-]+)\.(?P<table>[\w-]+)$")
_GLUE_DATABASE = re.compile(r"^glue:(?P<database>[\w-]+)$")
FORMS = "DATABASE.TABLE, glue:DATABASE, a table bucket's ARN (with /table/NAMESPACE.TABLE for one table), s3://BUCKET/PREFIX, or a path"


@dataclass(frozen=True)
class GlueTables:
    """A database of Glue, or one table of it."""

    database: str
    table: Optional[str] = None


@dataclass(frozen=True)
class BucketTables:
    """A table bucket of S3 Tables, or one table of it."""

    arn: str
    region: str
    namespace: Optional[str] = None
    table: Optional[str] = None


@dataclass(frozen=True)
class Place:
    """A location: a table itself, or where tables are looked for."""

    uri: str


Ask = Union[GlueTables, BucketTables, Place]


@dataclass(frozen=True)
class Target:
    """A table, with what its reader has to know."""

    id: str
    name: str
    format: Format
    location: Optional[str] = None
    #: Of Iceberg: the newest metadata file.
    metadata_location: Optional[str] = None
    #: Where it is, when that is not where the sweep looks by itself.
    region: Optional[str] = None
    #: Why it was found and cannot be read.
    failure: Optional[Failure] = None

    def table(self) -> Table:
        """How findings name it."""
        return Table(id=self.id, name=self.name, format=self.format, location=self.location)

    @staticmethod
    def failed(ask: str, failure: Failure) -> Target:
        """Stands for what could not even be looked for."""
        return Target(id=ask, name=ask, format=Format.UNKNOWN, failure=failure)


@dataclass(frozen=True)
class LeftOut:
    """What was found beside tables, and is none."""

    name: str
    reason: str


def parse_ask(text: str) -> Ask:
    """
    Takes an argument apart.

    :raises ValueError: when it is none of the forms
    """
    if text.startswith("arn:"):
        if not (match := _TABLE_BUCKET.match(text)):
            raise ValueError(
                f"{text}: not the ARN of a table bucket, arn:aws:s3tables:REGION:ACCOUNT:bucket/NAME, or of one of its tables, …/table/NAMESPACE.TABLE"
            )
        return BucketTables(match["bucket"], match["region"], match["namespace"], match["table"])
    if match := _GLUE_DATABASE.match(text):
        return GlueTables(match["database"])
    if "/" in text or text.startswith((".", "file:")):
        return Place(text)
    if match := _GLUE_TABLE.match(text):
        return GlueTables(match["database"], match["table"])
    raise ValueError(f"{text}: what to sweep is one of {FORMS}")


def document_name(id: str) -> str:
    """The file name of a table's finding: the same in every sweep, different for every table, readable."""
    slug = re.sub(r"[^A-Za-z0-9.=-]+", "_", id.split("://")[-1]).strip("_.")[-80:]
    return f"{slug}-{hashlib.sha256(id.encode()).hexdigest()[:10]}.json"
