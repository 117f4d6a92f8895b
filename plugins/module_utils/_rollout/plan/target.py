# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release is wanted: an image of the repository, a registered revision, or a recorded release to go back to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..._common.commands import DEPLOY, PROVISION_REGISTRY
from ..._errors import RefusedError, RequestError
from ..._release.image import ReleaseImage, find_release, nearest_versions, parse_image, version_names
from ..._release.record import ROLLBACK
from ..._release.rollback import rollback_target
from ..._release.schema import Schema
from ..definition.comparison import Document, fingerprint, normalise, with_image
from ..definition.problems import host_port_problems
from ..service.ownership import owner_of

if TYPE_CHECKING:
    from ..._release.record import Release
    from ..session import Session
    from ..values import TaskDefinition


@dataclass(frozen=True, slots=True)
class Target:
    """The release that is wanted. ``image`` is pinned to its digest.

    ``unrecorded``: it has to be judged and recorded once more, though it was accepted before. ``recorded`` is the
    release that is gone back to. ``schema`` is what it needs of the database. ``key`` is that of the definition's
    fingerprint.
    """

    release: ReleaseImage
    image: str
    document: Document
    task_definition_arn: str = ""
    unrecorded: bool = False
    recorded: Release | None = None
    schema: Schema = field(default_factory=Schema)
    key: bytes = field(default=b"", repr=False)

    @property
    def definition(self) -> str:
        """The fingerprint of the definition."""
        return fingerprint(self.document, self.release.digest, self.key)

    @property
    def name(self) -> str:
        """What the release is called: its version, and the definition it is run with."""
        return f"{self.release.version} with definition {self.definition}"


def find_target(session: Session, history: tuple[Release, ...], running_arn: str) -> Target:
    """The release that is wanted: an image of the repository, or a recorded release to go back to."""
    if session.request.kind == ROLLBACK:
        return _recorded(session, history, running_arn)
    if session.request.revision:
        return _registered(session)
    request = session.request
    images = session.ports.images.describe_images(request.repository)
    uri = session.ports.images.describe_repository(request.repository).uri
    if images is None or not uri:
        raise RefusedError(
            f"Deploying {request.version} was refused: ECR has no repository {request.repository}. Nothing was "
            f"changed. Provision component 'ecr' first ({PROVISION_REGISTRY}), or name another repository."
        )
    release = find_release(images, request.version)
    if release is None:
        near = nearest_versions(images, request.version)
        known = f"Nearest versions there: {', '.join(near)}." if near else "It holds no tagged image yet."
        others = ", or name one of these" if near else ""
        raise RefusedError(
            f"Deploying {request.version} was refused: no image of repository {request.repository} has that version "
            f"(looked for a tag '{request.version}', a tag '{request.version}-<commit>' and a digest). Nothing was "
            f"changed. {known} Publish or promote that version first{others}.",
            nearest_versions=list(near),
        )
    image = str(parse_image(uri).at(release.digest))
    return Target(release, image, _document(session, image))


def _registered(session: Session) -> Target:
    """A registered revision. An image that it names by a tag is pinned, which makes another revision."""
    name = session.request.revision
    definition = session.ports.ecs.describe_task_definition(name)
    if definition is None:
        raise _no_revision(name, "there is no such task definition in this account and region")
    document = normalise(definition.document)
    containers = document.get("containerDefinitions", [])
    text = _released_image(session, name, containers)
    release, pinned = _pinned(session, name, text)
    # As for a rollback: an inactive revision cannot be deployed, and its document is registered again.
    reused = definition.active and pinned == text
    if not reused and (problem := _owner_problem(session, definition)):
        raise _no_revision(name, problem)
    pinned_containers = [
        {**container, "image": pinned} if container.get("image") == text else container for container in containers
    ]
    return Target(
        release,
        pinned,
        {**document, "containerDefinitions": pinned_containers},
        definition.arn if reused else "",
    )


def _released_image(session: Session, name: str, containers: list[Document]) -> str:
    """The image of the container that runs the release: that which takes requests, or the only one there is."""
    there = ", ".join(str(container.get("name")) for container in containers)
    released = min((binding.container_name for binding in session.request.settings.target_bindings), default="")
    if not released and len(containers) != 1:
        raise _no_revision(name, f"it has several containers ({there}), and which of them is released is not known")
    found = (str(container.get("image")) for container in containers if container.get("name") == released)
    text = next(found, "") if released else str(containers[0].get("image"))
    if not text:
        raise _no_revision(name, f"it has no container {released} (load_balancer.container_name); there are: {there}")
    return text


