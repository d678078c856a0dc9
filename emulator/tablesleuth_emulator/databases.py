"""Aurora PostgreSQL, with a real PostgreSQL behind each cluster's endpoint.

A cluster is a process of its own (``emulator/aurora/main.ts``): PostgreSQL, and a door that lets nobody in without TLS, and
members of ``rds_iam`` with a token of IAM alone. The door asks here whether a token is good. The endpoint is ``localhost``
and a port of the cluster's own; its certificate is of the account's own authority, whose file ``DB_CA_FILE`` names to
functions and containers.

Rebooting an instance, and stopping and starting a cluster, are real. No reader is a database of its own.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.core import iam_evaluator, lambda_runtime, rds_iam
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import lambda_svc, secretsmanager, sts
from ministack.services import rds as service
from ministack.services.cloudformation import provisioners, stacks

from .endpoints import Document, Endpoint, Refused
from .launching import is_true
from .registry import Attributes, Created, Properties, Registry

log = logging.getLogger("tablesleuth.databases")
_CLUSTER, _INSTANCE = "AWS::RDS::DBCluster", "AWS::RDS::DBInstance"
_HOST = "localhost"
_ENDS_WITHIN_SECONDS = 30
#: Of a function's process, which has the same credentials all its life.
_LONG_SECONDS = 365 * 24 * 3600
_databases: dict[str, _Database] = {}
_lock = threading.RLock()
_native_create: Callable[[str, Properties, str], Created] = provisioners._rds_db_cluster_create
_native_delete: Callable[[str, Properties], None] = provisioners._rds_db_cluster_delete


class _Database:
    """The process of one cluster."""

    def __init__(self, cluster_id: str, region: str, settings: Properties) -> None:
        self.cluster_id, self.region, folder = cluster_id, region, Path(os.environ["TABLESLEUTH_DATABASES"])
        self._settings: Properties = {
            **settings,
            "clusterId": cluster_id,
            "folder": str(folder / cluster_id),
            "certificates": str(folder / "certificates"),
        }
        self._process: subprocess.Popen[str] | None = None

    @property
    def port(self) -> int:
        return self._settings["port"]

    def start(self) -> None:
        """Returns when it answers; on the port that it had, if it had one."""
        process = subprocess.Popen(
            json.loads(os.environ["TABLESLEUTH_DATABASE_COMMAND"]), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(self._settings) + "\n")
        process.stdin.flush()
        said = process.stdout.readline()
        if not said:
            process.wait()
            raise ValueError(f"the database of {self.cluster_id} did not start; the account's log says why")
        self._settings["port"], self._process = json.loads(said)["port"], process

    def stop(self) -> None:
        """In good order; connections end at once."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(_ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()

    def forget(self) -> None:
        self.stop()
        shutil.rmtree(self._settings["folder"], ignore_errors=True)


def register(registry: Registry) -> None:
    registry.service(
        _CLUSTER,
        "A real PostgreSQL, with TLS and tokens of IAM; no capacity, no pause, no backups, and no log that is exported.",
        create=_create,
        delete=_delete,
        update=_update,
        snapshot=provisioners._rds_db_cluster_snapshot,
    )
    registry.corrected(_INSTANCE, "A reboot restarts PostgreSQL; a reader is a record.", after=_join)


def install() -> None:
    """Run clusters beside the requests of others, and let the actions that restart one reach it."""
    on_worker_thread: Callable[[str], bool] = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda name: name == _CLUSTER or on_worker_thread(name)
    # What a change that replaces a cluster goes by.
    provisioners._rds_db_cluster_create, provisioners._rds_db_cluster_delete = _create, _delete
    for action, change in {
        "RebootDBInstance": _restart,
        "FailoverDBCluster": _restart,
        "StopDBCluster": _Database.stop,
        "StartDBCluster": _Database.start,
    }.items():
        service._ACTION_MAP[action] = _with(service._ACTION_MAP[action], change)
    _complete_credentials_of_functions()


def _complete_credentials_of_functions() -> None:
    """A token is verified by credentials that end some day, and is not signed with an empty session token."""
    native, native_session = lambda_runtime.execution_credentials, sts.register_session

    def credentials(configuration: Properties) -> dict[str, str]:
        return {name: value for name, value in native(configuration).items() if value}

    def register_session(access_key: str, session: Properties) -> None:
        native_session(access_key, {"Expiration": time.time() + _LONG_SECONDS, **session})

    lambda_runtime.execution_credentials = lambda_svc.execution_credentials = credentials
    sts.register_session = register_session


def _create(logical_id: str, properties: Properties, stack_name: str) -> Created:
    cluster_id, attributes = _native_create(logical_id, properties, stack_name)
    cluster = service._clusters[cluster_id]
    if is_true(properties.get("ManageMasterUserPassword", False)):
        _manage_password(cluster, properties.get("MasterUserSecret") or {})
    if "TABLESLEUTH_DATABASE_COMMAND" in os.environ and cluster["Engine"] == "aurora-postgresql":
        _begin(cluster, properties.get("DBClusterParameterGroupName", ""))
    return cluster_id, {**attributes, **_attributes(cluster)}


