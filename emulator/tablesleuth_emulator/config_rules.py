"""What the rules of AWS Config that the product uses find in the emulated account, each time that somebody asks.

Others stay without data, as a rule that has never been evaluated.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import config as service
from ministack.services import ec2 as ec2_service
from ministack.services import s3 as s3_service

from . import ebs_encryption
from .registry import Properties

Finding = tuple[str, str, bool]

#: Of a bucket's settings, those that keep the public out, whatever its policy and its grants say.
_BLOCKS = ("IgnorePublicAcls", "RestrictPublicBuckets")


def _encryption() -> Iterator[Finding]:
    yield "AWS::::Account", get_account_id(), ebs_encryption.is_on()


def _flow_logs() -> Iterator[Finding]:
    logged = {log.get("ResourceId") for log in ec2_service._flow_logs.values()}
    for vpc_id in ec2_service._vpcs:
        yield "AWS::EC2::VPC", vpc_id, vpc_id in logged


def _metadata() -> Iterator[Finding]:
    for instance_id, instance in ec2_service._instances.items():
        if instance["State"]["Name"] != "terminated":
            tokens = (instance.get("MetadataOptions") or {}).get("HttpTokens")
            yield "AWS::EC2::Instance", instance_id, tokens == "required"


def _buckets(action: str, permissions: tuple[str, ...]) -> Callable[[], Iterator[Finding]]:
    def judge() -> Iterator[Finding]:
        for name, bucket in s3_service._buckets.items():
            if s3_service.bucket_region(name) == get_region():
                yield "AWS::S3::Bucket", name, not _is_public(name, bucket, action, permissions)

    return judge


def _is_public(name: str, bucket: Properties, action: str, permissions: tuple[str, ...]) -> bool:
    settings = bucket.get("_public_access_block") or ""
    by_grant, by_policy = (not re.search(f"<{block}>true</{block}>", settings) for block in _BLOCKS)
    grants = re.findall(r"AllUsers.*?<Permission>(\w+)</Permission>", s3_service._bucket_acl.get(name) or "", re.S)
    if by_grant and any(permission in (*permissions, "FULL_CONTROL") for permission in grants):
        return True
    return by_policy and any(_opens(statement, action) for statement in _statements(name))


def _statements(name: str) -> list[Properties]:
    policy = s3_service._bucket_policies.get(name) or "{}"
    statements = (json.loads(policy) if isinstance(policy, (str, bytes)) else policy).get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


def _opens(statement: Properties, action: str) -> bool:
    principal, actions = statement.get("Principal"), statement.get("Action", [])
    everybody = principal == "*" or (isinstance(principal, dict) and principal.get("AWS") in ("*", ["*"]))
    named = [actions] if isinstance(actions, str) else actions
    return (
        statement.get("Effect") == "Allow"
        and everybody
        and not statement.get("Condition")
        and any(one in ("*", "s3:*") or one.startswith(action) for one in named)
    )


_RULES: dict[str, Callable[[], Iterator[Finding]]] = {
    "EC2_EBS_ENCRYPTION_BY_DEFAULT": _encryption,
    "VPC_FLOW_LOGS_ENABLED": _flow_logs,
    "EC2_IMDSV2_CHECK": _metadata,
    "S3_BUCKET_PUBLIC_READ_PROHIBITED": _buckets("s3:Get", ("READ",)),
    "S3_BUCKET_PUBLIC_WRITE_PROHIBITED": _buckets("s3:Put", ("WRITE",)),
}


def findings(rule: Properties) -> list[Finding] | None:
    """The resources that a rule judges, and whether each is as it should be; None for a rule that is not known here."""
    judge = _RULES.get((rule.get("Source") or {}).get("SourceIdentifier", ""))
    return None if judge is None else list(judge())


def compliance(name: str) -> Properties:
    """A rule and what it comes to, as DescribeComplianceByConfigRule answers."""
    found = findings(service._config_rules[name])
    if not found:
        kind = "INSUFFICIENT_DATA"
    else:
        kind = "COMPLIANT" if all(good for _type, _id, good in found) else "NON_COMPLIANT"
    return {"ConfigRuleName": name, "Compliance": {"ComplianceType": kind}}


def details(request: Properties) -> Any:
    """The answer of GetComplianceDetailsByConfigRule."""
    name = request.get("ConfigRuleName")
    rule = service._config_rules.get(name)
    if rule is None:
        return service.error_response_json("NoSuchConfigRuleException", f"The ConfigRule '{name}' is not there", 400)
    now, wanted = time.time(), request.get("ComplianceTypes") or ["COMPLIANT", "NON_COMPLIANT"]
    results = [
        {
            "EvaluationResultIdentifier": {
                "EvaluationResultQualifier": {"ConfigRuleName": name, "ResourceType": kind, "ResourceId": resource_id}
            },
            "ComplianceType": "COMPLIANT" if good else "NON_COMPLIANT",
            "ResultRecordedTime": now,
            "ConfigRuleInvokedTime": now,
        }
        for kind, resource_id, good in findings(rule) or []
    ]
    return service.json_response({"EvaluationResults": [one for one in results if one["ComplianceType"] in wanted]})
