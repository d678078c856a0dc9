"""Calls that a service of AWS makes with a role that a person gave it, over the network like any other caller's."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import iam, sts

from .registry import Properties

_SECONDS = 900


def install() -> None:
    """Refuse a second service-linked role in the words that programs of AWS's clients look for."""
    native = iam._create_service_linked_role

    def create(params: Properties) -> Any:
        answer = native(params)
        if answer[0] != 409:
            return answer
        message = "Service role name has been taken in this account, please try a different suffix."
        return iam._error(400, "InvalidInput", message, ns="iam")

    for table in (value for value in vars(iam).values() if isinstance(value, dict)):
        table.update({name: create for name, handler in table.items() if handler is native})


def may_assume(principal: str, role_arn: str, source_arn: str) -> bool:
    """Whether a role trusts a service that acts for a resource."""
    role = iam._roles.get(role_arn.rsplit("/", 1)[-1])
    if role is None:
        return False
    document = role.get("AssumeRolePolicyDocument") or "{}"
    statements = (json.loads(document) if isinstance(document, str) else document).get("Statement", [])
    context = iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type="Service",
        principal_account="",
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region="",
        service_context={"aws:sourceaccount": get_account_id(), "aws:sourcearn": source_arn},
    )
    return any(
        statement.get("Effect") == "Allow"
        and iam_evaluator._service_principal_matches(statement.get("Principal"), principal)
        and iam_evaluator._conditions_met(statement.get("Condition") or {}, context)
        for statement in (statements if isinstance(statements, list) else [statements])
    )


@contextmanager
def session(principal: str, role_arn: str, source_arn: str) -> Iterator[dict[str, str]]:
    """Credentials of a role for one call, as an SDK takes them."""
    issued = issue(principal, role_arn, source_arn)
    try:
        yield {
            "aws_access_key_id": issued["AccessKeyId"],
            "aws_secret_access_key": issued["SecretAccessKey"],
            "aws_session_token": issued["Token"],
        }
    finally:
        sts._sessions.pop(issued["AccessKeyId"], None)


def issue(principal: str, role_arn: str, source_arn: str) -> dict[str, str]:
    """Credentials of a role for some minutes, as a metadata service writes them."""
    if not may_assume(principal, role_arn, source_arn):
        raise PermissionError(f"{role_arn} does not let {principal} assume it for {source_arn}")
    role = iam._roles[role_arn.rsplit("/", 1)[-1]]
    access_key, secret, token = iam._gen_session_access_key(), iam._gen_secret(), iam._gen_session_token()
    expiration = time.time() + _SECONDS
    sts.register_session(
        access_key,
        {
            "Arn": f"arn:aws:sts::{get_account_id()}:assumed-role/{role['RoleName']}/{principal.split('.')[0]}",
            "UserId": f"{role['RoleId']}:{principal.split('.')[0]}",
            "AccountId": get_account_id(),
            "PrincipalType": "AssumedRole",
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": expiration,
        },
    )
    return {
        "RoleArn": role_arn,
        "AccessKeyId": access_key,
        "SecretAccessKey": secret,
        "Token": token,
        "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expiration)),
    }


def call(credentials: dict[str, str], service: str, action: str, request: Properties, region: str) -> Any:
    """Call an action of any service. Must not run on the event loop, which has to be free to answer."""
    import boto3
    from botocore import xform_name
    from botocore.config import Config

    endpoint = f"http://{os.environ['MINISTACK_HOST']}:{os.environ['GATEWAY_PORT']}"
    once = Config(retries={"total_max_attempts": 1})
    client = boto3.client(service, region_name=region, endpoint_url=endpoint, config=once, **credentials)
    name = action[0].upper() + action[1:]
    members = client.meta.service_model.operation_model(name).input_shape
    return getattr(client, xform_name(name))(**_as_shaped(request, members))


def _as_shaped(value: Any, shape: Any) -> Any:
    """Members are named in Pascal case whoever calls for somebody; some services' own begin with a small letter."""
    if shape.type_name == "structure":
        names = {name[0].upper() + name[1:]: name for name in shape.members}
        written = ((names.get(name[0].upper() + name[1:], name), member) for name, member in value.items())
        return {name: _as_shaped(member, shape.members[name]) if name in shape.members else member for name, member in written}
    if shape.type_name == "list":
        return [_as_shaped(member, shape.member) for member in value]
    return value
