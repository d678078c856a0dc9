"""AWS Config: rules that are evaluated, the recorder and its delivery channel.

A region has one recorder, and a rule cannot be made without one, as on AWS.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import config as service

from . import config_rules
from .calls import Response, json_target
from .registry import Created, Properties, Registry, arn, generated_name

_TARGET = "StarlingDoveService"


def register(registry: Registry) -> None:
    registry.service(
        "AWS::Config::ConfigRule",
        "Evaluated whenever it is asked about, where the product uses it; refused without a recorder.",
        create=_rule,
        delete=lambda name, _properties: _call("DeleteConfigRule", ConfigRuleName=name),
    )
    registry.service(
        "AWS::Config::ConfigurationRecorder",
        "Started; nothing is recorded. A second one is refused.",
        create=_recorder,
        delete=lambda name, _properties: service._recorders.pop(name, None),
        update=lambda _id, _old, new, stack_name, logical_id: _recorder(logical_id, new, stack_name),
    )
    registry.service(
        "AWS::Config::DeliveryChannel",
        "Kept; nothing is delivered.",
        create=_channel,
        delete=lambda name, _properties: service._delivery_channels.pop(name, None),
        update=lambda _id, _old, new, stack_name, logical_id: _channel(logical_id, new, stack_name),
    )


def install() -> None:
    """Put evaluations behind the service's own answers, and refuse what AWS refuses."""
    service._compliance_by_rule = config_rules.compliance
    native = service.handle_request
    actions = {
        "GetComplianceDetailsByConfigRule": config_rules.details,
        "StartConfigRulesEvaluation": lambda _request: service.json_response({}),
    }

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        request = json.loads(body or b"{}")
        refusal = _refusal(action, request)
        if refusal:
            return service.error_response_json(*refusal, 400)
        answer = actions.get(action)
        return answer(request) if answer else await native(method, path, headers, body, query)

    service.handle_request = handle


def _refusal(action: str, request: Properties) -> tuple[str, str] | None:
    if action == "PutConfigRule" and not service._recorders:
        return "NoAvailableConfigurationRecorderException", "Configuration recorder is not available to put config rule."
    name = (request.get("ConfigurationRecorder") or {}).get("name", "default")
    if action == "PutConfigurationRecorder" and [other for other in service._recorders if other != name]:
        return (
            "MaxNumberOfConfigurationRecordersExceededException",
            f"Failed to put configuration recorder '{name}' because the maximum number of configuration recorders: 1 "
            "is reached.",
        )
    return None


def lower(value: Any) -> Any:
    """Members with the lower-case first letter that an API has where CloudFormation has a capital, within lists as well."""
    if isinstance(value, list):
        return [lower(member) for member in value]
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: lower(member) for name, member in value.items()}
    return value


def _call(action: str, **request: Any) -> dict[str, Any]:
    return json_target(service, f"{_TARGET}.{action}", request)


def _rule(logical_id: str, properties: Properties, stack_name: str) -> Created:
    name = generated_name(properties, "ConfigRuleName", stack_name, logical_id)
    members = {key: value for key, value in properties.items() if key != "EvaluationModes"}
    _call("PutConfigRule", ConfigRule={**members, "ConfigRuleName": name})
    return name, {"Arn": arn("config", f"config-rule/{name}"), "ConfigRuleId": name}


def _recorder(logical_id: str, properties: Properties, stack_name: str) -> Created:
    name = generated_name(properties, "Name", stack_name, logical_id)
    recorder = {
        "name": name,
        "roleARN": properties["RoleARN"],
        "recordingGroup": lower(properties.get("RecordingGroup", {})),
    }
    _call("PutConfigurationRecorder", ConfigurationRecorder=recorder)
    _call("StartConfigurationRecorder", ConfigurationRecorderName=name)
    return name, {}


def _channel(_logical_id: str, properties: Properties, _stack: str) -> Created:
    channel = {"name": properties.get("Name", "default"), "s3BucketName": properties["S3BucketName"]}
    _call("PutDeliveryChannel", DeliveryChannel=channel)
    return channel["name"], {}
