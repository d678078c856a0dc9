"""What a person sees: a line of progress for each table, then the tables that waste most."""

from __future__ import annotations

import heapq
from typing import TextIO

from .finding import Finding
from .judgement import many
from .targets import LeftOut

WORST = 20
_WEIGHT = {"high": 100, "medium": 10, "low": 1}


class Report:
    """Keeps the worst tables alone, so that a lake of any size takes no memory."""

    def __init__(self, progress: TextIO, *, quiet: bool = False) -> None:
        self._progress, self._quiet = progress, quiet
        self._worst: list[tuple[int, int, Finding]] = []
        self.read = 0
        self.failed = 0

    def take(self, finding: Finding) -> None:
        """Counts a finding, and says that it is there."""
        self.read += finding.status == "ok"
        self.failed += finding.status == "failed"
        number = self.read + self.failed
        self.say(f"{number:>5}  {finding.status:<6}  {finding.seconds:7.2f} s  {finding.table.name}{_ending(finding)}")
        heapq.heappush(self._worst, (badness(finding), -number, finding))
        if len(self._worst) > WORST:
            heapq.heappop(self._worst)

    def leave_out(self, found: LeftOut) -> None:
        """Says what was found and is no table."""
        self.say(f"       left out           {found.name}  {found.reason}")

    def say(self, line: str) -> None:
        """A line of progress, away from what a machine may read."""
        if not self._quiet:
            print(line, file=self._progress, flush=True)

    def lines(self) -> list[str]:
        """The worst tables first, and what to do about each."""
        lines = []
        for _, _, finding in sorted(self._worst, key=lambda entry: entry[:2], reverse=True):
            lines += [
                "",
                f"{finding.table.name}  ({finding.table.format.value})",
                *(f"  {line}" for line in _about(finding)),
            ]
        hidden = self.read + self.failed - len(self._worst)
        if hidden:
            lines += ["", f"{many(hidden, 'more table')} with less to do"]
        return [*lines, "", self.total()]

    def total(self) -> str:
        """How many were read, and how many not."""
        return f"{many(self.read, 'table')} read, {self.failed} failed"


def badness(finding: Finding) -> int:
    """By which tables are told: failed ones first, then by their advice."""
    return (1000 if finding.status == "failed" else 0) + sum(_WEIGHT[advice.severity] for advice in finding.advice)


def size(bytes: int) -> str:
    """For people: three digits and a unit."""
    amount, units = float(bytes), ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    while amount >= 1000 and len(units) > 1:
        amount, units = amount / 1024, units[1:]
    return f"{amount:.3g} {units[0]}"


def _ending(finding: Finding) -> str:
    if finding.failure is not None:
        return f"  {finding.failure.kind}"
    return f"  {len(finding.advice)} advice" if finding.advice else ""


def _about(finding: Finding) -> list[str]:
    if finding.failure is not None:
        return [f"failed  {finding.failure.message}", f"        {finding.failure.action}"]
    figures = finding.figures
    waste = f", {size(figures.waste.reclaimable_bytes)} reclaimable" if figures.waste is not None else ""
    deletes = f", {figures.deletes.read_amplification:.2f} files opened for each" if figures.deletes.files else ""
    first = f"{many(figures.files.count, 'file')}, {size(figures.files.bytes)}, {figures.files.small_ratio:.0%} small{deletes}{waste}"
    return [
        first,
        *(f"{advice.severity:<6}  {advice.code}: {advice.reason}. {advice.action}" for advice in finding.advice),
    ]
