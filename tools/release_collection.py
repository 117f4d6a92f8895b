# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the collection's release of a tag: the same bytes each time, with the provenance to attest.

The tag has to be the version of galaxy.yml, that version has to be released in the changelog, with no fragment left
over, and the files have to be as committed. Prints the tarball and its SHA-256 as `name=value`, for a workflow to read.
"""

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tools.changelog import TARGET, render
from tools.collection import build
from tools.command_line import parser
from tools.files import ROOT

BUILD_TYPE = "https://fastbreak.dev/builds/collection/v1"
BY_HAND = "https://fastbreak.dev/builders/manual"
MANIFEST, FILES = "MANIFEST.json", "FILES.json"


class ReleaseError(Exception):
    """It cannot be released; the message says why and what to do."""


def problem(root: Path, tag: str) -> str:
    """Why the project at *root* is no release of that tag; empty when it is."""
    version = str(yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"])
    if tag != f"v{version}":
        return (
            f"The tag is {tag}, and galaxy.yml has the version {version}. Tag v{version}, or raise the version first."
        )
    released = yaml.safe_load((root / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))["releases"]
    if version not in released:
        return (
            f"The changelog has no release {version}. Run `antsibull-changelog release`, `make changelog`, and commit."
        )
    if left := sorted(path.name for path in (root / "changelogs" / "fragments").glob("*.y*ml")):
        return f"Fragments are left over that no release tells of: {', '.join(left)}. Release them, or take them away."
    if (root / TARGET).read_text(encoding="utf-8") != render(root):
        return f"{TARGET} is not what `make changelog` writes. Run that, and commit."
    return ""


def settled(tarball: bytes, moment: int) -> bytes:
    """The tarball with one order, owner and time, whatever file system and clock it was built by."""
    contents: dict[str, tuple[int, bytes | None]] = {}
    with tarfile.open(fileobj=io.BytesIO(tarball)) as archive:
        for member in archive:
            held = archive.extractfile(member)
            contents[member.name] = (0o755 if member.mode & 0o100 else 0o644, held.read() if held else None)
    listing = json.loads(contents[FILES][1] or b"{}")
    listing["files"].sort(key=lambda entry: entry["name"])
    files = json.dumps(listing, indent=1, sort_keys=True).encode()
    manifest = json.loads(contents[MANIFEST][1] or b"{}")
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(files).hexdigest()
    contents[FILES] = (0o644, files)
    contents[MANIFEST] = (0o644, json.dumps(manifest, indent=1, sort_keys=True).encode())
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for name in sorted(contents):
            mode, content = contents[name]
            member = tarfile.TarInfo(name)
            member.mode, member.mtime = mode, moment
            member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            member.size = len(content or b"")
            archive.addfile(member, io.BytesIO(content or b""))
    return packed.getvalue()


def provenance(tag: str, commit: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """How it was built, as SLSA provenance v1; the workflow of GitHub's that did it, if one did."""
    server, repository = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
    workflow, run = environment.get("GITHUB_WORKFLOW_REF", ""), environment.get("GITHUB_RUN_ID", "")
    source: dict[str, Any] = {"name": "source", "digest": {"gitCommit": commit}}
    if server and repository:
        source["uri"] = f"git+{server}/{repository}@refs/tags/{tag}"
    details: dict[str, Any] = {"builder": {"id": f"{server}/{workflow}" if server and workflow else BY_HAND}}
    if server and repository and run:
        attempt = environment.get("GITHUB_RUN_ATTEMPT", "1")
        details["metadata"] = {"invocationId": f"{server}/{repository}/actions/runs/{run}/attempts/{attempt}"}
    definition = {"buildType": BUILD_TYPE, "externalParameters": {"tag": tag}, "resolvedDependencies": [source]}
    return {"buildDefinition": definition, "runDetails": details}


def git(*words: str) -> str:
    """What git says. Raises ReleaseError."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ReleaseError(f"`git {' '.join(words)}` failed: {done.stderr.strip()}")
    return done.stdout.strip()


def release(tag: str, into: Path, expected: str, environment: Mapping[str, str]) -> list[str]:
    """Build, and write tarball and provenance into a folder; what is printed. Raises ReleaseError."""
    if wrong := problem(ROOT, tag):
        raise ReleaseError(wrong)
    if changed := git("status", "--porcelain"):
        raise ReleaseError(f"Not all files are as committed, so that the tag would not name them: {changed}")
    with tempfile.TemporaryDirectory(prefix="fastbreak-release-") as scratch:
        built = build(Path(scratch))
        name, content = built.name, settled(built.read_bytes(), int(git("show", "--no-patch", "--format=%ct", "HEAD")))
    digest = hashlib.sha256(content).hexdigest()
    if expected and digest != expected:
        raise ReleaseError(
            f"The tarball's SHA-256 is {digest}, and {expected} was checked before. Nothing was written."
        )
    into.mkdir(parents=True, exist_ok=True)
    (into / name).write_bytes(content)
    said = json.dumps(provenance(tag, git("rev-parse", "HEAD"), environment), indent=2, sort_keys=True)
    (into / "provenance.json").write_text(f"{said}\n", encoding="utf-8")
    return [f"tarball={into / name}", f"sha256={digest}"]


def main(arguments: list[str]) -> int:
    made = parser("tools.release_collection", __doc__)
    made.add_argument("tag", help="the tag that is released, vX.Y.Z")
    made.add_argument("--into", type=Path, default=ROOT / ".build", help="a folder (default: .build)")
    made.add_argument("--expect", default="", metavar="SHA256", help="fail unless the tarball is this one")
    options = made.parse_args(arguments)
    try:
        print("\n".join(release(options.tag, options.into, options.expect, os.environ)))
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{error.cmd[0]} failed: {error.stderr.strip() or error.stdout.strip()}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
