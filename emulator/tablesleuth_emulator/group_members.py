"""The instances of Auto Scaling groups: how many there are, what each is launched from, and what happens to lost ones."""

from __future__ import annotations

import math
import threading
import time
import uuid

from ministack.services import autoscaling as service
from ministack.services import ec2 as ec2_service
from ministack.services.cloudformation import provisioners

from . import life_cycle, lifecycle_hooks, minutes, target_health
from .calls import ServiceRefused
from .launching import ON_DEMAND, SPOT, Launch, is_true, launch, template_data, terminate
from .registry import Properties, arn
from .spot import NoSpotCapacity, retry_later

_resizing = threading.RLock()


def install() -> None:
    """Put instances behind ministack's groups, and replace those that are lost."""
    service._reconcile_instances = resize
    life_cycle.when_entered(_follow)


def resize(group: Properties) -> None:
    """Launch or end instances until the group has its desired capacity. Tries again later while spot has none."""
    with _resizing:
        # While an update replaces members, there are more of them.
        desired, members = group["DesiredCapacity"] + group.get("_surge", 0), staying(group)
        for member in members[desired:]:
            leave(group, member)
        subnets = [subnet for subnet in group.get("VPCZoneIdentifier", "").split(",") if subnet]
        try:
            for index in range(len(members), desired):
                subnet = subnets[index % len(subnets)] if subnets else None
                _join(group, _launch_member(group, index, subnet))
        except NoSpotCapacity as refusal:
            _try_again(group, refusal)


def staying(group: Properties) -> list[Properties]:
    """The members of a group that are not about to end."""
    return [member for member in group["Instances"] if not member["LifecycleState"].startswith("Terminating")]


def leave(group: Properties, member: Properties) -> None:
    """End a member, when it has left its load balancers and its group's hook lets it, without another one for it."""

    def end(_result: str) -> None:
        _remove(group, member)
        terminate([member["InstanceId"]])

    if member["LifecycleState"] == "InService":
        target_health.leave(
            group, member, lambda: lifecycle_hooks.wait(group, member, lifecycle_hooks.TERMINATING, end)
        )
    else:
        end("CONTINUE")


def _join(group: Properties, member: Properties) -> None:
    group["Instances"].append(member)
    if ec2_service._instances[member["InstanceId"]]["State"]["Name"] == "running":
        _enter_service(group, member)


def _enter_service(group: Properties, member: Properties) -> None:
    """Take a member into service when its group's hook lets it; one that is abandoned is ended, and replaced."""

    def proceed(result: str) -> None:
        if result == "CONTINUE":
            member["LifecycleState"] = "InService"
            record = ec2_service._instances[member["InstanceId"]]
            record.update(_in_service_at=time.time(), _warm_from=minutes.now())
            return
        _remove(group, member)
        terminate([member["InstanceId"]])
        _retry(group)

    lifecycle_hooks.wait(group, member, lifecycle_hooks.LAUNCHING, proceed)


def _remove(group: Properties, member: Properties) -> None:
    lifecycle_hooks.forget(member["InstanceId"])
    group["Instances"][:] = [one for one in group["Instances"] if one["InstanceId"] != member["InstanceId"]]


def ids(members: list[Properties]) -> list[str]:
    """The instance ids of a group's members."""
    return [member["InstanceId"] for member in members]


def _launch_member(group: Properties, index: int, subnet_id: str | None) -> Properties:
    specification, override, lifecycle = _choose(group, index)
    data, template_tags = template_data(specification)
    if override.get("InstanceType"):
        data = {**data, "InstanceType": override["InstanceType"]}
    propagated = {tag["Key"]: tag["Value"] for tag in group["Tags"] if tag.get("PropagateAtLaunch")}
    name_tag = {"aws:autoscaling:groupName": group["AutoScalingGroupName"]}
    tags = {**template_tags, **propagated, **name_tag}
    instance_id = launch(Launch(data=data, subnet_id=subnet_id, lifecycle=lifecycle, tags=tags))
    record = ec2_service._instances[instance_id]
    return {
        "InstanceId": instance_id,
        "InstanceType": record["InstanceType"],
        "AvailabilityZone": record["Placement"]["AvailabilityZone"],
        "LifecycleState": "Pending",
        "HealthStatus": "Healthy",
        "LaunchTemplate": provisioners._asg_launch_template(specification),
        "ProtectedFromScaleIn": is_true(group["NewInstancesProtectedFromScaleIn"]),
    }


def _choose(group: Properties, index: int) -> tuple[Properties, Properties, str]:
    """The launch template, override and lifecycle of the group's next instance."""
    policy = group.get("MixedInstancesPolicy")
    if not policy:
        if not group.get("LaunchTemplate"):
            raise ServiceRefused("Valid requests must contain either LaunchTemplate or MixedInstancesPolicy")
        data, _tags = template_data(group["LaunchTemplate"])
        market = (data.get("InstanceMarketOptions") or {}).get("MarketType")
        return group["LaunchTemplate"], {}, SPOT if market == SPOT else ON_DEMAND
    distribution = policy.get("InstancesDistribution") or {}
    base = int(distribution.get("OnDemandBaseCapacity") or 0)
    percentage = int(distribution.get("OnDemandPercentageAboveBaseCapacity", 100))
    above = max(group["DesiredCapacity"] - base, 0)
    on_demand = base + math.ceil(above * percentage / 100)
    template = policy["LaunchTemplate"]
    override = (template.get("Overrides") or [{}])[0]
    specification = override.get("LaunchTemplateSpecification") or template["LaunchTemplateSpecification"]
    return specification, override, ON_DEMAND if index < on_demand else SPOT


def tell_of_failure(group: Properties, message: str) -> None:
    """Send the event of a launch that failed."""
    name = group["AutoScalingGroupName"]
    detail = {
        "StatusCode": "Failed",
        "StatusMessage": message,
        "AutoScalingGroupName": name,
        "ActivityId": str(uuid.uuid4()),
        "RequestId": str(uuid.uuid4()),
        "EC2InstanceId": "",
        "Description": "Launching a new EC2 instance",
        "Details": {},
        "Origin": "EC2",
        "Destination": "AutoScalingGroup",
    }
    resource = group.get("AutoScalingGroupARN") or arn("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{name}")
    life_cycle.emit("aws.autoscaling", "EC2 Instance Launch Unsuccessful", detail, [resource])


def _try_again(group: Properties, refusal: ServiceRefused) -> None:
    tell_of_failure(group, str(refusal))
    retry_later(group["AutoScalingGroupName"], lambda: _retry(group))


def _retry(group: Properties) -> None:
    """A group that exists already goes on trying, whatever its launch fails for."""
    if service._asgs.get(group["AutoScalingGroupName"]) is not group:
        return
    try:
        resize(group)
    except ServiceRefused as refusal:
        _try_again(group, refusal)


def _follow(record: Properties, state: str) -> None:
    """Take a member into service when it runs; replace one that stops or ends, as a health check would."""
    for group in list(service._asgs.values()):
        for member in list(group["Instances"]):
            if member["InstanceId"] != record["InstanceId"]:
                continue
            if state == "running":
                _enter_service(group, member)
            elif state in ("stopping", "shutting-down"):
                _remove(group, member)
                terminate([member["InstanceId"]] if state == "stopping" else [])
                _retry(group)
