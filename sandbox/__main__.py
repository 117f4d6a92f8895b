"""The command line of the sandbox."""

import sys

from sandbox.cli import main

sys.exit(main())
