# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection's release: only of a tag that is one, the same bytes each time, and what says how it was built."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from tools import release_collection
from tools.release_collection import ReleaseError, problem, provenance, release, settled

CHANGELOG = "# Release Notes\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "changelogs" / "fragments").mkdir(parents=True)
    (tmp_path / "changelogs" / "changelog.yaml").write_text("releases: {1.2.3: {}}\n")
    (tmp_path / "galaxy.yml").write_text("version: 1.2.3\n")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    monkeypatch.setattr(release_collection, "render", lambda _root: CHANGELOG)
    monkeypatch.setattr(release_collection, "ROOT", tmp_path)
    return tmp_path


def test_a_tag_is_a_release_when_all_says_so(project: Path) -> None:
    assert problem(project, "v1.2.3") == ""
    assert "galaxy.yml has the version 1.2.3. Tag v1.2.3" in problem(project, "v1.2.4")
    assert "galaxy.yml has the version" in problem(project, "1.2.3")
    (project / "changelogs" / "fragments" / "a.yml").write_text("")
    assert "Fragments are left over that no release tells of: a.yml" in problem(project, "v1.2.3")
    (project / "changelogs" / "fragments" / "a.yml").unlink()
    (project / "CHANGELOG.md").write_text("old")
    assert "CHANGELOG.md is not what `make changelog` writes" in problem(project, "v1.2.3")
    (project / "changelogs" / "changelog.yaml").write_text("releases: {}\n")
    assert "The changelog has no release 1.2.3" in problem(project, "v1.2.3")


def built(order: int, moment: int) -> bytes:
    """A collection's tarball as some machine makes it."""
    entries = [{"name": name, "ftype": "file"} for name in ("README.md", "plugins")][::order]
    files = json.dumps({"files": entries, "format": 1}).encode()
    manifest = {"file_manifest_file": {"name": "FILES.json", "chksum_sha256": hashlib.sha256(files).hexdigest()}}
    contents = [("MANIFEST.json", json.dumps(manifest).encode()), ("FILES.json", files), ("README.md", b"Read me.")]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        folder = tarfile.TarInfo("plugins")
        folder.type, folder.mtime = tarfile.DIRTYPE, moment
        archive.addfile(folder)
        for name, content in contents[::order]:
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.uid, member.mode = len(content), moment, moment % 1000, 0o664
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def test_the_tarball_is_the_same_whoever_built_it_and_whenever() -> None:
    made = settled(built(1, 1_700_000_001), 5)
    assert made == settled(built(-1, 1_800_000_002), 5)
    assert made != settled(built(1, 1_700_000_001), 6)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(made))) as archive:
        assert archive.getnames() == ["FILES.json", "MANIFEST.json", "README.md", "plugins"]
        assert {(member.mtime, member.uid, member.uname) for member in archive} == {(5, 0, "")}
        (manifest, files) = (archive.extractfile(name) for name in ("MANIFEST.json", "FILES.json"))
        assert manifest
        assert files
        named = json.load(manifest)["file_manifest_file"]["chksum_sha256"]
        assert named == hashlib.sha256(files.read()).hexdigest()
        assert archive.getmember("plugins").isdir()


def test_what_is_released_is_what_was_checked_and_as_committed(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = {"status": "", "show": "5", "rev-parse": "c" * 40}
    monkeypatch.setattr(release_collection, "git", lambda *words: answers[words[0]])

    def build(into: Path) -> Path:
        (into / "fastbreak-aws-1.2.3.tar.gz").write_bytes(built(1, 7))
        return into / "fastbreak-aws-1.2.3.tar.gz"

    monkeypatch.setattr(release_collection, "build", build)
    into = tmp_path / "out"
    tarball, sha256 = release("v1.2.3", into, "", {})
    assert tarball == f"tarball={into / 'fastbreak-aws-1.2.3.tar.gz'}"
    digest = sha256.removeprefix("sha256=")
    assert hashlib.sha256((into / "fastbreak-aws-1.2.3.tar.gz").read_bytes()).hexdigest() == digest
    assert release("v1.2.3", into, digest, {}) == [tarball, sha256]
    said = json.loads((into / "provenance.json").read_text())
    assert said["buildDefinition"]["resolvedDependencies"] == [{"name": "source", "digest": {"gitCommit": "c" * 40}}]
    with pytest.raises(ReleaseError, match="was checked before"):
        release("v1.2.3", into, "0" * 64, {})
    answers["status"] = " M galaxy.yml"
    with pytest.raises(ReleaseError, match=r"as committed.* M galaxy\.yml"):
        release("v1.2.3", into, "", {})
    assert release_collection.main(["v9", "--into", str(into)]) == 1
    assert "The tag is v9, and galaxy.yml has the version 1.2.3" in capsys.readouterr().err


def test_the_provenance_names_the_workflow_and_its_run() -> None:
    github = {
        "GITHUB_SERVER_URL": "https://example.com",
        "GITHUB_REPOSITORY": "a/b",
        "GITHUB_WORKFLOW_REF": "a/b/.github/workflows/galaxy.yml@refs/tags/v1.2.3",
        "GITHUB_RUN_ID": "7",
    }
    said = provenance("v1.2.3", "c" * 40, github)
    builder = "https://example.com/a/b/.github/workflows/galaxy.yml@refs/tags/v1.2.3"
    assert said["runDetails"]["builder"] == {"id": builder}
    assert said["runDetails"]["metadata"]["invocationId"].endswith("/a/b/actions/runs/7/attempts/1")
    assert said["buildDefinition"]["resolvedDependencies"][0]["uri"] == "git+https://example.com/a/b@refs/tags/v1.2.3"
    assert provenance("v1.2.3", "c" * 40, {})["runDetails"] == {"builder": {"id": release_collection.BY_HAND}}
