"""Launches instances from launch template data, and ends them.

An instance by itself, an Auto Scaling group and an EC2 Fleet all launch through here, so that what a template says of
the host (image, role, metadata options, disks, user data, tags) reads back the same way from each.
"""

from __future__ import annotations

import ipaddress
import uuid
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import get_region
from ministack.services import ec2 as ec2_service

from . import images, life_cycle, spot
from .calls import ServiceRefused, checked, ec2
from .registry import Properties

ON_DEMAND = "on-demand"
SPOT = "spot"
_METADATA_DEFAULTS = {
    "HttpTokens": "optional",
    "HttpPutResponseHopLimit": 1,
    "HttpEndpoint": "enabled",
    "HttpProtocolIpv6": "disabled",
    "InstanceMetadataTags": "disabled",
}


@dataclass(frozen=True)
class Launch:
    """One instance to launch: launch template data with the request's own members over it."""

    data: Properties
    subnet_id: str | None = None
    lifecycle: str = ON_DEMAND
    tags: dict[str, str] = field(default_factory=dict)


def template_data(specification: Properties | None) -> tuple[Properties, dict[str, str]]:
    """The data of a launch template version, and the tags that EC2 adds for it."""
    if not specification:
        return {}, {}
    version = specification.get("Version")
    wanted = {**specification, "Version": str(version) if version is not None else "$Default"}
    data, template, refusal = ec2_service._resolve_launch_template_data(wanted)
    if refusal:
        checked(refusal)
    number = {"$Default": template["DefaultVersionNumber"], "$Latest": template["LatestVersionNumber"]}.get(
        wanted["Version"], wanted["Version"]
    )
    return data, {
        "aws:ec2launchtemplate:id": template["LaunchTemplateId"],
        "aws:ec2launchtemplate:version": str(number),
    }


def launch(request: Launch) -> str:
    """Launch one instance and return its id. Refuses what EC2 would refuse of the launch's own references."""
    data = request.data
    if request.lifecycle == SPOT:
        spot.check()
    interface = (data.get("NetworkInterfaces") or [{}])[0]
    image_id = images.resolve(data.get("ImageId"))
    instance_type = data.get("InstanceType") or "m1.small"
    architecture = images.check_fit(image_id, instance_type)
    subnet = _subnet(request.subnet_id or data.get("SubnetId") or interface.get("SubnetId"))
    groups = data.get("SecurityGroupIds") or interface.get("Groups") or interface.get("GroupSet") or []
    record = ec2_service._launch_instances_internal(
        image_id=image_id,
        instance_type=instance_type,
        subnet_id=subnet["SubnetId"],
        count=1,
        key_name=data.get("KeyName") or "",
        user_data=data.get("UserData") or "",
        sg_ids=[_group(group_id, subnet) for group_id in groups] or [_default_group(subnet)],
        requested_private_ip=_free_address(subnet),
        iam_profile=_profile(data.get("IamInstanceProfile")),
    )[0]
    public = interface.get("AssociatePublicIpAddress", subnet.get("MapPublicIpOnLaunch", False))
    _describe(record, data, subnet, public=is_true(public), lifecycle=request.lifecycle, architecture=architecture)
    _make_disks(record, data.get("BlockDeviceMappings") or [])
    _tag(record, {**template_tags(data, "instance"), **request.tags}, template_tags(data, "volume"))
    life_cycle.begin(record)
    return record["InstanceId"]


def terminate(instance_ids: list[str]) -> None:
    """End instances and delete the volumes that go with them. Ids that are gone are passed over."""
    running = [known for known in instance_ids if known in ec2_service._instances and is_alive(known)]
    if not running:
        return
    ec2("TerminateInstances", InstanceId=running)


def delete_volumes(instance_id: str) -> None:
    """Delete the volumes of an ended instance that say so."""
    for mapping in ec2_service._instances[instance_id].get("BlockDeviceMappings", []):
        if mapping["Ebs"].get("DeleteOnTermination", True):
            ec2_service._volumes.pop(mapping["Ebs"]["VolumeId"], None)


def is_alive(instance_id: str) -> bool:
    """Whether an instance exists and has not been ended."""
    record = ec2_service._instances.get(instance_id)
    return record is not None and record["State"]["Name"] not in ("terminated", "shutting-down")


def is_true(value: Any) -> bool:
    """A template's boolean, which may have become a string on its way."""
    return str(value).lower() == "true"


def template_tags(data: Properties, resource_type: str) -> dict[str, str]:
    """The tags that launch template data gives to what it launches."""
    return {
        tag["Key"]: str(tag.get("Value", ""))
        for specification in data.get("TagSpecifications") or []
        if specification.get("ResourceType") == resource_type
        for tag in specification.get("Tags") or []
    }


def _subnet(subnet_id: str | None) -> Properties:
    ec2_service._ensure_defaults_initialized()
    found = ec2_service._subnets.get(subnet_id or ec2_service._DEFAULT_SUBNET_ID)
    if found is None:
        raise ServiceRefused(f"The subnet ID '{subnet_id}' does not exist (InvalidSubnetID.NotFound)")
    return found


def _group(group_id: str, subnet: Properties) -> str:
    group = ec2_service._security_groups.get(group_id)
    if group is None:
        raise ServiceRefused(f"The security group '{group_id}' does not exist (InvalidGroup.NotFound)")
    if group["VpcId"] != subnet["VpcId"]:
        raise ServiceRefused(
            f"Security group {group_id} and subnet {subnet['SubnetId']} belong to different networks (InvalidParameter)"
        )
    return group_id


