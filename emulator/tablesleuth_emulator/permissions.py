"""How IAM is enforced, where ministack's way is not AWS's, and one deliberate hole.

The hole: a request over loopback counts as sent over TLS. The emulated account listens on plain HTTP, on 127.0.0.1
alone. Every bucket policy that demands TLS, as all of ours do, would otherwise refuse every request once IAM is
enforced, and nothing else of IAM could be tried.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudformation, ec2, secretsmanager

# What the native look-up finds first comes first.
_RESOURCES = {
    "AttachVolume": (("InstanceId", "instance"), ("VolumeId", "volume")),
    "DetachVolume": (("InstanceId", "instance"), ("VolumeId", "volume")),
}
_TAGGED = {"i": "instance", "snap": "snapshot", "vol": "volume"}

from . import batch_jobs, commands
from .registry import arn

_TAG = "ssm:resourcetag/"
# Between the ARNs of a request that needs permission on each of them; no ARN has a space.
_AND = " "


_event_sources: ContextVar[list[str] | None] = ContextVar("event_sources", default=None)


def install() -> None:
    """Correct the evaluation of policies. What a policy that demands TLS refuses cannot be tested here."""
    _name_actions()
    _fill_in_condition_keys()
    _name_resources()
    _check_what_is_sent()
    _check_all_resources()


def _name_actions() -> None:
    """SQS asks for the action on one message where several are sent, deleted or hidden at once."""
    native = iam_actions.extract_iam_action

    def extract(service: str, *request: Any) -> Any:
        action = native(service, *request)
        return action.removesuffix("Batch") if service == "sqs" and action else action

    iam_actions.extract_iam_action = extract


def _fill_in_condition_keys() -> None:
    native = iam_evaluator._resolve_condition_key

    def resolve(key: str, context: iam_evaluator.EvalContext) -> Any:
        if key.lower() == "aws:securetransport":
            return context.service_context.get("aws:securetransport", "true")
        if key.lower() == "secretsmanager:resource/allowrotationlambdaarn":
            _name, secret = secretsmanager._resolve(context.resource_arn)
            return (secret or {}).get("RotationLambdaARN")
        if key.lower() == "events:source":
            return _event_sources.get()
        if key.lower().startswith(_TAG) and ":instance/" in context.resource_arn:
            return commands.tags_of(context.resource_arn.rpartition("/")[2]).get(key[len(_TAG) :])
        if key.lower() == "iam:awsservicename" and "/aws-service-role/" in context.resource_arn:
            return context.resource_arn.split("/")[2]
        if key.lower().startswith("aws:resourcetag/") and context.resource_arn.startswith("arn:aws:ec2:"):
            return _tag_of(context.resource_arn.rpartition("/")[2], key.partition("/")[2])
        return native(key, context)

    iam_evaluator._resolve_condition_key = resolve


def _name_resources() -> None:
    native = iam_actions.extract_resource_arn

    def extract(service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any) -> str:
        resource = native(service, method, path, headers, body, *rest)
        _event_sources.set(_sources(body) if service == "events" else None)
        if service == "cloudformation":
            return _stack_arn(resource)
        if service == "ecr" and resource == "*":
            return _repository_arns(body)
        if service == "batch":
            return _AND.join(batch_jobs.resources_of(path, json.loads(body or b"{}"))) or resource
        if service == "ssm" and headers.get("x-amz-target", "").endswith(".SendCommand"):
            return _arns_of_command(body)
        if service == "ec2" and resource == "*":
            fleet = _named(rest[0], "FleetId", f"arn:aws:ec2:{rest[1]}:{rest[2]}:fleet/{{}}")
            return _tagged_arn(*rest) if fleet == "*" else fleet
        if service == "iam" and "/aws-service-role/" not in resource:
            return _service_linked_role_arn(rest[0], rest[2]) or resource
        if service == "logs" and ":log-group:" in resource and not headers.get("x-amz-target", "").endswith("Resource"):
            return _log_stream_arn(resource, body)
        return resource

    iam_actions.extract_resource_arn = extract


def _check_what_is_sent() -> None:
    """SendCommand needs permission on its document and on each instance; ministack asks for ``*``, once."""
    native = iam_evaluator.enforce

    def enforce(*request: Any, resource_arn: str = "*", **more: Any) -> Any:
        denials = (native(*request, resource_arn=each, **more) for each in resource_arn.split(_AND))
        return next((denial for denial in denials if denial is not None), None)

    iam_evaluator.enforce = enforce


def _arns_of_command(body: bytes) -> str:
    request = json.loads(body or b"{}")
    name = request.get("DocumentName") or ""
    owner = "" if name.startswith("AWS-") else get_account_id()
    instances = [arn("ec2", f"instance/{instance_id}") for instance_id in request.get("InstanceIds") or ["*"]]
    return _AND.join([f"arn:aws:ssm:{get_region()}:{owner}:document/{name}", *instances])


def _repository_arns(body: bytes) -> str:
    """The repositories that a request names; a token for the registry is asked for without any."""
    request = json.loads(body or b"{}")
    names = request.get("repositoryNames") or ([request["repositoryName"]] if "repositoryName" in request else [])
    return _AND.join(arn("ecr", f"repository/{name}") for name in names) or "*"


def _tag_of(resource_id: str, name: str) -> str | None:
    return next((tag["Value"] for tag in ec2._tags.get(resource_id, []) if tag["Key"].lower() == name.lower()), None)


def _check_all_resources() -> None:
    """EC2 asks for every resource that these actions name, not for one of them alone."""
    native = iam_actions.verified_access_resource_arns

    def checked(params: dict[str, Any], region: str, account_id: str) -> list[str]:
        action = iam_actions._query_param(params, "Action")
        fields = _RESOURCES.get(action)
        if fields is None:
            return native(params, region, account_id)
        found = [(kind, iam_actions._query_param(params, name)) for name, kind in fields]
        return [f"arn:aws:ec2:{region}:{account_id}:{kind}/{value}" for kind, value in found if value]

    iam_actions.verified_access_resource_arns = checked


def _stack_arn(resource: str) -> str:
    """CloudFormation asks for the stack that has the name, as policies name it."""
    name = resource.split("/")[1] if resource.endswith("/*") else ""
    return (cloudformation._stacks.get(name) or {}).get("StackId", resource)


def _named(params: dict[str, Any], member: str, form: str) -> str:
    """A resource of a kind that ministack does not look for among a request's members."""
    name = _member(params, member)
    return form.format(name) if name else "*"


