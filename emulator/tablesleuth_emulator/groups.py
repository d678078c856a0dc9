"""Auto Scaling groups that launch and end instances, and keep their mixed instances policy."""

from __future__ import annotations

import math
from typing import Any

from ministack.services import autoscaling as service
from ministack.services import ec2 as ec2_service
from ministack.services import stepfunctions
from ministack.services.cloudformation import provisioners

from . import group_members, instance_refresh, lifecycle_hooks, signals
from .calls import ServiceRefused
from .group_members import ids, resize
from .launching import is_alive, is_true, terminate
from .life_cycle import await_end
from .registry import Created, Properties, Registry, replacing

GROUP = "AWS::AutoScaling::AutoScalingGroup"
_HOOKS = "LifecycleHookSpecificationList"
_SIZES = ("MinSize", "MaxSize")
_LAUNCH_MEMBERS = ("LaunchTemplate", "MixedInstancesPolicy", "VPCZoneIdentifier", "LaunchConfigurationName")


def register(registry: Registry) -> None:
    registry.service(
        GROUP,
        "Launches, replaces and ends instances; the first type of the overrides is taken.",
        create=_create,
        delete=_delete,
        update=_update,
    )


def install() -> None:
    """Put instances behind ministack's groups, and the mixed instances policy into their description."""
    group_members.install()
    service._ACTION_MAP["DescribeAutoScalingGroups"] = _describe
    # Step Functions calls other services by a table of its own, in which Auto Scaling is missing.
    stepfunctions._AWS_SDK_SERVICE_MAP.setdefault("autoscaling", {"protocol": "query"})
    stepfunctions._XML_NUMERIC_FIELDS = {*stepfunctions._XML_NUMERIC_FIELDS, "DesiredCapacity", *_SIZES}
    _extend_update()
    native_delete = service._ACTION_MAP["DeleteAutoScalingGroup"]

    def delete(params: dict[str, Any]) -> Any:
        group = service._asgs.get(service._p(params, "AutoScalingGroupName"))
        response = native_delete(params)
        if group:
            terminate(ids(group["Instances"]))
        return response

    service._ACTION_MAP["DeleteAutoScalingGroup"] = delete


def _extend_update() -> None:
    native = service._ACTION_MAP["UpdateAutoScalingGroup"]
    prefix = "MixedInstancesPolicy.InstancesDistribution."

    def update(params: dict[str, Any]) -> Any:
        group = service._asgs.get(service._p(params, "AutoScalingGroupName"))
        given = [name for name in params if name.startswith("MixedInstancesPolicy.")]
        if any(not name.startswith(prefix) for name in given):
            return service._error("ValidationError", "Only the instances distribution of a group can be changed here")
        if group and given:
            policy = group.get("MixedInstancesPolicy") or {}
            changed = {name.removeprefix(prefix): service._p(params, name) for name in given}
            distribution = {**(policy.get("InstancesDistribution") or {}), **changed}
            group["MixedInstancesPolicy"] = {**policy, "InstancesDistribution": distribution}
        return native(params)

    service._ACTION_MAP["UpdateAutoScalingGroup"] = update


def _create(logical_id: str, properties: Properties, stack_name: str) -> Created:
    name, attributes = provisioners._asg_create(logical_id, properties, stack_name)
    group = service._asgs[name]
    group.update(_launch_settings(properties))
    lifecycle_hooks.replace_hooks(name, [], properties.get(_HOOKS) or [])
    try:
        resize(group)
        signal = signals.resource_signal(stack_name, logical_id)
        signals.await_signals(stack_name, logical_id, GROUP, signal, hosts=lambda: len(group["Instances"]))
    except Exception:
        _delete(name, properties)
        raise
    return name, attributes


def _launch_settings(properties: Properties) -> Properties:
    subnets = properties.get("VPCZoneIdentifier") or []
    zones = [ec2_service._subnets[subnet]["AvailabilityZone"] for subnet in subnets if subnet in ec2_service._subnets]
    more = {"AvailabilityZones": sorted(set(zones))} if zones else {}
    return {
        **more,
        "MixedInstancesPolicy": properties.get("MixedInstancesPolicy"),
        "TargetGroupARNs": properties.get("TargetGroupARNs") or None,
        "DefaultInstanceWarmup": int(properties.get("DefaultInstanceWarmup") or 0),
        "CapacityRebalance": is_true(properties.get("CapacityRebalance", False)),
    }


