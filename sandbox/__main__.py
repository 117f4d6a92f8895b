# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The command line of the sandbox."""

import sys

from sandbox.cli import main

sys.exit(main())
