# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading: which release is wanted, what is there, and the plan that leads from one to the other. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._errors import RefusedError, RequestError
from .._release.image import ReleaseImage, find_release, nearest_versions, parse_image, version_names
from .._release.record import ROLLBACK, Release, RollbackTarget, rollback_target, running_release
from .plan import Found, RolloutPlan, Wanted, plan
from .task_definition import Document, normalise, with_image

if TYPE_CHECKING:
    from .deployment import ServiceDeployment
    from .session import Session


@dataclass(frozen=True, slots=True)
class Target:
    """The release that is wanted. ``image`` is pinned to its digest."""

    release: ReleaseImage
    image: str
    document: Document
    task_definition_arn: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read, and the plan that follows from it."""

    target: Target
    found: Found
    history: tuple[Release, ...]
    deployments: tuple[ServiceDeployment, ...]
    plan: RolloutPlan

    @property
    def interrupted(self) -> tuple[Release, ...]:
        """Releases that nobody has said the end of, the newest first."""
        return tuple(release for release in self.history if release.in_progress)

    @property
    def moving(self) -> ServiceDeployment | None:
        """The deployment that ECS is at work on."""
        return next((deployment for deployment in self.deployments if deployment.moving), None)

    @property
    def running_arn(self) -> str:
        """The task definition that the service is set to, or an empty string."""
        return self.found.service.task_definition_arn if self.found.service else ""


def read(session: Session) -> Facts:
    """Everything the plan needs. Raises RefusedError when the wanted release does not exist."""
    request, ecs = session.request, session.ports.ecs
    if problem := session.ports.releases.table_problem():
        raise RefusedError(f"Rolling out {request.service} was refused: {problem} Nothing was changed.")
    status = ecs.cluster_status(request.cluster)
    if status != "ACTIVE":
        raise RefusedError(
            f"Rolling out {request.service} was refused: cluster {request.cluster} "
            f"{'is ' + status if status else 'does not exist'}, where ACTIVE is needed. Nothing was changed. "
            "Provision it first (site.yml), or name another cluster."
        )
    service = ecs.describe_service(request.cluster, request.service)
    history = session.ports.releases.history(request.service)
    running_arn = service.task_definition_arn if service else ""
    target = find_target(session, history, running_arn)
    deployments = ecs.list_service_deployments(request.cluster, request.service) if service else ()
    active = service is not None and service.status == "ACTIVE"
    judged = running_release(history, running_arn)
    found = Found(
        service=service if active else None,
        running=ecs.describe_task_definition(running_arn) if active else None,
        latest=ecs.describe_task_definition(str(target.document["family"])),
        rules=tuple(session.ports.balancing.find_rule(rule.listener_arn, rule.priority) for rule in request.rules),
        scaling=session.ports.scaling.describe_scaling(request.cluster, request.service) if request.scaling else None,
        judged=judged is not None and not any(release.in_progress for release in history),
    )
    wanted = Wanted(
        name=request.service,
        document=target.document,
        settings=request.settings,
        rules=request.rules,
        scaling=request.scaling,
        desired_count=request.desired_count,
        task_definition_arn=target.task_definition_arn,
    )
    return Facts(target, found, history, deployments, plan(wanted, found))


def find_target(session: Session, history: tuple[Release, ...], running_arn: str) -> Target:
    """The release that is wanted: an image of the repository, or a recorded release to go back to."""
    if session.request.kind == ROLLBACK:
        return _recorded(session, history, running_arn)
    request = session.request
    images = session.ports.images.describe_images(request.repository)
    uri = session.ports.images.describe_repository(request.repository).uri
    if images is None or not uri:
        raise RefusedError(
            f"Deploying {request.version} was refused: ECR has no repository {request.repository}. Nothing was "
            "changed. "
            "Provision component 'ecr' first, or name another repository."
        )
    release = find_release(images, request.version)
    if release is None:
        near = nearest_versions(images, request.version)
        known = f"Nearest versions there: {', '.join(near)}." if near else "It holds no tagged image yet."
        raise RefusedError(
            f"Deploying {request.version} was refused: no image of repository {request.repository} has that version "
            f"(looked for a tag '{request.version}', a tag '{request.version}-<commit>' and a digest). Nothing was "
            "changed. "
            f"{known} Push or promote the image, or name one of these.",
            nearest_versions=list(near),
        )
    image = str(parse_image(uri).at(release.digest))
    return Target(release, image, _document(session, image))


def _document(session: Session, image: str) -> Document:
    try:
        document = normalise(with_image(session.request.document, image))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RequestError(
            f"Rolling out {session.request.service}: task_definition cannot be read ({error!r}); nothing was "
            "changed. Write "
            "it as RegisterTaskDefinition takes it, with containerDefinitions as a list of containers."
        ) from error
    if problems := session.ports.ecs.check_definition(document):
        raise RequestError(
            f"Rolling out {session.request.service}: ECS would refuse the task definition; nothing was changed. "
            + " ".join(f"({number}) {problem}" for number, problem in enumerate(problems, 1)),
            problems=list(problems),
        )
    return document


def choose_rollback(history: tuple[Release, ...], running_arn: str, version: str) -> RollbackTarget:
    """The release that a rollback of what runs goes back to."""
    running = running_release(history, running_arn)
    return rollback_target(history, running, version)


def _only_promoted(session: Session) -> str:
    """A sentence about the version that is asked for and was never released, when it was promoted at least."""
    request = session.request
    if not request.version:
        return ""
    for promotion in session.ports.promotions.promotions(request.service):
        version = promotion.version
        if version_names(request.version, tag=version, digest=promotion.digest):
            return (
                f" {version} was promoted at {promotion.promoted_at} but has never been released here, so that there "
                f"is nothing to go back to: deploy it instead (playbooks/deploy.yml -e version={version})."
            )
    return ""


def _recorded(session: Session, history: tuple[Release, ...], running_arn: str) -> Target:
    request = session.request
    chosen = choose_rollback(history, running_arn, request.version)
    if chosen.release is None:
        problem = chosen.problem + _only_promoted(session)
        raise RefusedError(f"Rolling back {request.service} was refused: {problem} Nothing was changed.")
    release = chosen.release
    definition = session.ports.ecs.describe_task_definition(release.task_definition_arn)
    if definition is None:
        raise RefusedError(
            f"Rolling back {request.service} to {release.version} was refused: its task definition "
            f"{release.task_definition_arn} no longer exists. Nothing was changed. Deploy {release.version} instead."
        )
    images = session.ports.images.describe_images(request.repository) or ()
    if not any(image.digest == release.digest for image in images):
        raise RefusedError(
            f"Rolling back {request.service} to {release.version} was refused: its image {release.image} is no "
            "longer in "
            f"repository {request.repository}, so no task of it could start. Nothing was changed. Name another "
            "version, or "
            "push that image again.",
            nearest_versions=list(nearest_versions(images, release.version)),
        )
    if chosen.already_there:
        session.say(f"already at {release.version}, where the last rollback went; name a version to go elsewhere")
    tag = "" if release.version == release.digest else release.version
    return Target(
        ReleaseImage(release.digest, tag),
        release.image,
        definition.document,
        # An inactive revision cannot be deployed; its document is registered anew.
        definition.arn if definition.active else "",
    )
