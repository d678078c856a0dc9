"""EBS encryption by default: a switch of the account in a region, after which each new volume is encrypted."""

from __future__ import annotations

from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import ec2 as service

_switch = AccountRegionScopedDict()


def is_on() -> bool:
    """Whether new volumes of this account and region are encrypted."""
    return bool(_switch.get("on"))


def install() -> None:
    """Answer the actions, which ministack lacks, and encrypt."""
    for action, change in (
        ("EnableEbsEncryptionByDefault", True),
        ("DisableEbsEncryptionByDefault", False),
        ("GetEbsEncryptionByDefault", None),
    ):
        service._ACTION_MAP[action] = _answer(action, change)
    native = service._ACTION_MAP["CreateVolume"]
    service._ACTION_MAP["CreateVolume"] = lambda params: native({**params, "Encrypted": ["true"]} if is_on() else params)


def _answer(action: str, change: bool | None) -> Any:
    def answer(_params: dict[str, list[str]]) -> Any:
        if change is not None:
            _switch["on"] = change
        on = str(is_on()).lower()
        body = f"<ebsEncryptionByDefault>{on}</ebsEncryptionByDefault><sseType>sse-ebs</sseType>"
        return service._xml(200, f"{action}Response", body)

    return answer
