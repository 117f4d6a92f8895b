# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write down who we are, then become the daemon: a kill at any moment leaves no daemon that nobody knows of."""

import os
import sys
from pathlib import Path

from tools.engine._processes import identify
from tools.engine._record import Record, write


def main(arguments: list[str]) -> None:
    path, bridge_was_there, *command = arguments
    if os.fork() != 0:
        return  # the daemon belongs to no terminal and to no parent that would have to wait for it
    os.setsid()
    # The number and the start time of a process stay the same when it becomes another program.
    write(Path(path), Record(daemon=identify(os.getpid()), bridge_was_there=bridge_was_there == "yes"))
    os.execvp(command[0], command)  # noqa: S606 - there is no shell in between, which is what is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
