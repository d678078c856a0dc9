"""Jobs of AWS Batch that run: as processes, as many at a time as the compute environment has vCPUs for, tried again as
their definition says, each with the credentials of its own role.

``PUT /_tablesleuth/batch-jobs/<id>/interruption`` takes the machine of a running attempt back, as Fargate Spot does;
``.../loss`` loses it without a word.
"""

from __future__ import annotations

import fnmatch
import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import batch as service

from . import containers, life_cycle
from .endpoints import Document, Endpoint, Refused
from .registry import Properties, arn

log = logging.getLogger("tablesleuth.batch")
_EXITED, _INTERRUPTED = "Essential container in task exited", "Your Spot Task was interrupted."
_TOO_LONG, _NOT_STARTED = "Job attempt duration exceeded timeout", "Task failed to start"
_LOOKS_SECONDS = 0.2
_ENDS = ("SUCCEEDED", "FAILED")


@dataclass
class _Job:
    """A job that runs, or a member of an array."""

    record: Properties
    definition: Properties
    running: containers.Running | None = None
    #: Why it is being ended, where somebody does.
    ending: str | None = None
    terminated: bool = False
    parent: Properties | None = None


@dataclass
class _Capacity:
    """The vCPUs of a compute environment."""

    used: float = 0.0
    freed: threading.Condition = field(default_factory=threading.Condition)


_jobs: dict[str, _Job] = {}
_capacities: dict[str, _Capacity] = {}
_lock = threading.Lock()


def install() -> None:
    """Put jobs that run where ministack's succeed at once."""
    service._DISPATCH.update(
        {"/v1/submitjob": _submit, "/v1/terminatejob": _terminate, "/v1/listjobs": _list, "/v1/describejobs": _describe}
    )


def resources_of(path: str, request: Properties) -> list[str]:
    """What permission a request needs on: SubmitJob on the definition and on the queue, both."""
    if not path.lower().endswith("/submitjob"):
        return []
    definition = _definition(request.get("jobDefinition", ""))
    queue = _queue(request.get("jobQueue", ""))
    return [
        definition["jobDefinitionArn"] if definition else arn("batch", f"job-definition/{request.get('jobDefinition')}"),
        queue["jobQueueArn"] if queue else arn("batch", f"job-queue/{request.get('jobQueue')}"),
    ]


def _submit(request: Properties) -> Any:
    definition, queue = _definition(request.get("jobDefinition", "")), _queue(request.get("jobQueue", ""))
    size = (request.get("arrayProperties") or {}).get("size")
    problem = (
        f"JobDefinition {request.get('jobDefinition')} not found" if definition is None
        else f"JobQueue {request.get('jobQueue')} not found" if queue is None
        else f"Array size must be between 2 and 10000, not {size}" if size is not None and not 2 <= size <= 10_000
        else None
    )  # fmt: skip
    if problem is not None or definition is None or queue is None:
        return service.error_response_json("ClientException", problem or "", 400)
    record = _record(request, definition, queue, service.new_uuid())
    if size is None:
        _start([_Job(record, definition)])
    else:
        record["arrayProperties"] = {"size": size, "statusSummary": {}}
        service._jobs[record["jobId"]] = record
        _start([_Job(_member(record, index), definition, parent=record) for index in range(size)])
    return service._json(200, {name: record[name] for name in ("jobId", "jobName", "jobArn")})


def _record(request: Properties, definition: Properties, queue: Properties, job_id: str) -> Properties:
    parameters = {**definition.get("parameters", {}), **request.get("parameters", {})}
    command = (request.get("containerOverrides") or {}).get("command") or definition["containerProperties"].get("command", [])
    written = [parameters.get(part[5:], part) if part.startswith("Ref::") else part for part in command]
    return {
        "jobId": job_id,
        "jobArn": arn("batch", f"job/{job_id}"),
        "jobName": request["jobName"],
        "jobQueue": queue["jobQueueArn"],
        "jobDefinition": definition["jobDefinitionArn"],
        "status": "SUBMITTED",
        "createdAt": service._now_ms(),
        "parameters": parameters,
        "attempts": [],
        "container": {**definition["containerProperties"], "command": written},
        "tags": request.get("tags", {}),
    }


def _member(parent: Properties, index: int) -> Properties:
    job_id = f"{parent['jobId']}:{index}"
    return {
        **parent,
        "jobId": job_id,
        "jobArn": arn("batch", f"job/{job_id}"),
        "arrayProperties": {"index": index},
        "attempts": [],
        "container": dict(parent["container"]),
    }


