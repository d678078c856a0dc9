"""Invitations to user pools: Cognito makes a temporary password that the pool's own policy takes, ministack one of 12 characters."""

from __future__ import annotations

from ministack.services import cognito

#: The longest that a policy may ask for.
_LENGTH = 99


def install() -> None:
    """Make temporary passwords that every policy takes."""
    short = cognito._generate_temp_password

    def long() -> str:
        return "".join(short() for _ in range(_LENGTH))[:_LENGTH]

    cognito._generate_temp_password = long
