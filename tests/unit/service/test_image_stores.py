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
OWN_STORE = {"Id": CONFIG, "RepoTags": ["app:1"], "RepoDigests": [], "RootFS": ROOT}
PUSHED = {**OWN_STORE, "RepoDigests": [f"registry.example/app@{MANIFEST}"]}
# Of an image that nobody has pushed, too.
CONTAINERD = {"Id": MANIFEST, "RepoTags": ["app:1"], "RepoDigests": [f"app@{MANIFEST}"], "RootFS": ROOT}
# With the attestation that buildx makes by default, it is an index.
ATTESTED = {"Id": INDEX, "RepoTags": ["app:1"], "RepoDigests": [f"app@{INDEX}"], "RootFS": ROOT}


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
    assert build._checked("docker", (called, "app:1"), "base:1", BASE) == seen["Id"]


def test_what_was_built_elsewhere_or_on_another_base_is_refused(programs, monkeypatch):
    images, build = programs
    monkeypatch.setattr(images, "inspect", lambda _client, _name: None)
    with pytest.raises(build.BuildError, match="the engine has neither"):
        build._checked("docker", (CONFIG, "app:1"), "base:1", BASE)
    other = {**CONTAINERD, "RootFS": {"Type": "layers", "Layers": LAYERS[1:]}}
    monkeypatch.setattr(images, "inspect", lambda _client, _name: other)
    with pytest.raises(build.BuildError, match="somebody moved that name"):
        build._checked("docker", (CONFIG, "app:1"), "base:1", BASE)


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