def _start(jobs: list[_Job]) -> None:
    account, region = get_account_id(), get_region()
    for job in jobs:
        service._jobs[job.record["jobId"]] = job.record
        _jobs[job.record["jobId"]] = job
    for job in jobs:
        threading.Thread(target=_run, args=(job, account, region), daemon=True).start()


def _run(job: _Job, account: str, region: str) -> None:
    with request_scope(account, region):
        try:
            _run_attempts(job)
        except Exception as problem:
            log.exception("the job %s failed", job.record["jobId"])
            job.record["statusReason"] = str(problem)
            _enter(job, "FAILED")


def _run_attempts(job: _Job) -> None:
    _enter(job, "RUNNABLE")
    wanted = {each["type"]: each["value"] for each in job.definition["containerProperties"]["resourceRequirements"]}
    for number in range(1, _attempts(job) + 1):
        with _vcpus(job.record["jobQueue"], float(wanted["VCPU"])):
            attempt = _attempt(job, number)
        job.record["attempts"].append(attempt)
        code, reason = attempt["container"].get("exitCode"), attempt["statusReason"]
        if code == 0 or job.terminated or number == _attempts(job) or not _tries_again(job, attempt):
            break
        _enter(job, "RUNNABLE")
    job.record["statusReason"], job.record["container"] = reason, {**job.record["container"], **attempt["container"]}
    _enter(job, "SUCCEEDED" if code == 0 else "FAILED")


def _attempt(job: _Job, number: int) -> Properties:
    _enter(job, "STARTING")
    started, properties = service._now_ms(), job.definition["containerProperties"]
    stream = f"{properties['logConfiguration']['options'].get('awslogs-stream-prefix', 'batch')}/default/{service.new_uuid()}"
    made: Properties = {"logStreamName": stream}
    try:
        job.running = containers.Running(
            containers.Container(
                image=properties["image"],
                command=job.record["container"]["command"],
                role_arn=properties.get("jobRoleArn"),
                execution_role_arn=properties["executionRoleArn"],
                source_arn=job.record["jobArn"],
                log=properties["logConfiguration"],
                stream=stream,
                environment=_environment(job, number),
            )
        )
    except containers.CannotStart as problem:
        made["reason"], reason = str(problem), _NOT_STARTED
    else:
        _enter(job, "RUNNING")
        made["exitCode"], reason = _await(job)
    job.running, job.ending = None, None
    return {"container": made, "startedAt": started, "stoppedAt": service._now_ms(), "statusReason": reason}


def _await(job: _Job) -> tuple[int, str]:
    """Until it ends, by itself or because somebody ends it."""
    running, seconds = job.running, (job.definition.get("timeout") or {}).get("attemptDurationSeconds")
    assert running is not None
    deadline = None if seconds is None else time.monotonic() + seconds
    while (code := running.wait(_LOOKS_SECONDS)) is None:
        if deadline is not None and time.monotonic() > deadline:
            job.ending, deadline = _TOO_LONG, None
            threading.Thread(target=running.stop, daemon=True).start()
    running.finish()
    return code, job.ending or _EXITED


def _environment(job: _Job, number: int) -> dict[str, str]:
    index = (job.record.get("arrayProperties") or {}).get("index")
    given = {each["name"]: each["value"] for each in job.definition["containerProperties"].get("environment", [])}
    ours = {
        "AWS_BATCH_JOB_ID": job.record["jobId"],
        "AWS_BATCH_JOB_ATTEMPT": str(number),
        "AWS_BATCH_JQ_NAME": job.record["jobQueue"].rpartition("/")[2],
    }
    return {**given, **ours, **({} if index is None else {"AWS_BATCH_JOB_ARRAY_INDEX": str(index)})}


def _attempts(job: _Job) -> int:
    return int((job.definition.get("retryStrategy") or {}).get("attempts", 1))


def _tries_again(job: _Job, attempt: Properties) -> bool:
    """The first condition that fits decides; where none does, it is tried again."""
    seen = {
        "onStatusReason": attempt["statusReason"],
        "onReason": attempt["container"].get("reason", ""),
        "onExitCode": str(attempt["container"].get("exitCode", "")),
    }
    for rule in (job.definition.get("retryStrategy") or {}).get("evaluateOnExit", []):
        patterns = [(seen[name], pattern) for name, pattern in rule.items() if name in seen]
        if all(fnmatch.fnmatchcase(value, pattern) for value, pattern in patterns):
            return rule["action"].lower() == "retry"
    return True


