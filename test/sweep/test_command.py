"""The command itself, as a person or a program runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from faulty_delta import append
from faulty_iceberg import Lake

from tablesleuth_sweep.finding import json_schema
from tablesleuth_sweep.storage import plain_path

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "sweep" / "finding.schema.json"
COMMAND = [sys.executable, "-m", "tablesleuth_sweep"]
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
    "PYTHONPATH": str(ROOT / "sweep"),
    "PYTHONDONTWRITEBYTECODE": "1",
}


def run(*arguments, **options):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], env=ENVIRONMENT, capture_output=True, text=True, timeout=60, **options
    )


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    iceberg = Lake(folder)
    iceberg.append(iceberg.table("orders"), 0, 10)
    append(folder / "shipments", 0, 10)
    broken = folder / "broken"
    append(broken, 0, 10)
    (broken / "_delta_log" / f"{0:020d}.json").write_text("{")
    return folder


def test_the_schema_in_the_repository_is_that_of_the_documents():
    assert json.loads(SCHEMA.read_text()) == json_schema(), (
        "write it anew: npm run --silent sweep -- --schema > sweep/finding.schema.json"
    )
    assert json.loads(run("--schema").stdout) == json_schema()


def test_a_table_that_fails_gives_a_finding_and_the_rest_go_on(lake, tmp_path):
    done = run(lake, "--json", "--output", tmp_path / "findings", "--workers", 2)
    assert done.returncode == 1
    findings = {finding["table"]["name"]: finding for finding in map(json.loads, done.stdout.splitlines())}
    assert {name: finding["status"] for name, finding in findings.items()} == {
        "orders": "ok",
        "shipments": "ok",
        "broken": "failed",
    }
    assert findings["broken"]["failure"]["message"]
    for finding in findings.values():
        jsonschema.Draft202012Validator(json_schema()).validate(finding)
    documents = sorted((tmp_path / "findings").iterdir())
    assert sorted(json.loads(path.read_text())["table"]["name"] for path in documents) == sorted(findings)
    assert "2 tables read, 1 failed" in done.stderr


def test_ends_with_0_when_all_is_read_and_says_what_to_do(lake):
    done = run(lake / "db", lake / "shipments", "--no-tablesleuth", "--workers", 1)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "2 tables read, 0 failed")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say what to sweep"),
        (["sales"], "what to sweep is one of"),
        (["./x", "--workers", "0"], "is not more than zero"),
        (["--colour"], "unrecognized"),
    ],
)
def test_fails_with_2_when_it_is_used_wrongly(arguments, said):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_fails_when_its_documents_cannot_be_written(lake, tmp_path):
    (tmp_path / "file").write_text("")
    done = run(lake / "shipments", "--output", tmp_path / "file")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"the documents cannot be written to {tmp_path}/file" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_tested_is_what_is_shipped():
    pins = {
        name: set(re.findall(r"^\S+==.*[^\\]", (ROOT / "sweep" / name).read_text(), re.M))
        for name in ("requirements.txt", "requirements-dev.txt")
    }
    assert len(pins["requirements.txt"]) > 20
    assert pins["requirements.txt"] <= pins["requirements-dev.txt"]


def test_a_place_without_tables_is_a_failure():
    done = run("./nowhere", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["failure"]["kind"] == "not-found"


@pytest.fixture
def silent():
    """An S3 that takes requests and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        host, port = server.getsockname()
        keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-2"}
        yield {**ENVIRONMENT, **keys, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}


@pytest.fixture
def stuck(tmp_path, silent):
    """A sweep that has read one table, and waits for ever for another one and for what to read next."""
    lake = Lake(tmp_path / "lake")
    table = lake.table("stuck")
    lake.append(table, 0, 10)
    metadata = Path(plain_path(table.metadata_location))
    metadata.write_text(metadata.read_text().replace(table.current_snapshot().manifest_list, "s3://silent/list.avro"))
    append(tmp_path / "lake" / "good", 0, 10)
    asks = [str(tmp_path / "lake" / "good"), str(tmp_path / "lake"), "s3://silent/tables"]
    process = subprocess.Popen(
        [*COMMAND, *asks, "--output", str(tmp_path / "findings"), "--json", "--workers", "2"],
        env=silent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert json.loads(process.stdout.readline())["table"]["name"] == "good"
    time.sleep(0.5)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_no_process_and_no_half_document(stuck, tmp_path, number):
    started = time.monotonic()
    if number == signal.SIGINT:
        # A terminal sends it to all of them.
        os.killpg(stuck.pid, number)
    else:
        stuck.send_signal(number)
    _, said = stuck.communicate(timeout=20)
    assert (stuck.returncode, "Traceback" in said) == (130, False), said
    assert time.monotonic() - started < 10
    (document,) = (tmp_path / "findings").iterdir()
    assert json.loads(document.read_text())["table"]["name"] == "good"
    assert _left_of(stuck.pid) == []


def test_workers_end_when_the_command_is_killed(stuck):
    stuck.kill()
    stuck.communicate(timeout=20)
    assert _left_of(stuck.pid) == []


def _left_of(session):
    """The processes of a session, once they have had time to end."""
    for _ in range(100):
        listed = subprocess.run(["ps", "-eo", "sess,stat,args"], capture_output=True, text=True).stdout.splitlines()[1:]
        left = [line for line in listed if line.split()[0] == str(session) and "Z" not in line.split()[1]]
        if not left:
            break
        time.sleep(0.1)
    return left
