"""The findings of one run: each table's document is written once, whoever reads the table and however often."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Optional

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from .failures import CannotKeep
from .finding import Finding
from .runs import bucket_and_prefix
from .targets import Target, document_name

#: Requests that ask at the same time which documents are there.
_AT_ONCE = 8
#: Another sweep that writes the same document between two requests of ours is met seldom, and twice in a row hardly ever.
_ATTEMPTS = 5
_CHANGED = ("PreconditionFailed", "ConditionalRequestConflict", "404", "NoSuchKey")


class OnceARun:
    """
    Documents that say in their metadata which run wrote them. A document is replaced only as it was when it was looked
    at, so that of two workers that read the same table one alone writes.

    Needs `s3:GetObject` and `s3:PutObject` on the documents, and `s3:ListBucket`, without which S3 does not tell a
    document that is not there from one that may not be read.
    """

    def __init__(self, where: str, run: str) -> None:
        (self._bucket, self._prefix), self._run, self._where = bucket_and_prefix(where), run, where
        self._s3 = boto3.client("s3")
        self._etags: dict[str, Optional[str]] = {}

    def missing(self, targets: Sequence[Target]) -> list[Target]:
        """Those that this run has no document of."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            are_there = list(pool.map(lambda target: self._is_there(self._key(target.id)), targets))
        return [target for target, is_there in zip(targets, are_there) if not is_there]

    def keep(self, finding: Finding) -> bool:
        """Writes a document; gives false when this run had it already."""
        key = self._key(finding.table.id)
        for _ in range(_ATTEMPTS):
            if self._put(key, finding.to_json().encode()):
                return True
            if self._is_there(key):
                return False
        raise CannotKeep(f"{self._where}: {key} is being written by others all the time")

    def _key(self, id: str) -> str:
        return self._prefix + document_name(id)

    def _is_there(self, key: str) -> bool:
        try:
            found = self._s3.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                raise self._refused(error) from error
            self._etags[key] = None
            return False
        except BotoCoreError as error:
            raise self._refused(error) from error
        self._etags[key] = found["ETag"]
        return found["Metadata"].get("run") == self._run

    def _put(self, key: str, body: bytes) -> bool:
        etag = self._etags.get(key)
        as_it_was = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType="application/json",
                Metadata={"run": self._run},
                **as_it_was,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _CHANGED:
                return False
            raise self._refused(error) from error
        except BotoCoreError as error:
            raise self._refused(error) from error
        return True

    def _refused(self, error: Exception) -> CannotKeep:
        return CannotKeep(f"the documents cannot be written to {self._where}: {error}")
