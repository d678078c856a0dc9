"""Log groups: a name of their own for each stack, never another stack's group."""

from __future__ import annotations

from ministack.services import cloudwatch_logs
from ministack.services.cloudformation import provisioners

from .calls import ServiceRefused
from .registry import Created, Properties, Registry, generated_name, replacing

LOG_GROUP = "AWS::Logs::LogGroup"
_NAME = "LogGroupName"


def register(registry: Registry) -> None:
    registry.service(
        LOG_GROUP,
        "Kept with retention and key; refuses a name that exists, as AWS does.",
        create=_create,
        delete=provisioners._cwlogs_delete,
        update=_update,
    )


def _create(logical_id: str, properties: Properties, stack_name: str) -> Created:
    name = generated_name(properties, _NAME, stack_name, logical_id)
    if name in cloudwatch_logs._log_groups:
        raise ServiceRefused(f"Resource of type '{LOG_GROUP}' with identifier '{name}' already exists.")
    return provisioners._cwlogs_create(logical_id, {**properties, _NAME: name}, stack_name)


def _update(name: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
    if old.get(_NAME) != new.get(_NAME):
        return replacing(_create, provisioners._cwlogs_delete)(name, old, new, stack_name, logical_id)
    named_old, named_new = {**old, _NAME: name}, {**new, _NAME: name}
    return provisioners._cwlogs_update(name, named_old, named_new, stack_name, logical_id)
