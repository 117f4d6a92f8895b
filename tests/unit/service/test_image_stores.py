# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""An engine keeps images in a store of its own or in containerd's, and calls them otherwise. Both are known.

The answers of `docker image inspect` are those of Docker 20.10.24 and of Docker 26.1.5 with the feature
containerd-snapshotter, buildx 0.13.1, shortened.
"""

import importlib
import sys
from pathlib import Path

import pytest

SERVICE = Path(__file__).parents[3] / "service"
LAYERS = [f"sha256:{digit * 64}" for digit in "1234"]
CONFIG, MANIFEST, INDEX = (f"sha256:{digit * 64}" for digit in "cde")
BASE = {"Id": "sha256:" + "b" * 64, "RepoDigests": [], "RootFS": {"Type": "layers", "Layers": LAYERS[:3]}}
ROOT = {"Type": "layers", "Layers": LAYERS}
GIVEN = {
    "org.opencontainers.image.version": "1.0.0-a",
    "org.opencontainers.image.revision": "a",
    "com.fastbreak.migration": "m",
}
HELD = {"Labels": GIVEN}
OWN_STORE = {"Id": CONFIG, "RepoTags": ["app:1"], "RepoDigests": [], "RootFS": ROOT, "Config": HELD}
PUSHED = {**OWN_STORE, "RepoDigests": [f"registry.example/app@{MANIFEST}"]}
# Of an image that nobody has pushed, too.
CONTAINERD = {"Id": MANIFEST, "RepoTags": ["app:1"], "RepoDigests": [f"app@{MANIFEST}"], "RootFS": ROOT, "Config": HELD}
# With the attestation that buildx makes by default, it is an index.
ATTESTED = {"Id": INDEX, "RepoTags": ["app:1"], "RepoDigests": [f"app@{INDEX}"], "RootFS": ROOT, "Config": HELD}


@pytest.fixture
def programs(monkeypatch):
    names = ("image", "build", "migrating")
    monkeypatch.syspath_prepend(str(SERVICE))
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield importlib.import_module("image"), importlib.import_module("build")
    for name in names:
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("seen", "called"),
    [
        (OWN_STORE, CONFIG),
        # The engine's own builder says what the engine calls it.
        (CONTAINERD, MANIFEST),
        # buildx says what no engine with that store knows an image by.
        (CONTAINERD, CONFIG),
        (ATTESTED, CONFIG),
    ],
)
def test_what_was_built_is_found_and_called_as_the_engine_calls_it(programs, monkeypatch, seen, called):
    images, build = programs
    known = dict.fromkeys((seen["Id"], *seen["RepoTags"], *seen["RepoDigests"]), seen)
    monkeypatch.setattr(images, "inspect", lambda _client, name: known.get(name))
    assert build._checked("docker", (called, "app:1"), ("base:1", BASE), GIVEN) == seen["Id"]


def test_what_was_built_elsewhere_or_on_another_base_is_refused(programs, monkeypatch):
    images, build = programs
    monkeypatch.setattr(images, "inspect", lambda _client, _name: None)
    with pytest.raises(build.BuildError, match="the engine has neither"):
        build._checked("docker", (CONFIG, "app:1"), ("base:1", BASE), GIVEN)
    other = {**CONTAINERD, "RootFS": {"Type": "layers", "Layers": LAYERS[1:]}}
    monkeypatch.setattr(images, "inspect", lambda _client, _name: other)
    with pytest.raises(build.BuildError, match="somebody moved that name"):
        build._checked("docker", (CONFIG, "app:1"), ("base:1", BASE), GIVEN)


@pytest.mark.parametrize("name", sorted(GIVEN))
@pytest.mark.parametrize("value", ["of before", ""])
def test_an_image_of_before_that_has_the_tag_is_not_what_was_built(programs, monkeypatch, name, value):
    """A builder of its own keeps what it builds, and the engine has an older image of that tag."""
    images, build = programs
    stale = {**CONTAINERD, "Config": {"Labels": {**GIVEN, name: value}}}
    monkeypatch.setattr(images, "inspect", lambda _client, called: stale if called == "app:1" else None)
    with pytest.raises(build.BuildError, match=f"app:1 names another one in the engine .{name} differ"):
        build._checked("docker", (CONFIG, "app:1"), ("base:1", BASE), GIVEN)


def test_what_was_built_is_known_by_all_labels_that_it_was_given(programs):
    _, build = programs
    line = ["--tag", "app:1", "--version", "1.0.0-a", "--revision", "a", "--label", "team=hawks"]
    expected = build._expected(build.parser().parse_args(line), ("org.opencontainers.image.base.name=b",))
    assert {**expected, "com.fastbreak.migration": "", "com.fastbreak.models": ""} == {
        "org.opencontainers.image.version": "1.0.0-a",
        "org.opencontainers.image.revision": "a",
        "com.fastbreak.migration": "",
        "com.fastbreak.models": "",
        "team": "hawks",
        "org.opencontainers.image.base.name": "b",
    }
    assert expected["com.fastbreak.migration"] == build.migrating.name()


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        # Its name in the registry is taken away after the push: then its configuration is known, or nothing is.
        (OWN_STORE, (CONFIG, MANIFEST, True)),
        (OWN_STORE, ("", MANIFEST, False)),
        (PUSHED, ("", MANIFEST, True)),
        (CONTAINERD, (CONFIG, MANIFEST, True)),
        (CONTAINERD, ("", MANIFEST, True)),
        (ATTESTED, ("", INDEX, True)),
        # An image of the same name that another machine has made.
        (CONTAINERD, ("", INDEX, False)),
        (ATTESTED, ("", MANIFEST, False)),
    ],
)
def test_what_is_published_is_known_by_its_digest_in_either_store(programs, monkeypatch, seen, told):
    images, (config, digest, known) = programs[0], told
    monkeypatch.setenv("IMAGE_CONFIG_DIGEST", config)
    assert images.is_published(seen, digest) is known


def test_the_base_is_named_by_the_digest_that_registries_have_of_it(programs):
    _, build = programs
    for seen, digest in ((PUSHED, MANIFEST), (CONTAINERD, MANIFEST), (ATTESTED, INDEX), (OWN_STORE, CONFIG)):
        assert build.base_labels("base:1", seen)[1] == f"org.opencontainers.image.base.digest={digest}"
