"""Where finding documents go: a folder or a prefix in S3, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Optional, Protocol, TypeVar

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from .failures import CannotKeep
from .finding import Finding
from .storage import is_s3, plain_path
from .targets import document_name


Made = TypeVar("Made")


class Documents(Protocol):
    """Keeps findings."""

    def keep(self, finding: Finding) -> None:
        """Writes the document of a table, over the one that an earlier sweep has left."""


class Folder:
    """A folder on this machine; made when it is not there."""

    def __init__(self, path: str) -> None:
        self._path = Path(plain_path(path))
        self._path.mkdir(parents=True, exist_ok=True)

    def keep(self, finding: Finding) -> None:
        path = self._path / document_name(finding.table.id)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            partial.write_text(finding.to_json() + "\n", encoding="utf-8")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


class Bucket:
    """A prefix in S3. An object is there as a whole or not at all. Needs `s3:PutObject`."""

    def __init__(self, uri: str) -> None:
        self._bucket, _, prefix = plain_path(uri).partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._s3 = boto3.client("s3")

    def keep(self, finding: Finding) -> None:
        key = self._prefix + document_name(finding.table.id)
        body = finding.to_json().encode()
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")


class Nowhere:
    """For who reads the findings from the output."""

    def keep(self, finding: Finding) -> None:
        """Does nothing."""


class _Guarded:
    """Says of every failure where the documents should have gone."""

    def __init__(self, output: str) -> None:
        self._output = output
        self._documents = self._do(lambda: Bucket(output) if is_s3(output) else Folder(output))

    def keep(self, finding: Finding) -> None:
        self._do(lambda: self._documents.keep(finding))

    def _do(self, write: Callable[[], Made]) -> Made:
        try:
            return write()
        except (OSError, BotoCoreError, ClientError) as error:
            raise CannotKeep(f"the documents cannot be written to {self._output}: {error}") from error


def documents_at(output: Optional[str]) -> Documents:
    """
    By the form of `--output`.

    :raises CannotKeep: now or later, when they cannot be written there
    """
    return Nowhere() if output is None else _Guarded(output)
