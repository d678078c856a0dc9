"""The few messages of Arrow Flight SQL that clients send to run a query, read and written without generated code.

Flight SQL wraps each command in protobuf's Any: field 1 names the type, field 2 holds the message. In every message used here
field 1 is the query, the prepared statement's handle, or the ticket's handle.
"""

from __future__ import annotations

TYPE_PREFIX = b"type.googleapis.com/arrow.flight.protocol.sql."
LENGTH_DELIMITED = 2


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def _encoded_varint(value: int) -> bytes:
    encoded = b""
    while value > 0x7F:
        encoded += bytes([value & 0x7F | 0x80])
        value >>= 7
    return encoded + bytes([value])


def _fields(data: bytes) -> dict[int, bytes]:
    """The length-delimited fields of a message; numbers and flags are skipped."""
    fields: dict[int, bytes] = {}
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        if key & 7 == LENGTH_DELIMITED:
            length, position = _varint(data, position)
            fields[key >> 3] = data[position : position + length]
            position += length
        else:
            _, position = _varint(data, position)
    return fields


def _field(number: int, value: bytes) -> bytes:
    return _encoded_varint(number << 3 | LENGTH_DELIMITED) + _encoded_varint(len(value)) + value


def pack(type_name: str, first_field: bytes) -> bytes:
    """A message of the named type whose first field is given."""
    return _field(1, TYPE_PREFIX + type_name.encode()) + _field(2, _field(1, first_field))


def unpack(data: bytes) -> tuple[str, bytes]:
    """The type's name and the first field of a packed message."""
    wrapped = _fields(data)
    name = wrapped.get(1, b"")
    if not name.startswith(TYPE_PREFIX):
        raise ValueError(f"not a Flight SQL message: {name!r}")
    return name[len(TYPE_PREFIX) :].decode(), _fields(wrapped.get(2, b"")).get(1, b"")
