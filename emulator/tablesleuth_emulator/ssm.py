"""Systems Manager documents: kept with their content, and read back by the service's own actions."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from ministack.core.responses import (
    AccountRegionScopedDict,
    error_response_json,
    get_account_id,
    json_response,
)
from ministack.services import ssm as service

from . import commands
from .calls import Response, ServiceRefused
from .registry import Created, Properties, Registry, generated_name, replacing

DOCUMENT = "AWS::SSM::Document"
_documents = AccountRegionScopedDict()
_DESCRIBED = (
    "Name", "DocumentType", "DocumentFormat", "DocumentVersion", "LatestVersion", "DefaultVersion", "Status",
    "Hash", "HashType", "Owner", "CreatedDate", "TargetType", "Tags", "PlatformTypes", "SchemaVersion",
)  # fmt: skip


def register(registry: Registry) -> None:
    registry.service(
        DOCUMENT,
        "Read back by its own actions; SendCommand runs the shell steps of a Command.",
        create=_create,
        delete=_delete,
        update=_update,
    )


def install() -> None:
    """Answer the document actions, which ministack lacks, in front of its own, and let Run Command run our documents."""
    native = service.handle_request
    actions = {"GetDocument": _get, "DescribeDocument": _describe, "ListDocuments": _list, "SendCommand": commands.send}
    commands.install(_documents)

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        action = actions.get(headers.get("x-amz-target", "").rpartition(".")[2])
        if action is None:
            return await native(method, path, headers, body, query)
        return action(json.loads(body or b"{}"))

    service.handle_request = handle


def _create(logical_id: str, properties: Properties, stack_name: str) -> Created:
    name = generated_name(properties, "Name", stack_name, logical_id)
    if name in _documents:
        raise ServiceRefused(f"Resource of type '{DOCUMENT}' with identifier '{name}' already exists.")
    _documents[name] = _record(name, properties, version=1)
    return name, {}


def _update(name: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
    replaced = any(old.get(member) != new.get(member) for member in ("Name", "DocumentType"))
    if replaced or (old.get("Content") != new.get("Content") and new.get("UpdateMethod", "Replace") == "Replace"):
        # A document with a name of its own collides with its predecessor then, as on AWS.
        return replacing(_create, _delete)(name, old, new, stack_name, logical_id)
    version = int(_documents[name]["LatestVersion"]) + (old.get("Content") != new.get("Content"))
    _documents[name] = _record(name, new, version)
    return name, {}


def _delete(name: str, _properties: Properties) -> None:
    _documents.pop(name, None)


def _record(name: str, properties: Properties, version: int) -> Properties:
    content = properties["Content"]
    text = content if isinstance(content, str) else json.dumps(content)
    schema = json.loads(text).get("schemaVersion", "") if properties.get("DocumentFormat", "JSON") == "JSON" else ""
    return {
        "Name": name,
        "Content": text,
        "DocumentType": properties.get("DocumentType", "Command"),
        "DocumentFormat": properties.get("DocumentFormat", "JSON"),
        "DocumentVersion": str(version),
        "LatestVersion": str(version),
        "DefaultVersion": str(version),
        "SchemaVersion": schema,
        "Status": "Active",
        "Hash": hashlib.sha256(text.encode()).hexdigest(),
        "HashType": "Sha256",
        "Owner": get_account_id(),
        "CreatedDate": int(time.time()),
        "PlatformTypes": ["Windows", "Linux", "MacOS"],
        "Tags": properties.get("Tags") or [],
    }


def _get(request: Properties) -> Response:
    document = _documents.get(request.get("Name"))
    if document is None:
        return _missing(request)
    members = ("Name", "Content", "DocumentType", "DocumentFormat", "DocumentVersion", "Status", "CreatedDate")
    return json_response({name: document[name] for name in members})


def _describe(request: Properties) -> Response:
    document = _documents.get(request.get("Name"))
    if document is None:
        return _missing(request)
    return json_response({"Document": {name: document[name] for name in _DESCRIBED if name in document}})


def _list(_request: Properties) -> Response:
    names = [{name: document[name] for name in _DESCRIBED if name in document} for document in _documents.values()]
    return json_response({"DocumentIdentifiers": names})


def _missing(request: Properties) -> Response:
    return error_response_json("InvalidDocument", f"Document with name {request.get('Name')} does not exist.", 400)
