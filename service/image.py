# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Reads an image that was built, through a Docker client. Standard library only."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

VERSION_LABEL = "org.opencontainers.image.version"
REVISION_LABEL = "org.opencontainers.image.revision"
BASE_NAME_LABEL = "org.opencontainers.image.base.name"
BASE_DIGEST_LABEL = "org.opencontainers.image.base.digest"
CONFIG_VARIABLE = "IMAGE_CONFIG_DIGEST"


class ImageError(Exception):
    """The image could not be read; the message says what was tried, what was seen and what to do."""


def run(command: list[str]) -> bytes:
    """What a command prints. Raises ImageError."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError as error:
        raise ImageError(f"{command[0]} could not be run: {error.strerror}.") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise ImageError(f"`{' '.join(command[:3])} ...` ended with {done.returncode}: {said}")
    return done.stdout


def inspect(docker: str, image: str) -> dict[str, Any] | None:
    """What the engine knows of an image; None when it has none of that name."""
    try:
        answer = run([docker, "image", "inspect", image])
    except ImageError as error:
        if "no such image" in str(error).lower():
            return None
        raise
    try:
        image_seen: dict[str, Any] = json.loads(answer)[0]
    except (ValueError, LookupError) as error:
        raise ImageError(f"`{docker} image inspect {image}` did not say what it is asked for.") from error
    return image_seen


def digests(seen: dict[str, Any]) -> list[str]:
    """The digests under which registries know an image, and its id."""
    return [name.rpartition("@")[2] for name in seen.get("RepoDigests") or ()] + [seen["Id"]]


def is_published(seen: dict[str, Any], digest: str) -> bool:
    """Whether an image is the one that registries know by *digest*.

    The name that it was pulled by holds that digest. Otherwise its id is that digest, or that of its configuration, as
    the engine's store has it. Whoever pushed it says the latter in the variable IMAGE_CONFIG_DIGEST, since the name
    that it was pushed by may be gone; of an index there is none.
    """
    return digest in digests(seen) or seen["Id"] == os.environ.get(CONFIG_VARIABLE)


def published(docker: str, image: str, digest: str) -> dict[str, Any]:
    """What the engine knows of *image*, which is the published one: *digest*, where given. Raises ImageError."""
    seen = inspect(docker, image)
    if seen is not None and (not digest or is_published(seen, digest)):
        return seen
    held = "another image" if seen else "none"
    raise ImageError(
        f"Tried to read {image} with the digest {digest}, but the engine has {held} of that name. Publish once more, "
        "which pulls what is published. By hand, name it so and keep the name with the digest, which it is known by: "
        f"docker pull REGISTRY/REPOSITORY@{digest} && docker tag REGISTRY/REPOSITORY@{digest} {image} "
        "Or do without statements: publish_statements: false."
    )


def asked_for(given: argparse.Namespace) -> dict[str, Any]:
    """What the engine knows of the image that the arguments name, if its labels are theirs. Raises ImageError."""
    seen = published(given.docker, given.image, given.digest)
    has = labels(seen)
    wanted = {VERSION_LABEL: given.version, REVISION_LABEL: given.revision}
    wrong = [
        f"its label {name} is {has.get(name)!r}, not {value!r}"
        for name, value in wanted.items()
        if value and has.get(name) != value
    ]
    if wrong:
        raise ImageError(
            f"Tried to state something of {given.image}, but {' and '.join(wrong)}: it was built from something else "
            "than its tag says. Find out who pushed it, and publish under another version: publish_version."
        )
    return seen


def base(docker: str, name: str) -> dict[str, Any]:
    """What the engine knows of the image to build on, which is pulled if it is not there. Raises ImageError."""
    seen = inspect(docker, name)
    if seen is None:
        run([docker, "pull", "--quiet", name])
        seen = inspect(docker, name)
    if seen is None:
        raise ImageError(f"Tried to pull {name} to build on, but the engine does not have it afterwards. Run again.")
    return seen


def stands_on(seen: dict[str, Any], below: dict[str, Any]) -> bool:
    """Whether the first layers of an image are those of the image *below*."""
    layers, first = seen["RootFS"].get("Layers") or [], below["RootFS"].get("Layers") or []
    return bool(first) and layers[: len(first)] == first


def labels(seen: dict[str, Any]) -> dict[str, str]:
    """The labels of an image."""
    return dict((seen.get("Config") or {}).get("Labels") or {})


def add_arguments(made: argparse.ArgumentParser) -> None:
    """The arguments that name the image."""
    made.add_argument("--image", required=True, help="name of the image in the Docker engine")
    made.add_argument("--digest", default="", type=_digest, help="the digest that it has in the registry")
    made.add_argument("--version", default="", help="the release that the image's labels have to name")
    made.add_argument(
        "--revision", default="", metavar="COMMIT", help="the commit that the image's labels have to name"
    )
    made.add_argument(
        "--built-elsewhere",
        action="store_true",
        help="another run pushed it: state nothing of how it was built but what the image itself tells",
    )
    made.add_argument("--docker", default="docker", metavar="CLIENT", help="Docker client (default: %(default)s)")


def _digest(text: str) -> str:
    if text and not re.fullmatch(r"sha256:[0-9a-f]{64}", text):
        raise ValueError(text)
    return text
