# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""`python -m fastbreak_service`."""

from __future__ import annotations

import sys

from fastbreak_service.start import main

sys.exit(main())
