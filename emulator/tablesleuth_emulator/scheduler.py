"""EventBridge Scheduler: schedules that are due by the clock of their time zone and call any action of AWS's API, with
nothing but the permissions of their role.

The scheduler's clock can be set, so that a night takes no night. ``PUT /_tablesleuth/clock`` with a ``time`` lets time
pass until then, with everything that is due on the way; a time that has gone by is jumped back to, with nothing called.
``GET /_tablesleuth/clock`` answers the time, whether it is still passing, and what was called. Nothing else in the
account goes by this clock.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections import deque
from datetime import datetime, timedelta, timezone
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, eventbridge
from ministack.services import scheduler as service

from . import schedule_times, service_roles
from .calls import Response, rest
from .endpoints import Document, Endpoint, Refused
from .registry import Created, Properties, Registry, arn, generated_name

log = logging.getLogger("tablesleuth.scheduler")
_SCHEDULER = "scheduler.amazonaws.com"
_UNIVERSAL = re.compile(r"arn:aws:scheduler:::aws-sdk:([a-z0-9]+):([a-zA-Z0-9]+)")
_TICK_SECONDS = 1.0
_UTC = timezone.utc


class _Clock:
    """The scheduler's time: the computer's, and a distance from it."""

    def __init__(self) -> None:
        self.distance = timedelta()
        #: Everything that was due until then has been called.
        self.evaluated = datetime.now(_UTC)
        self.wanted: datetime | None = None
        self.called: deque[Document] = deque(maxlen=1000)
        self.woken = threading.Event()

    def now(self) -> datetime:
        return datetime.now(_UTC) + self.distance

    def set(self, moment: datetime) -> None:
        self.distance = moment - datetime.now(_UTC)


_clock = _Clock()


def register(registry: Registry) -> None:
    registry.service(
        "AWS::Scheduler::Schedule",
        "Calls its target when it is due, by its time zone and with its role; tried once, dead letters are dropped.",
        create=_create,
        delete=_delete,
        update=_update,
    )


def install() -> None:
    """Replace ministack's way to tell what is due, which knows no time zones, and to call, which knows no roles."""
    service._now = lambda: _clock.now().timestamp()
    native = service.handle_request

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        if method in ("POST", "PUT") and path.startswith("/schedules/"):
            problem = _problem(json.loads(body or b"{}"))
            if problem:
                return service._error(400, "ValidationException", problem)
        return await native(method, path, headers, body, query)

    service.handle_request = handle
    service._ticker_loop = _run


ENDPOINTS = [
    Endpoint("PUT", "clock", lambda _groups, body: _set_clock(body)),
    Endpoint("GET", "clock", lambda _groups, _body: _read_clock()),
]


def _create(logical_id: str, properties: Properties, stack_name: str) -> Created:
    name = generated_name(properties, "Name", stack_name, logical_id)[:64]
    _call("POST", name, properties)
    return name, {"Arn": arn("scheduler", f"schedule/{_group(properties)}/{name}")}


