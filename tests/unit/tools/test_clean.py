# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make clean-caches` removes: what this clone made, and only when that was agreed to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from docker.errors import APIError

from tools import clean, clone
from tools.clean import Image, caches

OURS = clone.identity()
BASE = "fastbreak-sandbox/base:trixie"


def image(*tags: str, cache: str = BASE, made_by: str = OURS) -> Image:
    return Image("sha256:0", tags, {clone.CACHE_LABEL: cache, clone.CLONE_LABEL: made_by})


@pytest.mark.parametrize(
    ("found", "removed"),
    [
        (image(BASE), [BASE]),
        (image(BASE, made_by="another"), []),
        (image("fastbreak/inference:0.1.0"), []),  # built on the base, whose labels it inherits
        (image(), []),
        (image(BASE, "my/copy:1"), [BASE]),
        (Image("sha256:0", (BASE,), {clone.CACHE_LABEL: "1"}), []),
        (Image("sha256:0", (BASE,), {}), []),
    ],
)
def test_only_caches_of_this_clone_are_removed(found: Image, removed: list[str]) -> None:
    assert caches([found], OURS) == removed


def test_clones_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    assert clone.identity(tmp_path / "a") != clone.identity(tmp_path / "b")


class Engine:
    """What the command uses of a client of the Docker engine."""

    def __init__(self, *, busy: bool) -> None:
        self.images = self
        self.busy = busy
        self.removed: list[str] = []
        self.id = "sha256:0"
        self.tags = [BASE]
        self.labels = {clone.CACHE_LABEL: BASE, clone.CLONE_LABEL: OURS}

    def list(self, filters: dict[str, str]) -> "list[Engine]":
        return [self] if filters == {"label": clone.CACHE_LABEL} else []

    def remove(self, tag: str) -> None:
        if self.busy:
            raise APIError("conflict", explanation="a container uses it")
        self.removed.append(tag)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(clean, "ROOT", tmp_path)
    monkeypatch.setattr(clone, "identity", lambda: OURS)
    for name in (".venv", ".cache", "plugins"):
        (tmp_path / name).mkdir()
    return tmp_path


def given(monkeypatch: pytest.MonkeyPatch, engine: Engine | None) -> list[bool]:
    """Put an engine in place; the list tells whether it may be started."""
    starts: list[bool] = []

    @contextmanager
    def answers(*, start: bool) -> Iterator[Engine | None]:
        starts.append(start)
        yield engine

    monkeypatch.setattr(clean, "engine", answers)
    return starts


def kept(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()}


def test_a_dry_run_lists_and_removes_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = Engine(busy=False)
    starts = given(monkeypatch, engine)
    assert clean.main(["--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"image {BASE}", ".cache/", ".venv/", "Nothing was removed."]
    assert (kept(root), engine.removed, starts) == ({".venv", ".cache", "plugins"}, [], [False])


def test_without_a_terminal_nothing_is_removed_unasked(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = Engine(busy=False)
    given(monkeypatch, engine)
    assert clean.main([]) == 1
    assert "give --yes" in capsys.readouterr().err
    assert (kept(root), engine.removed) == ({".venv", ".cache", "plugins"}, [])


@pytest.mark.parametrize(("answer", "agrees"), [("y", True), ("yes ", True), ("", False), ("n", False), ("no", False)])
def test_the_answer_is_taken_as_it_is(answer: str, *, agrees: bool) -> None:
    assert clean.agreed(lambda _question: answer) is agrees


def test_what_was_agreed_to_goes_and_nothing_else(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(busy=False)
    given(monkeypatch, engine)
    assert clean.main(["--yes"]) == 0
    assert (kept(root), engine.removed) == ({"plugins"}, [BASE])


def test_an_image_in_use_is_kept_and_named(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given(monkeypatch, Engine(busy=True))
    assert clean.main(["--yes"]) == 0
    assert f"kept image {BASE}: a container uses it" in capsys.readouterr().out


def test_without_an_engine_the_folders_go(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given(monkeypatch, None)
    assert clean.main(["--yes"]) == 0
    assert "No Docker engine runs" in capsys.readouterr().out
    assert kept(root) == {"plugins"}
