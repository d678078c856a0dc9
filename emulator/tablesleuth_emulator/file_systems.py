"""What an EFS file system decides when a machine mounts it: whether there is a way to it, and whether IAM lets it in.

ministack keeps file systems, mount targets and access points. What files hold is in a folder of the computer, one for each
file system, which every machine can see and the mount helper of the machines asks here for.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
from pathlib import Path
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, request_scope
from ministack.services import ec2 as ec2_service
from ministack.services import efs as service

from . import life_cycle
from .endpoints import Document, Endpoint, Refused
from .metadata import NoCredentials, issue_credentials
from .registry import Properties, arn

_NFS = 2049
_NO_NAME = (
    'Failed to resolve "{0}.efs.{1}.amazonaws.com" - check that your file system ID is correct, and ensure that the VPC has '
    "an EFS mount target for this file system ID."
)
_DENIED = "mount.nfs4: access denied by server while mounting 127.0.0.1:/ ({0})"

ENDPOINTS = [
    Endpoint("POST", r"instances/(i-[0-9a-f]+)/mounts", lambda groups, body: _mount(groups[0], body)),
]


def install() -> None:
    """Have the files of a file system end with it."""
    native = service._delete_file_system

    def delete(file_system_id: str) -> Any:
        answer = native(file_system_id)
        if answer[0] < 400 and life_cycle.machines_exist():
            shutil.rmtree(Path(os.environ["TABLESLEUTH_FILE_SYSTEMS"], file_system_id), ignore_errors=True)
        return answer

    service._delete_file_system = delete


def _mount(instance_id: str, body: Document) -> Document:
    """What a mount helper needs to know; refused in the words that the real one would print."""
    for (account, region, found_id), instance in ec2_service._instances.all_items():
        if account == get_account_id() and found_id == instance_id:
            with request_scope(account, region):
                return _mounted(instance, region, body)
    raise Refused(404, f"no instance {instance_id} in this account")


def _mounted(instance: Properties, region: str, body: Document) -> Document:
    file_system_id, access_point_id = body.get("FileSystemId"), body.get("AccessPointId") or ""
    file_system = service._file_systems.get(file_system_id)
    target = _target(file_system_id, instance)
    if file_system is None or target is None:
        raise Refused(404, _NO_NAME.format(file_system_id, region))
    if not _leads_to(instance, target):
        raise Refused(504, "mount.nfs4: Connection timed out")
    access_point = service._access_points.get(access_point_id) if access_point_id else {}
    if access_point is None or (access_point and access_point["FileSystemId"] != file_system_id):
        raise Refused(403, _DENIED.format(f"no access point {access_point_id} of {file_system_id}"))
    context = {
        "aws:securetransport": str(bool(body.get("Tls"))).lower(),
        "elasticfilesystem:accessedviamounttarget": "true",
        **({"elasticfilesystem:accesspointarn": access_point["AccessPointArn"]} if access_point else {}),
    }
    caller = instance["InstanceId"] if body.get("Iam") else ""
    if not _may("ClientMount", file_system, caller, context):
        raise Refused(403, _DENIED.format("elasticfilesystem:ClientMount"))
    root = (access_point or {}).get("RootDirectory") or {}
    creation = root.get("CreationInfo") or {}
    return {
        "Path": root.get("Path") or "/",
        "OwnerUid": int(creation.get("OwnerUid", 0)),
        "OwnerGid": int(creation.get("OwnerGid", 0)),
        "Permissions": str(creation.get("Permissions", "")),
        "ReadOnly": not _may("ClientWrite", file_system, caller, context),
    }


def _target(file_system_id: Any, instance: Properties) -> Properties | None:
    """The mount target in an instance's own zone, which is the one that the file system's name leads to."""
    zone, vpc_id = instance["Placement"]["AvailabilityZone"], instance["VpcId"]
    return next(
        (
            target
            for target in service._mount_targets.values()
            if (target["FileSystemId"], target["AvailabilityZoneName"], target["VpcId"]) == (file_system_id, zone, vpc_id)
        ),
        None,
    )


def _leads_to(instance: Properties, target: Properties) -> bool:
    """Whether the security groups of both ends let NFS through."""
    groups = [group["GroupId"] for group in instance["SecurityGroups"]]
    ingress = _allows(target["SecurityGroups"], "IpPermissions", groups, instance["PrivateIpAddress"])
    return ingress and _allows(groups, "IpPermissionsEgress", target["SecurityGroups"], target.get("IpAddress", ""))


def _allows(groups: list[str], direction: str, peers: list[str], address: str) -> bool:
    rules = [rule for group_id in groups for rule in ec2_service._security_groups[group_id][direction]]
    return any(_is_for_nfs(rule) and _names(rule, peers, address) for rule in rules)


def _is_for_nfs(rule: Properties) -> bool:
    if str(rule.get("IpProtocol")) == "-1":
        return True
    return rule.get("IpProtocol") == "tcp" and int(rule["FromPort"]) <= _NFS <= int(rule["ToPort"])


def _names(rule: Properties, peers: list[str], address: str) -> bool:
    if any(pair.get("GroupId") in peers for pair in rule.get("UserIdGroupPairs") or []):
        return True
    blocks = [ipaddress.ip_network(block["CidrIp"], strict=False) for block in rule.get("IpRanges") or []]
    return any(ipaddress.ip_address(address) in block for block in blocks)


def _may(action: str, file_system: Properties, caller: str, context: Properties) -> bool:
    """An Allow of the role or of the file system's policy lets in, unless either denies. A file system without a policy is
    open to whoever reaches it, and a client that names no role is anonymous."""
    policy = file_system.get("FileSystemPolicy")
    if os.environ.get("AUTH") != "true" or policy is None:
        return True
    principal = _principal(caller)
    request = iam_evaluator.EvalContext(
        principal_arn=principal.arn if principal else "*",
        principal_type=principal.type if principal else "Anonymous",
        principal_account=get_account_id(),
        action=f"elasticfilesystem:{action}",
        resource_arn=arn("elasticfilesystem", f"file-system/{file_system['FileSystemId']}"),
        region="",
        service_context=context,
        principal_keys=principal.keys if principal else {},
    )
    identity = iam_evaluator.evaluate(request, (principal.policies or []) if principal else [])
    return iam_evaluator.combine_resource_policy(identity, request, policy, get_account_id()).decision == "Allow"


def _principal(caller: str) -> Any:
    """The role of an instance, as its metadata gives it; nobody for an instance without one."""
    if not caller:
        return None
    try:
        key = issue_credentials(caller)["AccessKeyId"]
    except NoCredentials as reason:
        raise Refused(403, _DENIED.format(reason)) from None
    return iam_evaluator.resolve_principal(key, get_account_id())
