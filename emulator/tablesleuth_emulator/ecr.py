"""Amazon ECR: an image that is not there is an error, which is how the CDK CLI knows that it has to build one."""

from __future__ import annotations

from typing import Any

from ministack.services import ecr as service

from .registry import Properties


def install() -> None:
    """Correct DescribeImages, which answers an empty list where AWS refuses."""
    native = service._describe_images

    def describe(request: Properties) -> Any:
        name = request.get("repositoryName", "")
        for wanted in request.get("imageIds") or [] if name in service._repositories else []:
            if not service._find_image(name, wanted):
                message = f"The image with imageId {wanted} does not exist within the repository with name '{name}'"
                return service.error_response_json("ImageNotFoundException", message, 400)
        return native(request)

    service._describe_images = describe
