"""Amazon Linux 2023's images, by the public SSM parameters that name them, and which machines they run on."""

from __future__ import annotations

import re

from ministack.core.responses import get_region
from ministack.services import ec2 as ec2_service
from ministack.services import ssm

from .calls import ServiceRefused

_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-{kernel}-{architecture}"
_KERNELS = ("default", "6.1", "6.12")
_AMAZON_LINUX = {"x86_64": "ami-0c2023a1b2c3d4e5f", "arm64": "ami-0c2023a1b2c3d4e6a"}
_AMAZON = "137112412989"
_architectures: dict[str, str] = {}
#: Where an image that was made here is; Amazon's own are everywhere.
_regions: dict[str, str] = {}
_RESOLVE = "resolve:ssm:"

#: An Arm processor: a "g" after the generation's digit (t4g, m7gd, c7gn, r8g), which Nvidia's g4dn and g5 lack.
_ARM_TYPE = re.compile(r"^(a1|[a-z]+\d+g[a-z]*)\.")


def install() -> None:
    """Publish the parameters and the Arm image, which ministack lacks."""
    for architecture, image_id in _AMAZON_LINUX.items():
        _architectures[image_id] = architecture
        for kernel in _KERNELS:
            name = _PARAMETER.format(kernel=kernel, architecture=architecture)
            ssm._PUBLIC_AMI_PARAMETERS[name] = image_id
    name = "al2023-ami-2023.6.20241010.0-kernel-6.1-arm64"
    ec2_service._STUB_AMIS.append((_AMAZON_LINUX["arm64"], name, "Amazon Linux 2023 AMI", "", "/dev/xvda", _AMAZON, "amazon"))
    native = ec2_service._stub_image_view

    def view(image_id: str, *rest: str) -> dict[str, object]:
        return {**native(image_id, *rest), "Architecture": architecture_of_image(image_id) or "x86_64"}

    ec2_service._stub_image_view = view


def resolve(image_id: str | None) -> str:
    """The image that a launch names, looking up ``resolve:ssm:<parameter>`` at launch as EC2 does."""
    if not image_id:
        raise ServiceRefused("The request must contain the parameter ImageId (MissingParameter)")
    if not image_id.startswith(_RESOLVE):
        return image_id
    name = image_id.removeprefix(_RESOLVE)
    parameter, error = ssm._select_parameter(name)
    if error or not parameter:
        raise ServiceRefused(f"The SSM parameter {name} of the image was not found (InvalidParameterValue)")
    return str(parameter["Value"])


def architecture_of_image(image_id: str) -> str | None:
    """The processor an image is for, or None for an image that we did not publish."""
    return _architectures.get(image_id)


def amazon_linux(architecture: str) -> str:
    """The newest image of Amazon Linux 2023."""
    return _AMAZON_LINUX[architecture]


def publish(image_id: str, name: str, architecture: str, owner: str) -> None:
    """Have EC2 know an image that was made here, in the region of the running context."""
    _architectures[image_id] = architecture
    _regions[image_id] = get_region()
    ec2_service._STUB_AMIS.append((image_id, name, name, "", "/dev/xvda", owner, "self"))


def architecture_of_type(instance_type: str) -> str:
    """The processor of an instance type."""
    return "arm64" if _ARM_TYPE.match(instance_type) else "x86_64"


def check_fit(image_id: str, instance_type: str) -> str:
    """The architecture of a launch; refused when the image is another region's or processor's, as EC2 refuses it."""
    if _regions.get(image_id, get_region()) != get_region():
        raise ServiceRefused(f"The image id '[{image_id}]' does not exist (InvalidAMIID.NotFound)")
    wanted, has = architecture_of_image(image_id), architecture_of_type(instance_type)
    if wanted and wanted != has:
        raise ServiceRefused(
            f"The architecture '{has}' of the specified instance type {instance_type} does not match the architecture "
            f"'{wanted}' of the specified AMI {image_id} (InvalidParameterValue)"
        )
    return has
