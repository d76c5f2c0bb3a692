"""What the journey tells: readable on a console, complete in files."""

import csv
import json
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field


@dataclass
class Step:
    """One step of the journey, with what became of every row of it."""

    name: str
    given: int = 0
    done: int = 0
    unchanged: int = 0
    refused: int = 0
    seconds: float = 0.0

    @property
    def rate(self):
        return self.given / self.seconds if self.seconds else 0.0


@dataclass
class Report:
    api: str
    source: str
    steps: list = field(default_factory=list)
    refusals: list = field(default_factory=list)
    checks: dict = field(default_factory=dict)
    quiet: bool = False

    @contextmanager
    def step(self, name, given):
        """Time a step; the caller fills in what became of its rows."""
        step = Step(name, given)
        self.steps.append(step)
        self.say(f"  {name:<34} {given:>6} rows ", end="")
        started = time.perf_counter()
        try:
            yield step
        finally:
            step.seconds = time.perf_counter() - started
            step.refused = sum(row["step"] == name for row in self.refusals)
            done = f"{step.done:>6} done {step.unchanged:>6} unchanged {step.refused:>4} refused"
            self.say(f"{done} {step.seconds:>7.1f} s {step.rate:>8.0f} rows/s")

    def refuse(self, step, row, subject, reason):
        """Note a row that was not taken, and why."""
        reason = " ".join(str(reason).split())
        self.refusals.append({"step": step, "row": row, "subject": subject, "reason": reason})

    def say(self, text="", end="\n"):
        if not self.quiet:
            print(text, end=end, flush=True)

    def show_refusals(self, limit=15):
        if not self.refusals:
            self.say("  no row was refused")
            return
        self.say(f"  {len(self.refusals)} rows were refused:")
        for row in self.refusals[:limit]:
            self.say(f"    {row['step']}, row {row['row']}, {row['subject']}: {row['reason']}")
        if len(self.refusals) > limit:
            self.say(f"    ... and {len(self.refusals) - limit} more, in the report file")

    def as_dict(self):
        return {
            "api": self.api,
            "source": self.source,
            "python": sys.version.split()[0],
            "steps": [
                asdict(step) | {"rows_per_second": round(step.rate, 1)} for step in self.steps
            ],
            "checks": self.checks,
            "refused": self.refusals,
        }

    def write(self, folder):
        """Write the report as JSON, and the refused rows as CSV; return the JSON's path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.api}.json"
        path.write_text(json.dumps(self.as_dict(), ensure_ascii=False, indent=1), encoding="utf-8")
        with (folder / f"{self.api}-refused.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ("step", "row", "subject", "reason"))
            writer.writeheader()
            writer.writerows(self.refusals)
        return path
