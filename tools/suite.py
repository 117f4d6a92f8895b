# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run stages of checks and tests: when none is named, all but those that take too long for every change.

One stage's output is shown as it comes. Of several, three run at once, so that what waits for containers does not hold
up what computes; each one's output goes to `.cache/test/<stage>.log` and is shown whole when the stage failed. The last
lines are the slowest tests and the sums that pytest gave. The few tests of real containers that failed beside the rest
are run once more at the end, as tools/second_look.py says.

--quick is what to run before each commit: linters of what changed, unit tests with fewer
examples of each property and without those marked as starting programs, and the architecture.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tools.command_line import parser
from tools.files import ROOT
from tools.second_look import FEW, failed_tests, remembering, second_command

LOGS = ROOT / ".cache" / "test"
STAGE_SECONDS = 40 * 60
"""A stage that hangs must not hang CI."""
GRACE_SECONDS = 60
"""How long an interrupted stage may take to remove its containers."""
SUMMARY = re.compile(
    r"^=+ (?P<counts>.*\b(?:passed|failed|error|errors|skipped|no tests ran)\b.*) in [\d.]+s.*=+$", re.MULTILINE
)


DURATIONS = (
    re.compile(r"^(?P<seconds>[\d.]+)s (?P<test>(?:call|setup|teardown) +\S.*)$", re.MULTILINE),
    re.compile(r"^── (?P<test>\S+) \w+ in (?P<seconds>[\d.]+) s$", re.MULTILINE),
)
"""How pytest and tools.molecule say what took long."""
SLOWEST = 15


@dataclass(frozen=True)
class Stage:
    """A named command. `engine`: it needs a Docker engine and the base images; `service`: it needs .venv-service.

    `programs` are those of Debian's that it runs beside ours. `apart`: it runs only when it is named.
    """

    name: str
    command: tuple[str, ...]
    folder: str = "."
    engine: bool = False
    service: bool = False
    programs: tuple[str, ...] = ()
    apart: bool = False


def _pytest(*arguments: str, python: str = sys.executable) -> tuple[str, ...]:
    return (python, "-m", "pytest", f"--durations={SLOWEST}", "--durations-min=1", *arguments)


SERVICE_PYTEST = _pytest("-p", "tools.strict_skips", python=str(ROOT / ".venv-service/bin/python"))
IN_TWO = ("-n2", "--dist=worksteal")
BESIDE = ("docker-registry", "openssl", "skopeo")
AT_ONCE = 3
# In the order in which they begin: the longest first, for what begins late must be short, or it runs alone at the end
# while one of two processors has nothing to do. Of the longest each waits for containers much of the time.
STAGES = (
    Stage("e2e", _pytest("tests/e2e"), engine=True, service=True, programs=("chromium",)),
    Stage("integration", _pytest("-n2", "--dist=loadfile", "tests/integration"), engine=True, programs=BESIDE),
    Stage("service-test", SERVICE_PYTEST, folder="service", engine=True, service=True, programs=("chromium",)),
    Stage("molecule", (sys.executable, "-m", "tools.molecule"), engine=True),
    Stage("unit", _pytest(*IN_TWO, "tests/unit"), programs=("chromium",)),
    Stage("sandbox-test", _pytest("-n2", "tests/sandbox"), engine=True),
    Stage("lint", (sys.executable, "-m", "tools.lint"), service=True),
    Stage("sanity", (sys.executable, "-m", "tools.sanity")),
    Stage("packaging", _pytest("tests/packaging")),
    Stage("architecture", _pytest("tests/architecture")),
    Stage("pipeline", _pytest("tests/pipeline"), engine=True, service=True, apart=True),
)
QUICK_AT_ONCE = 2
QUICK_STAGES = (
    Stage("unit", _pytest(*IN_TWO, "--hypothesis-profile=quick", "-m", "not process", "tests/unit")),
    Stage("lint", (sys.executable, "-m", "tools.lint", "--changed")),
    Stage("architecture", _pytest("tests/architecture")),
)


@dataclass(frozen=True)
class Outcome:
    stage: Stage
    code: int
    seconds: float
    log: Path
    flaky: tuple[str, ...] = ()
    """Tests that failed among others and passed alone."""

    @property
    def slowest(self) -> list[tuple[float, str]]:
        """Tests that took long, by their seconds."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        found = (match for pattern in DURATIONS for match in pattern.finditer(text))
        return [(float(match["seconds"]), match["test"]) for match in found]

    @property
    def summary(self) -> str:
        """What pytest counted, or the last line of another tool."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        found = SUMMARY.findall(text)
        lines = text.strip().splitlines()
        return found[-1] if found else lines[-1] if lines else "no output"

    @property
    def counts(self) -> Counter[str]:
        """How many tests ended how; what passed in the second look has passed."""
        found: Counter[str] = Counter()
        for number, word in re.findall(r"(\d+) (passed|failed|errors?|skipped|xfailed)\b", self.summary):
            found[word.rstrip("s") if word.startswith("error") else word] += int(number)
        if self.flaky:
            found["passed"] += found.pop("failed", 0) + found.pop("error", 0)
        return found


