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
    if not may_assume(principal, role_arn, source_arn):
        raise PermissionError(f"{role_arn} does not let {principal} assume it for {source_arn}")
    role = iam._roles[role_arn.rsplit("/", 1)[-1]]
    access_key, secret, token = iam._gen_session_access_key(), iam._gen_secret(), iam._gen_session_token()
    sts.register_session(
        access_key,
        {
            "Arn": f"arn:aws:sts::{get_account_id()}:assumed-role/{role['RoleName']}/{principal.split('.')[0]}",
            "UserId": f"{role['RoleId']}:{principal.split('.')[0]}",
            "AccountId": get_account_id(),
            "PrincipalType": "AssumedRole",
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": time.time() + _SECONDS,
        },
    )
    try:
        yield {"aws_access_key_id": access_key, "aws_secret_access_key": secret, "aws_session_token": token}
    finally:
        sts._sessions.pop(access_key, None)


def call(credentials: dict[str, str], service: str, action: str, request: Properties, region: str) -> Any:
    """Call an action of any service. Must not run on the event loop, which has to be free to answer."""
    import boto3
    from botocore import xform_name
    from botocore.config import Config

    endpoint = f"http://{os.environ['MINISTACK_HOST']}:{os.environ['GATEWAY_PORT']}"
    once = Config(retries={"total_max_attempts": 1})
    client = boto3.client(service, region_name=region, endpoint_url=endpoint, config=once, **credentials)
    return getattr(client, xform_name(action[0].upper() + action[1:]))(**request)
