# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Say what is in the service's image, as CycloneDX 1.6. Standard library only.

    python service/sbom.py --image REPOSITORY:TAG [--digest DIGEST] [--version TAG] [--revision COMMIT]
        [--built-elsewhere] [--docker CLIENT]

It is read from the image itself: Debian's list of packages, the metadata of Python's, the networks. The same image
gives the same document, byte for byte: it tells no time and has no serial number. With --built-elsewhere it does not
say which files the lock had installed: nobody here saw that.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import sys
import tarfile
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import image as images

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).resolve().parent
LOCKED = re.compile(r"^([\w.-]+)(?:\[[\w,-]*\])?==(\S+)((?:.*\\\n +--hash=sha256:[0-9a-f]{64})+)", re.MULTILINE)
DPKG, OS_RELEASE, MODELS = "var/lib/dpkg/status", "usr/lib/os-release", "opt/fastbreak/models/"
METADATA = ".dist-info/METADATA"
#: A licence that is a name; longer texts are the licence itself.
NAME_LIMIT = 64
COLLECT = (
    "find /opt /usr /var/lib/dpkg -xdev -type f \\("
    f" -path '*{METADATA}' -o -path /{DPKG} -o -path /{OS_RELEASE} -o -path '/{MODELS}*' ! -name '*.lock' \\)"
    " -print0 | tar --create --file - --null --files-from - --absolute-names"
)

Component = dict[str, Any]


def read_files(docker: str, image: str) -> dict[str, bytes]:
    """The files that say what is in it, out of a container without a network that does nothing else."""
    command = [docker, "run", "--rm", "--network", "none", "--user", "0:0", "--entrypoint", "/bin/sh"]
    archive = images.run([*command, image, "-c", COLLECT])
    found = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        for member in packed:
            if content := packed.extractfile(member):
                found[member.name.lstrip("/")] = content.read()
    if DPKG not in found or not any(path.endswith(METADATA) for path in found):
        raise images.ImageError(
            f"Tried to read what is in {image}, but it holds no list of Debian's packages, or none of Python's. Build "
            "it as service/Dockerfile does, or do without statements: publish_statements: false."
        )
    return found


def locked_hashes(lock: str) -> dict[tuple[str, str], list[str]]:
    """The SHA-256 of each file that a lock accepts, by package and version."""
    return {
        (normal(name), version): sorted(re.findall(r"sha256:([0-9a-f]{64})", hashes))
        for name, version, hashes in LOCKED.findall(lock)
    }


