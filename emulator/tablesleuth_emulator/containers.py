"""Containers, as processes: an image is a folder that was recorded when it would have been built, and the programs and
packages are those of this machine.

A container finds its role's credentials where Fargate's would, at an address that only it knows. Its output reaches the
log group when it ends, sent with the execution role. No memory, processor, user, network or read-only file system bounds
it, and nothing is pulled.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ministack.core.responses import get_region

from . import service_roles
from .endpoints import Document, Endpoint, Refused
from .registry import Properties

_TASKS = "ecs-tasks.amazonaws.com"
#: How long a program has after SIGTERM; what AWS Batch on Fargate leaves it.
STOP_SECONDS = 30.0
_LINES_AT_ONCE = 1000
_LAST_CHARACTERS = 2000
_roles: dict[str, tuple[str, str]] = {}


class CannotStart(Exception):
    """A container that never began, with the reason that AWS would give."""


@dataclass
class Container:
    """What to start: as a job or a task definition says."""

    image: str
    command: Sequence[str]
    role_arn: str | None
    execution_role_arn: str
    #: On whose behalf the roles are assumed, as their trust sees it.
    source_arn: str
    log: Properties
    stream: str
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = STOP_SECONDS


class Running:
    """A container that was started."""

    def __init__(self, container: Container) -> None:
        self._container, self._folder = container, Path(tempfile.mkdtemp(prefix="container-"))
        self._token: str | None = None
        try:
            image = _image(container.image)
            with open(self._folder / "log", "wb") as log:
                self._process = subprocess.Popen(
                    [_within(image["folder"], part) for part in (*image["entrypoint"], *(container.command or image["command"]))],
                    cwd=f"{image['folder']}{image['workdir']}",
                    env={**image["environment"], **self._environment(), **container.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
        except (OSError, PermissionError) as problem:
            self._leave()
            raise CannotStart(f"CannotStartContainerError: {problem}") from problem
        except BaseException:
            self._leave()
            raise

    def wait(self, seconds: float) -> int | None:
        """The exit code as a shell gives it; none when it still runs after so long."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return 128 - code if code < 0 else code

    def stop(self) -> None:
        """SIGTERM now, and SIGKILL when the time is over."""
        self._process.terminate()
        try:
            self._process.wait(self._container.stop_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def kill(self) -> None:
        """Ends it without a word, as a machine that is lost does."""
        self._process.kill()

    def last_words(self) -> str:
        """The end of what it wrote."""
        return (self._folder / "log").read_text(errors="replace")[-_LAST_CHARACTERS:]

    def finish(self) -> None:
        """Sends its output to its log group, and leaves nothing behind."""
        try:
            text = (self._folder / "log").read_text(errors="replace")
            _send_log(self._container, text.splitlines())
        finally:
            self._leave()

    def _environment(self) -> dict[str, str]:
        """Of the machine, that there is Python and the like; of the account, where it is. Nothing of its root user."""
        given = {
            "PATH": f"{os.environ.get('TABLESLEUTH_CONTAINER_PROGRAMS', '')}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self._folder),
            "TMPDIR": str(self._folder),
            "AWS_REGION": get_region(),
            "AWS_DEFAULT_REGION": get_region(),
            "AWS_ENDPOINT_URL": _endpoint(),
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "*",
            # What vouches for the account's databases.
            **({"DB_CA_FILE": os.environ["DB_CA_FILE"]} if "DB_CA_FILE" in os.environ else {}),
        }
        if self._container.role_arn is not None:
            self._token = secrets.token_urlsafe(32)
            _roles[self._token] = (self._container.role_arn, self._container.source_arn)
            given["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{_endpoint()}/_tablesleuth/containers/{self._token}"
        return given

    def _leave(self) -> None:
        if self._token is not None:
            _roles.pop(self._token, None)
        shutil.rmtree(self._folder, ignore_errors=True)


def _image(uri: str) -> Properties:
    name = quote(uri.rpartition("/")[2], safe="")
    record = Path(os.environ["TABLESLEUTH_CONTAINER_IMAGES"]) / f"{name}.json"
    try:
        return json.loads(record.read_text())
    except FileNotFoundError:
        raise CannotStart(f"CannotPullContainerError: {uri} was never built here") from None


def _within(folder: str, part: str) -> str:
    """A path of the image is one in its folder."""
    return f"{folder}{part}" if part.startswith("/") and os.path.exists(f"{folder}{part}") else part


def _credentials(token: str) -> Document:
    if token not in _roles:
        raise Refused(404, "no container has this address")
    role_arn, source_arn = _roles[token]
    try:
        return service_roles.issue(_TASKS, role_arn, source_arn)
    except PermissionError as problem:
        raise Refused(403, str(problem)) from None


def _send_log(container: Container, lines: list[str]) -> None:
    """With the execution role, as Fargate does; a log that cannot be written fails the container."""
    if container.log.get("logDriver") != "awslogs":
        return
    options, now = container.log["options"], int(time.time() * 1000)
    place = {"logGroupName": options["awslogs-group"], "logStreamName": container.stream}
    events = [{"timestamp": now, "message": line or " "} for line in lines]
    with service_roles.session(_TASKS, container.execution_role_arn, container.source_arn) as session:
        service_roles.call(session, "logs", "CreateLogStream", place, get_region())
        for index in range(0, len(events), _LINES_AT_ONCE):
            request: dict[str, Any] = {**place, "logEvents": events[index : index + _LINES_AT_ONCE]}
            service_roles.call(session, "logs", "PutLogEvents", request, get_region())


def _endpoint() -> str:
    return f"http://{os.environ['MINISTACK_HOST']}:{os.environ['GATEWAY_PORT']}"


ENDPOINTS = [
    # Open to whoever knows the address, as on Fargate.
    Endpoint("GET", r"containers/([\w-]{40,})", lambda groups, _body: _credentials(groups[0]), is_open=True),
]
