"""Tasks of Amazon ECS that run: as processes, one for each container definition's task, with the credentials of the task's role.

ministack keeps clusters, services and their deployments, and says how many tasks there should be. A task that is stopped
gets SIGTERM, and SIGKILL when its stop timeout is over; a service replaces one that ends by itself.

``PUT /_tablesleuth/tasks/<id>/loss`` kills a task without a word, as a machine that is lost does.
"""

from __future__ import annotations

import contextvars
import json
import logging
import threading
import time
from typing import Any

from ministack.services import ecs as service

from . import containers
from .endpoints import Document, Endpoint, Refused
from .registry import Properties

log = logging.getLogger("tablesleuth.tasks")
_LOOKS_SECONDS = 0.2
#: Before a service tries again what ended by itself.
_PAUSE_SECONDS = 1.0
_EXITED = ("Essential container in task exited", "EssentialContainerExited")
_running: dict[str, containers.Running] = {}


def install() -> None:
    """Start a process for each task that ministack takes for running, and end it with the task."""
    native_run, native_stop = service._run_task, service._stop_task

    def run(request: Properties) -> Any:
        answer = native_run(request)
        for made in json.loads(answer[2]).get("tasks", []) if answer[0] < 400 else []:
            _beside(_live, service._tasks[made["taskArn"]])
        return answer

    def stop(request: Properties) -> Any:
        task = service._resolve_task(request.get("task", ""), service._resolve_cluster_name(request.get("cluster", "default")))
        running = _running.get(task["taskArn"]) if task else None
        if task is None or running is None:
            return native_stop(request)
        if task["lastStatus"] != "STOPPING":
            _enter_stopping(task, request.get("reason", "Task stopped by user"))
            _beside(running.stop)
        return service.json_response({"task": service._sanitize(task)})

    service._run_task, service._stop_task = run, stop
    service._ACTION_MAP.update(RunTask=run, StopTask=stop)


def _beside(run: Any, *arguments: Any) -> None:
    """Beside the running request; the account and region travel in its context."""
    threading.Thread(target=contextvars.copy_context().run, args=(run, *arguments), name="ecs-task", daemon=True).start()


def _enter_stopping(task: Properties, reason: str) -> None:
    service._bump_task_version(task)
    task.update(lastStatus="STOPPING", desiredStatus="STOPPED", stoppingAt=service._iso(), stoppedReason=reason)
    service._refresh_service_state(service._cluster_name_from_arn(task["clusterArn"]), task["group"])


def _live(task: Properties) -> None:
    """From the start of a task's container to its end."""
    task_arn = task["taskArn"]
    definition = service._task_defs[service._resolve_td_key(task["taskDefinitionArn"])]
    try:
        running = containers.Running(_container(task, definition))
    except containers.CannotStart as problem:
        log.warning("the task %s cannot start: %s", task_arn, problem)
        time.sleep(_PAUSE_SECONDS)
        service._mark_task_stopped(task_arn, task, str(problem), "TaskFailedToStart")
        return
    _running[task_arn] = running
    if task["desiredStatus"] == "STOPPED":
        # It was stopped before it was there.
        _beside(running.stop)
    while (code := running.wait(_LOOKS_SECONDS)) is None:
        pass
    _running.pop(task_arn)
    if task["lastStatus"] != "STOPPING":
        log.warning("the task %s ended with %s, and said: %s", task_arn, code, running.last_words())
    _end(task, code)
    running.finish()


def _end(task: Properties, code: int) -> None:
    if task["lastStatus"] != "STOPPING":
        time.sleep(_PAUSE_SECONDS)
        service._mark_task_stopped(task["taskArn"], task, *_EXITED, exit_code=code)
        return
    # ministack ends only what is meant to run.
    task["desiredStatus"] = "RUNNING"
    stopped_by = "ServiceSchedulerInitiated" if task["startedBy"] else "UserInitiated"
    service._mark_task_stopped(task["taskArn"], task, task["stoppedReason"], stopped_by, exit_code=code)


def _container(task: Properties, definition: Properties) -> containers.Container:
    """The one container of a task; several of them are not emulated."""
    (wanted,) = definition["containerDefinitions"]
    task_id = task["taskArn"].rpartition("/")[2]
    logging_to = wanted.get("logConfiguration") or {}
    prefix = (logging_to.get("options") or {}).get("awslogs-stream-prefix", "ecs")
    return containers.Container(
        image=wanted["image"],
        command=wanted.get("command") or [],
        role_arn=definition.get("taskRoleArn") or None,
        execution_role_arn=definition.get("executionRoleArn", ""),
        source_arn=task["taskArn"],
        log=logging_to,
        stream=f"{prefix}/{wanted['name']}/{task_id}",
        environment={each["name"]: str(each["value"]) for each in wanted.get("environment", [])},
        stop_seconds=float(wanted.get("stopTimeout") or containers.STOP_SECONDS),
    )


def _lose(task_id: str) -> Document:
    found = next((running for arn, running in _running.items() if arn.endswith(f"/{task_id}")), None)
    if found is None:
        raise Refused(404, f"the task {task_id} does not run now")
    found.kill()
    return {}


ENDPOINTS = [Endpoint("PUT", r"tasks/([\w-]+)/loss", lambda groups, _body: _lose(groups[0]))]
