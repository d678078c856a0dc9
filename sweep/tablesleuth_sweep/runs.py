"""One sweep of many machines: what it will read, in shares, below a prefix of its own in S3."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from .failures import CannotKeep
from .finding import Failure, Format
from .storage import is_s3, plain_path
from .targets import LeftOut, Target

#: What AWS Batch takes as the size of an array job.
SHARES_AT_MOST = 10_000
_JSON = "application/json"


@dataclass(frozen=True)
class Plan:
    """What a run reads. It is written after its shares: where it is, they are."""

    run: str
    planned_at: str
    asks: list[str]
    tables: int
    shares: int
    left_out: list[dict[str, str]]

    @staticmethod
    def of(run: str, planned_at: str, asks: Sequence[str], shares: Sequence[Sequence[Target]], left: Iterable[LeftOut]) -> Plan:
        """The plan of shares that were split already."""
        left_out = [{"name": each.name, "reason": each.reason} for each in left]
        return Plan(run, planned_at, list(asks), sum(map(len, shares)), len(shares), left_out)


def split(targets: Iterable[Target], tables_a_share: int, at_most: int = SHARES_AT_MOST) -> list[list[Target]]:
    """
    Deals tables out like cards, in the order of their ids: the same tables give the same shares, in whichever order they
    were found, and no share has more than one table more than another.
    """
    ordered = sorted({target.id: target for target in targets}.values(), key=lambda target: target.id)
    count = min(math.ceil(len(ordered) / tables_a_share), at_most)
    return [ordered[index::count] for index in range(count)]


class Run:
    """The objects of a run. Planning needs `s3:PutObject` below its prefix, working `s3:GetObject`."""

    def __init__(self, where: str, run: str) -> None:
        self._bucket, prefix = bucket_and_prefix(where)
        self._prefix, self._s3 = f"{prefix}{run}/", boto3.client("s3")

    def plan(self) -> Optional[Plan]:
        """The plan, when it was made already, by an attempt before this one."""
        body = self._get("plan.json")
        return None if body is None else Plan(**json.loads(body))

    def keep(self, plan: Plan, shares: Sequence[Sequence[Target]]) -> None:
        """Writes the shares and then the plan."""
        for index, share in enumerate(shares):
            self._put(f"shares/{index:05d}.json", [_written(target) for target in share])
        self._put("plan.json", vars(plan))

    def share(self, index: int) -> list[Target]:
        """The tables of one worker."""
        body = self._get(f"shares/{index:05d}.json")
        if body is None:
            raise CannotKeep(f"s3://{self._bucket}/{self._prefix} has no share {index}: it was not planned, or is deleted")
        return [_read(written) for written in json.loads(body)]

    def job(self) -> Optional[str]:
        """The id of the job that was submitted for it."""
        body = self._get("job.json")
        return None if body is None else json.loads(body)["jobId"]

    def keep_job(self, job_id: str) -> None:
        """Remembers the job, so that a second attempt at planning submits no second one."""
        self._put("job.json", {"jobId": job_id})

    def _get(self, name: str) -> Optional[bytes]:
        try:
            return self._s3.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return None
        except (BotoCoreError, ClientError) as error:
            raise CannotKeep(f"the plan cannot be read in s3://{self._bucket}/{self._prefix}: {error}") from error

    def _put(self, name: str, document: Any) -> None:
        key = self._prefix + name
        try:
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=json.dumps(document).encode(), ContentType=_JSON)
        except (BotoCoreError, ClientError) as error:
            raise CannotKeep(f"the plan cannot be written to s3://{self._bucket}/{key}: {error}") from error


def bucket_and_prefix(where: str) -> tuple[str, str]:
    """
    A bucket, and a prefix that is empty or ends in a slash.

    :raises ValueError: when it is not in S3, which every worker of a run has to reach
    """
    if not is_s3(where):
        raise ValueError(f"{where}: has to be s3://BUCKET/PREFIX, which every worker reaches")
    bucket, _, prefix = plain_path(where).partition("/")
    return bucket, f"{prefix}/" if prefix else ""


def _written(target: Target) -> dict[str, Any]:
    failure = None if target.failure is None else target.failure.model_dump()
    return {**vars(target), "format": target.format.value, "failure": failure}


def _read(written: Mapping[str, Any]) -> Target:
    failure = written["failure"]
    return Target(
        **{
            **written,
            "format": Format(written["format"]),
            "failure": None if failure is None else Failure(**failure),
        }
    )
