"""What every test of the sweep imports from: the program, and the writers of the sample lake."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "sweep"), str(ROOT / "demo" / "lake")]
# Where the processes of a sweep look, which know nothing of this one's list.
os.environ["PYTHONPATH"] = os.pathsep.join([*sys.path[:2], str(ROOT / "test" / "sweep")])
sys.dont_write_bytecode = True
logging.disable(logging.CRITICAL)

_RESULTS: dict[str, dict[str, str]] = {}


def pytest_runtest_logreport(report):
    """Kept for who has these tests run and counts them: `figures.test.ts`."""
    known = _RESULTS.setdefault(report.nodeid, {"outcome": "passed", "said": ""})
    if report.outcome != "passed" and known["outcome"] == "passed":
        known.update(outcome=report.outcome, said=report.longreprtext)


def pytest_sessionfinish():
    if results := os.environ.get("SWEEP_TEST_RESULTS"):
        Path(results).write_text(json.dumps(_RESULTS))


@pytest.fixture(scope="session")
def storage():
    from tablesleuth_sweep.storage import Storage

    return Storage()
