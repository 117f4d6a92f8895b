# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CloudFormation that lives in memory."""

from dataclasses import replace

from ansible_collections.fastbreak.aws.plugins.module_utils._stack.ports import DependencyState, Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import (
    Certificate,
    IamRole,
    LivingState,
    NothingToUpdateError,
    StackBusyError,
    StackEvent,
    StackResource,
    StackSnapshot,
)

from tests.unit.plugins.module_utils._common.fakes import Lines
from tests.unit.plugins.module_utils._stack.rules import FakeRules

# CloudFormation's clock is far from the controller's.
AHEAD_SECONDS = 1_000_000.0


class FakeRun:
    """``states`` maps a component to the states that one look after the other sees; the last one stays."""

    def __init__(self, states=None, planned=None, planning=None):
        self._states = {name: list(seen) for name, seen in (states or {}).items()}
        self._planned = planned or {}
        self._planning = planning
        self.told = []
        self.foreseen = []

    def state_of(self, component):
        seen = self._states.get(component, [DependencyState.OUTSIDE])
        return seen.pop(0) if len(seen) > 1 else seen[0]

    def told_outputs(self, component):
        return self._planned.get(component)

    def planning(self):
        return self._planning

    def foresee(self, outputs):
        self.foreseen.append(dict(outputs))

    def planned(self, outputs, *, settled):
        self.told.append((dict(outputs), settled))

    def states(self):
        return {name: self.state_of(name) for name in self._states}


class FakeStacks:
    """``script`` maps an operation to the statuses that it runs through; ``calls`` records what wrote."""

    region = "us-east-1"

    def __init__(self, clock, script=None):
        self.clock = clock
        self.script = script or {}
        self.snapshots = {}
        self.templates = {}
        self.policies = {}
        self.events = []
        self.resources = []
        self.pending = {}
        self.calls = []
        self.busy_calls = 0
        self.nothing_to_update = False
        self.imports = {}
        self.retained = ()
        self.skipped = ()
        self.outputs = {"Id": "id-1"}
        self.deleted = {}

    def put(self, name, status="CREATE_COMPLETE", template=None, pending=(), **fields):
        self.snapshots[name] = StackSnapshot(name=name, stack_id=f"arn:{name}", status=status, **fields)
        self.templates[name] = template or {"Resources": {"R": {"Type": "T"}}}
        self.pending[name] = list(pending)

    def describe_stack(self, name):
        name = name.removeprefix("arn:")
        if name not in self.snapshots:
            return None
        current = self.snapshots[name]
        if self.pending[name]:
            self.snapshots[name] = replace(current, status=self.pending[name].pop(0))
        if current.status == "DELETE_COMPLETE":
            del self.snapshots[name]
            return None
        return current

    def list_deleted_stacks(self, name):
        return list(self.deleted.get(name, {}))

    def describe_stack_events(self, stack_id):
        earlier = {arn: events for stacks in self.deleted.values() for arn, events in stacks.items()}
        return reversed(earlier.get(stack_id, self.events))

    def list_stack_resources(self, stack_id):
        return self.resources

    def list_imports(self, export):
        return self.imports.get(export, [])

    def get_template(self, name):
        return self.templates[name.removeprefix("arn:")]

    def get_stack_policy(self, name):
        return self.policies.get(name)

    def create_stack(self, request, parameters, token):
        self._write("create", request.name, token)
        self.put(request.name, "CREATE_IN_PROGRESS", request.template, self._statuses("create", "CREATE_COMPLETE"))
        self._store(request, parameters)

    def update_stack(self, request, parameters, token):
        self._write("update", request.name, token)
        if self.nothing_to_update:
            raise NothingToUpdateError("nothing")
        self.templates[request.name] = request.template
        self._start(request.name, "UPDATE_IN_PROGRESS", self._statuses("update", "UPDATE_COMPLETE"))
        self._store(request, parameters)

    def delete_stack(self, name, token, retain=()):
        self.retained = retain
        self._write("delete", name, token)
        self._start(name, "DELETE_IN_PROGRESS", self._statuses("delete", "DELETE_COMPLETE"))

    def rollback_stack(self, name, token):
        self._write("roll back", name, token)
        self._start(name, "UPDATE_ROLLBACK_IN_PROGRESS", self._statuses("roll back", "UPDATE_ROLLBACK_COMPLETE"))

    def continue_update_rollback(self, name, token, skip=()):
        self.skipped = skip
        self._write("continue", name, token)
        self._start(name, "UPDATE_ROLLBACK_IN_PROGRESS", self._statuses("continue", "UPDATE_ROLLBACK_COMPLETE"))

    def set_stack_policy(self, name, policy):
        self.calls.append(("policy", name))
        self.policies[name] = policy

    def update_termination_protection(self, name, *, enabled):
        self.calls.append(("protect" if enabled else "unprotect", name))
        self.snapshots[name] = replace(self.snapshots[name], termination_protection=enabled)

    def fail(self, name, reason, by="token-1"):
        """Have a resource fail in the operation that carries the token."""
        self.happen(name, "CREATE_FAILED", reason, by)

    def happen(self, name, status, reason="", by="token-1"):
        at = self.clock.time + AHEAD_SECONDS
        self.events.append(StackEvent(name, "T", status, reason, at=at, token=by))

    def left(self, name, status, kind="T"):
        self.resources.append(StackResource(name, kind, status, f"physical-{name}"))

    def _statuses(self, operation, default):
        return list(self.script.get(operation, [default]))

    def _start(self, name, status, following):
        self.snapshots[name] = replace(self.snapshots[name], status=status)
        self.pending[name] = following

    def _write(self, operation, name, token):
        assert token
        if self.busy_calls:
            self.busy_calls -= 1
            raise StackBusyError("busy")
        self.calls.append((operation, name))

    def _store(self, request, parameters):
        fields = {"parameters": dict(parameters), "outputs": self.outputs, "tags": dict(request.tags or {})}
        if request.termination_protection is not None:
            fields["termination_protection"] = request.termination_protection
        if request.stack_policy is not None:
            self.policies[request.name] = request.stack_policy
        self.snapshots[request.name] = replace(self.snapshots[request.name], **fields)


