"""Documents of Image Builder's components, for AWS's task orchestrator: what they may say, and the shell scripts they are.

AWS publishes no schema of them. This follows its guide, of which it knows one action, ``ExecuteBash``: a document that says
anything else is refused, so that nothing of one is left out in silence.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import Any

import yaml

from .calls import ServiceRefused

_LARGEST = 16_000
_PHASES = ("build", "validate", "test")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]{0,127}")
_DOCUMENT = {"name", "description", "schemaVersion", "phases"}
_STEP = {"name", "action", "timeoutSeconds", "onFailure", "maxAttempts", "inputs"}
_ON_FAILURE = ("Abort", "Continue", "Ignore")
_LONGEST_SECONDS = 7200


@dataclass(frozen=True)
class Step:
    """One step of a phase. ``script`` ends with the step's exit code."""

    name: str
    script: str
    on_failure: str
    attempts: int


def read(text: str) -> dict[str, list[Step]]:
    """The steps of each phase of a document, YAML or JSON; ``ServiceRefused`` with the first thing that is wrong."""
    if len(text) > _LARGEST:
        raise _refused(f"is {len(text)} characters long, at most {_LARGEST} are allowed")
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise _refused(f"is neither YAML nor JSON: {problem}") from None
    _check_keys("document", document, _DOCUMENT, {"schemaVersion", "phases"})
    if document["schemaVersion"] not in ("1.0", 1.0):
        raise _refused(f"has the schemaVersion {document['schemaVersion']!r}, 1.0 is wanted")
    phases = {}
    for phase in document["phases"]:
        _check_keys("phase", phase, {"name", "steps"}, {"name", "steps"})
        if phase["name"] not in _PHASES or phase["name"] in phases:
            raise _refused(f"has a phase {phase['name']!r}: each of {', '.join(_PHASES)} is wanted once at most")
        phases[phase["name"]] = [_step(step) for step in phase["steps"]]
        names = [step.name for step in phases[phase["name"]]]
        if len(set(names)) < len(names):
            raise _refused(f"has two steps of one name in the phase {phase['name']}")
    if not phases:
        raise _refused("has no phase")
    return phases


def _step(step: Any) -> Step:
    _check_keys("step", step, _STEP, {"name", "action", "inputs"})
    name = step["name"]
    if not _NAME.fullmatch(str(name)):
        raise _refused(f"has a step named {name!r}: letters, digits, spaces, dashes and underscores are wanted")
    if step["action"] != "ExecuteBash":
        raise _refused(f"has the action {step['action']!r} in the step {name}: this account knows ExecuteBash alone")
    _check_keys(f"inputs of {name}", step["inputs"], {"commands"}, {"commands"})
    commands = step["inputs"]["commands"]
    if not commands or not all(isinstance(command, str) for command in commands):
        raise _refused(f"has the commands {json.dumps(commands)} in the step {name}: a list of texts is wanted")
    seconds = int(step.get("timeoutSeconds", _LONGEST_SECONDS))
    on_failure = step.get("onFailure", "Abort")
    if on_failure not in _ON_FAILURE:
        raise _refused(f"has the onFailure {on_failure!r} in the step {name}, wants one of {', '.join(_ON_FAILURE)}")
    limit = [] if seconds == -1 else ["timeout", "--kill-after=5", str(seconds)]
    script = shlex.join([*limit, "bash", "-c", "\n".join(commands)])
    return Step(str(name), script, on_failure, int(step.get("maxAttempts", 1)))


def _check_keys(what: str, value: Any, known: set[str], needed: set[str]) -> None:
    if not isinstance(value, dict):
        raise _refused(f"has a {what} that is no mapping")
    if set(value) - known:
        raise _refused(f"has {', '.join(sorted(set(value) - known))} in a {what}, which this account does not know")
    if needed - set(value):
        raise _refused(f"has no {', '.join(sorted(needed - set(value)))} in a {what}")


def _refused(problem: str) -> ServiceRefused:
    return ServiceRefused(f"The component document {problem} (InvalidParameterValueException)")
