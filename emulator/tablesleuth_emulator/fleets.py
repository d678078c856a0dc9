"""EC2 Fleets that hold their target capacity with instances, and can be read, changed and deleted."""

from __future__ import annotations

import time
import uuid
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import ec2 as ec2_service

from . import life_cycle
from .calls import ServiceRefused
from .launching import (
    ON_DEMAND,
    SPOT,
    Launch,
    is_alive,
    is_true,
    launch,
    template_data,
    terminate,
)
from .registry import Created, Properties, Registry, replacing
from .spot import NoSpotCapacity, retry_later

FLEET = "AWS::EC2::EC2Fleet"
_UPDATED_IN_PLACE = {"Context", "ExcessCapacityTerminationPolicy", "TargetCapacitySpecification"}
_READ_BACK = (
    "FleetId", "FleetState", "ActivityStatus", "CreateTime", "Type", "FulfilledCapacity", "FulfilledOnDemandCapacity",
    "TargetCapacitySpecification", "LaunchTemplateConfigs", "SpotOptions", "OnDemandOptions",
    "ExcessCapacityTerminationPolicy", "ReplaceUnhealthyInstances", "TerminateInstancesWithExpiration", "Context",
)  # fmt: skip


def register(registry: Registry) -> None:
    registry.service(
        FLEET,
        "Launches, replaces and ends instances; the first override of each lifecycle is taken.",
        create=_create,
        delete=_delete,
        update=_update,
    )


def install() -> None:
    """Answer for the fleets that CloudFormation made, and keep them at their target."""
    actions = {
        "DescribeFleets": _describe, "DescribeFleetInstances": _describe_instances, "ModifyFleet": _modify,
        "DeleteFleets": _delete_fleets,
    }  # fmt: skip
    ec2_service._ACTION_MAP.update(actions)
    life_cycle.when_entered(_replace_lost)


def _create(_logical_id: str, properties: Properties, _stack: str) -> Created:
    fleet_id = f"fleet-{uuid.uuid4()}"
    target = _target(properties["TargetCapacitySpecification"])
    record = {
        **{name: properties[name] for name in _READ_BACK if name in properties},
        "FleetId": fleet_id,
        "FleetState": "active",
        "ActivityStatus": "pending_fulfillment",
        "CreateTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "Type": properties.get("Type", "maintain"),
        "TargetCapacitySpecification": target,
        "FulfilledCapacity": 0.0,
        "FulfilledOnDemandCapacity": 0.0,
        "Instances": [],
        "Tags": _fleet_tags(properties),
        "_instances": [],
    }
    try:
        fulfil(record)
    except Exception:
        terminate(record["_instances"])
        raise
    ec2_service._fleets[fleet_id] = record
    ec2_service._tags[fleet_id] = record["Tags"]
    return fleet_id, {"FleetId": fleet_id}


def fulfil(fleet: Properties) -> None:
    """Launch or end instances until the fleet has its target of each lifecycle."""
    target = fleet["TargetCapacitySpecification"]
    for lifecycle, member in ((ON_DEMAND, "OnDemandTargetCapacity"), (SPOT, "SpotTargetCapacity")):
        held = [one for one in fleet["_instances"] if _lifecycle(one) == lifecycle]
        surplus = held[target[member] :]
        fleet["_instances"] = [one for one in fleet["_instances"] if one not in surplus]
        terminate(surplus)
        for index in range(len(held), target[member]):
            try:
                fleet["_instances"].append(_launch_member(fleet, lifecycle, index))
            except NoSpotCapacity:
                fleet["ActivityStatus"] = "pending_fulfillment"
                retry_later(fleet["FleetId"], lambda: _retry(fleet))
                return
    on_demand = sum(_lifecycle(one) == ON_DEMAND for one in fleet["_instances"])
    fleet.update(
        ActivityStatus="fulfilled",
        FulfilledCapacity=float(len(fleet["_instances"])),
        FulfilledOnDemandCapacity=float(on_demand),
    )