def _update(cluster_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
    made, attributes = provisioners._rds_db_cluster_update(cluster_id, old, new, stack_name, logical_id)
    cluster = service._clusters[made]
    # The template's own port and password are not those of the process.
    if made in _databases:
        cluster["Port"] = _databases[made].port
    return made, {**attributes, **_attributes(cluster)}


def _delete(cluster_id: str, properties: Properties) -> None:
    cluster = service._clusters.get(cluster_id) or {}
    if cluster.get("DeletionProtection"):
        raise ValueError("Cannot delete protected Cluster, please disable deletion protection and try again.")
    with _lock:
        database = _databases.pop(cluster_id, None)
    if database is not None:
        database.forget()
    secret = (cluster.get("MasterUserSecret") or {}).get("SecretArn")
    if secret:
        secretsmanager.delete_secret_in_process(secret)
    _native_delete(cluster_id, properties)


def _manage_password(cluster: Properties, wanted: Properties) -> None:
    """A secret that RDS makes and owns; it is not made anew after seven days here."""
    password, user = service._generate_master_user_password(), cluster["MasterUsername"]
    name = f"rds!{cluster['DbClusterResourceId'].lower()}"
    text = json.dumps({"username": user, "password": password})
    arn = secretsmanager.create_secret_in_process(name, text, description=f"Password of {user}")
    key = wanted.get("KmsKeyId", "")
    secretsmanager._resolve(arn)[1]["KmsKeyId"] = key
    cluster["_MasterUserPassword"] = password
    cluster["MasterUserSecret"] = {"SecretArn": arn, "SecretStatus": "active", "KmsKeyId": key}


def _begin(cluster: Properties, parameter_group: str) -> None:
    parameters = _parameters(parameter_group)
    settings = {
        "owner": cluster["MasterUsername"],
        "password": cluster["_MasterUserPassword"],
        "database": cluster["DatabaseName"],
        "onlyEncrypted": parameters.pop("rds.force_ssl", "1") == "1",
        "parameters": {name: value for name, value in parameters.items() if not name.startswith("rds.")},
    }
    database = _Database(cluster["DBClusterIdentifier"], get_region(), settings)
    with _lock:
        database.start()
        _databases[database.cluster_id] = database
    cluster.update(Endpoint=_HOST, ReaderEndpoint=_HOST, Port=database.port)


def _parameters(group: str) -> dict[str, str]:
    """What somebody set in a parameter group; the others are the engine's own."""
    record = service._db_cluster_param_groups.get(group) or {}
    return {name: str(set_to["ParameterValue"]) for name, set_to in record.get("Parameters", {}).items()}


def _attributes(cluster: Properties) -> Attributes:
    return {
        "Endpoint.Address": cluster["Endpoint"],
        "Endpoint.Port": str(cluster["Port"]),
        "ReadEndpoint.Address": cluster["ReaderEndpoint"],
        "MasterUserSecret.SecretArn": (cluster.get("MasterUserSecret") or {}).get("SecretArn", ""),
    }


def _join(instance_id: str, properties: Properties) -> Attributes | None:
    cluster_id = properties.get("DBClusterIdentifier", "")
    if cluster_id not in _databases:
        return None
    port = _databases[cluster_id].port
    service._instances[instance_id]["Endpoint"].update(Address=_HOST, Port=port)
    return {"Endpoint.Address": _HOST, "Endpoint.Port": str(port)}


def _with(native: Callable[[Properties], Any], change: Callable[[_Database], None]) -> Callable[[Properties], Any]:
    def act(params: Properties) -> Any:
        answer = native(params)
        if answer[0] < 400:
            database = _databases.get(_cluster_of(params))
            if database is not None:
                with _lock:
                    change(database)
        return answer

    return act


def _cluster_of(params: Properties) -> str:
    instance = service._instances.get(service._p(params, "DBInstanceIdentifier")) or {}
    return service._p(params, "DBClusterIdentifier") or instance.get("DBClusterIdentifier", "")


def _restart(database: _Database) -> None:
    database.stop()
    database.start()


def _sign_in(cluster_id: str, body: Document) -> Document:
    """Whether a token is of somebody who may connect as the user that it names."""
    database = _databases.get(cluster_id)
    if database is None:
        raise Refused(404, f"no database {cluster_id}")
    user, token = str(body.get("user")), str(body.get("token"))
    with request_scope(get_account_id(), database.region):
        cluster = service._clusters.get(cluster_id) or {}
        if not cluster.get("IAMDatabaseAuthenticationEnabled"):
            raise Refused(403, "sign-in with IAM is off")
        target = {"hostname": _HOST, "port": database.port, "db_user": user}
        found = rds_iam.verify_rds_iam_token(token, **target, region=database.region, account_id=get_account_id())
        if isinstance(found, rds_iam.RdsIamTokenError):
            log.info("no sign-in as %s: %s", user, found.code)
            raise Refused(403, found.code)
        if os.environ.get("AUTH") == "true" and not _may_connect(found.access_key_id, cluster["DbClusterResourceId"], user):
            log.info("no sign-in as %s: rds-db:connect is not allowed to %s", user, found.principal_arn)
            raise Refused(403, f"{found.principal_arn} is not allowed rds-db:connect as {user}")
    return {}


def _may_connect(access_key_id: str, resource_id: str, user: str) -> bool:
    principal = iam_evaluator.resolve_principal(access_key_id, get_account_id())
    if isinstance(principal, iam_evaluator.AuthError):
        return False
    if principal.policies is None:
        return True
    asked = iam_evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action="rds-db:connect",
        resource_arn=f"arn:aws:rds-db:{get_region()}:{get_account_id()}:dbuser:{resource_id}/{user}",
        region=get_region(),
        principal_keys=principal.keys,
    )
    return iam_evaluator.evaluate(asked, principal.policies, *principal.limits).decision == "Allow"


ENDPOINTS = [
    # Asked by the door of the database itself.
    Endpoint("POST", r"databases/([\w-]+)/sign-in", lambda groups, body: _sign_in(groups[0], body)),
]
