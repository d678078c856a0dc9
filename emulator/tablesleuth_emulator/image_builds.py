"""What Image Builder does after StartImagePipelineExecution: a build instance, its image, a test instance, distribution.

Where instances are machines, the components' documents really run on them, as root and with the role of their profile;
the image holds what was written on the disk; and the test runs on a machine that booted it. Where instances are records,
no document runs, and the image is a name.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch_logs, ssm
from ministack.services import ec2 as ec2_service

from . import images, life_cycle, machine_images
from .calls import ServiceRefused, ec2, json_target
from .component_documents import Step
from .launching import Launch, launch, terminate
from .registry import Properties, arn

log = logging.getLogger("tablesleuth.image_builder")
_CREATED_BY = {"CreatedBy": "EC2 Image Builder"}
_STOPS_WITHIN_SECONDS = 180
_OWN_PARAMETERS = "/imagebuilder/"
_BUILD_DATE = "{{ imagebuilder:buildDate }}"
#: What Image Builder deletes before it makes an image of an instance, of what a machine here has.
_SANITIZE = (
    "rm -rf /var/lib/cloud /var/log/cloud-init-output.log /var/log/journal/* /root/.ssh /root/.bash_history /etc/machine-id"
)


class _Failed(Exception):
    """A build that cannot go on, with the reason that people read."""


@dataclass
class Build:
    """One image: what it is made of, and how far it is."""

    arn: str
    recipe: Properties
    infrastructure: Properties
    distributions: list[Properties]
    phases: list[dict[str, list[Step]]]
    has_tests: bool
    pipeline_arn: str
    status: str = "PENDING"
    reason: str = ""
    amis: list[Properties] = field(default_factory=list)
    began: float = field(default_factory=time.time)


def run(build: Build) -> None:
    """Build, test and distribute one image, in the account and region of the running context. Never raises."""
    instances: list[str] = []
    try:
        image_id = _build(build, instances)
        if build.has_tests:
            _enter(build, "TESTING")
            _run_phases(build, _launch(build, instances, image_id, "Test"), ["test"])
        _enter(build, "DISTRIBUTING")
        _distribute(build, image_id)
        _enter(build, "AVAILABLE")
    except (_Failed, ServiceRefused, RuntimeError, TimeoutError) as problem:
        _log(build, [f"failed: {problem}"])
        build.reason = str(problem)
        if str(build.infrastructure.get("TerminateInstanceOnFailure", True)).lower() == "false":
            instances.clear()
        _enter(build, "FAILED")
    finally:
        terminate(instances)


def _build(build: Build, instances: list[str]) -> str:
    _enter(build, "BUILDING")
    instance_id = _launch(build, instances, _parent(build), "Build")
    _run_phases(build, instance_id, ["build", "validate"])
    if life_cycle.machines_exist():
        ec2_service.exec_in_instance_blocking(instance_id, [_SANITIZE])
    ec2("StopInstances", InstanceId=[instance_id])
    _await("the build instance to stop", lambda: _state(instance_id) == "stopped")
    image_id = machine_images.make(instance_id, f"{build.recipe['Name']} {build.arn.rpartition('/')[2]}")
    _await("the image", lambda: machine_images.state_of(image_id) != "pending")
    if machine_images.state_of(image_id) == "failed":
        raise _Failed(f"the disk of {instance_id} could not be saved")
    return image_id


def _parent(build: Build) -> str:
    return images.amazon_linux("arm64" if "-arm64/" in build.recipe["ParentImage"] else "x86_64")


def _launch(build: Build, instances: list[str], image_id: str, purpose: str) -> str:
    wanted = build.infrastructure
    options = wanted.get("InstanceMetadataOptions") or {}
    data = {
        "ImageId": image_id,
        "InstanceType": wanted["InstanceTypes"][0],
        "SubnetId": wanted.get("SubnetId"),
        "SecurityGroupIds": wanted.get("SecurityGroupIds") or [],
        "IamInstanceProfile": {"Name": wanted["InstanceProfileName"]},
        "MetadataOptions": {name[0].upper() + name[1:]: value for name, value in options.items()},
        "BlockDeviceMappings": build.recipe.get("BlockDeviceMappings") or [],
    }
    tags = {**(wanted.get("ResourceTags") or {}), **_CREATED_BY, "Name": f"{purpose} instance for {build.recipe['Name']}"}
    instance_id = launch(Launch(data=data, subnet_id=wanted.get("SubnetId"), tags=tags))
    instances.append(instance_id)
    life_cycle.await_running(instance_id)
    if not _has_a_way_out(instance_id):
        raise _Failed(
            f"SSM agent of {instance_id} did not become available: its subnet gives no address and has no NAT gateway"
        )
    return instance_id


def _has_a_way_out(instance_id: str) -> bool:
    """Whether Systems Manager hears of an instance: with an address of its own, or through a NAT gateway."""
    record = ec2_service._instances[instance_id]
    if record.get("PublicIpAddress"):
        return True
    tables = [
        table
        for table in ec2_service._route_tables.values()
        if any(one.get("SubnetId") == record["SubnetId"] for one in table.get("Associations", []))
    ]
    return any(route.get("NatGatewayId") for table in tables for route in table.get("Routes", []))


def _run_phases(build: Build, instance_id: str, names: list[str]) -> None:
    for name in names:
        for phases in build.phases:
            failed = [step.name for step in phases.get(name, []) if not _run_step(build, instance_id, name, step)]
            if failed:
                raise _Failed(f"Document failed: step {', '.join(failed)} of the phase {name} on {instance_id}")


def _run_step(build: Build, instance_id: str, phase: str, step: Step) -> bool:
    """Whether the phase may succeed; raises where the document says that it ends here."""
    if not life_cycle.machines_exist():
        return True
    for _attempt in range(step.attempts):
        code, output, errors = ec2_service.exec_in_instance_blocking(instance_id, [step.script])
        _log(build, [f"{phase} {step.name} on {instance_id}: exit code {code}", *output.splitlines(), *errors.splitlines()])
        if code == 0:
            return True
    if step.on_failure == "Abort":
        last = next((line for line in reversed(errors.splitlines() or output.splitlines()) if line.strip()), "")
        raise _Failed(f"Document failed: step {step.name} of the phase {phase} on {instance_id}, exit code {code}: {last}")
    return step.on_failure == "Ignore"


def _distribute(build: Build, image_id: str) -> None:
    for distribution in build.distributions or [{"Region": get_region()}]:
        region = distribution["Region"]
        name = (distribution.get("AmiDistributionConfiguration") or {}).get("Name", build.recipe["Name"])
        name = name.replace(_BUILD_DATE, datetime.now(timezone.utc).strftime("%Y-%m-%dT%H-%M-%S.%fZ"))
        tags = (distribution.get("AmiDistributionConfiguration") or {}).get("AmiTags") or {}
        built_in = get_region()
        with request_scope(get_account_id(), region):
            distributed = image_id if region == built_in else machine_images.copy(image_id, name)
            labels = [{"Key": key, "Value": value} for key, value in {**tags, **_CREATED_BY}.items()]
            ec2_service._tags[distributed] = labels
            for parameter in distribution.get("SsmParameterConfigurations") or []:
                _put_parameter(parameter, distributed)
        build.amis.append({"region": region, "image": distributed, "name": name, "accountId": get_account_id()})


def _put_parameter(parameter: Properties, image_id: str) -> None:
    name = parameter["ParameterName"]
    if not name.startswith(_OWN_PARAMETERS):
        # What the policy of Image Builder's service-linked role says; another role is not known here.
        raise _Failed(f"AWSServiceRoleForImageBuilder is not authorized to perform: ssm:PutParameter on {name}")
    request = {
        "Name": name,
        "Value": image_id,
        "Type": "String",
        "DataType": parameter.get("DataType", "text"),
        "Overwrite": True,
    }
    json_target(ssm, "AmazonSSM.PutParameter", request)


def _enter(build: Build, status: str) -> None:
    before, build.status = build.status, status
    state = {"status": status, **({"reason": build.reason} if build.reason else {})}
    detail = {"previous-state": {"status": before}, "state": state}
    life_cycle.emit("aws.imagebuilder", "EC2 Image Builder Image State Change", detail, [build.arn])


def _log(build: Build, lines: list[str]) -> None:
    """As Image Builder does: a stream of the image's version in the group of its recipe, made if nobody has made it."""
    group = f"/aws/imagebuilder/{build.recipe['Name']}"
    stream = "/".join(build.arn.split("/")[-2:])
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": line or " "} for line in lines]
    _ask_logs("CreateLogGroup", {"logGroupName": group})
    _ask_logs("CreateLogStream", {"logGroupName": group, "logStreamName": stream})
    _ask_logs("PutLogEvents", {"logGroupName": group, "logStreamName": stream, "logEvents": events})


