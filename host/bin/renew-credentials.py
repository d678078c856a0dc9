"""Has GizmoSQL take the credentials of the instance's role anew, when the instance's metadata has new ones.

DuckDB keeps what it found when its secret was made. EC2 shows new credentials at least five minutes before the old ones end,
so run every two minutes this is always in time. Nothing restarts, and no query notices. Needs both programs' environment.
"""

import os
import re
import urllib.request
from pathlib import Path

METADATA = "http://169.254.169.254/latest"
CREDENTIALS = "meta-data/iam/security-credentials/"
GIZMOSQL = "grpc://127.0.0.1:31337"
STATEMENTS = Path("/etc/tablesleuth/gizmosql.sql")
SECONDS = 5


def ask(path: str, method: str = "GET", **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"{METADATA}/{path}", method=method, headers=named)
    with urllib.request.urlopen(request, timeout=SECONDS) as response:
        return response.read().decode()


def access_key_id() -> str:
    """Which credentials the role has now: the public part of them."""
    token = ask("api/token", "PUT", X_aws_ec2_metadata_token_ttl_seconds="60")
    role = ask(CREDENTIALS, X_aws_ec2_metadata_token=token).strip()
    document = ask(CREDENTIALS + role, X_aws_ec2_metadata_token=token)
    return re.search(r'"AccessKeyId"\s*:\s*"(\w+)"', document)[1]


def secrets(statements: str) -> list[str]:
    """Those of GizmoSQL's first statements that make a secret."""
    return re.findall(r"^CREATE OR REPLACE SECRET [^;]+;", statements, re.MULTILINE)


def renew(statements: list[str]) -> None:
    # Not before it is needed: loading them takes a second.
    from adbc_driver_flightsql.dbapi import connect

    login = {"username": os.environ["GIZMOSQL_USERNAME"], "password": os.environ["GIZMOSQL_PASSWORD"]}
    with connect(GIZMOSQL, db_kwargs=login, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()


def main() -> None:
    last = Path(os.environ["RUNTIME_DIRECTORY"], "access-key-id")
    key = access_key_id()
    if last.exists() and last.read_text(encoding="ascii") == key:
        return
    renew(secrets(STATEMENTS.read_text(encoding="utf-8")))
    last.write_text(key, encoding="ascii")
    print(f"<5>GizmoSQL reads with the credentials {key}")


if __name__ == "__main__":
    main()
