"""The second factor on the sign-in page of user pools, which ministack's own page does not ask for.

Whoever has given their password, or has just chosen one, is asked for a code of their authenticator app before the page lets
them go on. Somebody without an app is given a secret for one first, where the pool wants a second factor of everybody.
"""

from __future__ import annotations

import base64
import html
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from ministack.services import cognito

from .calls import Response
from .registry import Properties

_SOFTWARE_TOKEN = "SOFTWARE_TOKEN_MFA"
#: What Cognito gives somebody between the steps of a sign-in, unless the client says otherwise.
_SESSION_SECONDS = 180


@dataclass(frozen=True)
class _Begun:
    """A sign-in whose password was right. ``secret`` is for an app that is not set up yet; empty with one that is."""

    user: Properties
    secret: str
    expires: float
    go_on: Callable[[], Response]


_begun: dict[str, _Begun] = {}


def install() -> None:
    """Stand between the page's password and its redirect. Every way of giving a password ends in that redirect."""
    cognito._issue_auth_code_redirect = _asking_first(cognito._issue_auth_code_redirect)
    cognito.handle_login_submit = _taking_codes(cognito.handle_login_submit)


def _asking_first(issue: Callable[..., Response]) -> Callable[..., Response]:
    def ask(client_id: str, pool_id: str, redirect_uri: str, scope: str, username: str, *others: str) -> Response:
        def go_on() -> Response:
            return issue(client_id, pool_id, redirect_uri, scope, username, *others)

        pool = cognito._get_pool_unscoped(pool_id)
        user = pool["_users"][username]
        has_app = _SOFTWARE_TOKEN in user.get("_mfa_enabled", [])
        wanted = pool.get("MfaConfiguration", "OFF")
        if wanted == "OFF" or (wanted == "OPTIONAL" and not has_app):
            return go_on()
        secret = "" if has_app else base64.b32encode(secrets.token_bytes(20)).decode()
        token = secrets.token_urlsafe(24)
        _begun[token] = _Begun(user, secret, time.time() + _SESSION_SECONDS, go_on)
        return _page(token, secret)

    return ask


def _taking_codes(submit: Callable[..., Response]) -> Callable[..., Response]:
    def take(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]) -> Response:
        form = {name: values[0] for name, values in parse_qs((body or b"").decode(errors="replace")).items()}
        if "second_factor" not in form:
            return submit(method, path, headers, body, query)
        return _take_code(form["second_factor"], form.get("code", "").strip())

    return take


def _take_code(token: str, code: str) -> Response:
    begun = _begun.get(token)
    if begun is None or begun.expires < time.time():
        _begun.pop(token, None)
        return cognito._oauth2_error("invalid_request", "Session has expired. Please sign in again.")
    if not cognito._totp_matches(begun.secret or begun.user["_totp_secret"], code):
        return _page(token, begun.secret, "Invalid code received for user")
    del _begun[token]
    if begun.secret:
        begun.user.update(_totp_secret=begun.secret, _preferred_mfa=_SOFTWARE_TOKEN)
        begun.user.setdefault("_mfa_enabled", []).append(_SOFTWARE_TOKEN)
    return begun.go_on()


def _page(token: str, secret: str, problem: str = "") -> Response:
    error = f'<div class="error">{html.escape(problem)}</div>' if problem else ""
    app = f"<p>Add this key to your authenticator app:</p><p><code>{secret}</code></p>" if secret else ""
    form = f"""{error}{app}
<form method="POST" action="/login">
<input type="hidden" name="second_factor" value="{html.escape(token)}">
<label for="code">Code of your authenticator app</label>
<input type="text" id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus>
<button type="submit">Sign in</button>
</form>"""
    heading = "Set up your authenticator app" if secret else "Enter your code"
    # ministack writes the length of the page into these.
    headers = {"Content-Type": "text/html; charset=utf-8"}
    return 200, headers, cognito._page_shell("Sign in", heading, form).encode()
