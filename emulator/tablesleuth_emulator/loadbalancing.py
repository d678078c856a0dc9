"""Load balancers: what their listeners do, who is registered behind them, and which of those are well.

The listeners themselves are ports of this computer, which the keeper of load balancers opens beside this process. It asks here
what there is, and reports the health of targets. Without machines there is nobody to lead to, and nothing is opened.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import get_account_id, request_scope
from ministack.services import acm, autoscaling, cognito, waf
from ministack.services import alb as service
from ministack.services import ec2 as ec2_service

from . import group_health, life_cycle, target_health
from .calls import ServiceRefused, json_target, query
from .endpoints import Document, Endpoint, Refused
from .launching import terminate
from .registry import Attributes, Created, Properties, Registry

_SIGN_INS = ("AuthenticateOidcConfig", "AuthenticateCognitoConfig")
#: The targets that groups registered, by target group: what somebody else registered stays.
_of_groups: dict[str, set[str]] = {}

ENDPOINTS = [
    Endpoint("GET", "load-balancers", lambda _groups, _body: {"LoadBalancers": _list()}),
    Endpoint("POST", "target-health", lambda _groups, body: _report(body)),
]


def register(registry: Registry) -> None:
    """The types, with what AWS refuses."""
    registry.corrected(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "In two zones or more, as AWS wants. With machines its listeners are ports of this computer; its access logs are not "
        "written, and its deletion protection protects nothing.",
        before=_check_zones,
    )
    registry.corrected(
        "AWS::ElasticLoadBalancingV2::Listener",
        "Forwards, redirects and asks to sign in, OIDC or Cognito, with a certificate of its own for the name in ACM’s.",
        before=_check_listener,
        after=_keep_sign_in,
    )
    registry.corrected(
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Its targets are registered, by groups too; with machines their health is asked for, and they get requests.",
        after=_register_targets,
    )
    registry.service(
        "AWS::WAFv2::WebACLAssociation", "Read back; no request is looked at.", create=_associate, delete=_dissociate
    )


def install() -> None:
    """Answer with the health that the keeper reports, where there is one."""
    if life_cycle.machines_exist():
        service._ACTION_MAP["DescribeTargetHealth"] = _describe_health
        target_health.install()


def _check_zones(properties: Properties) -> None:
    subnets = [ec2_service._subnets.get(subnet) for subnet in properties.get("Subnets") or []]
    if len({subnet["AvailabilityZone"] for subnet in subnets if subnet}) < 2:
        message = "At least two subnets in two different Availability Zones must be specified"
        raise ServiceRefused(f"{message} (ValidationError)")


def _check_listener(properties: Properties) -> None:
    asks = any(name in action for action in properties["DefaultActions"] for name in _SIGN_INS)
    if properties.get("Protocol") != "HTTPS":
        if asks:
            raise ServiceRefused("Authentication actions are only for HTTPS listeners (InvalidConfigurationRequest)")
        return
    for certificate in properties.get("Certificates") or [{}]:
        arn = certificate.get("CertificateArn")
        if arn not in acm._certificates:
            raise ServiceRefused(f"Certificate ARN '{arn}' is not valid (UnsupportedCertificate)")


def _keep_sign_in(listener_arn: str, properties: Properties) -> Attributes | None:
    """ministack keeps of an action what it knows from templates, and how people sign in is not among it."""
    for kept, wanted in zip(service._listeners[listener_arn]["DefaultActions"], properties["DefaultActions"], strict=True):
        kept.update({name: wanted[name] for name in _SIGN_INS if name in wanted})
    return None


def _register_targets(group_arn: str, properties: Properties) -> Attributes | None:
    """Also gives the group the name that CloudWatch has for it, of which ministack lacks the beginning."""
    if properties.get("Targets"):
        request = {"TargetGroupArn": group_arn, "Targets": {"member": properties["Targets"]}}
        query(service, "RegisterTargets", "2015-12-01", request)
    return {"TargetGroupFullName": group_arn.rpartition(":")[2]}


def _associate(_logical_id: str, properties: Properties, _stack: str) -> Created:
    request = {"ResourceArn": properties["ResourceArn"], "WebACLArn": properties["WebACLArn"]}
    json_target(waf, "AWSWAF_20190729.AssociateWebACL", request)
    return f"{properties['WebACLArn']}|{properties['ResourceArn']}", {}


def _dissociate(_physical_id: str, properties: Properties) -> None:
    json_target(waf, "AWSWAF_20190729.DisassociateWebACL", {"ResourceArn": properties["ResourceArn"]})


def _list() -> list[Document]:
    balancers = []
    for (account, region, arn), record in list(service._lbs.all_items()):
        if account == get_account_id():
            with request_scope(account, region):
                balancers.append(_describe(arn, record))
    return balancers


def _describe(arn: str, record: Properties) -> Document:
    listeners = [listener for listener in service._listeners.values() if listener["LoadBalancerArn"] == arn]
    return {
        "LoadBalancerArn": arn,
        "IdleSeconds": int(service._lb_attr(arn, "idle_timeout.timeout_seconds", "60")),
        "Listeners": [_describe_listener(listener) for listener in listeners],
        "TargetGroups": [
            _describe_group(group) for group in service._tgs.values() if arn in group.get("LoadBalancerArns", [])
        ],
    }


def _describe_listener(listener: Properties) -> Document:
    certificates = [acm._certificates.get(arn, {}) for arn in listener.get("Certificates") or []]
    return {
        "Port": listener["Port"],
        "Protocol": listener["Protocol"],
        "HostName": next((certificate.get("DomainName", "") for certificate in certificates), ""),
        "Actions": [_describe_action(action) for action in sorted(listener["DefaultActions"], key=lambda one: one["Order"])],
    }


def _describe_action(action: Properties) -> Document:
    config = action.get("AuthenticateCognitoConfig")
    return {**action, "AuthenticateOidcConfig": _as_oidc(config)} if config else action


def _as_oidc(config: Properties) -> Properties:
    """A user pool as the identity provider that it is."""
    pool_id = config["UserPoolArn"].rpartition("/")[2]
    client = cognito._user_pools[pool_id]["_clients"][config["UserPoolClientId"]]
    region = pool_id.partition("_")[0]
    domain = config["UserPoolDomain"]
    host = domain if "." in domain else f"{domain}.auth.{region}.amazoncognito.com"
    return {
        **config,
        "Issuer": f"https://cognito-idp.{region}.amazonaws.com/{pool_id}",
        "AuthorizationEndpoint": f"https://{host}/oauth2/authorize",
        "TokenEndpoint": f"https://{host}/oauth2/token",
        "UserInfoEndpoint": f"https://{host}/oauth2/userInfo",
        "ClientId": config["UserPoolClientId"],
        "ClientSecret": client["ClientSecret"] or "",
    }


def _describe_group(group: Properties) -> Document:
    arn = group["TargetGroupArn"]
    _follow_groups(group)
    attributes = {entry["Key"]: entry["Value"] for entry in service._tg_attrs.get(arn, [])}
    return {
        "TargetGroupArn": arn,
        "HealthCheckPath": group["HealthCheckPath"],
        "HealthCheckIntervalSeconds": group["HealthCheckIntervalSeconds"],
        "HealthCheckTimeoutSeconds": group["HealthCheckTimeoutSeconds"],
        "HealthyThresholdCount": group["HealthyThresholdCount"],
        "UnhealthyThresholdCount": group["UnhealthyThresholdCount"],
        "DrainSeconds": target_health.delay_seconds(arn),
        "IsSticky": attributes.get("stickiness.enabled") == "true",
        "StickySeconds": int(attributes.get("stickiness.lb_cookie.duration_seconds", "86400")),
        "Targets": [
            {"InstanceId": target["Id"], "Port": int(target.get("Port") or group["Port"]), "Address": address}
            for target in service._targets.get(arn, [])
            if (address := _address(target["Id"]))
        ],
    }


def _address(instance_id: str) -> str:
    """The address of an instance that runs. Another one is registered, and gets nothing."""
    record = ec2_service._instances.get(instance_id)
    return str(record["PrivateIpAddress"]) if record and record["State"]["Name"] == "running" else ""


def _follow_groups(group: Properties) -> None:
    """Auto Scaling registers a member when it is in service, and takes it back before it ends. Who was deregistered stays so."""
    arn = group["TargetGroupArn"]
    members = {
        member["InstanceId"]
        for scaling in autoscaling._asgs.values()
        if arn in (scaling.get("TargetGroupARNs") or [])
        for member in scaling["Instances"]
        if member["LifecycleState"] == "InService"
    }
    before = _of_groups.get(arn, set())
    service.set_targets_for_group(arn, [(one, group["Port"]) for one in sorted(members - before)], before - members)
    _of_groups[arn] = members


def _report(body: Document) -> Document:
    """The keeper says how a target is. A group that goes by that replaces a member that is not well."""
    arn, target = str(body.get("TargetGroupArn")), str(body.get("InstanceId"))
    if body.get("State") not in target_health.STATES:
        raise Refused(400, f"{body.get('State')!r} is no state of a target")
    target_health.note(body)
    if body["State"] == "unhealthy":
        for (account, region, _name), scaling in list(autoscaling._asgs.all_items()):
            with request_scope(account, region):
                _end_unhealthy(scaling, arn, target)
    return {}


def _end_unhealthy(scaling: Properties, group_arn: str, target: str) -> None:
    if group_arn not in (scaling.get("TargetGroupARNs") or []) or "ELB" not in str(scaling.get("HealthCheckType")):
        return
    for member in list(scaling["Instances"]):
        if member["InstanceId"] == target and not group_health.is_in_grace(scaling, member):
            member["HealthStatus"] = "Unhealthy"
            terminate([target])


def _describe_health(params: dict[str, Any]) -> Any:
    arn = service._p(params, "TargetGroupArn")
    group = service._tgs.get(arn)
    if group is None:
        return service._error("TargetGroupNotFound", f"Target group '{arn}' not found.")
    _follow_groups(group)
    wanted = {target["Id"] for target in service._parse_targets_param(params)}
    registered = [(target["Id"], int(target.get("Port") or group["Port"])) for target in service._targets.get(arn, [])]
    leaving = [(target, int(group["Port"])) for target in target_health.draining(arn)]
    rows = [_health_row(arn, *target) for target in [*registered, *leaving] if not wanted or target[0] in wanted]
    return service._xml(
        200, "DescribeTargetHealth", f"<TargetHealthDescriptions>{''.join(rows)}</TargetHealthDescriptions>"
    )


def _health_row(arn: str, target: str, port: int) -> str:
    found = target_health.of(arn, target) or {"State": "initial", "Description": "Initial health checks in progress"}
    state = found["State"] if _address(target) else "unused"
    description = service._esc(json.dumps(found.get("Description", "")).strip('"'))
    return (
        f"<member><Target><Id>{target}</Id><Port>{port}</Port></Target><TargetHealth><State>{state}</State>"
        f"<Description>{description}</Description></TargetHealth></member>"
    )
