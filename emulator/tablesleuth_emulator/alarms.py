"""Metric alarms as CloudWatch judges them: the exact dimensions, one figure a period, and missing data as each alarm says.

ministack itself takes every metric of the alarm's name, whatever its dimensions, as one figure, and never judges an
alarm again when time passes without data.
"""

from __future__ import annotations

import operator
import os
import threading
import time
from collections.abc import Callable

from ministack.core.responses import request_scope
from ministack.services import cloudwatch as service

from . import minutes
from .registry import Properties

#: How the names of the alarms begin that Auto Scaling makes for itself.
SCALING = "TargetTracking-"
_SECONDS_BETWEEN = 2
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
#: The state of an alarm that has no figure at all; with ``ignore`` it keeps the one it had.
_WITHOUT_DATA = {"breaching": "ALARM", "notBreaching": "OK", "missing": "INSUFFICIENT_DATA"}
_judging = threading.RLock()


def install() -> None:
    """Judge alarms when figures come, and every few seconds as time passes."""
    service._evaluate_alarm = judge
    threading.Thread(target=_judge_for_ever, name="alarms", daemon=True).start()


def judge(alarm: Properties) -> None:
    """Move an alarm to the state that its newest periods say."""
    if not alarm.get("MetricName"):
        return
    with _judging:
        is_scaling = alarm["AlarmName"].startswith(SCALING)
        figures = _figures(alarm, minutes.now() if is_scaling else time.time())
        # As on AWS, no such alarm begins before it has a figure of each of its minutes.
        state = alarm["StateValue"] if is_scaling and None in figures else state_of(alarm, figures)
        if state != alarm["StateValue"]:
            _enter(alarm, state)


def state_of(alarm: Properties, figures: list[float | None]) -> str:
    """The state that figures of the newest periods put an alarm into; None is a period without data."""
    treatment = alarm.get("TreatMissingData") or "missing"
    present = [figure for figure in figures if figure is not None]
    if not present:
        return _WITHOUT_DATA.get(treatment, alarm["StateValue"])
    breaches = _COMPARISONS[alarm["ComparisonOperator"]]
    breaching = sum(breaches(figure, alarm["Threshold"]) for figure in present)
    gaps = len(figures) - len(present)
    needed = alarm.get("DatapointsToAlarm") or len(figures)
    if breaching + (gaps if treatment == "breaching" else 0) >= needed:
        return "ALARM"
    if breaching + gaps < needed or treatment in ("breaching", "notBreaching"):
        return "OK"
    # The gaps decide, and nothing is known of them.
    return alarm["StateValue"] if treatment == "ignore" else "ALARM" if breaching == len(present) else "OK"


def _figures(alarm: Properties, now: float) -> list[float | None]:
    """One figure for each period that is judged. The running period counts once it has data."""
    dimensions = service._dims_key(service._dims_from_list(alarm.get("Dimensions") or []))
    points = service._metrics.get((alarm["Namespace"], alarm["MetricName"], dimensions)) or []
    period, newest = alarm["Period"], int(now // alarm["Period"])
    periods: dict[int, list[Properties]] = {}
    for point in list(points):
        periods.setdefault(int(point["Timestamp"] // period), []).append(point)
    last = newest if newest in periods else newest - 1
    wanted = range(last, last - alarm["EvaluationPeriods"], -1)
    return [_figure(alarm, periods[index]) if index in periods else None for index in wanted]


def _figure(alarm: Properties, points: list[Properties]) -> float | None:
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    return service._stat_value(service._calc_stats(points), statistic, points)


def _enter(alarm: Properties, state: str) -> None:
    before, reason = alarm["StateValue"], f"The newest {alarm['EvaluationPeriods']} periods say {state}"
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    service._record_history(alarm["AlarmName"], before, state, reason)
    service._dispatch_alarm_actions(alarm, before, state, reason)
    service._evaluate_parent_alarms(alarm)


def _judge_for_ever() -> None:
    while True:
        time.sleep(_SECONDS_BETWEEN)
        with request_scope(os.environ["MINISTACK_ACCOUNT_ID"], os.environ["MINISTACK_REGION"]):
            service._evict_old_metrics()
            for alarm in list(service._alarms.values()):
                judge(alarm)