def _service_linked_role_arn(params: dict[str, Any], account: str) -> str | None:
    """The role that CreateServiceLinkedRole is about to make."""
    service = _member(params, "AWSServiceName")
    name = f"AWSServiceRoleFor{service.split('.')[0].capitalize()}"
    return f"arn:aws:iam::{account}:role/aws-service-role/{service}/{name}" if service else None


def _member(params: dict[str, Any], name: str) -> str:
    value = params.get(name) or ""
    return str(value[0] if isinstance(value, list) else value)


def _tagged_arn(params: dict[str, Any], region: str, account_id: str) -> str:
    """What CreateTags and DeleteTags name."""
    resource_id = iam_actions._query_param(params, "ResourceId.1")
    kind = _TAGGED.get(resource_id.partition("-")[0])
    return f"arn:aws:ec2:{region}:{account_id}:{kind}/{resource_id}" if kind else "*"


def _log_stream_arn(resource: str, body: bytes) -> str:
    """CloudWatch Logs asks for its log groups as ``log-group:NAME:log-stream:STREAM``: a policy has to end in ``:*``,
    as the log group's own ARN attribute does."""
    return f"{resource}:log-stream:{_stream_name(body)}"


def _sources(body: bytes) -> list[str] | None:
    """The sources of the events that are put, which a policy may restrict."""
    try:
        return [str(entry["Source"]) for entry in json.loads(body)["Entries"]]
    except (ValueError, KeyError, TypeError):
        return None


def _stream_name(body: bytes) -> str:
    try:
        return str(json.loads(body or b"{}").get("logStreamName") or "")
    except (ValueError, AttributeError):
        return ""