def normal(name: str) -> str:
    """A Python package's name as its index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def debian_packages(status: str, release: Mapping[str, str]) -> Iterator[Component]:
    """The installed packages of dpkg's list."""
    distribution = release.get("ID", "debian")
    for stanza in status.split("\n\n"):
        fields = HeaderParser().parsestr(stanza.strip())
        if "installed" not in (fields["Status"] or "").split():
            continue
        name, version = fields["Package"], fields["Version"]
        of = {"arch": fields["Architecture"], "distro": f"{distribution}-{release.get('VERSION_ID', '')}".rstrip("-")}
        qualifiers = "&".join(f"{key}={quote(value, safe='')}" for key, value in sorted(of.items()))
        purl = f"pkg:deb/{distribution}/{quote(name.lower(), safe='')}@{quote(version, safe='~')}?{qualifiers}"
        yield {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def python_package(metadata: str, hashes: Mapping[tuple[str, str], list[str]]) -> Component:
    """An installed package of Python, with the files of it that the lock accepts."""
    fields = HeaderParser().parsestr(metadata)
    name, version = fields["Name"], fields["Version"]
    purl = f"pkg:pypi/{normal(name)}@{quote(version, safe='')}"
    made: Component = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    licence, named = fields["License-Expression"], (fields["License"] or "").strip()
    if licence:
        made["licenses"] = [{"expression": licence}]
    elif named and "\n" not in named and len(named) <= NAME_LIMIT and named != "UNKNOWN":
        made["licenses"] = [{"license": {"name": named}}]
    if locked := hashes.get((normal(name), version)):
        files = [{"alg": "SHA-256", "content": each} for each in locked]
        text = "one of these files was installed, as locked"
        made["externalReferences"] = [{"type": "distribution", "url": purl, "comment": text, "hashes": files}]
    return made


def network(path: str, content: bytes, lock: Mapping[str, Any]) -> Component:
    """A network, and the package that it was taken from when it is the locked one."""
    name, digest = path.removeprefix(MODELS), hashlib.sha256(content).hexdigest()
    made: Component = {
        "type": "machine-learning-model",
        "bom-ref": f"network:{name}",
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }
    locked = lock["files"].get(name, {})
    if locked.get("sha256") == digest:
        archive = lock["archives"][locked["archive"]]
        made["licenses"] = [{"license": {"id": archive["license"]}}]
        made["externalReferences"] = [{"type": "distribution", "url": _purl(archive)}]
    return made


def _purl(archive: Mapping[str, Any]) -> str:
    """The package URL of a wheel, or of npm's tarball."""
    if "wheel" in archive:
        package, _, version = archive["package"].partition("==")
        return f"pkg:pypi/{normal(package)}@{version}"
    package, _, version = archive["package"].rpartition("@")
    return f"pkg:npm/{quote(package)}@{version}"


def interpreter(seen: Mapping[str, Any]) -> Iterator[Component]:
    """The Python of a published Python image, which is no package of Debian's."""
    for variable in (seen.get("Config") or {}).get("Env") or ():
        name, _, version = variable.partition("=")
        if name == "PYTHON_VERSION":
            purl = f"pkg:generic/python@{quote(version, safe='')}"
            yield {"type": "platform", "bom-ref": purl, "name": "python", "version": version, "purl": purl}


def document(
    image: str, digest: str, seen: Mapping[str, Any], files: Mapping[str, bytes], *, locked: bool = True
) -> dict[str, Any]:
    """The bill of materials; `locked`: what Python has was installed by this folder's lock."""
    lock = json.loads((HERE / "models.lock").read_text(encoding="utf-8"))
    hashes = locked_hashes((HERE / "requirements.lock").read_text(encoding="utf-8")) if locked else {}
    texts = {path: content.decode(errors="replace") for path, content in files.items() if not path.startswith(MODELS)}
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', texts.get(OS_RELEASE, ""), re.MULTILINE))
    found = [
        *debian_packages(texts.get(DPKG, ""), release),
        *interpreter(seen),
        *(python_package(text, hashes) for path, text in texts.items() if path.endswith(METADATA)),
        *(network(path, content, lock) for path, content in files.items() if path.startswith(MODELS)),
    ]
    name = image.rpartition(":")[0] or image
    labels = images.labels(dict(seen))
    subject: Component = {"type": "container", "bom-ref": "image", "name": name}
    if version := labels.get(images.VERSION_LABEL):
        subject["version"] = version
    if digest:
        subject["purl"] = f"pkg:oci/{quote(name.rpartition('/')[2].lower(), safe='')}@{quote(digest, safe='')}"
    components = {component["bom-ref"]: component for component in found}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": subject},
        "components": [components[reference] for reference in sorted(components)],
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when it could be said, 1 with one sentence on standard error when not."""
    made = argparse.ArgumentParser(description="Say what is in the service's image, as CycloneDX 1.6.")
    images.add_arguments(made)
    given = made.parse_args(arguments)
    try:
        seen = images.asked_for(given)
        files = read_files(given.docker, seen["Id"])
    except images.ImageError as error:
        print(f"sbom: {error}", file=sys.stderr)
        return 1
    said = document(given.image, given.digest, seen, files, locked=not given.built_elsewhere)
    print(json.dumps(said, indent=2, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
