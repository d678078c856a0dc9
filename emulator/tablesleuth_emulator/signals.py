"""Creation policies and wait conditions: who reports that a host is up, and what happens when nobody does.

``TABLESLEUTH_SIGNALS=wait`` is CloudFormation's own behaviour: the resource waits for ``SignalResource`` until its
timeout, then fails and the stack rolls back. ``automatic``, the default, reports success for each awaited signal at
once, because no host boots in an emulated instance.
"""

from __future__ import annotations

import contextvars
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners, stacks, wait_conditions

from .registry import Created, Properties, Registry

WAIT_CONDITION = "AWS::CloudFormation::WaitCondition"
_GIVE_UP_SECONDS = 30


def register(registry: Registry) -> None:
    note = "With a creation policy it waits for SignalResource, or is signalled at once (`signals`)."
    native = provisioners._RESOURCE_HANDLERS[WAIT_CONDITION]

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        if "CreationPolicy" in definition(stack_name, logical_id):
            _answer_for_the_host(stack_name, logical_id, resource_signal(stack_name, logical_id))
        return native["create"](logical_id, properties, stack_name)

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str, _logical_id: str) -> Created:
        return native["update"](physical_id, old, new, stack_name)

    registry.service(WAIT_CONDITION, note, create=create, delete=_nothing_to_delete, update=update)


def install() -> None:
    """Let the types that wait for signals do so beside the event loop."""
    wait_beside_the_event_loop("AWS::EC2::Instance", "AWS::EC2::EC2Fleet", "AWS::AutoScaling::AutoScalingGroup")


def wait_beside_the_event_loop(*types: str) -> None:
    """Have resource types provisioned on a thread of their own: the event loop has to hear what they wait for."""
    native: Callable[[str], bool] = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda name: name in types or native(name)


def definition(stack_name: str, logical_id: str) -> dict[str, Any]:
    """A resource as the template of the running operation has it, with its policies."""
    return provisioners._cfn_wait_condition_definition(stack_name, logical_id)


def resource_signal(stack_name: str, logical_id: str) -> Properties | None:
    """``CreationPolicy.ResourceSignal`` of a resource, or None when it has no creation policy."""
    policy = definition(stack_name, logical_id).get("CreationPolicy")
    return (policy.get("ResourceSignal") or {}) if isinstance(policy, dict) else None


def await_signals(
    stack_name: str,
    logical_id: str,
    resource_type: str,
    signal: Properties | None,
    *,
    hosts: Callable[[], int] | None = None,
) -> None:
    """Wait until the resource is signalled; raises when it is signalled as failed, or too late. Does nothing
    without a signal to wait for. ``hosts`` tells how many instances there are that an automatic signal can be from."""
    if signal is None:
        return
    stack_id = provisioners._cr_stack_id(stack_name)
    count = wait_conditions.validate_count(signal.get("Count"), logical_id)
    timeout = wait_conditions.validate_resource_signal_timeout(signal.get("Timeout"), logical_id)
    token = wait_conditions.register_slot(stack_id)
    _answer_for_the_host(stack_name, logical_id, signal, hosts)
    try:
        wait_conditions.wait_for(token, stack_id, stack_name, logical_id, resource_type, count, timeout)
    except TimeoutError:
        raise TimeoutError(
            f"Failed to receive {count} resource signal(s) within the specified duration ({signal.get('Timeout', 'PT5M')})"
        ) from None
    except RuntimeError as failed:
        raise RuntimeError(_failure(str(failed), resource_type, count)) from None


def _failure(reason: str, resource_type: str, count: int) -> str:
    """What CloudFormation says of a host that reported failure: of an instance which one, of a group how many."""
    _message, separator, unique_id = reason.rpartition("for uniqueId: ")
    if not separator:
        return reason
    if resource_type == "AWS::EC2::Instance":
        return f"Received FAILURE signal with UniqueId {unique_id}"
    return (
        f"Received 1 FAILURE signal(s) out of {count}. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement"
    )


def _answer_for_the_host(
    stack_name: str, logical_id: str, signal: Properties | None, hosts: Callable[[], int] | None = None
) -> None:
    if os.environ.get("TABLESLEUTH_SIGNALS", "automatic") != "automatic" or signal is None:
        return
    count = wait_conditions.validate_count(signal.get("Count"), logical_id)
    arguments = (provisioners._cr_stack_id(stack_name), logical_id, count, hosts or (lambda: count))
    # The stack's own account and region travel in the context of the running operation.
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_signal_success, *arguments), daemon=True).start()


def _signal_success(stack_id: str, logical_id: str, count: int, hosts: Callable[[], int]) -> None:
    for number in range(count):
        deadline = time.monotonic() + _GIVE_UP_SECONDS
        while hosts() <= number or not wait_conditions.signal_resource(
            stack_id, logical_id, f"emulated-host-{number + 1}", "SUCCESS"
        ):
            if time.monotonic() > deadline:
                return
            time.sleep(0.05)


def _nothing_to_delete(_physical_id: str, _properties: Properties) -> None:
    """A wait condition leaves nothing behind."""
