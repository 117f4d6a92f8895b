"""Lock the newest versions that the requirements allow, with the hashes of every file."""

import os
import subprocess
import sys

from tools.command_line import parser
from tools.files import ROOT
from tools.pip_settings import uv_environment
from tools.venvs import BootstrapError, ensure_uv

LOCKS = {
    "tools/bootstrap-requirements.in": "tools/bootstrap-requirements.txt",
    "requirements.in": "requirements.lock",
    "service/requirements.in": "service/requirements.lock",
    "service/requirements-dev.in": "service/requirements-dev.lock",
}
OLDEST_PYTHON = "3.12"


def main(arguments: list[str]) -> int:
    parser("tools.lock", __doc__).parse_args(arguments)
    try:
        uv = ensure_uv() / "uv"
    except BootstrapError as error:
        print(error, file=sys.stderr)
        return 1
    for source, lock in LOCKS.items():
        print(f"{source} -> {lock}", flush=True)
        options = ["--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes", "--upgrade"]
        # No address of an index in a lock: it is whatever the user's pip is configured for.
        options += ["--no-emit-index-url", "--no-header", "--quiet", "--output-file", lock]
        done = subprocess.run(
            [str(uv), "pip", "compile", *options, source], cwd=ROOT, env=uv_environment(os.environ), check=False
        )
        if done.returncode != 0:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
