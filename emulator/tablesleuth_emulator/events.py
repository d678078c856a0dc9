"""Events that AWS's own services send, on demand: an account's user may not send them, and nobody here takes a spot host back."""

from __future__ import annotations

from . import life_cycle
from .endpoints import Document, Endpoint, Refused


def _send(_groups: tuple[str, ...], body: Document) -> Document:
    source, detail_type, detail = body.get("source"), body.get("detailType"), body.get("detail")
    if not (isinstance(source, str) and isinstance(detail_type, str) and isinstance(detail, dict)):
        raise Refused(400, "source and detailType are wanted as texts, detail as an object")
    life_cycle.emit(source, detail_type, detail, [])
    return {}


ENDPOINTS = [Endpoint("POST", "events", _send)]
