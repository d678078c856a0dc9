"""CloudWatch's alarms in templates."""

from __future__ import annotations

from typing import Any

from ministack.services import cloudwatch as service
from ministack.services.cloudformation import provisioners

from . import metric_math
from .calls import query
from .registry import Created, Properties, Registry, arn, generated_name, replacing

_VERSION = "2010-08-01"


def register(registry: Registry) -> None:
    registry.corrected(
        "AWS::CloudWatch::Alarm",
        "Judges the exact dimensions period by period, missing data as it says, and tells its topic; of metric math `+ - * /`.",
    )
    registry.service(
        "AWS::CloudWatch::CompositeAlarm",
        "Its state follows the alarms of its rule, and it tells its topic.",
        create=_create,
        delete=_delete,
        update=_update,
    )


def install() -> None:
    """Take alarms on several metrics of a template, which ministack refuses."""
    native = provisioners._cw_metric_alarm_record

    def record(name: str, properties: Properties) -> Any:
        metrics = properties.get("Metrics")
        return _record_of_several(native, name, properties) if metrics else native(name, properties)

    provisioners._cw_metric_alarm_record = record


def _record_of_several(native: Any, name: str, properties: Properties) -> Properties:
    metrics = properties["Metrics"]
    several = [each["MetricStat"] for each in metrics if "MetricStat" in each]
    expressions = [each["Expression"] for each in metrics if "Expression" in each]
    periods = {int(each["Period"]) for each in several}
    if len(expressions) != 1 or len(periods) != 1:
        raise ValueError("an alarm on several metrics has one expression here, and one period for all of them")
    metric_math.refuse_unknown(expressions[0], {each["Id"] for each in metrics if "MetricStat" in each})
    first = several[0]["Metric"]
    one = {"MetricName": first["MetricName"], "Namespace": first["Namespace"], "Period": periods.pop()}
    shown = {"MetricName": None, "Namespace": None, "Statistic": None, "Dimensions": [], "Metrics": metrics}
    return {**native(name, {**properties, **one, "Metrics": None}), **shown}


def _create(logical_id: str, properties: Properties, stack_name: str) -> Created:
    name = generated_name(properties, "AlarmName", stack_name, logical_id)
    return _put(name, properties)


def _put(name: str, properties: Properties) -> Created:
    members = ("AlarmRule", "AlarmDescription", "ActionsEnabled")
    request = {key: properties[key] for key in members if key in properties}
    for key in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        if properties.get(key):
            request[key] = {"member": properties[key]}
    query(service, "PutCompositeAlarm", _VERSION, {"AlarmName": name, **request})
    return name, {"Arn": arn("cloudwatch", f"alarm:{name}")}


def _update(name: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
    if old.get("AlarmName") != new.get("AlarmName"):
        return replacing(_create, _delete)(name, old, new, stack_name, logical_id)
    return _put(name, new)


def _delete(name: str, _properties: Properties) -> None:
    query(service, "DeleteAlarms", _VERSION, {"AlarmNames": {"member": [name]}})
