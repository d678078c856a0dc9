"""AWS Batch: compute environments, job queues and job definitions."""

from __future__ import annotations

from ministack.services import batch as service

from .calls import rest
from .config import lower
from .registry import Created, Properties, Registry, generated_name, replacing


def register(registry: Registry) -> None:
    registry.service(
        "AWS::Batch::ComputeEnvironment",
        "Kept; its vCPUs bound how many jobs run at a time.",
        create=_environment,
        delete=_no_environment,
        update=_update_environment,
    )
    registry.service(
        "AWS::Batch::JobQueue", "Runs jobs as processes, in its first environment.", create=_queue, delete=_no_queue
    )
    registry.service(
        "AWS::Batch::JobDefinition",
        "Its image is a folder that was recorded instead of built; see Containers.",
        create=_definition,
        delete=_no_definition,
    )


def _environment(logical_id: str, properties: Properties, stack_name: str) -> Created:
    name = generated_name(properties, "ComputeEnvironmentName", stack_name, logical_id)
    request = {**lower(properties), "computeEnvironmentName": name, "type": properties["Type"].upper()}
    made = rest(service, "POST", "/v1/createcomputeenvironment", request)["computeEnvironmentArn"]
    return made, {"ComputeEnvironmentArn": made}


def _update_environment(made: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
    changed = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    if not changed <= {"State", "ComputeResources", "Tags"}:
        return replacing(_environment, _no_environment)(made, old, new, stack_name, logical_id)
    members = {name: value for name, value in lower(new).items() if name in ("state", "computeResources")}
    rest(service, "POST", "/v1/updatecomputeenvironment", {"computeEnvironment": made, **members})
    return made, {"ComputeEnvironmentArn": made}


def _no_environment(made: str, _properties: Properties) -> None:
    service._compute_envs.pop(made.rsplit("/", 1)[-1], None)


def _queue(logical_id: str, properties: Properties, stack_name: str) -> Created:
    request = {
        **lower(properties),
        "jobQueueName": generated_name(properties, "JobQueueName", stack_name, logical_id),
    }
    made = rest(service, "POST", "/v1/createjobqueue", request)["jobQueueArn"]
    return made, {"JobQueueArn": made}


def _no_queue(made: str, _properties: Properties) -> None:
    service._job_queues.pop(made.rsplit("/", 1)[-1], None)


def _definition(logical_id: str, properties: Properties, stack_name: str) -> Created:
    name = generated_name(properties, "JobDefinitionName", stack_name, logical_id)
    request = {**lower(properties), "jobDefinitionName": name}
    made = rest(service, "POST", "/v1/registerjobdefinition", request)["jobDefinitionArn"]
    # What ministack leaves out, and what makes jobs run as they are meant to.
    service._job_definitions[name][-1].update(request)
    return made, {"JobDefinitionArn": made}


def _no_definition(made: str, _properties: Properties) -> None:
    name, _, _revision = made.rsplit("/", 1)[-1].partition(":")
    service._job_definitions.pop(name, None)
