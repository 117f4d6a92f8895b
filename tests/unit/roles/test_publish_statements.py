# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the service's programs state of an image: CycloneDX that its own schema takes, SLSA provenance, or why not."""

import importlib
import io
import json
import sys
import tarfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

ROOT = Path(__file__).parents[3]
DIGEST = "sha256:" + "1" * 64
IMAGE = "fastbreak/inference:1.0.0-" + "a" * 40
LABELS = {
    "org.opencontainers.image.version": IMAGE.rpartition(":")[2],
    "org.opencontainers.image.revision": "a" * 40,
    "org.opencontainers.image.base.name": "python:3.13-slim-trixie",
    "org.opencontainers.image.base.digest": "sha256:" + "2" * 64,
}
STATUS = """Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.41-12+deb13u1
Description: the library
 of everything

Package: adduser
Status: deinstall ok config-files
Architecture: all
Version: 3.152

Package: base-files
Status: install ok installed
Architecture: amd64
Version: 13.8+deb13u1
"""
NUMPY = "Metadata-Version: 2.4\nName: NumPy\nVersion: {version}\nLicense-Expression: BSD-3-Clause\n\nAbout it\n"
OLD = "Metadata-Version: 2.1\nName: old_thing\nVersion: 1.0+local\nLicense: MIT\n\n"


@pytest.fixture
def programs(monkeypatch):
    """The service's programs, which find each other in their folder."""
    monkeypatch.syspath_prepend(str(ROOT / "service"))
    yield tuple(importlib.import_module(name) for name in ("image", "sbom", "provenance"))
    for name in ("image", "provenance", "sbom"):
        sys.modules.pop(name, None)


def files(sbom):
    (version,) = {version for name, version in sbom.locked_hashes(lock()) if name == "numpy"}
    return {
        sbom.DPKG: STATUS.encode(),
        sbom.OS_RELEASE: b'ID=debian\nVERSION_ID="13"\n',
        "opt/fastbreak/venv/lib/python3.13/site-packages/numpy-9.dist-info/METADATA": NUMPY.format(
            version=version
        ).encode(),
        "usr/local/lib/python3.13/site-packages/old_thing-1.dist-info/METADATA": OLD.encode(),
        f"{sbom.MODELS}pose.tflite": b"another network",
    }


def lock():
    return (ROOT / "service" / "requirements.lock").read_text(encoding="utf-8")


def seen(**labels):
    config = {"Labels": {**LABELS, **labels}, "Env": ["PATH=/bin", "PYTHON_VERSION=3.13.9"]}
    return {"Id": DIGEST, "RepoDigests": [], "Config": config, "RootFS": {"Layers": ["a", "b"]}}


def test_the_bill_of_materials_is_what_its_schema_takes_and_the_same_each_time(programs):
    _, sbom, _ = programs
    found = files(sbom)
    made = sbom.document(IMAGE, DIGEST, seen(), found)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(made)) is None
    again = sbom.document(IMAGE, DIGEST, seen(), dict(reversed(found.items())))
    assert json.dumps(again) == json.dumps(made)
    by_name = {component["name"]: component for component in made["components"]}
    assert set(by_name) == {"libc6", "base-files", "NumPy", "old_thing", "pose.tflite", "python"}
    purls = {name: PackageURL.from_string(each["purl"]) for name, each in by_name.items() if "purl" in each}
    assert purls["libc6"].version == "2.41-12+deb13u1"
    assert purls["libc6"].qualifiers == {"arch": "amd64", "distro": "debian-13"}
    assert (purls["NumPy"].type, purls["NumPy"].name) == ("pypi", "numpy")
    assert purls["old_thing"].to_string() == by_name["old_thing"]["purl"] == "pkg:pypi/old-thing@1.0%2Blocal"
    hashes = by_name["NumPy"]["externalReferences"][0]["hashes"]
    assert all(f"sha256:{each['content']}" in lock() for each in hashes)
    assert len(hashes) > 1
    assert by_name["NumPy"]["licenses"] == [{"expression": "BSD-3-Clause"}]
    # A network that is not the locked one has its own hash, and no origin.
    assert "externalReferences" not in by_name["pose.tflite"]