def _retry(fleet: Properties) -> None:
    if fleet["FleetState"] == "active":
        fulfil(fleet)


def _launch_member(fleet: Properties, lifecycle: str, index: int) -> str:
    configuration = fleet["LaunchTemplateConfigs"][0]
    overrides = configuration.get("Overrides") or [{}]
    first = overrides[0]
    # One type, spread over the subnets that its overrides name.
    same_type = [one for one in overrides if one.get("InstanceType") == first.get("InstanceType")]
    override = same_type[index % len(same_type)]
    data, template_tags = template_data(configuration["LaunchTemplateSpecification"])
    if str(data.get("ImageId", "")).startswith("resolve:ssm:") and fleet["Type"] != "instant":
        raise ServiceRefused(
            f"A fleet of type {fleet['Type']} cannot launch from a Systems Manager parameter "
            f"({data['ImageId']}): the launch template has to name the image (InvalidParameterValue)"
        )
    data = {**data, **({"InstanceType": override["InstanceType"]} if override.get("InstanceType") else {})}
    tags = {**template_tags, "aws:ec2:fleet-id": fleet["FleetId"]}
    return launch(Launch(data=data, subnet_id=override.get("SubnetId"), lifecycle=lifecycle, tags=tags))


def _update(fleet_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
    changed = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    if not changed <= _UPDATED_IN_PLACE:
        return replacing(_create, _delete)(fleet_id, old, new, stack_name, logical_id)
    fleet = ec2_service._fleets[fleet_id]
    before = fleet["TargetCapacitySpecification"]
    fleet["TargetCapacitySpecification"] = _target(new["TargetCapacitySpecification"])
    try:
        fulfil(fleet)
    except Exception:
        fleet["TargetCapacitySpecification"] = before
        fulfil(fleet)
        raise
    return fleet_id, {"FleetId": fleet_id}


def _delete(fleet_id: str, _properties: Properties) -> None:
    fleet = ec2_service._fleets.get(fleet_id)
    if fleet:
        _end(fleet, terminate_instances=True)


def _end(fleet: Properties, *, terminate_instances: bool) -> None:
    """A deleted fleet stays readable for a while, as on AWS."""
    fleet["FleetState"] = "deleted_terminating" if terminate_instances else "deleted_running"
    held, fleet["_instances"] = fleet.get("_instances", []), []
    if terminate_instances:
        terminate(held)
        life_cycle.await_end(held)
        fleet["FleetState"] = "deleted"


def _target(specification: Properties) -> Properties:
    total = int(specification["TotalTargetCapacity"])
    default = specification.get("DefaultTargetCapacityType", ON_DEMAND)
    on_demand = int(specification.get("OnDemandTargetCapacity") or 0)
    spot = int(specification.get("SpotTargetCapacity") or 0)
    rest = total - on_demand - spot
    return {
        "TotalTargetCapacity": total,
        "OnDemandTargetCapacity": on_demand + (rest if default == ON_DEMAND else 0),
        "SpotTargetCapacity": spot + (rest if default == SPOT else 0),
        "DefaultTargetCapacityType": default,
    }


def _fleet_tags(properties: Properties) -> list[dict[str, str]]:
    return [
        {"Key": tag["Key"], "Value": str(tag.get("Value", ""))}
        for specification in properties.get("TagSpecifications") or []
        if specification.get("ResourceType") == "fleet"
        for tag in specification.get("Tags") or []
    ]


def _lifecycle(instance_id: str) -> str:
    return ec2_service._instances[instance_id].get("InstanceLifecycle", ON_DEMAND)


def _replace_lost(record: Properties, state: str) -> None:
    if state not in ("stopping", "shutting-down"):
        return
    for fleet in list(ec2_service._fleets.values()):
        held = fleet.get("_instances", [])
        if record["InstanceId"] in held and fleet["Type"] == "maintain" and fleet["FleetState"] == "active":
            fleet["_instances"] = [one for one in held if one != record["InstanceId"] and is_alive(one)]
            terminate([record["InstanceId"]])
            fulfil(fleet)


def _describe(params: dict[str, list[str]]) -> Any:
    wanted = ec2_service._parse_member_list(params, "FleetId")
    missing = [fleet_id for fleet_id in wanted if fleet_id not in ec2_service._fleets]
    if missing:
        return ec2_service._error("InvalidFleetId.NotFound", f"The fleet ID '{missing[0]}' does not exist", 400)
    found = [ec2_service._fleets[fleet_id] for fleet_id in wanted or ec2_service._fleets]
    items = "".join(
        f"<item>{_xml({name: fleet[name] for name in _READ_BACK if fleet.get(name) is not None})}"
        f"{ec2_service._tag_set_xml(fleet['FleetId'])}</item>"
        for fleet in found
    )
    return ec2_service._xml(200, "DescribeFleetsResponse", f"<fleetSet>{items}</fleetSet>")


def _describe_instances(params: dict[str, list[str]]) -> Any:
    fleet = ec2_service._fleets.get(ec2_service._p(params, "FleetId"))
    if fleet is None:
        return ec2_service._error("InvalidFleetId.NotFound", "The fleet ID does not exist", 400)
    members = [ec2_service._instances[one] for one in fleet.get("_instances", [])]
    names = ("InstanceId", "InstanceType", "SpotInstanceRequestId")
    active = [
        {**{name: member[name] for name in names if name in member}, "InstanceHealth": "healthy"} for member in members
    ]
    body = _xml({"FleetId": fleet["FleetId"], "ActiveInstanceSet": active})
    return ec2_service._xml(200, "DescribeFleetInstancesResponse", body)


def _modify(params: dict[str, list[str]]) -> Any:
    fleet = ec2_service._fleets.get(ec2_service._p(params, "FleetId"))
    if fleet is None:
        return ec2_service._error("InvalidFleetId.NotFound", "The fleet ID does not exist", 400)
    prefix = "TargetCapacitySpecification"
    members = ("TotalTargetCapacity", "OnDemandTargetCapacity", "SpotTargetCapacity", "DefaultTargetCapacityType")
    given = {name: ec2_service._p(params, f"{prefix}.{name}") for name in members}
    target = {name: value for name, value in given.items() if value}
    if target:
        kind = {"DefaultTargetCapacityType": fleet[prefix]["DefaultTargetCapacityType"]}
        fleet[prefix] = _target({**kind, **target})
        fulfil(fleet)
    return ec2_service._xml(200, "ModifyFleetResponse", "<return>true</return>")


def _delete_fleets(params: dict[str, list[str]]) -> Any:
    items = ""
    for fleet_id in ec2_service._parse_member_list(params, "FleetId"):
        fleet = ec2_service._fleets.get(fleet_id)
        if fleet is None:
            return ec2_service._error("InvalidFleetId.NotFound", f"The fleet ID '{fleet_id}' does not exist", 400)
        _end(fleet, terminate_instances=is_true(ec2_service._p(params, "TerminateInstances")))
        items += f"<item>{_xml({'FleetId': fleet_id, 'CurrentFleetState': fleet['FleetState']})}</item>"
    return ec2_service._xml(
        200, "DeleteFleetsResponse", f"<successfulFleetDeletionSet>{items}</successfulFleetDeletionSet>"
    )


def _xml(value: Any) -> str:
    """Nested members in EC2's own XML: names start in lower case, lists are items."""
    if isinstance(value, dict):
        return "".join(
            f"<{name[0].lower()}{name[1:]}>{_xml(member)}</{name[0].lower()}{name[1:]}>"
            for name, member in value.items()
        )
    if isinstance(value, list):
        return "".join(f"<item>{_xml(member)}</item>" for member in value)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))
