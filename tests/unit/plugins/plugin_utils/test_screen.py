# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A board on a terminal: what a person sees of it, at any size, after a resize, and after a run that was killed."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.progress import Board
from ansible_collections.fastbreak.aws.plugins.plugin_utils._screen import Screen, rendered, size_of
from hypothesis import given
from hypothesis import strategies as st

from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

GATES = (("gate", "verdict", "last", "bound", "seen"), ("ready", "HEALTHY", "0", "at most 0.05", "0 of 20 failed"))
BOARD = Board("inference 1.4.2 (CANARY)", (("stage", "BAKE_TIME"), ("time", "7 s of about 90 s")), GATES)
_MOVES = re.compile(r"\x1b\[(\d+)A|\x1b\[J|\r|\n|[ -~]")


class Terminal:
    """What a terminal of this size shows of what is written to it, as xterm does: long lines go on in the next row."""

    def __init__(self, width: int = 80, height: int = 24) -> None:
        self.width, self.height = width, height
        self.rows: list[str] = [""]
        self.row = self.column = self.scrolled = 0

    def write(self, text: str) -> None:
        position = 0
        while position < len(text):
            found = _MOVES.match(text, position)
            assert found, f"a terminal is told {text[position : position + 8]!r}"
            self._do(found)
            position = found.end()

    def _do(self, found: re.Match[str]) -> None:
        told = found[0]
        if found[1]:
            self.row = max(0, self.row - int(found[1]))
        elif told == "\x1b[J":
            self.rows[self.row :] = [self.rows[self.row][: self.column]]
        elif told == "\r":
            self.column = 0
        elif told == "\n":
            self._next()
        else:
            if self.column == self.width:
                self._next()
            line = self.rows[self.row].ljust(self.column)
            self.rows[self.row] = line[: self.column] + told + line[self.column + 1 :]
            self.column += 1

    def _next(self) -> None:
        # The terminal's driver returns to the first column as well.
        self.row, self.column = self.row + 1, 0
        if self.row == len(self.rows):
            self.rows.append("")
        if len(self.rows) > self.height:
            self.rows.pop(0)
            self.row, self.scrolled = self.row - 1, self.scrolled + 1


def drawn_on(shown: Terminal) -> Screen:
    return Screen(lambda text: shown.write(text + "\n"), lambda _text: None, lambda: (shown.width, shown.height))


def test_a_board_is_drawn_in_its_place_and_never_scrolls() -> None:
    shown = Terminal()
    screen = drawn_on(shown)
    screen.say("releasing 1.4.2")
    scrolled = set()
    for second in range(200):
        screen.draw(Board(BOARD.title, (("time", f"{second} s"),), BOARD.table))
        screen.say(f"line {second}")
        scrolled.add(shown.scrolled)
    # What was there before it makes room once, when the board has grown to the whole screen.
    assert scrolled == {0, 1}
    assert [line for line in shown.rows if line.startswith("time")] == ["time  199 s"]
    assert shown.rows[shown.row - 1] == "line 199"
    assert (shown.row, shown.column) == (len(shown.rows) - 1, 0)


def test_a_board_that_shrinks_leaves_nothing_of_itself() -> None:
    shown = Terminal()
    screen = drawn_on(shown)
    screen.draw(Board("one", tuple((f"fact {number}", "x" * number) for number in range(9)), GATES))
    screen.draw(Board("two"))
    assert [line for line in shown.rows if line] == ["two"]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 24), (20, 8), (80, 4), (10, 3), (1, 1), (200, 60)])
def test_every_size_has_room(width: int, height: int) -> None:
    shown = Terminal(width, height)
    screen = drawn_on(shown)
    for second in range(5):
        screen.draw(Board(BOARD.title, (*BOARD.facts, ("second", str(second))), BOARD.table * 10))
        screen.say("said " * 30)
    assert shown.scrolled <= 1
    assert all(len(line) <= max(0, width - 1) for line in shown.rows)
    if width >= 20 and height >= 8:
        assert sum(line.startswith("second") for line in shown.rows) == 1
        assert any(line.endswith("...") for line in shown.rows) == (width < 80)


def test_a_terminal_that_was_resized_is_drawn_anew() -> None:
    shown = Terminal()
    screen = drawn_on(shown)
    screen.draw(BOARD)
    long = Board(BOARD.title, (("stage", "x" * 100),), GATES)
    shown.width = 40
    screen.draw(long)
    assert max(map(len, shown.rows)) == 39
    shown.width = 120
    screen.draw(long)
    assert max(map(len, shown.rows)) > 100
    assert shown.scrolled == 0