def test_all_of_the_lock_is_read(programs):
    _, sbom, _ = programs
    packages = [line for line in lock().splitlines() if "==" in line and not line.startswith((" ", "#"))]
    assert len(sbom.locked_hashes(lock())) == len(packages) > 20


def test_a_network_of_the_lock_says_where_it_is_from(programs):
    _, sbom, _ = programs
    content = b"the network"
    digest = sbom.hashlib.sha256(content).hexdigest()
    archives = {
        "wheel": {"package": "media_pipe==1.2", "wheel": {}, "license": "Apache-2.0"},
        "tarball": {"package": "@some/models@3.0", "tarball": {}, "license": "MIT"},
    }
    for archive, purl in (("wheel", "pkg:pypi/media-pipe@1.2"), ("tarball", "pkg:npm/%40some/models@3.0")):
        locked = {"archives": archives, "files": {"a.tflite": {"archive": archive, "sha256": digest}}}
        made = sbom.network(f"{sbom.MODELS}a.tflite", content, locked)
        assert made["externalReferences"] == [{"type": "distribution", "url": purl}]
        assert PackageURL.from_string(purl).to_string() == purl


def test_every_network_of_the_lock_is_of_an_archive_with_a_package_url(programs):
    _, sbom, _ = programs
    locked = json.loads((ROOT / "service" / "models.lock").read_text(encoding="utf-8"))
    for name, file in locked["files"].items():
        assert locked["archives"][file["archive"]]["license"], name
        assert PackageURL.from_string(sbom._purl(locked["archives"][file["archive"]])).version


