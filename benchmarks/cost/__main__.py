# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each environment costs a month, and what scaling saves over a team's year beside fixed capacity.

The prices are on-demand ones of us-east-1 as last known; nothing is asked of AWS. What is charged by use (requests,
bytes, log lines, stored footage) is left out on both sides of the comparison.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from ansible_collections.fastbreak.aws.plugins.module_utils._stack.monthly_cost import total
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.prices import AS_OF, HOURLY, HOURS_A_MONTH, SOURCES

from benchmarks.cost.year import Capacity, Load, Year, simulate
from tools.command_line import parser
from tools.files import ROOT

if TYPE_CHECKING:
    from benchmarks.cost.stacks import Inventory

MONTHS = 12
CLAIMED = (25, 30)
"""Per cent of idle cost that pay-per-use is said to save."""


def main(words: Sequence[str]) -> int:
    made = parser("benchmarks.cost", __doc__)
    made.add_argument("environments", nargs="*", help="names of inventories (default: all)")
    for field in fields(Load):
        # Of a frozen dataclass's fields the type is what the default is.
        made.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            default=field.default,
            help=f"what is assumed of a team (default: {field.default})",
        )
    arguments = made.parse_args(words)
    load = Load(**{field.name: getattr(arguments, field.name) for field in fields(Load)})
    if problem := _problem(load):
        made.error(problem)
    folders = {path.name: path for path in sorted((ROOT / "inventories").iterdir()) if path.name != "shared"}
    if unknown := [name for name in arguments.environments if name not in folders]:
        made.error(f"there is no inventory {', '.join(unknown)}: {', '.join(folders)}")
    print(f"USD, on-demand prices of us-east-1, {AS_OF}. Sources:")
    print("\n".join(f"  {name:12} {source}" for name, source in SOURCES.items()))
    print("Assumed of a team: " + ", ".join(f"{field.name} {getattr(load, field.name)}" for field in fields(Load)))
    # With it comes ansible-core, which takes a second, and which an answer to --help does without.
    from benchmarks.cost.stacks import read  # noqa: PLC0415

    for name in arguments.environments or folders:
        print("\n".join(["", *environment(name, read(folders[name]), load)]))
    return 0


def _problem(load: Load) -> str:
    wrong = [field.name for field in fields(Load) if not getattr(load, field.name) > 0]
    if wrong:
        return f"{', '.join(wrong)} must be above 0"
    return "a week has at most 7 games and a year 52 weeks" if load.games_a_week > 7 or load.season_weeks > 52 else ""


def environment(name: str, inventory: "Inventory", load: Load) -> list[str]:
    """The lines of one environment."""
    variables = inventory.variables["service"]
    worker = _worker(variables)
    capacity = _capacity(worker)
    task, analysing = _task(variables) * HOURS_A_MONTH, _task(worker) * HOURS_A_MONTH
    stacks = {component: total(charges) for component, charges in inventory.charges.items()}
    taking_in = variables["ecs_rollout_tasks_minimum"] * task
    least = sum(stacks.values()) + taking_in + capacity.minimum * analysing
    lines = [f"{name}: {least:.2f} a month while nobody uses it"]
    for component, charges in inventory.charges.items():
        dearest = ", ".join(_words(charges)) or "by use alone"
        lines.append(f"  {component:12} {stacks[component]:10.2f}  {dearest}")
    lines += [
        _tasks("tasks", variables["ecs_rollout_tasks_minimum"], variables["ecs_rollout_tasks_maximum"], task),
        _tasks("workers", capacity.minimum, capacity.maximum, analysing),
    ]
    fixed = (sum(stacks.values()) + taking_in) * MONTHS
    return [*lines, *_compared(simulate(load, capacity), analysing / HOURS_A_MONTH, fixed)]


def _tasks(what: str, least: int, most: int, usd: float) -> str:
    return f"  {what:12} {least * usd:10.2f}  {least} at {usd:.2f} each, up to {most}"


def _words(charges: Iterable[Any]) -> list[str]:
    """The charges of a type in a word each, the dearest first."""
    sums: dict[str, list[float | None]] = {}
    for charge in charges:
        sums.setdefault(charge.type.rpartition("::")[2], []).append(charge.usd)
    unpriced = [f"{kind} not priced" for kind, found in sums.items() if None in found]
    priced = {kind: sum(usd or 0.0 for usd in found) for kind, found in sums.items()}
    return unpriced + [f"{kind} {usd:.2f}" for kind, usd in sorted(priced.items(), key=lambda item: -item[1]) if usd]


def _worker(variables: dict[str, Any]) -> dict[str, Any]:
    """The size and number of those who analyse, in the words of the service's own."""
    (worker,) = variables["ecs_rollout_companions"]
    sizes = {name: worker.get(name, variables[f"ecs_rollout_{name}"]) for name in ("cpu", "memory_mib")}
    most = worker.get("tasks_maximum", worker["tasks_minimum"])
    numbers = {"tasks_minimum": worker["tasks_minimum"], "tasks_maximum": most}
    return {f"ecs_rollout_{name}": value for name, value in (sizes | numbers).items()}


def _capacity(variables: dict[str, Any]) -> Capacity:
    return Capacity(
        vcpu=variables["ecs_rollout_cpu"] / 1024,
        minimum=variables["ecs_rollout_tasks_minimum"],
        maximum=variables["ecs_rollout_tasks_maximum"],
    )


def _task(variables: dict[str, Any]) -> float:
    """USD an hour of one task on Fargate, x86-64."""
    vcpu, gib = float(variables["ecs_rollout_cpu"]) / 1024, float(variables["ecs_rollout_memory_mib"]) / 1024
    return vcpu * HOURLY["fargate_x86_64_vcpu"] + gib * HOURLY["fargate_x86_64_gib"]


def _compared(year: Year, hourly: float, stacks: float) -> list[str]:
    """Scaling beside the same platform with as many tasks as the busiest hour needs, all year."""
    tasks = _less(year.idle_scaled, year.idle_fixed)
    whole = _less(year.idle_scaled * hourly + stacks, year.idle_fixed * hourly + stacks)
    low, high = CLAIMED
    verdict = "more than claimed" if whole > high else "as claimed" if whole >= low else "less than claimed: denied"
    paid = f"{year.scaled:.0f} scaled, {year.fixed:.0f} fixed at {year.peak} tasks"
    idle = f"{year.idle_scaled * hourly:.2f} scaled, {year.idle_fixed * hourly:.2f} fixed"
    return [
        f"  task-hours of a year: {year.busy:.0f} busy; paid {paid}",
        f"  idle tasks: {idle}: {tasks:.1f} % less",
        f"  idle cost of the whole platform: {whole:.1f} % less ({low}-{high} % are claimed: {verdict})",
    ]


def _less(ours: float, theirs: float) -> float:
    return 100 * (1 - ours / theirs) if theirs else 0.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
