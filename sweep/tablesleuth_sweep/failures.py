"""What an error of any of the readers means to the person who has to do something about it."""

from __future__ import annotations

from .finding import Failure

#: Words of botocore's, pyarrow's and delta-rs's messages; they share no types. The first that fits is taken.
_KINDS = (
    ("unreadable", ("magic bytes",)),
    (
        "access-denied",
        ("access denied", "accessdenied", "access_denied", "forbidden", "not authorized", "permission denied", " 403"),
    ),
    (
        "access-denied",
        (
            "no credentials",
            "nocredential",
            "unable to locate credentials",
            "invalidaccesskeyid",
            "access_key_id",
            "unrecognizedclient",
            "expiredtoken",
            "security token",
            "signature",
        ),
    ),
    ("timeout", ("timed out", "timeout", "operation_timedout")),
    (
        "not-found",
        (
            "not found",
            "no such file",
            "does not exist",
            "nosuchkey",
            "nosuchbucket",
            "entitynotfound",
            "path_not_found",
            "no files in log segment",
            "notfound",
        ),
    ),
    ("unsupported", ("not yet support", "unsupported", "not supported", "reader features", "is not implemented")),
    (
        "unreadable",
        (
            "corrupt",
            "magic bytes",
            "invalid parquet",
            "json",
            "malformed",
            "validation error",
            "unexpected end",
            "thrift",
            "avro",
            "eof",
            "parse",
            "parquet file size",
            "header",
        ),
    ),
)
_TYPES = {
    PermissionError: "access-denied",
    TimeoutError: "timeout",
    FileNotFoundError: "not-found",
    NotImplementedError: "unsupported",
    EOFError: "unreadable",
    UnicodeDecodeError: "unreadable",
}
_ACTIONS = {
    "access-denied": "Allow the identity that sweeps to list the table's bucket, read its objects, use their key, and read its Glue entry",
    "not-found": "Look whether the table was moved or dropped; a catalog may still name it",
    "unreadable": "The table's metadata is damaged: restore it from the bucket's versions, or roll back to an older metadata file",
    "unsupported": "No reader here knows this kind of table or this feature of it",
    "timeout": "Look whether the network leads there, and give the table more time with --timeout",
    "crashed": "Its reader was ended, most often for want of memory: sweep it alone, with --workers 1",
    "other": "Look at the message; the table's own engine may say more",
}


class Unsupported(Exception):
    """A table that no reader here reads."""


class TimedOut(Exception):
    """A table that took longer than it may."""


class Crashed(Exception):
    """A table whose reader ended while it read."""


class CannotKeep(Exception):
    """A document that cannot be written: every other one would not be either, so that the sweep ends."""


def failure_of(error: BaseException) -> Failure:
    """The failure for a finding; its message is one line of at most 500 characters."""
    message = " ".join(f"{type(error).__name__}: {error}".split())[:500]
    kind = _kind(error, message.lower())
    return Failure(kind=kind, message=message, action=_ACTIONS[kind])


def _kind(error: BaseException, text: str) -> str:
    own = {Unsupported: "unsupported", TimedOut: "timeout", Crashed: "crashed"}.get(type(error))
    if own is not None:
        return own
    named = next((kind for type_, kind in _TYPES.items() if isinstance(error, type_)), None)
    return named or next((kind for kind, words in _KINDS if any(word in text for word in words)), "other")
