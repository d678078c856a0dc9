"""EC2 instances: the CloudFormation type, and what ministack's API leaves out when it describes an instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import ec2 as ec2_service

from . import life_cycle, signals
from .launching import Launch, delete_volumes, is_true, launch, template_data, terminate
from .network import tag
from .registry import Attributes, Created, Properties, Registry, replacing

INSTANCE = "AWS::EC2::Instance"
_UPDATED_IN_PLACE = {
    "DisableApiTermination", "EbsOptimized", "IamInstanceProfile", "InstanceInitiatedShutdownBehavior", "InstanceType",
    "MetadataOptions", "Monitoring", "PropagateTagsToVolumeOnCreation", "SecurityGroupIds", "SourceDestCheck", "Tags",
    "UserData",
}  # fmt: skip
_FILTERS: dict[str, Callable[[Properties], str]] = {
    "availability-zone": lambda record: record["Placement"]["AvailabilityZone"],
    "instance-id": lambda record: record["InstanceId"],
    "instance-lifecycle": lambda record: record.get("InstanceLifecycle", ""),
    "private-ip-address": lambda record: record["PrivateIpAddress"],
    "subnet-id": lambda record: record["SubnetId"],
    "vpc-id": lambda record: record["VpcId"],
}


def register(registry: Registry) -> None:
    registry.service(
        INSTANCE,
        "Launched with the launch template’s data and its volumes; a machine boots where the computer can run one.",
        create=_create,
        delete=_delete,
        update=_update,
    )


def install() -> None:
    """Correct EC2's answers about instances and volumes."""
    _extend_instance_description()
    _extend_filters()
    _extend_attributes()
    _extend_volume_description()
    life_cycle.when_entered(_lose_volumes)


def _create(logical_id: str, properties: Properties, stack_name: str) -> Created:
    data, template_tags = template_data(properties.get("LaunchTemplate"))
    stack_tags = {entry["Key"]: str(entry.get("Value", "")) for entry in properties.get("Tags") or []}
    instance_id = launch(Launch(data=_merged(data, properties), tags={**template_tags, **stack_tags}))
    try:
        signals.await_signals(stack_name, logical_id, INSTANCE, signals.resource_signal(stack_name, logical_id))
        life_cycle.await_running(instance_id)
    except Exception:
        terminate([instance_id])
        life_cycle.await_end([instance_id])
        raise
    return instance_id, _attributes(instance_id)


def _merged(data: Properties, properties: Properties) -> Properties:
    own = {name: value for name, value in properties.items() if name not in ("LaunchTemplate", "Tags")}
    devices = {mapping["DeviceName"]: mapping for mapping in data.get("BlockDeviceMappings") or []}
    devices.update({mapping["DeviceName"]: mapping for mapping in properties.get("BlockDeviceMappings") or []})
    return {**data, **own, "BlockDeviceMappings": list(devices.values())}


def _update(instance_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
    changed = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    if not changed <= _UPDATED_IN_PLACE:
        return replacing(_create, _delete)(instance_id, old, new, stack_name, logical_id)
    record = ec2_service._instances[instance_id]
    data, _tags = template_data(new.get("LaunchTemplate"))
    merged = _merged(data, new)
    record["InstanceType"] = merged.get("InstanceType", record["InstanceType"])
    record["UserData"] = merged.get("UserData") or ""
    record["MetadataOptions"].update(merged.get("MetadataOptions") or {})
    record["DisableApiTermination"] = is_true(merged.get("DisableApiTermination", False))
    if new.get("SecurityGroupIds"):
        record["SecurityGroups"] = [
            {"GroupId": group, "GroupName": ec2_service._security_groups[group]["GroupName"]}
            for group in new["SecurityGroupIds"]
        ]
    tag(instance_id, new)
    return instance_id, _attributes(instance_id)


def _delete(instance_id: str, _properties: Properties) -> None:
    if ec2_service._instances.get(instance_id, {}).get("DisableApiTermination"):
        # CloudFormation cannot delete it on AWS either: the person has to lift the protection first.
        raise ValueError(f"The instance '{instance_id}' may not be terminated. Modify its 'disableApiTermination'.")
    terminate([instance_id])
    life_cycle.await_end([instance_id])


def _attributes(instance_id: str) -> Attributes:
    record = ec2_service._instances[instance_id]
    return {
        "InstanceId": instance_id,
        "AvailabilityZone": record["Placement"]["AvailabilityZone"],
        "PrivateDnsName": record["PrivateDnsName"],
        "PrivateIp": record["PrivateIpAddress"],
        "PublicDnsName": record["PublicDnsName"],
        "PublicIp": record["PublicIpAddress"],
        "VpcId": record["VpcId"],
    }


def _extend_instance_description() -> None:
    native = ec2_service._instance_xml

    def describe(record: Properties) -> str:
        xml = native(record).rstrip().removesuffix("</item>")
        for empty in ("keyName", "dnsName", "ipAddress"):
            xml = xml.replace(f"<{empty}></{empty}>", "")
        for name in ("InstanceLifecycle", "SpotInstanceRequestId", "EbsOptimized"):
            if name in record:
                xml += f"<{_camel(name)}>{_text(record[name])}</{_camel(name)}>"
        options = "".join(
            f"<{_camel(name)}>{_text(value)}</{_camel(name)}>"
            for name, value in (record.get("MetadataOptions") or {}).items()
        )
        return f"{xml}<metadataOptions><state>applied</state>{options}</metadataOptions></item>"

    ec2_service._instance_xml = describe


def _extend_filters() -> None:
    native = ec2_service._matches_filters

    def matches(record: Properties, filters: dict[str, list[str]]) -> bool:
        ours = [(read(record), filters[name]) for name, read in _FILTERS.items() if name in filters]
        return native(record, filters) and all(value in wanted for value, wanted in ours)

    ec2_service._matches_filters = matches


def _extend_attributes() -> None:
    native = ec2_service._ACTION_MAP["DescribeInstanceAttribute"]

    def describe(params: dict[str, list[str]]) -> Any:
        record = ec2_service._instances.get(ec2_service._p(params, "InstanceId"))
        attribute = ec2_service._p(params, "Attribute")
        names = {name: name[0].upper() + name[1:] for name in ("userData", "disableApiTermination", "ebsOptimized")}
        if record is None or attribute not in names:
            return native(params)
        value = record.get(names[attribute])
        inner = f"<value>{_text(value)}</value>" if value not in (None, "") else ""
        body = f"<instanceId>{record['InstanceId']}</instanceId><{attribute}>{inner}</{attribute}>"
        return ec2_service._xml(200, "DescribeInstanceAttributeResponse", body)

    ec2_service._ACTION_MAP["DescribeInstanceAttribute"] = describe


def _extend_volume_description() -> None:
    native = ec2_service._volume_inner_xml

    def describe(volume: Properties) -> str:
        more = {"kmsKeyId": volume.get("KmsKeyId"), "throughput": volume.get("Throughput")}
        return native(volume) + "".join(f"<{name}>{_text(value)}</{name}>" for name, value in more.items() if value)

    ec2_service._volume_inner_xml = describe


def _lose_volumes(record: Properties, state: str) -> None:
    if state == "terminated":
        delete_volumes(record["InstanceId"])


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]


def _text(value: Any) -> str:
    return escape(str(value).lower() if isinstance(value, bool) else str(value))
