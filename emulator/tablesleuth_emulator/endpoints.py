"""Our own endpoints beside AWS's, below ``/_tablesleuth/``: what no API of AWS offers.

Each wants the account's own secret key in ``x-tablesleuth-secret``. It stands for boundaries that an emulated account
cannot have: on AWS only an instance itself reaches its metadata, and only AWS says that an instance runs.
"""

from __future__ import annotations

import hmac
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import request_scope

from .server import Application, Receive, Scope, Send

Document = dict[str, Any]
SECRET_HEADER = b"x-tablesleuth-secret"
PREFIX = "/_tablesleuth/"


class Refused(Exception):
    """A request that cannot be answered, with its HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Endpoint:
    """
    A method, a pattern of the path after the prefix, and what answers: the pattern's groups and the body in. An open one
    wants no secret: its path is one.
    """

    method: str
    path: str
    answer: Callable[[tuple[str, ...], Document], Document]
    is_open: bool = False


def beside(application: Application, endpoints: list[Endpoint]) -> Application:
    """The application, with our own endpoints in front of it."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await application(scope, receive, send)
            return
        try:
            with request_scope(os.environ["MINISTACK_ACCOUNT_ID"], os.environ["MINISTACK_REGION"]):
                status, document = 200, _answer(endpoints, scope, await _body(receive))
        except Refused as refusal:
            status, document = refusal.status, {"Message": str(refusal)}
        await _send(send, status, document)

    return serve


def _answer(endpoints: list[Endpoint], scope: Scope, body: bytes) -> Document:
    secret = dict(scope["headers"]).get(SECRET_HEADER, b"")
    knows_secret = hmac.compare_digest(secret, os.environ["AWS_SECRET_ACCESS_KEY"].encode())
    for endpoint in endpoints:
        found = re.fullmatch(PREFIX + endpoint.path, scope["path"])
        if found and scope["method"] == endpoint.method and (knows_secret or endpoint.is_open):
            return endpoint.answer(found.groups(), _document(body))
    if not knows_secret:
        raise Refused(403, "the account's own secret key is wanted in x-tablesleuth-secret")
    raise Refused(404, f"no such path: {scope['method']} {scope['path']}")


def _document(body: bytes) -> Document:
    try:
        document = json.loads(body or b"{}")
    except ValueError as problem:
        raise Refused(400, f"the body is not JSON: {problem}") from None
    if not isinstance(document, dict):
        raise Refused(400, "the body has to be a JSON object")
    return document


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Send, status: int, document: Document) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(document).encode()})
