# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elastic Container Service through boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._aws.api import ApiRefusedError, AwsClient
from ..._aws.conform import conform
from ..._aws.shapes import writable
from ..._errors import OperationError
from .ecs_answers import read_service, read_service_deployment, read_task, read_task_definition
from .ecs_model import unknown_settings
from .ecs_requests import write_overrides, write_settings, write_tags, write_task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..definition.comparison import Document
    from ..service.deployment import ServiceDeployment
    from ..service.writes import OneOffTask, ServiceChange
    from ..values import Service, ServiceSettings, Task, TaskDefinition

_NO_SERVICE = frozenset({"ServiceNotFoundException", "ServiceNotActiveException", "ClusterNotFoundException"})
# DescribeTaskDefinition answers ClientException "Unable to describe task definition." for one that is not there.
_NO_DEFINITION = frozenset({"ClientException"})
# What ContinueServiceDeployment answers when the hook was answered, or the deployment has ended.
_NOT_WAITING = frozenset({"ConflictException", "InvalidParameterException", "ServiceDeploymentNotFoundException"})
# What DescribeTasks takes and ListServiceDeployments gives at most.
_BATCH = 100


class EcsClient(AwsClient):
    """The ECS of one account and region."""

    label = "ECS"

    @property
    def _model(self) -> Any:
        return self._client.meta.service_model

    def registrable(self, document: Document) -> dict[str, Any]:
        """*document* without what only an answer holds: DescribeTaskDefinition gives more than can be registered."""
        taken = self._model.operation_model("RegisterTaskDefinition").input_shape
        given = self._model.operation_model("DescribeTaskDefinition").output_shape.members["taskDefinition"]
        return dict(writable(document, taken, given))

    def _read_definition(self, answer: Mapping[str, Any]) -> TaskDefinition:
        return read_task_definition(answer, self.registrable(answer))

    def conform_definition(self, document: Document) -> tuple[Document, list[str]]:
        """*document*, of any shape, as the API's own model takes it, and what is wrong with it. Asks nobody."""
        shape = self._model.operation_model("RegisterTaskDefinition").input_shape
        return conform(shape, document, "task_definition")

    def cluster_status(self, cluster: str) -> str:
        """The cluster's status, or an empty string when there is none."""
        answer = self._call(f"describe cluster {cluster}", "describe_clusters", clusters=[cluster])
        return next((str(cluster["status"]) for cluster in answer["clusters"]), "")

    def cluster_providers(self, cluster: str) -> frozenset[str]:
        """The names of the capacity providers that are associated with the cluster."""
        answer = self._call(f"describe cluster {cluster}", "describe_clusters", clusters=[cluster])
        return frozenset(
            name.rpartition("/")[2] for found in answer["clusters"] for name in found.get("capacityProviders") or []
        )

    def describe_service(self, cluster: str, name: str) -> Service | None:
        """The service, unless it was never there or is gone (INACTIVE)."""
        answer = self._find(
            f"describe service {name}",
            "describe_services",
            _NO_SERVICE,
            cluster=cluster,
            services=[name],
            include=["TAGS"],
        )
        found = [service for service in (answer or {}).get("services", []) if service["status"] != "INACTIVE"]
        return read_service(found[0]) if found else None

    def describe_task_definition(self, name: str) -> TaskDefinition | None:
        """A revision by its ARN, or a family's newest active one."""
        answer = self._find(
            f"describe task definition {name}", "describe_task_definition", _NO_DEFINITION, taskDefinition=name
        )
        return self._read_definition(answer["taskDefinition"]) if answer else None

    def register_task_definition(self, document: Document, tags: Mapping[str, str]) -> TaskDefinition:
        """Register a revision."""
        arguments = {**document, **({"tags": write_tags(tags.items())} if tags else {})}
        answer = self._call(f"register a revision of {document['family']}", "register_task_definition", **arguments)
        return self._read_definition(answer["taskDefinition"])

    def list_task_definitions(self, family: str) -> Iterator[str]:
        """The ARNs of the family's active revisions, the newest first; pages are asked for as they are needed."""
        pages = self._pages(
            f"list the revisions of {family}",
            "list_task_definitions",
            familyPrefix=family,
            status="ACTIVE",
            sort="DESC",
        )
        arns = (arn for page in pages for arn in page["taskDefinitionArns"])
        return (arn for arn in arns if arn.rpartition("/")[2].rpartition(":")[0] == family)

    def task_definition_tags(self, arn: str) -> tuple[tuple[str, str], ...]:
        """The tags of a revision; none when it does not exist."""
        answer = self._find(
            f"read the tags of {arn}", "describe_task_definition", _NO_DEFINITION, taskDefinition=arn, include=["TAGS"]
        )
        return tuple((tag["key"], tag.get("value", "")) for tag in (answer or {}).get("tags", []))

    def deregister_task_definition(self, arn: str) -> None:
        """Make a revision inactive."""
        self._call(f"deregister {arn}", "deregister_task_definition", taskDefinition=arn)

    def create_service(
        self, cluster: str, name: str, *, task_definition_arn: str, settings: ServiceSettings, desired_count: int
    ) -> Service:
        """Create the service."""
        answer = self._call(
            f"create service {name}",
            "create_service",
            cluster=cluster,
            serviceName=name,
            taskDefinition=task_definition_arn,
            desiredCount=desired_count,
            schedulingStrategy="REPLICA",
            deploymentController={"type": "ECS"},
            **write_settings(settings),
        )
        return read_service(answer["service"])

    def update_service(self, cluster: str, name: str, change: ServiceChange) -> Service:
        """Send what differs, and nothing else."""
        arguments: dict[str, Any] = write_settings(change.settings, only=change.changed)
        if change.task_definition_arn:
            arguments["taskDefinition"] = change.task_definition_arn
        if change.desired_count is not None:
            arguments["desiredCount"] = change.desired_count
        # ECS takes a new capacity provider strategy only along with a new deployment.
        if change.force or "capacity_providers" in change.changed:
            arguments["forceNewDeployment"] = True
        answer = self._call(f"update service {name}", "update_service", cluster=cluster, service=name, **arguments)
        return read_service(answer["service"])

    def tag_service(self, arn: str, tags: Mapping[str, str]) -> None:
        """Make *tags* the whole of the service's own tags."""
        answer = self._call(f"list the tags of {arn}", "list_tags_for_resource", resourceArn=arn)
        keys = {tag["key"] for tag in answer["tags"] if not tag["key"].startswith("aws:")}
        if gone := sorted(keys - set(tags)):
            self._call(f"untag {arn}", "untag_resource", resourceArn=arn, tagKeys=gone)
        if tags:
            self._call(f"tag {arn}", "tag_resource", resourceArn=arn, tags=write_tags(tags.items()))

    def delete_service(self, cluster: str, name: str) -> None:
        """Delete the service and stop its tasks."""
        self._find(f"delete service {name}", "delete_service", _NO_SERVICE, cluster=cluster, service=name, force=True)

    def list_service_deployments(self, cluster: str, name: str) -> tuple[ServiceDeployment, ...]:
        """The service deployments that ECS remembers, the newest first."""
        pages = self._pages(
            f"list the deployments of service {name}",
            "list_service_deployments",
            _NO_SERVICE,
            cluster=cluster,
            service=name,
            maxResults=_BATCH,
        )
        found = [read_service_deployment(brief) for page in pages for brief in page["serviceDeployments"]]
        return tuple(sorted(found, key=lambda deployment: deployment.created_at, reverse=True))

    def describe_service_deployment(self, arn: str) -> ServiceDeployment | None:
        """A service deployment by its own ARN."""
        answer = self._find(
            f"describe service deployment {arn}",
            "describe_service_deployments",
            frozenset({*_NO_SERVICE, "ServiceDeploymentNotFoundException"}),
            serviceDeploymentArns=[arn],
        )
        found = (answer or {}).get("serviceDeployments", [])
        return read_service_deployment(found[0]) if found else None

    def revision_task_definition(self, revision_arn: str) -> str:
        """The task definition's ARN of a service revision, or an empty string."""
        if not revision_arn:
            return ""
        answer = self._find(
            f"describe service revision {revision_arn}",
            "describe_service_revisions",
            _NO_SERVICE,
            serviceRevisionArns=[revision_arn],
        )
        found = (answer or {}).get("serviceRevisions", [])
        return str(found[0].get("taskDefinition", "")) if found else ""

    def stop_service_deployment(self, arn: str) -> bool:
        """Ask ECS to roll the deployment back. False when it is past being stopped."""
        try:
            self._call(
                f"stop service deployment {arn}",
                "stop_service_deployment",
                serviceDeploymentArn=arn,
                stopType="ROLLBACK",
            )
        except ApiRefusedError as error:
            if error.code in ("ConflictException", "ServiceDeploymentNotFoundException"):
                return False
            raise
        return True

    def continue_deployment(self, arn: str, hook_id: str) -> bool:
        """Have the deployment go on from a hook. False when that hook awaits nothing any more."""
        return self._answer_hook(arn, hook_id, "CONTINUE")

    def refuse_deployment(self, arn: str, hook_id: str) -> bool:
        """Have the deployment roll back from a hook. False when that hook awaits nothing any more."""
        return self._answer_hook(arn, hook_id, "ROLLBACK")

    def _answer_hook(self, arn: str, hook_id: str, action: str) -> bool:
        """Without an action ECS would take CONTINUE: it is always sent."""
        try:
            self._call(
                f"answer {action} to hook {hook_id} of {arn}",
                "continue_service_deployment",
                serviceDeploymentArn=arn,
                hookId=hook_id,
                action=action,
            )
        except ApiRefusedError as error:
            if error.code in _NOT_WAITING:
                return False
            raise
        return True

    def unknown_settings(self, settings: ServiceSettings) -> tuple[str, ...]:
        """What of *settings* the loaded API model does not know, each as a sentence. Asks nobody."""
        return unknown_settings(self._model, settings)

    def list_tasks(self, cluster: str, service: str) -> tuple[Task, ...]:
        """The tasks of the service, running and lately stopped."""
        arns: list[str] = []
        for status in ("RUNNING", "STOPPED"):
            arns += self._task_arns(cluster, service, status)
        answers = [self._describe_tasks(cluster, arns[start : start + _BATCH]) for start in range(0, len(arns), _BATCH)]
        return tuple(task for answer in answers for task in answer if task.group == f"service:{service}")

    def running_revisions(self, cluster: str, family: str) -> frozenset[str]:
        """The ARNs of the family's revisions that a task of the cluster runs, whichever service's."""
        pages = self._pages(f"list the tasks of {family}", "list_tasks", _NO_SERVICE, cluster=cluster, family=family)
        arns = [arn for page in pages for arn in page["taskArns"]]
        answers = [self._describe_tasks(cluster, arns[start : start + _BATCH]) for start in range(0, len(arns), _BATCH)]
        return frozenset(task.task_definition_arn for answer in answers for task in answer)

    def _task_arns(self, cluster: str, service: str, status: str) -> list[str]:
        pages = self._pages(
            f"list the tasks of service {service}",
            "list_tasks",
            _NO_SERVICE,
            cluster=cluster,
            serviceName=service,
            desiredStatus=status,
        )
        return [arn for page in pages for arn in page["taskArns"]]

    def _describe_tasks(self, cluster: str, arns: Sequence[str]) -> list[Task]:
        answer = self._call("describe tasks", "describe_tasks", cluster=cluster, tasks=list(arns))
        return [read_task(task) for task in answer["tasks"]]

    def run_task(self, task: OneOffTask) -> Task:
        """Run a task once."""
        arguments: dict[str, Any] = {
            "cluster": task.cluster,
            "taskDefinition": task.task_definition_arn,
            "overrides": write_overrides(task),
            "startedBy": task.started_by,
            "count": 1,
            **write_task(task.settings),
        }
        answer = self._call(f"run container {task.container} once as a task", "run_task", **arguments)
        if not answer.get("tasks"):
            reasons = "; ".join(
                f"{failure.get('reason')} {failure.get('detail', '')}" for failure in answer.get("failures", [])
            )
            raise OperationError(
                f"Tried to run container {task.container} once as a task, but ECS started none: {reasons}"
            )
        return read_task(answer["tasks"][0])

    def running_tasks(self, cluster: str, started_by: str) -> tuple[Task, ...]:
        """The tasks with this ``startedBy`` that have not stopped yet."""
        arns = [
            arn
            for status in ("RUNNING", "STOPPED")  # The status that is wanted: a task that is being stopped still runs.
            for page in self._pages(
                f"list the tasks started by {started_by}",
                "list_tasks",
                cluster=cluster,
                startedBy=started_by,
                desiredStatus=status,
            )
            for arn in page["taskArns"]
        ]
        found = [self._describe_tasks(cluster, arns[start : start + _BATCH]) for start in range(0, len(arns), _BATCH)]
        return tuple(task for tasks in found for task in tasks if task.last_status != "STOPPED")

    def stop_task(self, cluster: str, arn: str, reason: str) -> None:
        """Ask ECS to stop a task."""
        self._call(f"stop task {arn}", "stop_task", cluster=cluster, task=arn, reason=reason)

    def describe_task(self, cluster: str, arn: str) -> Task | None:
        """A task by its ARN."""
        return next(iter(self._describe_tasks(cluster, [arn])), None)
