"""Application Auto Scaling of ECS services, by steps: while the alarm that a policy is an action of is in alarm, the number of
tasks is brought to where the policy's steps say, each minute, within the target's minimum and maximum.

Each minute SQS says how many messages its queues have, which is what such alarms look at.
"""

from __future__ import annotations

import math
import threading
import time
import uuid

from ministack.services import cloudwatch, ecs, sqs

from . import alarms, minutes
from .calls import ServiceRefused
from .registry import Created, Properties, Registry, arn

_POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
_NOTE = "Step scaling of ECS services, once a minute; other kinds are records, and scale nothing."
_targets: dict[str, Properties] = {}
_policies: dict[str, Properties] = {}
_acting = threading.RLock()


def register(registry: Registry) -> None:
    registry.service("AWS::ApplicationAutoScaling::ScalableTarget", _NOTE, create=_target, delete=_no_target)
    registry.service(_POLICY, _NOTE, create=_policy, delete=_no_policy)


def install() -> None:
    minutes.at_end.append(_end_minute)


def _target(_logical_id: str, properties: Properties, _stack: str) -> Created:
    identity = "|".join(properties[name] for name in ("ResourceId", "ScalableDimension", "ServiceNamespace"))
    _targets[identity] = properties
    return identity, {"Id": properties["ResourceId"]}


def _no_target(identity: str, _properties: Properties) -> None:
    _targets.pop(identity, None)


def _policy(_logical_id: str, properties: Properties, _stack: str) -> Created:
    made = arn("autoscaling", f"scalingPolicy:{uuid.uuid4()}:policyName/{properties['PolicyName']}")
    _policies[made] = properties
    return made, {"Arn": made}


def _no_policy(made: str, _properties: Properties) -> None:
    _policies.pop(made, None)


def _end_minute() -> None:
    with _acting:
        for moment in {time.time(), minutes.now()}:
            _publish(moment)
        for alarm in list(cloudwatch._alarms.values()):
            followed = [policy for policy in alarm.get("AlarmActions") or [] if policy in _policies]
            if followed:
                alarms.judge(alarm)
            if alarm["StateValue"] == "ALARM":
                for policy in followed:
                    _follow(_policies[policy], alarm)


def _publish(moment: float) -> None:
    for url, queue in list(sqs._queues.items()):
        sqs._refresh_counts(queue)
        for metric, attribute in {
            "ApproximateNumberOfMessagesVisible": "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
        }.items():
            value, nothing = float(queue["attributes"].get(attribute, 0)), (None, None, None)
            cloudwatch._store_datum("AWS/SQS", metric, {"QueueName": url.rpartition("/")[2]}, moment, "Count", value, *nothing)


def _follow(policy: Properties, alarm: Properties) -> None:
    steps, target = policy.get("StepScalingPolicyConfiguration"), _targets.get(policy.get("ScalingTargetId", ""))
    value = alarms.newest_figure(alarm)
    if steps is None or target is None or value is None or target["ServiceNamespace"] != "ecs":
        return
    _kind, cluster, name = target["ResourceId"].split("/")
    record = ecs._services.get(f"{cluster}/{name}")
    if record is None:
        return
    now = int(record["desiredCount"])
    wanted = min(max(_adjusted(steps, now, value - alarm["Threshold"]), int(target["MinCapacity"])), int(target["MaxCapacity"]))
    if wanted != now:
        answer = ecs._update_service({"cluster": cluster, "service": name, "desiredCount": wanted})
        if answer[0] >= 400:
            raise ServiceRefused(str(answer[2]))


def _adjusted(steps: Properties, now: int, beyond: float) -> int:
    """The number of tasks that the step says, in which a figure is that lies so far beyond the alarm's threshold."""
    for step in steps["StepAdjustments"]:
        lower, upper = (step.get(f"MetricInterval{end}Bound") for end in ("Lower", "Upper"))
        bounds = (-math.inf if lower is None else float(lower), math.inf if upper is None else float(upper))
        # A bound belongs to the step that is nearer to the threshold's other side, as on AWS.
        is_within = bounds[0] <= beyond < bounds[1] if beyond >= 0 and bounds[1] > 0 else bounds[0] < beyond <= bounds[1]
        if is_within:
            change = int(step["ScalingAdjustment"])
            by = {"ExactCapacity": change - now, "ChangeInCapacity": change}.get(steps["AdjustmentType"])
            return now + (math.trunc(now * change / 100) if by is None else by)
    return now