def test_the_provenance_names_what_the_image_was_built_from_and_by_whom(programs):
    _, _, provenance = programs
    made = provenance.predicate(LABELS, "https://example.com/release.yml", {"baseImage": "python:3"}, {})
    definition = made["buildDefinition"]
    assert definition["externalParameters"] == {"version": IMAGE.rpartition(":")[2], "baseImage": "python:3"}
    by_name = {each["name"]: each["digest"] for each in definition["resolvedDependencies"]}
    assert by_name["source"] == {"gitCommit": "a" * 40}
    assert by_name["base image"] == {"sha256": "2" * 64}
    assert set(by_name) == {"source", "base image", "requirements.lock", "models.lock"}
    assert made["runDetails"] == {"builder": {"id": "https://example.com/release.yml"}}
    github = {"GITHUB_SERVER_URL": "https://example.com", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"}
    run = provenance.predicate(LABELS, "urn:x", {}, github)["runDetails"]
    assert run["metadata"] == {"invocationId": "https://example.com/a/b/actions/runs/7/attempts/1"}
    with pytest.raises(Exception, match=r"no label org\.opencontainers\.image\.base\.digest"):
        provenance.predicate({**LABELS, "org.opencontainers.image.base.digest": ""}, "urn:x", {}, {})


def test_of_an_image_that_another_run_pushed_nothing_is_said_but_what_it_tells_itself(programs, engine, capsys):
    _, sbom, provenance = programs
    asked = ["--image", IMAGE, "--digest", DIGEST, "--built-elsewhere"]
    assert provenance.main([*asked, "--builder", "urn:of-this-run", "--parameter", "baseImage=of-this-run"]) == 0
    said = json.loads(capsys.readouterr().out)
    definition = said["buildDefinition"]
    assert definition["externalParameters"] == {
        "version": IMAGE.rpartition(":")[2],
        "baseImage": "python:3.13-slim-trixie",
    }
    assert [each["name"] for each in definition["resolvedDependencies"]] == ["source", "base image"]
    assert said["runDetails"] == {"builder": {"id": "https://fastbreak.dev/builders/unknown"}}
    for words, locked in ((asked, False), (asked[:-1], True)):
        assert sbom.main(words) == 0
        by_name = {each["name"]: each for each in json.loads(capsys.readouterr().out)["components"]}
        assert ("externalReferences" in by_name["NumPy"]) == locked


@pytest.mark.parametrize(("label", "option"), [("version", "--version"), ("revision", "--revision")])
def test_an_image_that_names_another_release_or_commit_is_refused(label, option, programs, engine, capsys):
    for program in programs[1:]:
        asked = ["--image", IMAGE, "--digest", DIGEST, option]
        assert program.main([*asked, LABELS[f"org.opencontainers.image.{label}"]]) == 0
        capsys.readouterr()
        assert program.main([*asked, "another"]) == 1
        refused = capsys.readouterr()
        assert (
            f"its label org.opencontainers.image.{label} is {LABELS[f'org.opencontainers.image.{label}']!r}"
            in refused.err
        )
        assert refused.out == ""


@pytest.fixture
def engine(programs, monkeypatch):
    """A Docker client that has the image, if it has any; `calls` are its commands."""
    images = programs[0]
    state = {"images": {IMAGE: seen()}, "calls": [], "files": files(programs[1])}

    def run(command):
        state["calls"].append(command[1:])
        if command[1:3] == ["image", "inspect"]:
            found = state["images"].get(command[3])
            if found is None:
                raise images.ImageError("Error: No such image: that")
            return json.dumps([found]).encode()
        if command[1] == "pull":
            state["images"][command[-1]] = seen()
            return b""
        assert command[3:5] == ["--network", "none"]
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, content in state["files"].items():
                member = tarfile.TarInfo(f"/{name}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return packed.getvalue()

    monkeypatch.setattr(images, "run", run)
    return state


def test_the_programs_speak_of_the_published_image_and_of_no_other(programs, engine, capsys):
    _, sbom, provenance = programs
    engine["images"][IMAGE]["RepoDigests"] = [f"registry.example:5000/fastbreak/inference@sha256:{'3' * 64}"]
    published = ["--image", IMAGE, "--digest", "sha256:" + "3" * 64]
    assert sbom.main(published) == 0
    assert json.loads(capsys.readouterr().out)["metadata"]["component"]["name"] == "fastbreak/inference"
    assert provenance.main([*published, "--parameter", "a=b=c"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["buildDefinition"]["externalParameters"]["a"] == "b=c"
    assert said["runDetails"]["builder"]["id"] == provenance.BY_HAND
    for program in (sbom, provenance):
        assert program.main(["--image", IMAGE, "--digest", "sha256:" + "4" * 64]) == 1
        assert "the engine has another image of that name. Publish once more" in capsys.readouterr().err
        assert program.main(["--image", "nobody:1"]) == 1
        assert "the engine has none of that name. Publish once more" in capsys.readouterr().err


def test_an_image_whose_pushed_name_is_gone_is_known_by_its_configuration(programs, engine, capsys, monkeypatch):
    _, sbom, provenance = programs
    for program in (sbom, provenance):
        asked = ["--image", IMAGE, "--digest", "sha256:" + "3" * 64]
        monkeypatch.setenv("IMAGE_CONFIG_DIGEST", "sha256:" + "5" * 64)
        assert program.main(asked) == 1
        monkeypatch.setenv("IMAGE_CONFIG_DIGEST", DIGEST)
        assert program.main(asked) == 0
        capsys.readouterr()


def test_the_base_is_pulled_where_it_is_missing_and_what_was_built_has_to_stand_on_it(programs, engine):
    images = programs[0]
    below = images.base("docker", "python:3")
    assert ["pull", "--quiet", "python:3"] in engine["calls"]
    assert images.stands_on({"RootFS": {"Layers": ["a", "b", "c"]}}, below)
    assert not images.stands_on({"RootFS": {"Layers": ["a", "x", "c"]}}, below)
    assert not images.stands_on({"RootFS": {}}, {"RootFS": {}})