@given(st.text(max_size=60), st.integers(1, 200), st.integers(1, 60))
def test_nothing_of_a_record_moves_the_cursor(text: str, width: int, height: int) -> None:
    board = Board(text, ((text, text),), ((text, text), (text, text)))
    lines = rendered(board, [text], width, height)
    assert len(lines) <= max(1, height - 1)
    assert all(line.isascii() and line.isprintable() and len(line) < width for line in lines if line)


@pytest.fixture
def pair() -> Iterator[tuple[int, str]]:
    """A pseudo terminal of 80 columns and 24 rows: our end, and the path of the other."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    yield ours, os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def test_the_size_is_that_of_the_terminal_now(pair: tuple[int, str]) -> None:
    ours, path = pair
    assert size_of(path) == (80, 24)
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 30, 0, 0))
    assert size_of(path) == (30, 10)
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
    assert size_of(path) == (80, 24)
    assert size_of("/nowhere") == (80, 24)


_RUN = """
import sys
from functools import partial
from ansible_collections.fastbreak.aws.plugins.module_utils._common.progress import Board
from ansible_collections.fastbreak.aws.plugins.plugin_utils._screen import Screen, size_of, terminal
path = terminal()
show = partial(print, flush=True)
screen = Screen(show, lambda text: None, partial(size_of, path))
if not path:
    print("plain")
    sys.exit()
for second in range(3):
    screen.draw(Board("inference", (("time", str(second)),)))
show("drawn")
sys.stdin.read()
"""


@pytest.mark.process
def test_a_run_that_is_killed_leaves_the_terminal_as_it_was(pair: tuple[int, str]) -> None:
    ours, path = pair
    before = termios.tcgetattr(ours)
    with open(path, "wb", buffering=0) as theirs:  # noqa: PTH123 - a terminal
        command = [sys.executable, "-c", _RUN]
        environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=theirs, env=environment, cwd=ROOT) as run:
            told = b""
            while b"drawn" not in told:
                told += os.read(ours, 4096)
            run.kill()
    assert termios.tcgetattr(ours) == before
    shown = Terminal()
    shown.write(told.decode())
    assert shown.rows[:3] == ["inference", "time  2", "drawn"]
    # Neither is another screen shown nor the cursor hidden.
    assert b"?" not in told


@pytest.mark.process
@pytest.mark.parametrize("term", ["dumb", "", "xterm"])
def test_without_a_terminal_that_can_be_drawn_on_lines_are_plain(term: str) -> None:
    environment = {**os.environ, "TERM": term, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", _RUN], env=environment, cwd=ROOT, capture_output=True, check=False)
    assert done.stdout == b"plain\n", done.stderr


_ACTION = """
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._common.progress import Board
from ansible_collections.fastbreak.aws.plugins.plugin_utils._entry_action import EntryAction


def perform(params, context):
    context.progress.say("releasing")
    for second in range(3):
        context.progress.draw(Board("inference", (("time", f"{second} s"),)))
        context.progress.say(f"line {second}")
    return {"changed": context.progress.live}


class ActionModule(EntryAction):
    entry = Entry({}, perform, aws=False)
"""


@pytest.mark.process
@pytest.mark.parametrize(("words", "live"), [([], True), (["-v"], False)])
def test_a_task_of_ansible_draws_on_the_terminal_that_it_was_started_at(
    pair: tuple[int, str], tmp_path: Path, words: list[str], live: bool
) -> None:
    ours, path = pair
    (tmp_path / "action").mkdir()
    (tmp_path / "action" / "release_board.py").write_text(_ACTION, encoding="utf-8")
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"release_board": {}}]}
    (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", tmp_path / "play.yml", *words]
    environment = {
        **os.environ,
        "TERM": "xterm",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_ACTION_PLUGINS": str(tmp_path / "action"),
        "ANSIBLE_STDOUT_CALLBACK": "fastbreak.aws.summary",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
    }
    with open(path, "wb", buffering=0) as theirs:  # noqa: PTH123 - a terminal
        run = subprocess.run(
            command, stdout=theirs, stderr=subprocess.PIPE, env=environment, cwd=ROOT, check=False, timeout=600
        )
    assert run.returncode == 0, run.stderr
    told = os.read(ours, 65536).decode()
    assert ("\x1b[J" in told) == live
    if live:
        shown = Terminal()
        shown.write(re.sub(r"\x1b\[[0-9;]*m", "", told))
        assert shown.rows[:6] == ["releasing", "inference", "time  2 s", "", "line 0", "line 1"]
    else:
        assert "releasing\r\nline 0\r\nline 1\r\nline 2\r\n" in told
