"""What the keeper of the machines needs to know, and what it reports.

The keeper is the program that boots a machine for each instance; it runs beside this process. It asks which
instances there are, brings each machine to where its instance's state says, and reports when it is there.
"""

from __future__ import annotations

import itertools
import threading
from typing import Any

from ministack.core.responses import get_account_id, request_scope
from ministack.services import autoscaling as service
from ministack.services import ec2 as ec2_service

from . import life_cycle, machine_images, scaling_policies, spot, volume_reports
from .endpoints import Document, Endpoint, Refused
from .registry import Properties

_COMMAND_SECONDS = 3600.0
_numbers = itertools.count(1)
_commands: dict[int, _Command] = {}


class _Command:
    """A script that somebody sent to an instance, and what came of it."""

    def __init__(self, instance_id: str, script: str) -> None:
        self.instance_id = instance_id
        self.script = script
        self.outcome: tuple[int, str, str] = (255, "", "the machine did not answer in time")
        self.finished = threading.Event()


def install() -> None:
    """Have Run Command reach the machines. An instance without a role, or not running, is not managed, as on AWS."""
    if not life_cycle.machines_exist():
        return
    ec2_service.instance_is_managed = _is_managed
    ec2_service.exec_in_instance_blocking = _run


ENDPOINTS = [
    Endpoint("GET", "machines", lambda _groups, _body: _list()),
    Endpoint("POST", r"machines/(i-[0-9a-f]+)", lambda groups, body: _report(groups[0], body)),
    Endpoint("POST", r"commands/(\d+)", lambda groups, body: _finish(int(groups[0]), body)),
    Endpoint("POST", "processor-use", lambda _groups, body: scaling_policies.note_use(body)),
    Endpoint("PUT", "spot-capacity", lambda _groups, body: _set_spot_capacity(body)),
]


def _list() -> Document:
    instances = [
        _describe(record, region)
        for (account, region, _id), record in ec2_service._instances.all_items()
        if account == get_account_id() and life_cycle.has_begun(record) and record["State"]["Name"] != "terminated"
    ]
    commands = [
        {"Id": number, "InstanceId": command.instance_id, "Script": command.script}
        for number, command in list(_commands.items())
    ]
    return {
        "Instances": instances,
        "Commands": commands,
        "Volumes": volume_reports.list_volumes(),
        "Snapshots": volume_reports.list_snapshots(),
        "Images": machine_images.list_pending(),
    }


def _describe(record: Properties, region: str) -> Document:
    with request_scope(get_account_id(), region):
        root = next(iter(record["BlockDeviceMappings"]), None)
        volume = ec2_service._volumes.get(root["Ebs"]["VolumeId"]) if root else None
        tags = {tag["Key"]: tag["Value"] for tag in ec2_service._tags.get(record["InstanceId"], [])}
    options = record.get("MetadataOptions") or {}
    return {
        "InstanceId": record["InstanceId"],
        "State": record["State"]["Name"],
        "UserData": record.get("UserData") or "",
        "Tags": tags,
        "TagsInMetadata": options.get("InstanceMetadataTags") == "enabled",
        "ImageId": record["ImageId"],
        "ImageLayers": machine_images.layers_of(record["ImageId"]),
        "InstanceType": record["InstanceType"],
        "InstanceLifeCycle": record.get("InstanceLifecycle", "on-demand"),
        "InstanceProfileArn": (record.get("IamInstanceProfile") or {}).get("Arn", ""),
        "DiskGiB": int((volume or {}).get("Size") or 8),
        "PrivateIpAddress": record["PrivateIpAddress"],
        "Architecture": record["Architecture"],
        "LaunchTime": record["LaunchTime"],
        "AvailabilityZone": record["Placement"]["AvailabilityZone"],
        "Region": region,
        "AccountId": get_account_id(),
        "Reboots": record.get("_reboots", 0),
        **_of_group(record, region),
    }


def _of_group(record: Properties, region: str) -> Document:
    """What a group has in mind for its member, and whether it goes by the processor time of its members."""
    with request_scope(get_account_id(), region):
        for group in service._asgs.values():
            for member in group["Instances"]:
                if member["InstanceId"] == record["InstanceId"]:
                    ends = member["LifecycleState"].startswith("Terminating")
                    return {
                        "TargetLifecycleState": "Terminated" if ends else "InService",
                        "IsMeasured": scaling_policies.goes_by_processors(group["AutoScalingGroupName"]),
                    }
    return {"TargetLifecycleState": "", "IsMeasured": False}


def _report(instance_id: str, body: Document) -> Document:
    """The keeper says which state an instance has settled in. An instance that could not boot is ``terminated``."""
    wanted = body.get("State")
    for (account, region, found_id), record in ec2_service._instances.all_items():
        if account != get_account_id() or found_id != instance_id:
            continue
        with request_scope(account, region):
            now = record["State"]["Name"]
            if wanted == life_cycle.SETTLED.get(now):
                life_cycle.enter(record, wanted)
            elif wanted == "terminated" and now in ("pending", "running", "stopping", "stopped"):
                life_cycle.enter(record, "shutting-down")
                life_cycle.enter(record, "terminated")
            elif wanted == "stopped" and now == "running":
                _power_off(record)
            else:
                raise Refused(409, f"{instance_id} is {now}, which does not settle in {wanted!r}")
        return {"State": record["State"]["Name"]}
    raise Refused(404, f"no instance {instance_id} in this account")


def _power_off(record: Properties) -> None:
    """A machine went off by itself: its instance is stopped, or ended if it was launched so."""
    if record.get("InstanceInitiatedShutdownBehavior") == "terminate":
        life_cycle.enter(record, "shutting-down")
        return
    life_cycle.enter(record, "stopping")
    # A group ends a member that stops, and launches another one.
    if record["State"]["Name"] == "stopping":
        life_cycle.enter(record, "stopped")


def _is_managed(instance_id: str) -> bool:
    record = ec2_service._instances.get(instance_id)
    return bool(record and record["State"]["Name"] == "running" and record.get("IamInstanceProfile"))


def _run(instance_id: str, argv: list[str]) -> tuple[int, str, str]:
    """Hand a script to the keeper and wait for what came of it; on a thread of the command's own."""
    number, command = next(_numbers), _Command(instance_id, argv[-1])
    _commands[number] = command
    command.finished.wait(_COMMAND_SECONDS)
    _commands.pop(number, None)
    return command.outcome


def _finish(number: int, body: Document) -> Document:
    command = _commands.get(number)
    if command is None:
        raise Refused(404, f"no command {number} waits")
    command.outcome = (int(body["ExitCode"]), str(body["StandardOutput"]), str(body["StandardError"]))
    command.finished.set()
    return {}


def _set_spot_capacity(body: Document) -> Document:
    available: Any = body.get("available")
    if not isinstance(available, bool):
        raise Refused(400, f'"available" is {available!r}: true or false is wanted')
    spot.set_available(available)
    return {"available": available}
