"""What the instance metadata service would tell an instance: the credentials of its role.

``GET /_tablesleuth/instances/<id>/credentials`` answers the document of the real service, ``DELETE`` ends all that were given.
"""

from __future__ import annotations

import json
import time
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import ec2 as ec2_service
from ministack.services import iam, sts

from .endpoints import Document, Endpoint, Refused

_HOUR = 3600


class NoCredentials(LookupError):
    """The instance has no role to give credentials for."""


ENDPOINTS = [
    Endpoint("GET", r"instances/(i-[0-9a-f]+)/credentials", lambda groups, _body: _credentials(groups[0])),
    Endpoint("DELETE", r"instances/(i-[0-9a-f]+)/credentials", lambda groups, _body: _expire(groups[0])),
]


def issue_credentials(instance_id: str) -> dict[str, Any]:
    """An hour's credentials of the role in an instance's profile."""
    instance = _running_instance(instance_id)
    profile_arn = (instance.get("IamInstanceProfile") or {}).get("Arn", "")
    profile = iam._instance_profiles.get(profile_arn.rsplit("/", 1)[-1])
    roles = (profile or {}).get("Roles") or []
    if not roles:
        raise NoCredentials(f"instance {instance_id} has no instance profile with a role (profile: {profile_arn!r})")
    role = iam._roles[roles[0]]
    if not _trusts_instances(role):
        raise NoCredentials(f"the role {roles[0]} does not let ec2.amazonaws.com assume it")
    return _session(role, instance_id)


def _running_instance(instance_id: str) -> dict[str, Any]:
    for (_account, _region, found_id), instance in ec2_service._instances.all_items():
        if found_id == instance_id and instance["State"]["Name"] == "running":
            return instance
    raise NoCredentials(f"no running instance {instance_id} in this account")


def _trusts_instances(role: dict[str, Any]) -> bool:
    document = role.get("AssumeRolePolicyDocument") or "{}"
    statements = (json.loads(document) if isinstance(document, str) else document).get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal")
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        if statement.get("Effect") == "Allow" and "ec2.amazonaws.com" in (
            services if isinstance(services, list) else [services]
        ):
            return True
    return False


def _session(role: dict[str, Any], instance_id: str) -> dict[str, Any]:
    name = role["RoleName"]
    access_key, secret, token = iam._gen_session_access_key(), iam._gen_secret(), iam._gen_session_token()
    sts.register_session(
        access_key,
        {
            "Arn": f"arn:aws:sts::{get_account_id()}:assumed-role/{name}/{instance_id}",
            "UserId": f"{role['RoleId']}:{instance_id}",
            "AccountId": get_account_id(),
            "PrincipalType": "AssumedRole",
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": time.time() + _HOUR,
        },
    )
    return {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "LastUpdated": _timestamp(time.time()),
        "AccessKeyId": access_key,
        "SecretAccessKey": secret,
        "Token": token,
        "Expiration": _timestamp(time.time() + _HOUR),
        "RoleName": name,
    }


def _credentials(instance_id: str) -> Document:
    try:
        return issue_credentials(instance_id)
    except NoCredentials as reason:
        raise Refused(404, str(reason)) from None


def _expire(instance_id: str) -> Document:
    """As if the hours had passed after which they end."""
    of_instance = [session for session in sts._sessions.values() if str(session.get("UserId")).endswith(f":{instance_id}")]
    for session in of_instance:
        session["Expiration"] = time.time() - 1
    return {"Expired": len(of_instance)}


def _timestamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
