# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Build the service's image. Standard library only.

    python service/build.py --tag REPOSITORY:TAG --version TAG --revision COMMIT
        [--base-image IMAGE] [--extra-ca-certs BUNDLE] [--pip-config FILE] [--npm-config FILE] [--docker CLIENT]
        [--source URL] [--label NAME=VALUE]

Prints the image's id on standard output; what Docker says goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import image as images
import migrating

HERE = Path(__file__).resolve().parent
DEFAULT_BASE_IMAGE = "python:3.13-slim-trixie"


#: Names the networks in the image by their SHA-256, so that they are known before it runs.
MODELS_LABEL = "com.fastbreak.models"


class BuildError(Exception):
    """The image could not be built; the message says what was tried, what was seen and what to do."""


def can_build(client: str) -> bool:
    """Whether a Docker client can use BuildKit: it has the plugin buildx, or is old enough to carry BuildKit inside."""
    try:
        plugin = subprocess.run([client, "buildx", "version"], capture_output=True, check=False)
        version = subprocess.run([client, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    major = re.search(r"version (\d+)\.", version.stdout)
    return plugin.returncode == 0 or (major is not None and int(major[1]) < 23)


def find_docker(wanted: str | None) -> str:
    """The wanted client, else the first on PATH that can build. Raises BuildError."""
    if wanted:
        return wanted
    seen = [found for d in os.get_exec_path() if (found := shutil.which("docker", path=d))]
    for client in seen:
        if can_build(client):
            return client
    raise BuildError(
        f"No Docker client on PATH can build with BuildKit (seen: {', '.join(seen) or 'none'}). Install Docker's "
        "buildx plugin, or name a client with --docker."
    )


def created(revision: str) -> str:
    """The moment of the commit, so that building a commit again gives the same labels; now for what is no commit."""
    command = ["git", "-C", str(HERE), "show", "--no-patch", "--format=%ct", f"{revision}^{{commit}}"]
    seconds = ""
    if re.fullmatch(r"[0-9a-f]{7,40}", revision) and shutil.which("git"):
        seconds = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    moment = datetime.fromtimestamp(int(seconds), UTC) if seconds.isdigit() else datetime.now(UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def models() -> str:
    """The networks of the lock as ``name=sha256``, separated by commas."""
    files = json.loads((HERE / "models.lock").read_text(encoding="utf-8"))["files"]
    return ",".join(f"{name}={file['sha256']}" for name, file in sorted(files.items()))


def base_labels(name: str, seen: dict[str, Any]) -> tuple[str, ...]:
    """What says on which image it was built, by the digest that a registry has of that; by its id where none has it."""
    return f"{images.BASE_NAME_LABEL}={name}", f"{images.BASE_DIGEST_LABEL}={images.digests(seen)[0]}"


def given_labels(options: argparse.Namespace, base: tuple[str, ...]) -> tuple[str, ...]:
    """The labels that the build gives the image, beside those of the Dockerfile."""
    ours = f"{MODELS_LABEL}={models()}", f"{migrating.LABEL}={migrating.name()}"
    return (*ours, *options.label, *base)


def command_line(options: argparse.Namespace, client: str, image_id: Path, labels: tuple[str, ...] = ()) -> list[str]:
    """The `docker build` that makes the image; `labels` name its base."""
    arguments = {
        "BASE_IMAGE": options.base_image,
        "VERSION": options.version,
        "REVISION": options.revision,
        "CREATED": created(options.revision),
        "SOURCE": options.source,
    }
    command = [client, "build", "--progress", "plain", "--iidfile", str(image_id)]
    for tag in options.tag:
        command += ["--tag", tag]
    command += [word for label in given_labels(options, labels) for word in ("--label", label)]
    for name, value in arguments.items():
        command += ["--build-arg", f"{name}={value}"]
    for secret, file in secrets(options).items():
        command += ["--secret", f"id={secret},src={file.resolve()}"]
    return [*command, str(HERE)]


def secrets(options: argparse.Namespace) -> dict[str, Path]:
    """The files that the build may read and leaves out of the image, by the names that it knows. Raises BuildError."""
    named = {"ca": options.extra_ca_certs, "pip": options.pip_config, "npm": options.npm_config}
    given = {secret: Path(file) for secret, file in named.items() if file}
    for file in given.values():
        if not file.is_file():
            raise BuildError(f"There is no file {file}.")
    return given


def build(options: argparse.Namespace) -> str:
    """Build; the image's id. Raises BuildError."""
    client = find_docker(options.docker)
    # Before anything is pulled.
    secrets(options)
    with tempfile.TemporaryDirectory() as scratch:
        image_id = Path(scratch) / "image-id"
        base = images.base(client, options.base_image)
        on = base_labels(options.base_image, base)
        command = command_line(options, client, image_id, on)
        # BuildKit's own attestation tells times, so that no image would be like another; provenance.py makes ours.
        environment = {**os.environ, "DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
        try:
            done = subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
        except OSError as error:
            raise BuildError(f"{client} could not be run: {error.strerror}.") from error
        if done.returncode != 0:
            raise BuildError(
                f"`docker build` failed with exit code {done.returncode}; its output above says where. If it is a "
                "certificate, name your bundle with --extra-ca-certs."
            )
        built = image_id.read_text(encoding="utf-8").strip()
        return _checked(client, (built, options.tag[0]), (options.base_image, base), _expected(options, on))


def _expected(options: argparse.Namespace, base: tuple[str, ...]) -> dict[str, str]:
    """What the labels of the image that was just built are. One that is given again has its last value."""
    names = {images.VERSION_LABEL: options.version, images.REVISION_LABEL: options.revision}
    given = (label.partition("=") for label in given_labels(options, base))
    return {**names, **{name: value for name, _equals, value in given}}


def _checked(client: str, names: tuple[str, str], on: tuple[str, dict[str, Any]], expected: dict[str, str]) -> str:
    """The image's id, once it is certain that it is what was built, *on* what its labels say. Raises BuildError.

    Its *names* are what buildx calls it, and its tag: buildx names its configuration, which an engine knows no image by
    whose images containerd keeps. What a tag names may be an image of before, which has other labels.
    """
    base_name, base = on
    seen = next((found for name in names if (found := images.inspect(client, name))), None)
    if seen is None:
        raise BuildError(
            f"The image was built, and the engine has neither {names[0]} nor {names[1]}: somebody removed it, or it is "
            "kept by a builder of its own (docker buildx ls). Run again with the engine's (BUILDX_BUILDER=default)."
        )
    held = images.labels(seen)
    if other := [name for name, value in expected.items() if held.get(name, "") != value]:
        raise BuildError(
            f"The image was built, and {names[1]} names another one in the engine ({', '.join(other)} differ): the new "
            "one is kept by a builder of its own (docker buildx ls), or somebody moved the tag meanwhile. Run again "
            "with the engine's builder (BUILDX_BUILDER=default)."
        )
    if not images.stands_on(seen, base):
        raise BuildError(
            f"The image was built, but not on {base_name} as it was when the build began ({images.digests(base)[0]}), "
            "which its labels name: somebody moved that name meanwhile. Run again."
        )
    return str(seen["Id"])


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    made = argparse.ArgumentParser(description="Build the service's image and print its id.")
    made.add_argument("--tag", action="append", required=True, help="name of the image; may be given again")
    made.add_argument("--version", required=True, help="the release: the image tag, <semver>-<commit>")
    made.add_argument("--revision", required=True, help="the commit")
    made.add_argument("--base-image", default=DEFAULT_BASE_IMAGE, help="Debian with Python 3.13 (default: %(default)s)")
    made.add_argument(
        "--extra-ca-certs", metavar="BUNDLE", help="PEM file of the certificates that pip and npm shall trust"
    )
    made.add_argument("--pip-config", metavar="FILE", help="pip.conf that names your package index")
    made.add_argument("--npm-config", metavar="FILE", help="npmrc that names your registry of npm")
    made.add_argument("--docker", metavar="CLIENT", help="Docker client (default: the first that can build)")
    made.add_argument("--source", default="", help="address of the source, for the image's label")
    made.add_argument(
        "--label", action="append", default=[], metavar="NAME=VALUE", help="a label of your own; may be given again"
    )
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when built, 1 with one sentence on standard error when not."""
    try:
        print(build(parser().parse_args(arguments)))
    except (BuildError, images.ImageError) as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
