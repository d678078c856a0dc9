"""``python -m tablesleuth_emulator.document`` prints the table of resource types for the documentation."""

from __future__ import annotations

from ministack.services.cloudformation import provisioners

from . import extension
from .product_types import NOTES

HEADING = """# Resource types in the emulated account

Made by `npx tsx emulator/document-types.ts` from the registry. Tests keep it equal to the registry, and hold every type
of the product's templates against it.

- **service**: the resource changes the state that the service's own API reads back.
- **declared**: only a record of its properties; there is no service behind it.
- **not emulated**: refused before anything is deployed.

| resource type | what stands behind it | from | what to know |
|---|---|---|---|
"""


def table() -> str:
    """The page, for the types of the product's templates in alphabetical order."""
    ours = extension.build().types
    rows = []
    for name in sorted({*NOTES, *ours}):
        if name in ours:
            row = (name, ours[name].backing, "this package", ours[name].note)
        elif name in provisioners._RESOURCE_HANDLERS or name.startswith("Custom::"):
            row = (name, "service", "ministack", NOTES[name])
        else:
            row = (name, "not emulated", "", NOTES[name])
        rows.append(f"| `{row[0]}` | {row[1]} | {row[2]} | {row[3]} |".replace("|  |", "| |"))
    return HEADING + "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(table(), end="")
