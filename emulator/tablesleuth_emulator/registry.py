"""The CloudFormation resource types that this package adds to ministack, or corrects.

Each says what stands behind it: ``service`` types change the state that the service's own API reads back,
``declared`` types are only a record of their properties, because ministack has no such service.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
Attributes = dict[str, Any]
Created = tuple[str, Attributes]
Create = Callable[[str, Properties, str], Created]
Delete = Callable[[str, Properties], object]
Update = Callable[[str, Properties, Properties, str, str], Created]
After = Callable[[str, Properties], Attributes | None]
Backing = Literal["service", "declared"]


def _accept(_properties: Properties) -> None:
    """Refuses nothing."""


@dataclass(frozen=True)
class EmulatedType:
    """One resource type of ours. ``note`` is for the person who reads the table: what it does and does not do."""

    name: str
    backing: Backing
    note: str
    handler: dict[str, Any]


@dataclass
class Registry:
    """Collects the types of all modules, then puts them into ministack's own table."""

    types: dict[str, EmulatedType] = field(default_factory=dict)
    declared_resources: dict[str, Properties] = field(default_factory=dict)

    def service(
        self,
        name: str,
        note: str,
        *,
        create: Create,
        delete: Delete,
        update: Update | None = None,
        snapshot: Delete | None = None,
    ) -> None:
        """A type with a service behind it. Without ``update`` every change replaces the resource. ``snapshot`` is what
        a deletion policy of that name does first."""
        handler: dict[str, Any] = {"create": create, "delete": delete, "update_with_logical_id": True}
        handler["update"] = update or replacing(create, delete)
        if snapshot:
            handler["snapshot"] = snapshot
        self._add(EmulatedType(name, "service", note, handler))

    def declared(self, name: str, note: str, identify: Create) -> None:
        """A type without a service: its identity is made up by ``identify``, its properties are kept."""

        def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
            physical_id, attributes = identify(logical_id, properties, stack_name)
            self.declared_resources[physical_id] = {"Type": name, **properties}
            return physical_id, attributes

        def update(_id: str, _old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
            return create(logical_id, new, stack_name)

        def delete(physical_id: str, _properties: Properties) -> None:
            self.declared_resources.pop(physical_id, None)

        handler = {"create": create, "update": update, "delete": delete, "update_with_logical_id": True}
        self._add(EmulatedType(name, "declared", note, handler))

    def corrected(
        self, name: str, note: str, *, before: Callable[[Properties], None] = _accept, after: After | None = None
    ) -> None:
        """One of ministack's own types. On each create and update ``before`` may refuse, and ``after`` may add
        attributes."""
        native = provisioners._RESOURCE_HANDLERS[name]

        def add(result: Created, properties: Properties) -> Created:
            more = after(result[0], properties) if after else None
            return result[0], {**(result[1] or {}), **(more or {})}

        def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
            before(properties)
            return add(native["create"](logical_id, properties, stack_name), properties)

        handler = {**native, "create": create}
        if "update" in native:

            def update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
                before(new)
                arguments = (physical_id, old, new, stack_name)
                named = (*arguments, logical_id) if native.get("update_with_logical_id") else arguments
                return add(native["update"](*named), new)

            handler.update(update=update, update_with_logical_id=True)
        self._add(EmulatedType(name, "service", note, handler))

    def install(self) -> None:
        """Make CloudFormation know the types. Types that neither we nor ministack know stay refused."""
        for emulated in self.types.values():
            provisioners._RESOURCE_HANDLERS[emulated.name] = emulated.handler

    def _add(self, emulated: EmulatedType) -> None:
        if emulated.name in self.types:
            raise ValueError(f"{emulated.name} is registered twice: each type belongs to one module")
        self.types[emulated.name] = emulated


def arn(service: str, resource: str) -> str:
    """An ARN in the account and region of the running request."""
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{resource}"


def generated_name(properties: Properties, member: str, stack_name: str, logical_id: str) -> str:
    """The name that the template gives, or CloudFormation's own kind of name."""
    return properties.get(member) or provisioners._physical_name(stack_name, logical_id)


def replacing(create: Create, delete: Delete) -> Update:
    """An update that makes the resource anew, under a new generated name, then deletes the old one."""

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
        created = provisioners._seeded_create(create, logical_id, new, stack_name)
        if created[0] != physical_id:
            provisioners._delete_predecessor(delete, physical_id, old)
        return created

    return update
