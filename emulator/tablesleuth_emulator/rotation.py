"""Secret rotation by the real four-step protocol, which ministack leaves out: it only copies the value."""

from __future__ import annotations

import contextvars
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from ministack.services import lambda_svc
from ministack.services import secretsmanager as service

from .calls import json_target
from .launching import is_true
from .registry import Created, Properties, Registry

log = logging.getLogger("tablesleuth.rotation")
_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def register(registry: Registry) -> None:
    registry.service(
        "AWS::SecretsManager::ResourcePolicy",
        "Read back, and enforced when the account is started so.",
        create=_put_policy,
        delete=lambda secret_id, _properties: _call("DeleteResourcePolicy", SecretId=secret_id),
        update=lambda _id, _old, new, _stack, _logical_id: _put_policy("", new, ""),
    )
    registry.service(
        "AWS::SecretsManager::RotationSchedule",
        "Runs the function's four steps at RotateSecret, at once all or its test; no schedule.",
        create=_schedule,
        delete=_no_schedule,
        update=lambda _id, _old, new, _stack, _logical_id: _schedule("", new, ""),
    )


def install() -> None:
    """Let RotateSecret run the secret's function, when it has one, and a pending version have no value."""
    native_value = service._get_secret_value

    def get_secret_value(request: Properties) -> Any:
        answer = native_value(request)
        found = json.loads(answer[2]) if answer[0] < 400 else {"SecretString": ""}
        if "SecretString" in found or "SecretBinary" in found:
            return answer
        message = f"Secrets Manager can't find the specified secret value for VersionId: {request.get('VersionId')}"
        return service.error_response_json("ResourceNotFoundException", message, 400)

    service._get_secret_value = get_secret_value
    native = service._rotate_secret

    def rotate_secret(request: Properties) -> Any:
        _name, secret = service._resolve(request.get("SecretId"))
        function = request.get("RotationLambdaARN") or (secret or {}).get("RotationLambdaARN")
        if not secret or not function or secret.get("DeletedDate"):
            return native(request)
        if _is_pending(secret):
            message = "A previous rotation isn't complete. That rotation will be reattempted."
            return service.error_response_json("InvalidRequestException", message, 400)
        secret.update(RotationLambdaARN=function, RotationEnabled=True)
        token = request.get("ClientRequestToken") or str(uuid.uuid4())
        _rotate(secret["ARN"], function, token)
        return service.json_response({"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": token})

    service._rotate_secret = rotate_secret


def _call(action: str, **request: Any) -> dict[str, Any]:
    return json_target(service, f"secretsmanager.{action}", request)


def _put_policy(_logical_id: str, properties: Properties, _stack: str) -> Created:
    policy = properties["ResourcePolicy"]
    text = policy if isinstance(policy, str) else json.dumps(policy)
    _call("PutResourcePolicy", SecretId=properties["SecretId"], ResourcePolicy=text)
    return properties["SecretId"], {}


def _schedule(_logical_id: str, properties: Properties, _stack: str) -> Created:
    secret_id, function = properties["SecretId"], properties["RotationLambdaARN"]
    _name, secret = service._resolve(secret_id)
    if secret is None:
        raise ValueError(f"Secrets Manager can't find the secret {secret_id}")
    if not _may_call(function, secret["ARN"]):
        raise ValueError(
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access "
            "to the principal secretsmanager.amazonaws.com."
        )
    secret.update(RotationLambdaARN=function, RotationRules=properties.get("RotationRules"), RotationEnabled=True)
    if is_true(properties.get("RotateImmediatelyOnUpdate", True)):
        _rotate(secret["ARN"], function, str(uuid.uuid4()))
    else:
        _beside(_test, secret["ARN"], function, str(uuid.uuid4()))
    return secret_id, {"Id": secret_id}


def _may_call(function: str, secret_arn: str) -> bool:
    """Whether a statement of the function's own policy lets Secrets Manager call it, for this secret."""
    record, _configuration, _name = lambda_svc._get_func_record_for_ref(function)
    for statement in (record or {}).get("policy", {}).get("Statement", []):
        source = statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", "*")
        principal = statement["Principal"]
        caller = principal.get("Service") if isinstance(principal, dict) else principal
        if caller == "secretsmanager.amazonaws.com" and fnmatchcase(secret_arn, source):
            return True
    return False


def _no_schedule(secret_id: str, _properties: Properties) -> None:
    _name, secret = service._resolve(secret_id)
    if secret is not None:
        secret.update(RotationEnabled=False, RotationLambdaARN=None, RotationRules=None)


def _is_pending(secret: Properties) -> bool:
    """Whether a version other than the current one is pending: of a rotation that runs, or that failed and left it."""
    return any(
        "AWSPENDING" in version["Stages"] and "AWSCURRENT" not in version["Stages"]
        for version in secret["Versions"].values()
    )


def _rotate(secret_arn: str, function: str, token: str) -> None:
    _add_pending(secret_arn, token, None)
    _beside(_run_steps, secret_arn, function, token)


def _beside(run: Callable[[str, str, str], None], *arguments: str) -> None:
    """Beside the running request, as Secrets Manager does; the account and region travel in its context."""
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run, *arguments), name="rotation", daemon=True).start()


def _add_pending(secret_arn: str, token: str, value: str | None) -> None:
    """The function finds its own token pending, and in a rotation without a value, when it is first called."""
    _name, secret = service._resolve(secret_arn)
    for version in secret["Versions"].values():
        version["Stages"] = [stage for stage in version["Stages"] if stage != "AWSPENDING"]
    pending = {"SecretString": value, "SecretBinary": None, "CreatedDate": 0, "Stages": ["AWSPENDING"]}
    secret["Versions"][token] = pending


def _test(secret_arn: str, function: str, token: str) -> None:
    """A schedule that does not rotate at once is tried with a pending version that has the current value."""
    _name, secret = service._resolve(secret_arn)
    current = next(version for version in secret["Versions"].values() if "AWSCURRENT" in version["Stages"])
    _add_pending(secret_arn, token, current["SecretString"])
    _run_step("testSecret", secret_arn, function, token)
    secret["Versions"].pop(token, None)


def _run_steps(secret_arn: str, function: str, token: str) -> None:
    if all(_run_step(step, secret_arn, function, token) for step in _STEPS):
        _name, secret = service._resolve(secret_arn)
        secret["LastRotatedDate"] = time.time()


def _run_step(step: str, secret_arn: str, function: str, token: str) -> bool:
    """Whether the function did it. Its invocations and errors are metrics, as those of every function are."""
    record, configuration, _name = lambda_svc._get_func_record_for_ref(function)
    if record is None or configuration is None:
        log.error("the rotation function %s of %s does not exist", function, secret_arn)
        return False
    execution = lambda_svc._execution_record_for_config(record, configuration)
    event = {"Step": step, "SecretId": secret_arn, "ClientRequestToken": token}
    began = time.time()
    result = lambda_svc._execute_function_with_config_scope(execution, event)
    failed = isinstance(result, dict) and bool(result.get("error"))
    lambda_svc._emit_lambda_metrics(configuration["FunctionName"], (time.time() - began) * 1000, failed, False)
    if failed:
        log.error("rotation step %s of %s failed: %s", step, secret_arn, str(result)[:500])
    return not failed
