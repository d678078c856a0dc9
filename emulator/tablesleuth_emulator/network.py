"""EC2 networking: addresses, NAT gateways, flow logs, rules of security groups, and what AWS gives a new VPC."""

from __future__ import annotations

import uuid
from typing import Any

from ministack.services import ec2 as ec2_service
from ministack.services.cloudformation import provisioners

from .calls import ServiceRefused, ec2, text
from .registry import Attributes, Created, Properties, Registry


def register(registry: Registry) -> None:
    registry.service("AWS::EC2::EIP", "Allocated and released; no traffic.", create=_address, delete=_release)
    registry.service("AWS::EC2::NatGateway", "A record that routes can name; no traffic.", create=_nat, delete=_no_nat)
    registry.service(
        "AWS::EC2::FlowLog",
        "Read back by DescribeFlowLogs; no traffic, so no records.",
        create=_flow_log,
        delete=_no_flow_log,
    )
    for direction in ("Ingress", "Egress"):
        registry.service(
            f"AWS::EC2::SecurityGroup{direction}",
            "A rule of the group; nothing filters traffic.",
            create=_rule("Authorize", direction),
            delete=_no_rule(direction),
        )
    registry.corrected(
        "AWS::EC2::VPC",
        "Its default security group starts with AWS’s own rules; CidrBlock can be read.",
        after=_new_vpc,
    )
    registry.corrected(
        "AWS::EC2::Route", "Refused, as on AWS, when its table, gateway or attachment is missing.", before=_check_route
    )


def tag(resource_id: str, properties: Properties) -> None:
    """Give an EC2 resource the tags of its template."""
    if properties.get("Tags"):
        ec2_service._tags[resource_id] = [
            {"Key": entry["Key"], "Value": str(entry.get("Value", ""))} for entry in properties["Tags"]
        ]


def _address(_logical_id: str, properties: Properties, _stack: str) -> Created:
    answer = ec2("AllocateAddress", Domain=properties.get("Domain", "vpc"))
    allocation_id, public_ip = text(answer, "allocationId"), text(answer, "publicIp")
    tag(allocation_id, properties)
    return public_ip, {"AllocationId": allocation_id, "PublicIp": public_ip}


def _release(public_ip: str, _properties: Properties) -> None:
    for allocation_id, address in list(ec2_service._addresses.items()):
        if address["PublicIp"] == public_ip:
            ec2("ReleaseAddress", AllocationId=allocation_id)


def _nat(_logical_id: str, properties: Properties, _stack: str) -> Created:
    allocation_id = properties.get("AllocationId")
    if allocation_id and allocation_id not in ec2_service._addresses:
        raise ServiceRefused(f"Elastic IP address {allocation_id} was not found (InvalidAllocationID.NotFound)")
    if properties["SubnetId"] not in ec2_service._subnets:
        raise ServiceRefused(f"The subnet ID '{properties['SubnetId']}' does not exist (InvalidSubnetID.NotFound)")
    answer = ec2("CreateNatGateway", SubnetId=properties["SubnetId"], AllocationId=allocation_id)
    nat_id = text(answer, "natGateway/natGatewayId")
    tag(nat_id, properties)
    return nat_id, {"NatGatewayId": nat_id}


def _no_nat(nat_id: str, _properties: Properties) -> None:
    ec2("DeleteNatGateway", NatGatewayId=nat_id)


def _flow_log(_logical_id: str, properties: Properties, _stack: str) -> Created:
    answer = ec2(
        "CreateFlowLogs",
        ResourceId=[properties["ResourceId"]],
        ResourceType=properties["ResourceType"],
        TrafficType=properties.get("TrafficType"),
        LogGroupName=properties.get("LogGroupName"),
        LogDestination=properties.get("LogDestination"),
        LogDestinationType=properties.get("LogDestinationType"),
    )
    flow_log_id = text(answer, "flowLogIdSet/item")
    tag(flow_log_id, properties)
    ec2_service._flow_logs[flow_log_id].update(
        LogGroupName=properties.get("LogGroupName"),
        DeliverLogsPermissionArn=properties.get("DeliverLogsPermissionArn"),
        MaxAggregationInterval=properties.get("MaxAggregationInterval", 600),
    )
    return flow_log_id, {"Id": flow_log_id}


def _no_flow_log(flow_log_id: str, _properties: Properties) -> None:
    ec2("DeleteFlowLogs", FlowLogId=[flow_log_id])


def _rule(verb: str, direction: str) -> Any:
    def create(_logical_id: str, properties: Properties, _stack: str) -> Created:
        _change_rule(verb, direction, properties)
        rule_id = f"sgr-{uuid.uuid4().hex[:17]}"
        return rule_id, {"Id": rule_id}

    return create


def _no_rule(direction: str) -> Any:
    def delete(_rule_id: str, properties: Properties) -> None:
        if properties["GroupId"] in ec2_service._security_groups:
            _change_rule("Revoke", direction, properties)

    return delete


def _change_rule(verb: str, direction: str, properties: Properties) -> None:
    permission = provisioners._ec2_sg_permissions([properties])[0]
    request: Properties = {name: permission.get(name) for name in ("IpProtocol", "FromPort", "ToPort")}
    request.update(
        IpRanges=permission["IpRanges"],
        Ipv6Ranges=permission["Ipv6Ranges"],
        PrefixListIds=permission["PrefixListIds"],
        Groups=permission["UserIdGroupPairs"],
    )
    ec2(f"{verb}SecurityGroup{direction}", GroupId=properties["GroupId"], IpPermissions=[request])


def _new_vpc(vpc_id: str, _properties: Properties) -> Attributes:
    vpc = ec2_service._vpcs[vpc_id]
    group = ec2_service._security_groups[vpc["DefaultSecurityGroupId"]]
    if not vpc.get("_default_group_ready"):
        vpc["_default_group_ready"] = True
        itself = {"GroupId": group["GroupId"], "UserId": group["OwnerId"]}
        group["IpPermissions"].append(
            {"IpProtocol": "-1", "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": [itself]}
        )
    return {"CidrBlock": vpc["CidrBlock"]}


def _check_route(properties: Properties) -> None:
    """AWS refuses a route before its gateway is there: what a template's missing dependency runs into."""
    table = ec2_service._route_tables.get(properties["RouteTableId"])
    if table is None:
        raise ServiceRefused(
            f"The routeTable ID '{properties['RouteTableId']}' does not exist (InvalidRouteTableID.NotFound)"
        )
    nat_id, gateway_id = properties.get("NatGatewayId"), properties.get("GatewayId")
    if nat_id and (ec2_service._nat_gateways.get(nat_id) or {}).get("State") != "available":
        raise ServiceRefused(f"The natGateway ID '{nat_id}' does not exist (InvalidNatGatewayID.NotFound)")
    if not gateway_id or not gateway_id.startswith("igw-"):
        return
    gateway = ec2_service._internet_gateways.get(gateway_id)
    if gateway is None:
        raise ServiceRefused(
            f"The internetGateway ID '{gateway_id}' does not exist (InvalidInternetGatewayID.NotFound)"
        )
    if table["VpcId"] not in [attachment["VpcId"] for attachment in gateway.get("Attachments", [])]:
        raise ServiceRefused(
            f"route table {table['RouteTableId']} and network gateway {gateway_id} belong to different networks "
            "(InvalidParameterValue)"
        )