def _ask_logs(action: str, request: dict[str, Any]) -> None:
    try:
        json_target(cloudwatch_logs, f"Logs_20140328.{action}", request)
    except ServiceRefused as refused:
        if "AlreadyExists" not in str(refused):
            log.warning("%s: %s", action, refused)


def _state(instance_id: str) -> str:
    return str(ec2_service._instances[instance_id]["State"]["Name"])


def _await(what: str, is_so: Any) -> None:
    deadline = time.monotonic() + _STOPS_WITHIN_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {_STOPS_WITHIN_SECONDS} seconds for {what}")
        time.sleep(0.1)


def describe(build: Build) -> Properties:
    """An image as GetImage answers it."""
    _, name, version, number = build.arn.split(":")[5].split("/")
    return {
        "arn": build.arn,
        "type": "AMI",
        "name": build.recipe["Name"],
        "version": f"{version}/{number}",
        "platform": "Linux",
        "state": {"status": build.status, **({"reason": build.reason} if build.reason else {})},
        "sourcePipelineArn": build.pipeline_arn,
        "dateCreated": datetime.fromtimestamp(build.began, timezone.utc).isoformat(),
        "outputResources": {"amis": build.amis},
        "imageRecipe": {"arn": arn("imagebuilder", f"image-recipe/{name}/{version}")},
    }