def _update(name: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
    if old.get("AutoScalingGroupName") != new.get("AutoScalingGroupName"):
        return replacing(_create, _delete)(name, old, new, stack_name, logical_id)
    group = service._asgs[name]
    before = {**group, "Instances": list(group["Instances"])}
    result = provisioners._asg_update(name, old, new, stack_name, logical_id)
    group.update(_launch_settings(new))
    lifecycle_hooks.replace_hooks(name, old.get(_HOOKS) or [], new.get(_HOOKS) or [])
    policies = signals.definition(stack_name, logical_id).get("UpdatePolicy") or {}
    _keep_unmodified_sizes(group, before, old, new, policies)
    if "DesiredCapacity" not in new:
        # CloudFormation leaves a capacity alone that the template does not name.
        group["DesiredCapacity"] = min(max(before["DesiredCapacity"], group["MinSize"]), group["MaxSize"])
    try:
        _roll(group, old, new, stack_name, logical_id)
    except Exception:
        _restore(group, before)
        raise
    return result


def _keep_unmodified_sizes(
    group: Properties, before: Properties, old: Properties, new: Properties, policies: Properties
) -> None:
    """What somebody changed since the last deployment stays, where the policy says so and the template says nothing new."""
    policy = policies.get("AutoScalingScheduledAction") or {}
    if is_true(policy.get("IgnoreUnmodifiedGroupSizeProperties", False)):
        group.update({size: before[size] for size in _SIZES if old.get(size) == new.get(size)})


def _roll(group: Properties, old: Properties, new: Properties, stack_name: str, logical_id: str) -> None:
    """Replace the instances in batches, as the update policy says, and wait for the signals of each."""
    policies = signals.definition(stack_name, logical_id).get("UpdatePolicy") or {}
    policy = policies.get("AutoScalingRollingUpdate")
    changed = any(old.get(member) != new.get(member) for member in _LAUNCH_MEMBERS)
    if changed and policies.get("AutoScalingInstanceRefresh"):
        instance_refresh.refresh(group, policies["AutoScalingInstanceRefresh"].get("Preferences") or {})
        return
    if policy is None or not changed or not group["Instances"]:
        resize(group)
        return
    kept = int(policy.get("MinInstancesInService") or 0)
    if kept >= group["MaxSize"]:
        raise ServiceRefused("MinInstancesInService must be less than the autoscaling group's MaxSize")
    desired = group["DesiredCapacity"]
    _end(group, ids(group["Instances"])[desired:])
    outdated = ids(group["Instances"])
    while outdated:
        size = min(int(policy.get("MaxBatchSize") or 1), len(outdated))
        first = min(size, max(len(group["Instances"]) - kept, 0))
        # Those that have to serve until others do: the group grows for them meanwhile.
        later = min(size - first, max(group["MaxSize"] - desired, 0 if first else 1))
        batch, outdated = outdated[: first + later], outdated[first + later :]
        _end(group, batch[:first])
        launched = desired + later - len(group["Instances"])
        group["DesiredCapacity"] = desired + later
        resize(group)
        if is_true(policy.get("WaitOnResourceSignals", False)):
            needed = math.ceil(launched * int(policy.get("MinSuccessfulInstancesPercent", 100)) / 100)
            signal = {"Count": max(needed, 1), "Timeout": policy.get("PauseTime", "PT5M")}
            signals.await_signals(stack_name, logical_id, GROUP, signal, hosts=lambda: len(group["Instances"]))
        group["DesiredCapacity"] = desired
        _end(group, batch[first:])
    resize(group)


def _end(group: Properties, instance_ids: list[str]) -> None:
    """End members and wait until they are gone, without others for them."""
    group["Instances"][:] = [member for member in group["Instances"] if member["InstanceId"] not in instance_ids]
    terminate(instance_ids)
    await_end(instance_ids)


def _restore(group: Properties, before: Properties) -> None:
    group.pop("_surge", None)
    kept = {member["InstanceId"] for member in before["Instances"]}
    failed = [instance_id for instance_id in ids(group["Instances"]) if instance_id not in kept]
    group["Instances"].clear()
    terminate(failed)
    group.update(before)
    group["Instances"] = [member for member in before["Instances"] if is_alive(member["InstanceId"])]
    resize(group)


def _delete(name: str, properties: Properties) -> None:
    group = service._asgs.get(name)
    provisioners._asg_delete(name, properties)
    if group:
        members = ids(group["Instances"])
        terminate(members)
        await_end(members)


def _describe(params: dict[str, Any]) -> Any:
    names = service._parse_member_list(params, "AutoScalingGroupNames")
    found = [_public(group) for name, group in service._asgs.items() if not names or name in names]
    body = service._member_xml({"DescribeAutoScalingGroupsResult": {"AutoScalingGroups": found}})
    return service._xml(200, "DescribeAutoScalingGroupsResponse", body)


def _public(group: Properties) -> Properties:
    hidden = {"Status", "InstanceRefreshes"}
    return {name: value for name, value in group.items() if name not in hidden and name[0] != "_" and value not in (None, "", {})}
