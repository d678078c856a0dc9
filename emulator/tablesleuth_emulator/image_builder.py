"""EC2 Image Builder: components, recipes and pipelines, and builds that really run (``image_builds``).

A version of a component or a recipe never changes: another content with the same version "already exists", as on AWS. A
build begins with StartImagePipelineExecution alone; schedules begin none, and life-cycle policies delete nothing.
"""

from __future__ import annotations

import contextvars
import json
import re
import threading
import uuid
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core import iam_actions, router
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import ec2 as ec2_service

from . import component_documents, image_builds
from .calls import Response, ServiceRefused
from .registry import Created, Properties, Registry, Update, arn, replacing

SERVICE = "imagebuilder"
_SEMANTIC = re.compile(r"\d{1,10}\.\d{1,10}\.\d{1,10}")
_LARGEST_NUMBER = 2**30 - 1
_PARENT = re.compile(r"arn:aws:imagebuilder:[a-z0-9-]+:aws:image/amazon-linux-2023-(x86|arm64)/x\.x\.x")
_CRON = re.compile(r"cron\(\S+( \S+){5}\)")
_resources: AccountRegionScopedDict = AccountRegionScopedDict()
_builds: AccountRegionScopedDict = AccountRegionScopedDict()
_Check = Callable[[Properties], None]


def register(registry: Registry) -> None:
    def add(kind: str, note: str, resource: str, check: _Check, *, versioned: bool = False) -> None:
        create, delete, update = _handlers(kind, resource, check, versioned)
        registry.service(f"AWS::ImageBuilder::{kind}", note, create=create, delete=delete, update=update)

    add(
        "Component",
        "Its document is checked, and runs in machines: ExecuteBash alone; a version that exists is refused.",
        "component/{Name}/{Version}/1",
        _check_component,
        versioned=True,
    )
    add("ImageRecipe", "A version that exists is refused.", "image-recipe/{Name}/{Version}", _check_recipe, versioned=True)
    note = "What build and test instances are launched with; without a way out the build fails."
    add("InfrastructureConfiguration", note, "infrastructure-configuration/{Name}", _check_infrastructure)
    note = "Copies the image to each region, with an id of its own there, and writes parameters below /imagebuilder/."
    add("DistributionConfiguration", note, "distribution-configuration/{Name}", _accept)
    note = "StartImagePipelineExecution builds, tests and distributes; its schedule begins nothing."
    add("ImagePipeline", note, "image-pipeline/{Name}", _check_pipeline)
    add("LifecyclePolicy", "Kept; nothing is deleted.", "lifecycle-policy/{Name}", _accept)


def install() -> None:
    """Have ministack serve Image Builder, and enforce IAM for it."""
    router.SERVICE_PATTERNS[SERVICE] = {"host_patterns": [r"imagebuilder\."], "credential_scope": SERVICE}
    app.SERVICE_HANDLERS[SERVICE] = _serve
    iam_actions.SERVICE_TO_IAM_NAMESPACE[SERVICE] = SERVICE
    native_action, native_resource = iam_actions.extract_iam_action, iam_actions.extract_resource_arn

    def action(service: str, method: str, path: str, *rest: Any) -> str | None:
        return f"{SERVICE}:{path[1:]}" if service == SERVICE else native_action(service, method, path, *rest)

    def resource(service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any) -> str:
        if service != SERVICE:
            return native_resource(service, method, path, headers, body, *rest)
        return _named(_request(body, rest[0])) or "*"

    iam_actions.extract_iam_action, iam_actions.extract_resource_arn = action, resource


