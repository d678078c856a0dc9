"""The files below a location, on this machine or in S3. What it reads with is pyarrow, for every format."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Optional
from urllib.parse import unquote, urlsplit

import boto3
import pyarrow.fs as pafs

S3_SCHEMES = ("s3", "s3a", "s3n")
#: A request that gets no answer is asked again, and then the table fails; it must not hold up the others for long.
CONNECT_SECONDS, REQUEST_SECONDS = 5.0, 60.0


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file, with its path as `plain_path` gives it."""

    path: str
    size: int
    modified_at: Optional[datetime]


@dataclass
class Storage:
    """Where S3 is, for all three readers."""

    region: Optional[str] = None
    endpoint: Optional[str] = None
    _s3: Optional[pafs.FileSystem] = field(default=None, repr=False)

    @staticmethod
    def of_environment(environment: Mapping[str, str] = os.environ) -> Storage:
        """AWS's own variables and profile; credentials are looked for by each reader in AWS's usual places."""
        return Storage(
            region=environment.get("AWS_REGION") or boto3.session.Session().region_name,
            endpoint=environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL"),
        )

    def open(self, uri: str) -> tuple[pafs.FileSystem, str]:
        """The file system of a location, and its path in there."""
        return (self._s3_system() if is_s3(uri) else pafs.LocalFileSystem()), plain_path(uri)

    def files(self, uri: str) -> Iterator[StoredFile]:
        """Every file below a location; none when it is not there."""
        system, path = self.open(uri)
        for info in system.get_file_info(pafs.FileSelector(path, recursive=True, allow_not_found=True)):
            if info.type == pafs.FileType.File:
                yield _stored(info)

    def children(self, uri: str) -> tuple[list[str], list[StoredFile]]:
        """The names of a location's folders, and its own files."""
        system, path = self.open(uri)
        infos = system.get_file_info(pafs.FileSelector(path, allow_not_found=True))
        folders = [info.base_name for info in infos if info.type == pafs.FileType.Directory]
        return sorted(folders), [_stored(info) for info in infos if info.type == pafs.FileType.File]

    def read(self, uri: str) -> bytes:
        """A whole file."""
        system, path = self.open(uri)
        with system.open_input_stream(path) as stream:
            return stream.read()

    def for_pyiceberg(self) -> dict[str, str]:
        """PyIceberg's properties."""
        given = {"s3.region": self.region, "s3.endpoint": self.endpoint}
        return {
            "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO",
            "s3.connect-timeout": str(CONNECT_SECONDS),
            "s3.request-timeout": str(REQUEST_SECONDS),
            **{name: value for name, value in given.items() if value},
        }

    def for_delta(self) -> dict[str, str]:
        """The storage options of delta-rs."""
        given = {"AWS_REGION": self.region, "AWS_ENDPOINT_URL": self.endpoint}
        options = {name: value for name, value in given.items() if value}
        if self.endpoint and self.endpoint.startswith("http://"):
            options["AWS_ALLOW_HTTP"] = "true"
        # delta-rs knows the address that Fargate gives, but no whole one, as other keepers of containers give it.
        if os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
            now = boto3.session.Session().get_credentials().get_frozen_credentials()
            keys = {
                "AWS_ACCESS_KEY_ID": now.access_key,
                "AWS_SECRET_ACCESS_KEY": now.secret_key,
                "AWS_SESSION_TOKEN": now.token,
            }
            options.update({name: value for name, value in keys.items() if value})
        return options

    def _s3_system(self) -> pafs.FileSystem:
        if self._s3 is None:
            given = {"region": self.region, "endpoint_override": self.endpoint}
            self._s3 = pafs.S3FileSystem(
                connect_timeout=CONNECT_SECONDS,
                request_timeout=REQUEST_SECONDS,
                **{name: value for name, value in given.items() if value},
            )
        return self._s3


def is_s3(uri: str) -> bool:
    """Whether a location is in S3."""
    return urlsplit(uri).scheme in S3_SCHEMES


def plain_path(uri: str) -> str:
    """`bucket/key` or an absolute path: the same for every way in which a table's metadata may write it."""
    if is_s3(uri):
        return uri.split("://", 1)[1].rstrip("/")
    if uri.startswith("file:"):
        return unquote(urlsplit(uri).path).rstrip("/")
    return os.path.abspath(uri)


def join(uri: str, *names: str) -> str:
    """A location below another one."""
    return "/".join([uri.rstrip("/"), *names])


def from_milliseconds(milliseconds: int) -> datetime:
    """The times of both table formats."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc)


def _stored(info: pafs.FileInfo) -> StoredFile:
    return StoredFile(info.path, info.size, info.mtime)
