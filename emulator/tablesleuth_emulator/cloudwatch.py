"""CloudWatch's alarms in templates."""

from __future__ import annotations

from ministack.services import cloudwatch as service

from .calls import query
from .registry import Created, Properties, Registry, arn, generated_name, replacing

_VERSION = "2010-08-01"


def register(registry: Registry) -> None:
    registry.corrected(
        "AWS::CloudWatch::Alarm",
        "Judges the exact dimensions period by period, missing data as it says, and tells its topic; no metric math.",
    )
    registry.service(
        "AWS::CloudWatch::CompositeAlarm",
        "Its state follows the alarms of its rule, and it tells its topic.",
        create=_create,
        delete=_delete,
        update=_update,
    )


def _create(logical_id: str, properties: Properties, stack_name: str) -> Created:
    name = generated_name(properties, "AlarmName", stack_name, logical_id)
    return _put(name, properties)


def _put(name: str, properties: Properties) -> Created:
    members = ("AlarmRule", "AlarmDescription", "ActionsEnabled")
    request = {key: properties[key] for key in members if key in properties}
    for key in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        if properties.get(key):
            request[key] = {"member": properties[key]}
    query(service, "PutCompositeAlarm", _VERSION, {"AlarmName": name, **request})
    return name, {"Arn": arn("cloudwatch", f"alarm:{name}")}


def _update(name: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
    if old.get("AlarmName") != new.get("AlarmName"):
        return replacing(_create, _delete)(name, old, new, stack_name, logical_id)
    return _put(name, new)


def _delete(name: str, _properties: Properties) -> None:
    query(service, "DeleteAlarms", _VERSION, {"AlarmNames": {"member": [name]}})
