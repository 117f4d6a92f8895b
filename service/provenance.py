# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Say how the service's image was built, as SLSA provenance v1. Standard library only.

    python service/provenance.py --image REPOSITORY:TAG [--digest DIGEST] [--version TAG] [--revision COMMIT]
        [--builder ID] [--parameter NAME=VALUE] [--built-elsewhere] [--docker CLIENT]

Commit and base image are those that the image itself names, which build.py wrote into it. With --built-elsewhere that
is all that is said: no builder, no locks, no parameters of this run's. docs/promote.md describes the type of the build.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import image as images

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).resolve().parent
BUILD_TYPE = "https://fastbreak.dev/builds/image/v1"
#: Whoever ran it by hand: nobody vouches for that builder but the key that signs.
BY_HAND = "https://fastbreak.dev/builders/manual"
#: Another run pushed it, and nobody here saw who built it.
UNKNOWN = "https://fastbreak.dev/builders/unknown"
LOCKS = ("requirements.lock", "models.lock")


def dependencies(labels: Mapping[str, str], *, locked: bool) -> Iterator[dict[str, Any]]:
    """What the image was built from; `locked`: what this folder's locks name is in it."""
    commit = {"name": "source", "digest": {"gitCommit": labels[images.REVISION_LABEL]}}
    source = labels.get("org.opencontainers.image.source")
    yield {**commit, "uri": f"git+{source}"} if source else commit
    algorithm, _, encoded = labels[images.BASE_DIGEST_LABEL].partition(":")
    yield {
        "name": "base image",
        "digest": {algorithm: encoded},
        "annotations": {"name": labels[images.BASE_NAME_LABEL]},
    }
    for name in LOCKS if locked else ():
        yield {"name": name, "digest": {"sha256": hashlib.sha256((HERE / name).read_bytes()).hexdigest()}}


def invocation(environment: Mapping[str, str]) -> dict[str, Any]:
    """The run of GitHub's that built it, if one did."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT")
    server, repository, run, attempt = (environment.get(name, "") for name in names)
    if not (server and repository and run):
        return {}
    return {"metadata": {"invocationId": f"{server}/{repository}/actions/runs/{run}/attempts/{attempt or 1}"}}


def told(labels: Mapping[str, str]) -> None:
    """Raises ImageError where the labels do not tell how the image was built."""
    needed = (images.VERSION_LABEL, images.REVISION_LABEL, images.BASE_NAME_LABEL, images.BASE_DIGEST_LABEL)
    if missing := [name for name in needed if not labels.get(name)]:
        raise images.ImageError(
            f"The image has no label {', '.join(missing)}, so that nothing certain can be said of how it was built. "
            "Build the next release with this version of service/build.py; for this one do without statements: "
            "publish_statements: false."
        )


def predicate(
    labels: Mapping[str, str], builder: str, parameters: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, Any]:
    """The provenance of an image built here, with these labels. Raises ImageError where they do not tell it."""
    told(labels)
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {"version": labels[images.VERSION_LABEL], **parameters},
            "resolvedDependencies": list(dependencies(labels, locked="dockerfile" not in parameters)),
        },
        "runDetails": {"builder": {"id": builder}, **invocation(environment)},
    }


def predicate_elsewhere(labels: Mapping[str, str]) -> dict[str, Any]:
    """What an image tells of itself that another run built. Raises ImageError where its labels do not tell it."""
    told(labels)
    parameters = {"version": labels[images.VERSION_LABEL], "baseImage": labels[images.BASE_NAME_LABEL]}
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": parameters,
            "resolvedDependencies": list(dependencies(labels, locked=False)),
        },
        "runDetails": {"builder": {"id": UNKNOWN}},
    }


def said_of(labels: Mapping[str, str], given: argparse.Namespace) -> dict[str, Any]:
    """The provenance that is asked for. Raises ImageError where the labels do not tell it."""
    if given.built_elsewhere:
        return predicate_elsewhere(labels)
    return predicate(labels, given.builder or BY_HAND, dict(given.parameter), os.environ)


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ValueError(text)
    return name, value


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when it could be said, 1 with one sentence on standard error when not."""
    made = argparse.ArgumentParser(description="Say how the service's image was built, as SLSA provenance v1.")
    images.add_arguments(made)
    made.add_argument("--builder", default="", help=f"who built it, a URI (default: {BY_HAND})")
    made.add_argument(
        "--parameter", action="append", default=[], type=_parameter, help="NAME=VALUE that the build was given"
    )
    given = made.parse_args(arguments)
    try:
        said = said_of(images.labels(images.asked_for(given)), given)
    except images.ImageError as error:
        print(f"provenance: {error}", file=sys.stderr)
        return 1
    print(json.dumps(said, indent=2, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
