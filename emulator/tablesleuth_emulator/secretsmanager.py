"""Secrets: their generated values, and ``Ref`` as the ARN that policies name."""

from __future__ import annotations

import json

from ministack.services import secretsmanager as service
from ministack.services.cloudformation import provisioners

from .calls import checked
from .launching import is_true
from .registry import Created, Properties, Registry

SECRET = "AWS::SecretsManager::Secret"
_FLAGS = (
    "ExcludeNumbers", "ExcludePunctuation", "ExcludeUppercase", "ExcludeLowercase", "IncludeSpace",
    "RequireEachIncludedType",
)  # fmt: skip


def register(registry: Registry) -> None:
    registry.service(
        SECRET,
        "Generated as GenerateSecretString says; Ref is the ARN.",
        create=_create,
        delete=_delete,
        update=_update,
    )


def install() -> None:
    """Generate a template's secrets with the service's own generator, which honours every option."""
    provisioners._sm_secret_string = _secret_string


def _secret_string(properties: Properties) -> str:
    wanted = properties.get("GenerateSecretString")
    if properties.get("SecretString") or not wanted:
        return properties.get("SecretString") or ""
    request = {name: is_true(wanted[name]) for name in _FLAGS if name in wanted}
    request["PasswordLength"] = int(wanted.get("PasswordLength", 32))
    request["ExcludeCharacters"] = wanted.get("ExcludeCharacters", "")
    password = json.loads(checked(service._get_random_password(request)))["RandomPassword"]
    if "GenerateStringKey" not in wanted:
        return password
    return json.dumps({**json.loads(wanted["SecretStringTemplate"]), wanted["GenerateStringKey"]: password})


def _create(logical_id: str, properties: Properties, stack_name: str) -> Created:
    _name, attributes = provisioners._sm_secret_create(logical_id, properties, stack_name)
    return attributes["Arn"], attributes


def _update(arn: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
    _name, attributes = provisioners._sm_secret_update(_stored_name(arn), old, new, stack_name, logical_id)
    return attributes["Arn"], attributes


def _delete(arn: str, properties: Properties) -> None:
    provisioners._sm_secret_delete(_stored_name(arn), properties)


def _stored_name(arn: str) -> str:
    name, _secret = service._resolve(arn)
    return name or arn