def _update(name: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
    if (old.get("Name"), _group(old)) != (new.get("Name"), _group(new)):
        created = _create(logical_id, new, stack_name)
        _delete(name, old)
        return created
    _call("PUT", name, new)
    return name, {"Arn": arn("scheduler", f"schedule/{_group(new)}/{name}")}


def _delete(name: str, properties: Properties) -> None:
    # A schedule goes with its group, which may be gone already.
    if f"{_group(properties)}/{name}" in service._schedules:
        service._delete_schedule(name, {"groupName": _group(properties)})


def _group(properties: Properties) -> str:
    return properties.get("GroupName", "default")


def _call(method: str, name: str, properties: Properties) -> None:
    rest(service, method, f"/schedules/{name}", {key: value for key, value in properties.items() if key != "Name"})


def _problem(request: Properties) -> str | None:
    """Why AWS would refuse a schedule, where ministack takes it."""
    try:
        schedule_times.check(request.get("ScheduleExpression", ""), request.get("ScheduleExpressionTimezone") or "UTC")
    except schedule_times.NotASchedule as reason:
        return str(reason)
    role, source = (request.get("Target") or {}).get("RoleArn", ""), _group_arn(request.get("GroupName", "default"))
    if not service_roles.may_assume(_SCHEDULER, role, source):
        return "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    return None


def _group_arn(group: str) -> str:
    return arn("scheduler", f"schedule-group/{group}")


def _set_clock(body: Document) -> Document:
    try:
        moment = datetime.fromisoformat(str(body.get("time")).replace("Z", "+00:00")).astimezone(_UTC)
    except ValueError:
        raise Refused(400, f"time has to be like 2027-03-14T06:00:00Z, not {body.get('time')!r}") from None
    _clock.wanted = moment
    _clock.woken.set()
    return _read_clock()


def _read_clock() -> Document:
    return {"Time": _text(_clock.now()), "Passing": _clock.wanted is not None, "Called": list(_clock.called)}


def _run() -> None:
    while True:
        _clock.woken.wait(_TICK_SECONDS)
        _clock.woken.clear()
        wanted = _clock.wanted
        try:
            if wanted is None:
                _pass_until(_clock.now())
            else:
                _move_to(wanted)
        except Exception:
            log.exception("the scheduler failed")
            _clock.evaluated = _clock.now()
        if wanted is _clock.wanted:
            _clock.wanted = None


def _move_to(moment: datetime) -> None:
    if moment >= _clock.now():
        _pass_until(moment)
    else:
        _clock.evaluated = moment
    _clock.set(moment)


def _pass_until(end: datetime) -> None:
    while True:
        due = [(moment, key) for key, record in list(service._schedules._data.items()) if (moment := _due(record))]
        first = min((moment for moment, _key in due), default=None)
        if first is None or first > end:
            _clock.evaluated = end
            return
        if _clock.wanted is not None:
            _clock.set(first)
        for moment, key in due:
            record = service._schedules._data.get(key)
            if moment == first and record is not None:
                _invoke(key, record, moment)
        _clock.evaluated = first


def _due(record: Properties) -> datetime | None:
    """When a schedule is due next; a start date holds it back, an end date ends it."""
    if record["State"] != "ENABLED":
        return None
    after = _clock.evaluated
    start, end = (service._to_epoch(record.get(name)) for name in ("StartDate", "EndDate"))
    if start is not None:
        after = max(after, datetime.fromtimestamp(start, _UTC) - timedelta(microseconds=1))
    created = datetime.fromtimestamp(record["CreationDate"], _UTC)
    zone = record.get("ScheduleExpressionTimezone") or "UTC"
    moment = schedule_times.next_time(record["ScheduleExpression"], zone, after=after, created=created)
    return None if moment is None or (end is not None and moment.timestamp() > end) else moment


def _invoke(key: tuple[str, str, str], record: Properties, moment: datetime) -> None:
    account, region, _name = key
    called: Document = {"Schedule": record["Name"], "Time": _text(moment), "Target": record["Target"]["Arn"]}
    try:
        with request_scope(account, region):
            _call_target(record, moment, region)
    except Exception as reason:
        log.warning("schedule %s failed: %s", record["Name"], reason)
        called["Error"] = str(reason)
        _count_failure(account, region, record["GroupName"])
    _clock.called.append(called)
    if record.get("ActionAfterCompletion") == "DELETE" and record["ScheduleExpression"].startswith("at("):
        service._schedules._data.pop(key, None)


def _count_failure(account: str, region: str, group: str) -> None:
    """A call that failed is given up at once, and is a metric now: CloudWatch goes by the computer's clock."""
    with request_scope(account, region):
        for name in ("TargetErrorCount", "InvocationDroppedCount"):
            cloudwatch.record_metric("AWS/Scheduler", name, 1, "Count", {"ScheduleGroup": group})


def _call_target(record: Properties, moment: datetime, region: str) -> None:
    target = record["Target"]
    universal = _UNIVERSAL.fullmatch(target["Arn"])
    if not universal:
        eventbridge._invoke_target(target, _event(record, moment, region), record)
        return
    sdk_service, action = universal.groups()
    with service_roles.session(_SCHEDULER, target["RoleArn"], _group_arn(record["GroupName"])) as session:
        service_roles.call(session, sdk_service, action, json.loads(target.get("Input") or "{}"), region)


def _event(record: Properties, moment: datetime, region: str) -> Properties:
    return {
        "EventId": service.new_uuid(),
        "Source": "aws.scheduler",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "Time": moment.timestamp(),
        "Resources": [record["Arn"]],
        "Account": service.get_account_id(),
        "Region": region,
    }


def _text(moment: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", moment.astimezone(_UTC).timetuple())
