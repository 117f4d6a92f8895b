# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What comes of a thousand broken and hostile files, by the API and by the command line.

python benchmarks/mutants.py [--count N] [--seed N]

Each must end in a result or a reason within its time and memory, and no process of the service may die. The service
runs with its defaults on a Postgres of its own, which a Docker engine gives. What each came to is kept in
.cache/bench-service, so that a run that is started again goes on where it ended.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache"
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "src"), str(HERE.parent / "tests")]

from fetch import fetch  # noqa: E402

from support.mutants import Mutant, bases, mutants  # noqa: E402
from support.postgres import Postgres  # noqa: E402
from support.service import Service, command  # noqa: E402
from support.ways import GOOD, Ending, by_api, by_command, faults  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

AT_ONCE = 2
EVERY = 50
"""After how many files progress is told and the service's log is looked at."""


class Kept:
    """What came of files, one line of JSON for each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self.rows = {row["number"]: row for row in map(json.loads, lines)}

    def add(self, number: int, mutant: Mutant, ending: Ending, seconds: float) -> None:
        """Keep one."""
        row = {
            "number": number,
            "kind": mutant.kind,
            "name": mutant.name,
            "code": ending.code,
            "problem": ending.problem,
            "peak_bytes": ending.peak_bytes,
            "seconds": round(seconds, 2),
        }
        self.rows[number] = row
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def tried(files: Iterable[Mutant], kept: Kept, way: Callable[[Mutant], Ending]) -> None:
    """Send those by one way that it was not tried with yet."""
    left = [(number, mutant) for number, mutant in enumerate(files) if number not in kept.rows]

    def one(number: int, mutant: Mutant) -> None:
        began = time.monotonic()
        kept.add(number, mutant, way(mutant), time.monotonic() - began)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done, future in enumerate([pool.submit(one, *item) for item in left], start=1):
            future.result()
            if done % EVERY == 0:
                print(f"  {done} of {len(left)}", flush=True)


def told(name: str, kept: Kept) -> int:
    """Print what came of them; how many came to what must not be."""
    print(f"\n| {name}: kind | files | analysed | refused | with | longest, s |\n|---|---|---|---|---|---|")
    rows = list(kept.rows.values())
    for kind in dict.fromkeys(row["kind"] for row in rows):
        ends = [row for row in rows if row["kind"] == kind]
        codes = Counter(row["code"] for row in ends if row["code"] != GOOD)
        reasons = ", ".join(f"{code} {count}" for code, count in codes.most_common(3))
        analysed = sum(row["code"] == GOOD for row in ends)
        longest = max(row["seconds"] for row in ends)
        print(f"| {kind} | {len(ends)} | {analysed} | {sum(codes.values())} | {reasons} | {longest:.1f} |")
    wrong = [row for row in rows if row["problem"]]
    for row in wrong:
        print(f"number {row['number']}, {row['kind']}, {row['name']!r}: {row['problem']}")
    peak = max(row["peak_bytes"] for row in rows) >> 20
    print(f"\n{len(rows)} files, {len(wrong)} that ended as they must not" + (f"; at most {peak} MiB" if peak else ""))
    return len(wrong)


def by_the_api(files: list[Mutant], kept: Kept) -> int:
    """Send them to a service of their own."""
    server = Postgres()
    with tempfile.TemporaryDirectory() as folder:
        try:
            server.run()
            environment = {
                **server.environment(server.database()),
                "FASTBREAK_MODELS_DIRECTORY": str(CACHE / "models"),
            }
            subprocess.run(command("migrate"), env={**os.environ, **environment}, check=True, capture_output=True)
            replica = Service(environment, Path(folder) / "log.jsonl")
            try:
                replica.start()
                tried(files, kept, lambda mutant: by_api(replica, mutant))
                wrong = faults(replica)
            finally:
                replica.end()
        finally:
            server.remove()
    print(*(f"the service: {fault}" for fault in wrong), sep="\n")
    return told("API", kept) + len(wrong)


def by_the_command_line(files: list[Mutant], kept: Kept) -> int:
    """Analyse each in a process of its own."""

    def way(mutant: Mutant) -> Ending:
        with tempfile.TemporaryDirectory() as folder:
            return by_command(mutant, Path(folder))

    tried(files, kept, way)
    return told("command line", kept)


def main() -> None:
    """Print both tables; exit 1 when something came to what must not be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder = CACHE / "bench-service"
    folder.mkdir(parents=True, exist_ok=True)
    fetch(HERE.parent / "models.lock", CACHE / "models")
    os.environ["FASTBREAK_MODELS_DIRECTORY"] = str(CACHE / "models")
    os.environ["PYTHONPATH"] = str(HERE.parent / "src")
    with tempfile.TemporaryDirectory() as made:
        files = list(mutants(bases(Path(made)), options.count, options.seed))
    name = f"{options.seed}-{options.count}.jsonl"
    wrong = by_the_api(files, Kept(folder / f"api-{name}"))
    wrong += by_the_command_line(files, Kept(folder / f"command-{name}"))
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
