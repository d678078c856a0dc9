"""Topics keep the key that their template names."""

from __future__ import annotations

from ministack.services import sns as service

from .registry import Attributes, Properties, Registry

TOPIC = "AWS::SNS::Topic"


def register(registry: Registry) -> None:
    registry.corrected(TOPIC, "Delivers to its subscribers; names its key, and encrypts nothing.", after=_keep_key)


def _keep_key(topic_arn: str, properties: Properties) -> Attributes:
    attributes = service._topics[topic_arn]["attributes"]
    attributes.pop("KmsMasterKeyId", None)
    if properties.get("KmsMasterKeyId"):
        attributes["KmsMasterKeyId"] = properties["KmsMasterKeyId"]
    return {}
