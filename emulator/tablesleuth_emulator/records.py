"""Types without a service in ministack: records of their properties, under an identity like AWS's."""

from __future__ import annotations

import uuid

from .registry import Created, Properties, Registry, arn, generated_name

def register(registry: Registry) -> None:
    note = "A record; nothing scales."
    registry.declared("AWS::ApplicationAutoScaling::ScalableTarget", note, _scalable_target)
    registry.declared("AWS::ApplicationAutoScaling::ScalingPolicy", note, _scaling_policy)
    registry.declared("AWS::CodePipeline::Pipeline", "A record; nothing runs.", _pipeline)


def _scalable_target(_logical_id: str, properties: Properties, _stack: str) -> Created:
    identity = (properties["ResourceId"], properties["ScalableDimension"], properties["ServiceNamespace"])
    return "|".join(identity), {"Id": properties["ResourceId"]}


def _scaling_policy(_logical_id: str, properties: Properties, _stack: str) -> Created:
    made = arn("autoscaling", f"scalingPolicy:{uuid.uuid4()}:policyName/{properties['PolicyName']}")
    return made, {"Arn": made}


def _pipeline(logical_id: str, properties: Properties, stack_name: str) -> Created:
    return generated_name(properties, "Name", stack_name, logical_id), {"Version": "1"}
