"""Types without a service in ministack: records of their properties, under an identity like AWS's."""

from __future__ import annotations

from .registry import Created, Properties, Registry, generated_name


def register(registry: Registry) -> None:
    registry.declared("AWS::CodePipeline::Pipeline", "A record; nothing runs.", _pipeline)


def _pipeline(logical_id: str, properties: Properties, stack_name: str) -> Created:
    return generated_name(properties, "Name", stack_name, logical_id), {"Version": "1"}
