"""Run Command with documents of the account's own: ministack runs AWS-RunShellScript alone."""

from __future__ import annotations

import json
import re
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, error_response_json
from ministack.services import ec2 as ec2_service
from ministack.services import ssm as service

from .calls import Response
from .registry import Properties

SHELL = "AWS-RunShellScript"
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_documents: AccountRegionScopedDict


class _Runnable:
    """The documents that reach an instance's shell: AWS's own one, and ours."""

    def __contains__(self, name: object) -> bool:
        return name == SHELL or name in _documents


def install(documents: AccountRegionScopedDict) -> None:
    """Let the documents be sent."""
    global _documents
    _documents = documents
    native = service._shell_argv

    def shell_argv(request: Properties) -> list[str]:
        if request.get("DocumentName") == SHELL:
            return native(request)
        return ["/bin/sh", "-c", "\n".join(_lines(request))]

    service._SHELL_DOCUMENTS = _Runnable()
    service._shell_argv = shell_argv


def send(request: Properties) -> Response:
    """SendCommand, with a tag as target as well, and with AWS's refusals of a document or parameter."""
    name = str(request.get("DocumentName") or "")
    if name and not name.startswith("AWS-") and name not in _documents:
        return error_response_json("InvalidDocument", f"Document with name {name} does not exist.", 400)
    problem = _problem(request) if name in _documents else None
    if problem:
        return error_response_json("InvalidParameters", problem, 400)
    return service._send_command({**request, "InstanceIds": [*(request.get("InstanceIds") or []), *_tagged(request)]})


def _tagged(request: Properties) -> list[str]:
    """The managed instances that have all the tags of the targets."""
    wanted = {
        target["Key"].removeprefix("tag:"): target.get("Values") or []
        for target in request.get("Targets") or []
        if target["Key"].startswith("tag:")
    }
    if not wanted:
        return []
    return [
        instance_id
        for instance_id in service._managed_instance_ids()
        if all(tags_of(instance_id).get(key) in values for key, values in wanted.items())
    ]


def tags_of(instance_id: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in ec2_service._tags.get(instance_id, [])}


def _content(request: Properties) -> dict[str, Any]:
    return json.loads(_documents[request["DocumentName"]]["Content"])


def _values(request: Properties) -> dict[str, str]:
    """Each parameter's value; lists of one, as the API has them, or the document's default."""
    given = {key: value if isinstance(value, list) else [value] for key, value in (request.get("Parameters") or {}).items()}
    known = _content(request).get("parameters") or {}
    defaults = {key: str(definition["default"]) for key, definition in known.items() if "default" in definition}
    return {**defaults, **{key: str(values[0]) for key, values in given.items()}}


def _problem(request: Properties) -> str | None:
    values, known = _values(request), _content(request).get("parameters") or {}
    for key in values.keys() - known.keys():
        return f"Parameter {key} is not defined in the document."
    for key, definition in known.items():
        if key not in values:
            return f"Parameter {key} is required."
        pattern = definition.get("allowedPattern")
        if pattern and not re.fullmatch(pattern, values[key]):
            return f"Parameter {key} with value {values[key]!r} does not match the pattern {pattern}."
    return None


def _lines(request: Properties) -> list[str]:
    """The commands of the document's shell steps, with the parameters in their place."""
    values = _values(request)
    commands = [
        line
        for step in _content(request).get("mainSteps", [])
        if step["action"] == "aws:runShellScript"
        for line in step["inputs"]["runCommand"]
    ]
    return [_PLACEHOLDER.sub(lambda found: values[found[1]], line) for line in commands]
