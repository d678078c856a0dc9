"""Calls ministack's service APIs in-process, the way a client would over the network.

A provisioner that goes through the service's own API gets that service's checks and records: what it makes is
then what the SDK reads back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Coroutine
from types import ModuleType
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from ministack.services import ec2 as ec2_service

Response = tuple[int, dict[str, str], Any]
Request = dict[str, Any]


class ServiceRefused(ValueError):
    """A service answered an in-process call with an error. Its message becomes the stack event's reason."""


def ec2(action: str, **request: Any) -> ElementTree.Element:
    """Call an EC2 action; members are named as in the EC2 query protocol (``SecurityGroupId=[...]``)."""
    ec2_service._ensure_defaults_initialized()
    params = {name: [value] for name, value in flatten("", request).items()}
    return parse_xml(checked(ec2_service._ACTION_MAP[action]({**params, "Action": [action]})))


def query(service: ModuleType, action: str, version: str, request: Request) -> ElementTree.Element:
    """Call an action of a service that speaks the query protocol (lists are ``{"member": [...]}``)."""
    form = urlencode({**flatten("", request), "Action": action, "Version": version}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return parse_xml(checked(finished(service.handle_request("POST", "/", headers, form, {}))))


def json_target(service: ModuleType, target: str, request: Request) -> dict[str, Any]:
    """Call an action of a service that speaks JSON 1.1, by its ``X-Amz-Target``."""
    headers = {"x-amz-target": target, "content-type": "application/x-amz-json-1.1"}
    body = json.dumps(request).encode()
    return json.loads(checked(finished(service.handle_request("POST", "/", headers, body, {}))) or "{}")


def rest(service: ModuleType, method: str, path: str, request: Request) -> dict[str, Any]:
    """Call an action of a service that speaks REST and JSON."""
    body = json.dumps(request).encode()
    return json.loads(checked(finished(service.handle_request(method, path, {}, body, {}))) or "{}")


def text(element: ElementTree.Element, path: str) -> str:
    """The text at a path of an answer, or an empty string."""
    return element.findtext(path) or ""


def checked(response: Response) -> str:
    """The body of an answer, or ``ServiceRefused`` with the service's own message."""
    status, _headers, body = response
    content = body.decode() if isinstance(body, (bytes, bytearray)) else (body or "")
    if status < 400:
        return content
    code = re.search(r"<Code>(.*?)</Code>", content, re.S)
    message = re.search(r"<Message>(.*?)</Message>", content, re.S)
    if message:
        raise ServiceRefused(f"{message.group(1)} ({code.group(1) if code else status})")
    raise ServiceRefused(content[:400])


def finished(call: Coroutine[Any, Any, Response]) -> Response:
    """The result of a handler that is a coroutine but never waits."""
    try:
        call.send(None)
    except StopIteration as done:
        return done.value
    call.close()
    raise ServiceRefused("the service waited for something, which a provisioner cannot do")


def flatten(prefix: str, value: Any) -> dict[str, str]:
    """Nested members as the flat, one-based names of the query protocol."""
    if value is None:
        return {}
    if isinstance(value, dict):
        parts = [flatten(f"{prefix}.{name}" if prefix else name, member) for name, member in value.items()]
        return {name: member for part in parts for name, member in part.items()}
    if isinstance(value, (list, tuple)):
        parts = [flatten(f"{prefix}.{index}", member) for index, member in enumerate(value, 1)]
        return {name: member for part in parts for name, member in part.items()}
    return {prefix: str(value).lower() if isinstance(value, bool) else str(value)}


def parse_xml(content: str) -> ElementTree.Element:
    """An answer without its namespaces, so that paths stay short."""
    return ElementTree.fromstring(re.sub(r'\sxmlns="[^"]+"', "", content))