class Runner:
    """Runs stages as process groups of their own, with some variables of the environment set, and can end them all."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = variables or {}
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._ending = False

    def run(self, stage: Stage) -> Outcome:
        began = time.monotonic()
        log = LOGS / f"{stage.name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                stage.command,
                cwd=ROOT / stage.folder,
                env={**environment(stage), **self._variables, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            with self._lock:
                self._running.add(process)
                ending = self._ending
            if ending:
                self._end(process)
            code = self._wait(process, output.fileno())
        with self._lock:
            self._running.discard(process)
        outcome = Outcome(stage, code, time.monotonic() - began, log)
        show(outcome)
        return outcome

    def again(self, outcome: Outcome) -> Outcome:
        """The outcome after a second look at what failed, when that is little and needs an engine."""
        stage = outcome.stage
        text = outcome.log.read_text(encoding="utf-8", errors="replace")
        failed = failed_tests(stage.command, memory(stage), text)
        if outcome.code != 1 or not stage.engine or not 1 <= len(failed) <= FEW:
            return outcome
        print(f"── {stage.name:<13} again, alone: {', '.join(failed)}", flush=True)
        second = self.run(replace(stage, name=f"{stage.name}-alone", command=second_command(stage.command, failed)))
        if second.code != 0:
            return outcome
        return replace(outcome, code=0, seconds=outcome.seconds + second.seconds, flaky=tuple(failed))

    def _wait(self, process: subprocess.Popen[bytes], output: int) -> int:
        try:
            return process.wait(STAGE_SECONDS)
        except subprocess.TimeoutExpired:
            os.write(output, f"\nEnded: it took longer than {STAGE_SECONDS} s.\n".encode())
            self._end(process)
            process.wait()
            return 124

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        """Interrupt a stage as Ctrl-C would, so that it removes what it made; kill what is left after the grace."""
        for number, grace in ((signal.SIGINT, GRACE_SECONDS), (signal.SIGKILL, 10)):
            try:
                os.killpg(process.pid, number)
                process.wait(grace)
            except ProcessLookupError:
                return  # all of it has ended, which is what was wanted
            except subprocess.TimeoutExpired:
                continue

    def end_all(self) -> None:
        with self._lock:
            self._ending = True
            running = list(self._running)
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(self._end, running))


def memory(stage: Stage) -> Path:
    """Where pytest remembers what failed: stages that run at once would overwrite each other's."""
    return LOGS / f"{stage.name}-pytest"


def remembered(stage: Stage) -> Stage:
    """The stage with a memory of its own, which is empty."""
    shutil.rmtree(memory(stage), ignore_errors=True)
    return replace(stage, command=remembering(stage.command, memory(stage)))


def environment(stage: Stage) -> dict[str, str]:
    """The service's tests have an environment of their own and find the plugin for skips by PYTHONPATH.

    Playbooks that tests run are nothing that the job's summary should tell.
    """
    kept = {name: value for name, value in os.environ.items() if name != "GITHUB_STEP_SUMMARY"}
    return {**kept, "PYTHONPATH": str(ROOT)} if stage.folder == "service" else kept


def show(outcome: Outcome) -> None:
    verdict = "passed" if outcome.code == 0 else f"FAILED (exit {outcome.code})"
    print(f"── {outcome.stage.name:<13} {verdict} in {outcome.seconds:.0f} s: {outcome.summary}", flush=True)
    if outcome.code != 0:
        print(outcome.log.read_text(encoding="utf-8", errors="replace").rstrip(), flush=True)
        print(f"── end of {outcome.stage.name}", flush=True)


def prepare(stages: list[Stage]) -> None:
    """Set up what the stages need, once, before any starts."""
    if any(stage.service for stage in stages):
        subprocess.run([str(ROOT / "tools" / "bootstrap"), "service"], cwd=ROOT, check=True)
    if any(stage.engine for stage in stages):
        for arguments in (("tools.engine", "ensure"), ("tools.images", "all")):
            subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, check=True)
    if programs := sorted({program for stage in stages for program in stage.programs}):
        subprocess.run([sys.executable, "-m", "tools.programs", *programs], cwd=ROOT, check=True)


def run_one(stage: Stage) -> int:
    """Replace this process, so that the stage has the terminal and its signals."""
    os.chdir(ROOT / stage.folder)
    os.execve(stage.command[0], stage.command, environment(stage))  # noqa: S606 - no shell wanted


def sandboxes() -> set[str]:
    """Names of this clone's sandboxes, those that are only just starting too."""
    return {path.name for path in (ROOT / ".sandbox").glob("*/")}


def end_sandboxes(names: set[str]) -> None:
    """End the sandboxes of interrupted tests; their fixtures do not get to it when pytest's workers are interrupted."""
    for name in sorted(names):
        subprocess.run([sys.executable, "-m", "sandbox", "down", "--name", name], cwd=ROOT, check=False)