class _vcpus:
    """Waits until a queue's compute environment has room."""

    def __init__(self, queue_arn: str, wanted: float) -> None:
        queue = _queue(queue_arn) or {}
        name = queue["computeEnvironmentOrder"][0]["computeEnvironment"].rpartition("/")[2]
        self._most = float(service._compute_envs[name]["computeResources"]["maxvCpus"])
        with _lock:
            self._capacity, self._wanted = _capacities.setdefault(name, _Capacity()), wanted

    def __enter__(self) -> None:
        with self._capacity.freed:
            self._capacity.freed.wait_for(lambda: self._capacity.used + self._wanted <= self._most)
            self._capacity.used += self._wanted

    def __exit__(self, *_: object) -> None:
        with self._capacity.freed:
            self._capacity.used -= self._wanted
            self._capacity.freed.notify_all()


def _enter(job: _Job, status: str) -> None:
    with _lock:
        job.record["status"] = status
        if status in _ENDS:
            job.record["stoppedAt"] = service._now_ms()
            _jobs.pop(job.record["jobId"], None)
        parent_ended = _count(job.parent, status) if job.parent is not None else False
    _tell(job.record)
    if parent_ended and job.parent is not None:
        _tell(job.parent)


def _count(parent: Properties, status: str) -> bool:
    """Keeps the array's own status; whether that ended just now."""
    size, job_id = parent["arrayProperties"]["size"], parent["jobId"]
    states = [service._jobs[f"{job_id}:{index}"]["status"] for index in range(size)]
    parent["arrayProperties"]["statusSummary"] = {each: states.count(each) for each in set(states)}
    if status not in _ENDS or not all(each in _ENDS for each in states):
        return False
    parent["status"] = "FAILED" if "FAILED" in states else "SUCCEEDED"
    if parent["status"] == "FAILED":
        parent["statusReason"] = "Array Child Job failed"
    return True


def _tell(record: Properties) -> None:
    life_cycle.emit("aws.batch", "Batch Job State Change", {name: record[name] for name in record if name != "tags"}, [record["jobArn"]])


def _definition(reference: str) -> Properties | None:
    name, _, revision = reference.rpartition("/")[2].partition(":")
    revisions = service._job_definitions.get(name) or []
    return next((each for each in reversed(revisions) if revision in ("", str(each["revision"]))), None)


def _queue(reference: str) -> Properties | None:
    return service._job_queues.get(reference.rpartition("/")[2])


def _terminate(request: Properties) -> Any:
    job_id = request.get("jobId", "")
    for job in [each for name, each in list(_jobs.items()) if name == job_id or name.startswith(f"{job_id}:")]:
        job.terminated = True
        _end(job, request.get("reason", ""), containers.Running.stop)
    return service._json(200, {})


def _describe(request: Properties) -> Any:
    return service._json(200, {"jobs": [service._jobs[each] for each in request.get("jobs", []) if each in service._jobs]})


def _list(request: Properties) -> Any:
    """Members of an array are listed with `arrayJobId` alone, as on AWS; without a status, running jobs alone are."""
    parent, queue = request.get("arrayJobId"), _queue(request.get("jobQueue") or "")
    status = request.get("jobStatus", "RUNNING")
    members = ("jobId", "jobArn", "jobName", "jobDefinition", "status", "statusReason", "createdAt", "arrayProperties")
    found = [
        {name: record[name] for name in members if name in record}
        for record in service._jobs.values()
        if record["status"] == status and _is_listed(record, parent, queue)
    ]
    return service._json(200, {"jobSummaryList": found})


def _is_listed(record: Properties, parent: str | None, queue: Properties | None) -> bool:
    if parent is not None:
        return re.fullmatch(rf"{re.escape(parent)}:\d+", record["jobId"]) is not None
    return queue is not None and record["jobQueue"] == queue["jobQueueArn"] and ":" not in record["jobId"]


def _end(job: _Job, reason: str, how: Callable[[containers.Running], None]) -> None:
    if job.running is None:
        return
    job.ending = reason
    # Not on the event loop, which the program may have to ask something before it ends.
    threading.Thread(target=how, args=(job.running,), daemon=True).start()


def _take_machine(job_id: str, how: Callable[[containers.Running], None]) -> Document:
    job = _jobs.get(job_id)
    if job is None or job.running is None:
        raise Refused(404, f"the job {job_id} does not run now")
    _end(job, _INTERRUPTED, how)
    return {}


ENDPOINTS = [
    Endpoint("PUT", r"batch-jobs/([\w:-]+)/interruption", lambda groups, _b: _take_machine(groups[0], containers.Running.stop)),
    Endpoint("PUT", r"batch-jobs/([\w:-]+)/loss", lambda groups, _b: _take_machine(groups[0], containers.Running.kill)),
]
