"""Instance profiles: their physical id is their name, as on AWS, where ministack's is their ARN."""

from __future__ import annotations

from ministack.services import iam
from ministack.services.cloudformation import provisioners

from .registry import Created, Properties, Registry


def register(registry: Registry) -> None:
    registry.service(
        "AWS::IAM::InstanceProfile", "Its reference is its name, as on AWS.", create=_create, delete=_delete, update=_update
    )


def _create(logical_id: str, properties: Properties, stack_name: str) -> Created:
    return _named(provisioners._iam_ip_create(logical_id, properties, stack_name))


def _update(name: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
    return _named(provisioners._iam_ip_update(_arn(name), old, new, stack_name, logical_id))


def _delete(name: str, properties: Properties) -> None:
    provisioners._iam_ip_delete(_arn(name), properties)


def _named(created: Created) -> Created:
    return created[0].rpartition("/")[2], created[1]


def _arn(name: str) -> str:
    return str(iam._instance_profiles.get(name, {}).get("Arn", name))