@contextmanager
def temporary_files() -> Iterator[dict[str, str]]:
    """Variables that make programs leave their temporary files in a folder that is removed in the end.

    Linters and Ansible leave some behind, what is killed leaves all. Its name is short, for there are sockets in it.
    """
    # A container may have left files of another user, which only root can remove.
    with tempfile.TemporaryDirectory(prefix="fb-", ignore_cleanup_errors=True) as folder:
        ansible = Path(folder) / "ansible"
        ansible.mkdir(mode=0o700)  # Ansible warns of one that it has to make
        yield {"TMPDIR": folder, "ANSIBLE_LOCAL_TEMP": str(ansible), "ANSIBLE_REMOTE_TEMP": str(ansible)}


def run_all(stages: list[Stage], at_once: int = AT_ONCE) -> int:
    """Run stages in their order, some at once; the exit code."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with temporary_files() as variables:
        return _run_all(stages, at_once, Runner(variables))


def _run_all(stages: list[Stage], at_once: int, runner: Runner) -> int:
    began, before, ticks = time.monotonic(), sandboxes(), processor_ticks()
    stages = [remembered(stage) for stage in stages]
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        futures = [pool.submit(runner.run, stage) for stage in stages]
        try:
            outcomes = [runner.again(outcome) for outcome in [future.result() for future in futures]]
        except KeyboardInterrupt:
            print("Interrupted: ending what runs ...", file=sys.stderr, flush=True)
            pool.shutdown(wait=False, cancel_futures=True)
            runner.end_all()
            end_sandboxes(sandboxes() - before)
            return 130
    return conclude(outcomes, time.monotonic() - began, busy(ticks, processor_ticks()))


def processor_ticks(told: Path = Path("/proc/stat")) -> tuple[int, int]:
    """How long this machine's processors have been busy, and how long there have been any; twice 0 where none tells."""
    if not told.is_file():
        return 0, 0
    # user, nice, system, idle, waiting for disks, interrupts twice, and what went to other machines
    ticks = [int(word) for word in told.read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def busy(before: tuple[int, int], after: tuple[int, int]) -> str:
    """Whether stages waited for processors or processors for stages: more at once help only with the latter."""
    ours, passed = after[0] - before[0], after[1] - before[1]
    return f"processors were busy {ours / passed:.0%} of the time" if passed > 0 else ""


def conclude(outcomes: list[Outcome], seconds: float, processors: str) -> int:
    """Print each stage's line again, then the sum of all tests as pytest would; return the exit code."""
    print("\nsummary", flush=True)
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        verdict = "FAIL" if outcome.code != 0 else "FLAKY" if outcome.flaky else "ok"
        print(f"{verdict:<5} {outcome.stage.name:<13} {outcome.seconds:6.1f} s  {outcome.summary}")
        counts += outcome.counts
    show_slowest(outcomes)
    if processors:
        print(processors)
    show_flaky(outcomes)
    failed = [outcome.stage.name for outcome in outcomes if outcome.code != 0]
    if failed:
        print(f"failed stages: {', '.join(failed)}")
    total = ", ".join(
        f"{counts[word]} {word}" for word in ("failed", "error", "passed", "skipped", "xfailed") if counts[word]
    )
    print(f"{f' {total} in {seconds:.2f}s ':=^80}", flush=True)
    return 1 if failed else 0


def show_flaky(outcomes: list[Outcome]) -> None:
    """Name what failed among others and passed alone, and where its failure can be read."""
    for outcome in outcomes:
        for test in outcome.flaky:
            print(f"flaky: {test} failed beside the rest and passed alone. Its failure is in {outcome.log}; mend it.")


def show_slowest(outcomes: list[Outcome]) -> None:
    """Print the slowest tests of all stages."""
    timed = [(seconds, outcome.stage.name, test) for outcome in outcomes for seconds, test in outcome.slowest]
    if timed:
        print("slowest tests")
    for seconds, stage, test in sorted(timed, reverse=True)[:SLOWEST]:
        print(f"{seconds:6.1f} s  {stage:<13} {test}")


def main(arguments: list[str]) -> int:
    known = [stage.name for stage in STAGES]
    made = parser("tools.suite", __doc__)
    made.add_argument("--quick", action="store_true", help="what to run before each commit")
    made.add_argument("names", nargs="*", metavar="STAGE", help=", ".join(known))
    options = made.parse_args(arguments)
    names = options.names
    if unknown := set(names) - set(known):
        print(f"No such stage: {', '.join(sorted(unknown))}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    # A terminated run ends its stages as an interrupted one does. A shell starts what runs in its background with
    # interrupts ignored, which every process below would inherit.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    possible = QUICK_STAGES if options.quick else STAGES
    stages = [stage for stage in possible if (stage.name in names if names else not stage.apart)]
    try:
        prepare(stages)
        return run_one(stages[0]) if len(stages) == 1 else run_all(stages, QUICK_AT_ONCE if options.quick else AT_ONCE)
    except subprocess.CalledProcessError as error:
        return error.returncode  # it has said itself what is wrong
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