def _handlers(kind: str, resource: str, check: _Check, versioned: bool) -> tuple[Any, Any, Update]:
    def create(_logical_id: str, properties: Properties, _stack: str) -> Created:
        made = _arn(resource, properties)
        if made in _resources:
            raise ServiceRefused(f"Resource of type 'AWS::ImageBuilder::{kind}' with identifier '{made}' already exists.")
        check(properties)
        _resources[made] = properties
        return made, {"Arn": made, "Name": properties["Name"], "Version": properties.get("Version", "")}

    def delete(made: str, _properties: Properties) -> None:
        _resources.pop(made, None)

    def update(made: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
        changed = {name for name in {*old, *new} if old.get(name) != new.get(name)} - {"Tags"}
        if changed and (versioned or "Name" in changed):
            return replacing(create, delete)(made, old, new, stack_name, logical_id)
        check(new)
        _resources[made] = new
        return made, {"Arn": made, "Name": new["Name"], "Version": new.get("Version", "")}

    return create, delete, update


def _arn(resource: str, properties: Properties) -> str:
    """ARNs have names in small letters, and dashes for blanks."""
    name = properties["Name"].lower().replace(" ", "-").replace("_", "-")
    return arn(SERVICE, resource.format(Name=name, Version=properties.get("Version", "")))


def _accept(_properties: Properties) -> None:
    """Refuses nothing."""


def _check_version(properties: Properties) -> None:
    version = str(properties["Version"])
    if not _SEMANTIC.fullmatch(version) or any(int(number) > _LARGEST_NUMBER for number in version.split(".")):
        raise ServiceRefused(f"The version {version} is not three numbers up to {_LARGEST_NUMBER}")


def _check_component(properties: Properties) -> None:
    _check_version(properties)
    component_documents.read(properties["Data"])


def _check_recipe(properties: Properties) -> None:
    _check_version(properties)
    if not _PARENT.fullmatch(properties["ParentImage"]):
        raise ServiceRefused(f"This account knows no parent image {properties['ParentImage']}")
    for component in properties["Components"]:
        _find(component["ComponentArn"])


def _check_infrastructure(properties: Properties) -> None:
    subnet_id = properties.get("SubnetId")
    if subnet_id and subnet_id not in ec2_service._subnets:
        raise ServiceRefused(f"The subnet ID '{subnet_id}' does not exist (InvalidParameterValueException)")


def _check_pipeline(properties: Properties) -> None:
    for name in ("ImageRecipeArn", "InfrastructureConfigurationArn", "DistributionConfigurationArn"):
        if properties.get(name):
            _find(properties[name])
    expression = (properties.get("Schedule") or {}).get("ScheduleExpression")
    if expression and not _CRON.fullmatch(expression):
        raise ServiceRefused(f"The schedule {expression} is not cron(...) with six fields")


def _find(made: str) -> Properties:
    found = _resources.get(made)
    if found is None:
        raise ServiceRefused(f"The resource {made} does not exist (ResourceNotFoundException)")
    return found


async def _serve(_method: str, path: str, _headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
    answer = {
        "/StartImagePipelineExecution": _start,
        "/GetImage": _get_image,
        "/GetImagePipeline": _get_pipeline,
        "/ListImagePipelineImages": _list_images,
    }.get(path)
    if answer is None:
        return _refusal(400, "InvalidRequestException", f"this account has no {path[1:]} of Image Builder")
    try:
        document = answer(_request(body, query))
    except ServiceRefused as refused:
        return _refusal(404, "ResourceNotFoundException", str(refused))
    return 200, {"Content-Type": "application/json"}, json.dumps({"requestId": str(uuid.uuid4()), **document}).encode()


def _refusal(status: int, code: str, message: str) -> Response:
    headers = {"Content-Type": "application/json", "x-amzn-errortype": code}
    return status, headers, json.dumps({"message": message}).encode()


def _request(body: bytes, query: dict[str, Any]) -> Properties:
    document = json.loads(body) if body else {}
    return {**{name: value[0] if isinstance(value, list) else value for name, value in query.items()}, **document}


def _named(request: Properties) -> str | None:
    return request.get("imagePipelineArn") or request.get("imageBuildVersionArn")


def _start(request: Properties) -> Properties:
    pipeline_arn = request["imagePipelineArn"]
    pipeline = _find(pipeline_arn)
    recipe = _find(pipeline["ImageRecipeArn"])
    version = pipeline["ImageRecipeArn"].partition(":image-recipe/")[2]
    number = 1 + sum(1 for made in _builds if f":image/{version}/" in made)
    distribution = pipeline.get("DistributionConfigurationArn")
    components = [_find(one["ComponentArn"]) for one in recipe["Components"]]
    tests = (pipeline.get("ImageTestsConfiguration") or {}).get("ImageTestsEnabled", True)
    build = image_builds.Build(
        arn=arn(SERVICE, f"image/{version}/{number}"),
        recipe=recipe,
        infrastructure=_find(pipeline["InfrastructureConfigurationArn"]),
        distributions=_find(distribution)["Distributions"] if distribution else [],
        phases=[component_documents.read(component["Data"]) for component in components],
        has_tests=str(tests).lower() == "true",
        pipeline_arn=pipeline_arn,
    )
    _builds[build.arn] = build
    # The account and region of the request travel in its context.
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(image_builds.run, build), daemon=True).start()
    return {"clientToken": request.get("clientToken", ""), "imageBuildVersionArn": build.arn}


def _get_image(request: Properties) -> Properties:
    build = _builds.get(request["imageBuildVersionArn"])
    if build is None:
        raise ServiceRefused(f"The image {request['imageBuildVersionArn']} does not exist")
    return {"image": image_builds.describe(build)}


def _get_pipeline(request: Properties) -> Properties:
    pipeline = _find(request["imagePipelineArn"])
    return {
        "imagePipeline": {
            "arn": request["imagePipelineArn"],
            "name": pipeline["Name"],
            "imageRecipeArn": pipeline["ImageRecipeArn"],
            "status": pipeline.get("Status", "ENABLED"),
        }
    }


def _list_images(request: Properties) -> Properties:
    of_pipeline = [build for build in _builds.values() if build.pipeline_arn == request["imagePipelineArn"]]
    return {"imageSummaryList": [image_builds.describe(build) for build in of_pipeline]}