def _default_group(subnet: Properties) -> str:
    vpc = ec2_service._vpcs.get(subnet["VpcId"]) or {}
    return vpc.get("DefaultSecurityGroupId") or ec2_service._DEFAULT_SG_ID


def _profile(wanted: Any) -> Properties | None:
    if not wanted:
        return None
    names = wanted if isinstance(wanted, dict) else {"Name": wanted}
    profile, refusal = ec2_service._resolve_iam_instance_profile(names.get("Arn") or "", names.get("Name") or "")
    if refusal:
        checked(refusal)
    return profile


def _free_address(subnet: Properties) -> str:
    network = ipaddress.ip_network(subnet["CidrBlock"])
    taken = {
        instance["PrivateIpAddress"]
        for instance_id, instance in ec2_service._instances.items()
        if instance["SubnetId"] == subnet["SubnetId"] and is_alive(instance_id)
    }
    # AWS keeps the first four addresses and the last one of each subnet to itself.
    for offset in range(4, network.num_addresses - 1):
        address = str(network[offset])
        if address not in taken:
            return address
    raise ServiceRefused(f"{subnet['SubnetId']} has no free address (InsufficientFreeAddressesInSubnet)")


def _describe(
    record: Properties, data: Properties, subnet: Properties, *, public: bool, lifecycle: str, architecture: str
) -> None:
    dashed = record["PrivateIpAddress"].replace(".", "-")
    record.update(
        Architecture=architecture,
        VpcId=subnet["VpcId"],
        Placement={"AvailabilityZone": subnet["AvailabilityZone"], "Tenancy": "default"},
        PrivateDnsName=f"ip-{dashed}.{get_region()}.compute.internal",
        PublicDnsName="",
        Monitoring={"State": "enabled" if is_true(_monitoring(data)) else "disabled"},
        MetadataOptions={**_METADATA_DEFAULTS, **(data.get("MetadataOptions") or {})},
        DisableApiTermination=is_true(data.get("DisableApiTermination", False)),
        EbsOptimized=is_true(data.get("EbsOptimized", False)),
        InstanceInitiatedShutdownBehavior=data.get("InstanceInitiatedShutdownBehavior") or "stop",
    )
    if public:
        record["PublicDnsName"] = (
            f"ec2-{record['PublicIpAddress'].replace('.', '-')}.{get_region()}.compute.amazonaws.com"
        )
    else:
        record["PublicIpAddress"] = ""
    if lifecycle == SPOT:
        record.update(InstanceLifecycle=SPOT, SpotInstanceRequestId=f"sir-{uuid.uuid4().hex[:8]}")


def _monitoring(data: Properties) -> Any:
    wanted = data.get("Monitoring", False)
    return wanted.get("Enabled", False) if isinstance(wanted, dict) else wanted


def _make_disks(record: Properties, mappings: list[Properties]) -> None:
    root = record["BlockDeviceMappings"][0]
    for mapping in mappings:
        wanted = mapping.get("Ebs")
        if not wanted:
            continue
        if mapping["DeviceName"] == root["DeviceName"]:
            _size_disk(root["Ebs"], wanted)
        else:
            record["BlockDeviceMappings"].append(_new_disk(record, mapping["DeviceName"], wanted))
    for mapping in record["BlockDeviceMappings"]:
        ec2_service._volumes[mapping["Ebs"]["VolumeId"]]["AvailabilityZone"] = record["Placement"]["AvailabilityZone"]


def _new_disk(record: Properties, device: str, wanted: Properties) -> Properties:
    root = record["BlockDeviceMappings"][0]["Ebs"]
    volume_id = ec2_service._new_volume_id()
    template = ec2_service._volumes[root["VolumeId"]]
    attachment = {**template["Attachments"][0], "VolumeId": volume_id, "Device": device}
    ec2_service._volumes[volume_id] = {**template, "VolumeId": volume_id, "Attachments": [attachment]}
    disk = {**root, "VolumeId": volume_id}
    _size_disk(disk, wanted)
    return {"DeviceName": device, "Ebs": disk}


def _size_disk(disk: Properties, wanted: Properties) -> None:
    volume = ec2_service._volumes[disk["VolumeId"]]
    for member, name in (("VolumeSize", "Size"), ("Iops", "Iops"), ("Throughput", "Throughput")):
        if wanted.get(member):
            volume[name] = int(wanted[member])
    volume["VolumeType"] = wanted.get("VolumeType") or volume["VolumeType"]
    volume["Encrypted"] = is_true(wanted.get("Encrypted", False))
    if wanted.get("KmsKeyId"):
        volume["KmsKeyId"] = wanted["KmsKeyId"]
    disk["DeleteOnTermination"] = is_true(wanted.get("DeleteOnTermination", True))
    volume["Attachments"][0]["DeleteOnTermination"] = disk["DeleteOnTermination"]


def _tag(record: Properties, tags: dict[str, str], volume_tags: dict[str, str]) -> None:
    ec2_service._tags[record["InstanceId"]] = [{"Key": key, "Value": value} for key, value in tags.items()]
    for mapping in record["BlockDeviceMappings"]:
        if volume_tags:
            ec2_service._tags[mapping["Ebs"]["VolumeId"]] = [
                {"Key": key, "Value": value} for key, value in volume_tags.items()
            ]
