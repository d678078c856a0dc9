"""Answers nginx who sent a request that came through this host's load balancer: 204 with the user's name, 401 without a header,
403 with one that is not to be believed.

A load balancer signs what the identity provider says of a user, and sends it as x-amzn-oidc-data: a JSON web token (ES256) whose
head names the key, the load balancer that signed, the provider and the client. All of them have to be this host's own, because
any load balancer in any account of AWS signs with keys from the same place. A token that was found good is remembered until it
expires, and keys until this program ends. When keys cannot be had, nobody is let in (503).
"""

import http.client
import os
import re
import threading
import time
import urllib.parse
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

LISTEN = ("127.0.0.1", 8082)
ALGORITHM = "ES256"
MOST_TOKEN_LETTERS = 24_000
REMEMBERED_TOKENS = 500
KEY_SECONDS = 3.0
# How long a key that could not be had is not asked for again.
MISSING_KEY_SECONDS = 10.0
_KEY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Claims = Mapping[str, object]


class Refused(Exception):
    """Why a header is not believed."""


class NoKeys(Exception):
    """Why the keys of load balancers cannot be had."""


@dataclass(frozen=True)
class Expected:
    """What the head of every token has to say."""

    signer: str
    issuer: str
    client: str


@dataclass(frozen=True)
class User:
    """Who has signed in: a name for people, and the provider's own id, which never changes."""

    name: str
    subject: str


@dataclass(frozen=True)
class Verified:
    """What a good token says, and until when (seconds since 1970)."""

    user: User
    expires: float


def verify(token: str, expected: Expected, key_of: Callable[[str], str], now: float) -> Verified:
    """Believes a token or raises Refused. Pure but for the key, which is looked up only when everything else fits."""
    if len(token) > MOST_TOKEN_LETTERS:
        raise Refused("the token is too long")
    try:
        head = jwt.get_unverified_header(token)
    except jwt.PyJWTError as problem:
        raise Refused(f"it is no token: {problem}") from None
    wanted = {"alg": ALGORITHM, "signer": expected.signer, "iss": expected.issuer, "client": expected.client}
    for name, value in wanted.items():
        if head.get(name) != value:
            raise Refused(f"its {name} is another one")
    expires = head.get("exp")
    if not isinstance(expires, (int, float)) or isinstance(expires, bool) or expires <= now:
        raise Refused("it has expired")
    key_id = head.get("kid")
    if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id):
        raise Refused("its kid is no id of a key")
    try:
        claims = jwt.decode(token, key_of(key_id), algorithms=[ALGORITHM], options={"verify_aud": False, "verify_sub": False})
    except (jwt.PyJWTError, ValueError) as problem:
        raise Refused(f"its signature does not fit: {problem}") from None
    return Verified(user_of(claims), float(expires))


def user_of(claims: Claims) -> User:
    """Names the user by an address that the provider has verified, else by the name at the provider, else by its id."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or subject == "":
        raise Refused("it names no subject")
    verified = claims.get("email") if claims.get("email_verified") in (True, "true") else None
    names = (verified, claims.get("preferred_username"), claims.get("username"), subject)
    return User(next(_plain(name) for name in names if isinstance(name, str) and name), _plain(subject))


def _plain(name: str) -> str:
    """Letters that mean nothing in a header or a log line; everything else as in a URL."""
    return urllib.parse.quote(name, safe="@+:|")[:256]


class Keys:
    """The public keys of load balancers, by their ids, from where AWS publishes those of a region."""

    def __init__(self, fetch: Callable[[str], str | None]) -> None:
        self._fetch = fetch
        self._known: dict[str, str] = {}
        self._missing: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def key_of(self, key_id: str) -> str:
        known = self._known.get(key_id)
        if known is not None:
            return known
        # One at a time: a flood of unknown ids is no flood of requests.
        with self._lock:
            if key_id not in self._known:
                self._known[key_id] = self._look_up(key_id)
            return self._known[key_id]

    def _look_up(self, key_id: str) -> str:
        if self._missing.get(key_id, 0.0) > time.monotonic():
            raise Refused("nobody publishes its key")
        key = self._fetch(key_id)
        if key is None:
            self._missing[key_id] = time.monotonic() + MISSING_KEY_SECONDS
            while len(self._missing) > REMEMBERED_TOKENS:
                self._missing.popitem(last=False)
            raise Refused("nobody publishes its key")
        return key


def fetch_key(region: str, key_id: str) -> str | None:
    """A key as PEM text, or None where there is none of that id. It follows no redirection."""
    connection = http.client.HTTPSConnection(f"public-keys.auth.elb.{region}.amazonaws.com", timeout=KEY_SECONDS)
    try:
        connection.request("GET", f"/{key_id}")
        answer = connection.getresponse()
        text = answer.read(10_000).decode("ascii", "replace")
    except (OSError, http.client.HTTPException) as problem:
        raise NoKeys(f"the keys of load balancers cannot be had: {problem}") from None
    finally:
        connection.close()
    if answer.status in (403, 404):
        return None
    if answer.status != 200:
        raise NoKeys(f"the keys of load balancers cannot be had: status {answer.status}")
    return text


class Gate:
    """Verifies tokens, each once in its life."""

    def __init__(self, expected: Expected, keys: Keys) -> None:
        self._expected = expected
        self._keys = keys
        self._good: OrderedDict[str, Verified] = OrderedDict()
        self._lock = threading.Lock()

    def user(self, token: str) -> User:
        now = time.time()
        known = self._good.get(token)
        if known is None:
            known = verify(token, self._expected, self._keys.key_of, now)
            with self._lock:
                self._good[token] = known
                while len(self._good) > REMEMBERED_TOKENS:
                    self._good.popitem(last=False)
        if known.expires <= now:
            raise Refused("it has expired")
        return known.user


class Handler(BaseHTTPRequestHandler):
    """One answer to nginx, over a connection that it keeps."""

    gate: Gate
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        token = self.headers.get("x-amzn-oidc-data", "")
        if token == "":
            self._answer(401, {})
            return
        try:
            user = self.gate.user(token)
        except Refused as reason:
            print(f"refused a signed header: {reason}", flush=True)
            self._answer(403, {})
        except NoKeys as reason:
            print(reason, flush=True)
            self._answer(503, {})
        else:
            self._answer(204, {"X-Signed-In-User": user.name, "X-Signed-In-Subject": user.subject})

    # nginx asks with the method of the request that it holds.
    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: nginx logs every request."""


def main() -> None:
    region = os.environ["AWS_REGION"]
    expected = Expected(os.environ["LOAD_BALANCER_ARN"], os.environ["SIGN_IN_ISSUER"], os.environ["SIGN_IN_CLIENT_ID"])
    Handler.gate = Gate(expected, Keys(lambda key_id: fetch_key(region, key_id)))
    server = ThreadingHTTPServer(LISTEN, Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
