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

from . import metric_math, minutes
from .registry import Properties

#: How the names of the alarms begin that Auto Scaling makes for itself.
SCALING = "TargetTracking-"
_POLICY = ":scalingPolicy:"
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
    if not alarm.get("MetricName") and not alarm.get("Metrics"):
        return
    with _judging:
        is_scaling = _is_scaling(alarm)
        figures = _figures(alarm)
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


def newest_figure(alarm: Properties) -> float | None:
    """The figure of the newest period that has one."""
    return next((figure for figure in _figures(alarm) if figure is not None), None)


def _is_scaling(alarm: Properties) -> bool:
    """Whether it goes by the clock of scaling policies."""
    actions = alarm.get("AlarmActions") or []
    return alarm["AlarmName"].startswith(SCALING) or any(_POLICY in action for action in actions)


def _figures(alarm: Properties) -> list[float | None]:
    """One figure for each period that is judged. The running period counts once it has data."""
    periods = _periods(alarm)
    newest = int((minutes.now() if _is_scaling(alarm) else time.time()) // alarm["Period"])
    last = newest if newest in periods else newest - 1
    return [periods.get(index) for index in range(last, last - alarm["EvaluationPeriods"], -1)]


def _periods(alarm: Properties) -> dict[int, float | None]:
    """The figures of an alarm's metric, or of what it makes of several, by the number of their period."""
    if not alarm.get("Metrics"):
        statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
        return _periods_of(alarm, alarm["Period"], statistic)
    expression = next(each["Expression"] for each in alarm["Metrics"] if "Expression" in each)
    several = {
        each["Id"]: _periods_of(each["MetricStat"]["Metric"], alarm["Period"], each["MetricStat"]["Stat"])
        for each in alarm["Metrics"]
        if "MetricStat" in each
    }
    known = set.intersection(*(set(periods) for periods in several.values()))
    return {
        index: metric_math.value_of(expression, {name: periods[index] or 0.0 for name, periods in several.items()})
        for index in known
    }


def _periods_of(metric: Properties, period: int, statistic: str) -> dict[int, float | None]:
    dimensions = service._dims_key(service._dims_from_list(metric.get("Dimensions") or []))
    periods: dict[int, list[Properties]] = {}
    for point in list(service._metrics.get((metric["Namespace"], metric["MetricName"], dimensions)) or []):
        periods.setdefault(int(point["Timestamp"] // period), []).append(point)
    return {
        index: service._stat_value(service._calc_stats(points), statistic, points) for index, points in periods.items()
    }


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