def _pinned(session: Session, name: str, text: str) -> tuple[ReleaseImage, str]:
    """The release of the image *text*, and that image by its digest. Raises RefusedError unless ECR holds it."""
    try:
        image = parse_image(text)
    except ValueError as error:
        raise _no_revision(name, f"its image cannot be read: {error}") from error
    wanted, images = session.request.repository or image.repository, session.ports.images
    if images.describe_repository(wanted).uri != image.name:
        raise _no_revision(
            name, f"its image {text} is not of repository {wanted} in ECR, so that its digest is not known for certain"
        )
    found = images.describe_images(wanted) or ()
    # ECS pulls by the tag as it is written; only our own versions may stand for longer tags.
    tag = image.tag or "latest"
    digest = image.digest or next((held.digest for held in found if tag in held.tags), "")
    release = find_release(found, digest) if digest else None
    if release is None:
        raise _no_revision(name, f"its image {text} is not in repository {wanted}, so that no task of it could start")
    return release, text if image.digest else str(image.at(release.digest))


def _owner_problem(session: Session, definition: TaskDefinition) -> str:
    """Why no copy of *definition* may be registered in its family, as the end of a sentence; empty when it may be.

    Nobody asked for that family by its name, so that it must not be another service's.
    """
    ecs, owner, family = session.ports.ecs, session.request.owned_by, definition.family
    newest = next(iter(ecs.list_task_definitions(family)), "")
    for arn in filter(None, dict.fromkeys((definition.arn, newest))):
        tags = ecs.task_definition_tags(arn)
        if owner.excluded_by(tags):
            return (
                f"it can only be run as a copy (it is deregistered, or names its image by a tag), which would be "
                f"registered in family {family}, and {arn.rpartition('/')[2]} there belongs to {owner_of(tags)} by its "
                f"tags. Give the definition as task_definition, with a family of {owner}'s own"
            )
    return ""


def _no_revision(name: str, seen: str) -> RefusedError:
    return RefusedError(
        f"Deploying revision {name} was refused: {seen}. Nothing was changed. Name a revision of this service (aws ecs "
        "list-task-definitions shows those of a family), or deploy a version."
    )


def _document(session: Session, image: str) -> Document:
    ecs = session.ports.ecs
    document, problems = ecs.conform_definition(ecs.registrable(session.request.document))
    problems += host_port_problems(document)
    try:
        made = normalise(with_image(document, image)) if not problems else {}
    except ValueError as error:
        problems.append(f"task_definition.{error}.")
    if problems:
        raise RequestError(
            f"Rolling out {session.request.service}: ECS would refuse the task definition; nothing was changed. "
            + " ".join(f"({number}) {problem}" for number, problem in enumerate(problems, 1)),
            problems=problems,
        )
    return made


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
                f"is nothing to go back to: deploy it instead: {DEPLOY.format(version=version)}."
            )
    return ""


def _recorded(session: Session, history: tuple[Release, ...], running_arn: str) -> Target:
    request = session.request
    chosen = rollback_target(history, running_arn, request.version)
    if chosen.release is None:
        problem = chosen.problem + _only_promoted(session)
        raise RefusedError(f"Rolling back {request.service} was refused: {problem} Nothing was changed.")
    release = chosen.release
    definition = session.ports.ecs.describe_task_definition(release.task_definition_arn)
    if definition is None:
        raise RefusedError(
            f"Rolling back {request.service} to {release.name} was refused: its task definition "
            f"{release.task_definition_arn} no longer exists. Nothing was changed. Deploy it instead: "
            f"{DEPLOY.format(version=release.version)}"
        )
    _insist_on_deployable(session, release, definition)
    if chosen.note:
        session.warn(f"{chosen.note}. Name a version to go further back")
    elif chosen.already_there:
        session.say(f"already at {release.name}; name another release to go elsewhere")
    tag = "" if release.version == release.digest else release.version
    return Target(
        ReleaseImage(release.digest, tag),
        release.image,
        definition.document,
        # An inactive revision cannot be deployed; its document is registered again.
        definition.arn if definition.active else "",
        chosen.unrecorded,
        recorded=release,
        schema=Schema(release.schema_version, release.oldest_schema_version),
    )


def _insist_on_deployable(session: Session, release: Release, definition: TaskDefinition) -> None:
    """Raise RefusedError when no task of the recorded *release* could start any more."""
    request = session.request
    images = session.ports.images.describe_images(request.repository) or ()
    if not any(image.digest == release.digest for image in images):
        raise RefusedError(
            f"Rolling back {request.service} to {release.name} was refused: its image {release.image} is no longer "
            f"in repository {request.repository}, so no task of it could start. Nothing was changed. Name another "
            "version, or push that image again.",
            nearest_versions=list(nearest_versions(images, release.version)),
        )
    if not definition.active and (problem := _owner_problem(session, definition)):
        raise RefusedError(
            f"Rolling back {request.service} to {release.name} was refused: of its task definition {definition.arn}, "
            f"{problem}. Nothing was changed."
        )
