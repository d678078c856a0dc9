"""
Tables for measuring the sweep, and those who read them without it:

    sweep_tables.py make FOLDER COUNT   half Iceberg, half Delta, ten commits each
    sweep_tables.py bare FOLDER         PyIceberg and delta-rs read all that the sweep reads, one table after the other
    sweep_tables.py peak COMMAND…       runs it and prints the peak memory of its largest process, in KiB
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from pathlib import Path

COMMITS = 10


def make(folder: Path, count: int) -> None:
    import pyarrow as pa
    from deltalake import write_deltalake
    from pyiceberg.catalog.memory import InMemoryCatalog

    rows = pa.table({"id": pa.array(range(100), pa.int64()), "city": [f"city {each % 7}" for each in range(100)]})
    catalog = InMemoryCatalog("bench", warehouse=f"file://{folder}/iceberg")
    catalog.create_namespace("db")
    delta = folder / "delta" / "table000"
    for _ in range(COMMITS):
        write_deltalake(str(delta), rows, mode="append")
    for number in range(1, count // 2):
        shutil.copytree(delta, folder / "delta" / f"table{number:03d}")
    for number in range(count - count // 2):
        table = catalog.create_table(f"db.table{number:03d}", rows.schema)
        for _ in range(COMMITS):
            table.append(rows)


def bare(folder: Path) -> None:
    from deltalake import DeltaTable
    from pyiceberg.table import StaticTable

    for path in sorted((folder / "delta").iterdir()):
        table = DeltaTable(str(path))
        table.get_add_actions(flatten=True)
        table.history()
        _listed(path)
    for path in sorted((folder / "iceberg" / "db").iterdir()):
        newest = max((path / "metadata").glob("*.metadata.json"))
        table = StaticTable.from_metadata(str(newest))
        manifests = {
            each.manifest_path: each for snapshot in table.snapshots() for each in snapshot.manifests(table.io)
        }
        for manifest in manifests.values():
            manifest.fetch_manifest_entry(table.io, discard_deleted=False)
        _listed(path)


def _listed(path: Path) -> int:
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


def peak(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


if __name__ == "__main__":
    action, *given = sys.argv[1:]
    if action == "peak":
        peak(given)
    elif action == "make":
        make(Path(given[0]), int(given[1]))
    else:
        bare(Path(given[0]))