class FakeLiving:
    """``states`` are those of resources by logical id; None stands for a type that nobody looks at.

    ``lodgers`` are the occupants of a resource by logical id.
    """

    def __init__(self, states=None, lodgers=None):
        self.states = states or {}
        self.lodgers = lodgers or {}
        self.unprotected = []
        self.taken = set()

    def describe(self, resource):
        return self.states.get(resource.logical_id)

    def is_taken(self, resource_type, name):
        return (resource_type, name) in self.taken

    def occupants(self, resource):
        return self.lodgers.get(resource.logical_id, [])

    def unprotect(self, resource):
        self.unprotected.append(resource.logical_id)
        self.states[resource.logical_id] = LivingState()


class FakeStore:
    """``values`` are those of Parameter Store by name."""

    def __init__(self, values=None):
        self.values = values or {}

    def read_values(self, names):
        return {name: self.values[name] for name in names if name in self.values}


class FakeCatalogue:
    """``states`` are those of the zones by name, ``certificates`` are by ARN, whole or a status; ``asked`` records.

    ``roles`` are the services that trust names by the role's ARN, ``arns`` those of users, policies and vaults.
    """

    def __init__(self, states=None, certificates=None, issuers=None, hosted_zones=None, prefix_lists=None, **iam):
        self.roles = iam.get("roles", {})
        self.arns = iam.get("arns", ())
        self.hosted_zones = hosted_zones or {}
        self.prefix_lists = prefix_lists or {}
        self.issuers = issuers or {}
        self.states = {"us-east-1a": "available", "us-east-1b": "available"} if states is None else states
        self.certificates = certificates or {}
        self.asked = []

    def zones(self):
        self.asked.append("zones")
        return self.states

    def hosted_zone(self, zone_id):
        self.asked.append(zone_id)
        return self.hosted_zones.get(zone_id)

    def prefix_list(self, list_id):
        self.asked.append(list_id)
        return self.prefix_lists.get(list_id)

    def account(self):
        return "111111111111"

    def role(self, name):
        self.asked.append(f"role {name}")
        found = [arn for arn in self.roles if arn.rpartition("/")[2] == name]
        return IamRole(found[0], self.roles[found[0]]) if found else None

    def user_arn(self, name):
        self.asked.append(f"user {name}")
        return next((arn for arn in self.arns if ":user/" in arn and arn.rpartition("/")[2] == name), "")

    def has_policy(self, arn):
        self.asked.append(arn)
        return arn in self.arns

    def has_backup_vault(self, name, region):
        self.asked.append(f"vault {name}")
        return f"arn:aws:backup:{region}:111111111111:backup-vault:{name}" in self.arns

    def token_issuers(self):
        self.asked.append("issuers")
        return self.issuers

    def certificate(self, arn):
        self.asked.append(arn)
        found = self.certificates.get(arn)
        return Certificate(found) if isinstance(found, str) else found


def ports_of(stacks, clock, run=None, living=None, **others):
    """The ports, and the lines that were said; *others* are ``store``, ``rules``, ``catalogue`` and ``elsewhere``."""
    said = Lines()
    counter = iter(range(1, 100))
    return Ports(
        stacks,
        others.get("elsewhere", {}).__getitem__,
        clock,
        run or FakeRun(),
        said,
        lambda: f"token-{next(counter)}",
        living or FakeLiving(),
        others.get("store") or FakeStore(),
        others.get("rules") or FakeRules(),
        others.get("catalogue") or FakeCatalogue(),
    ), said
