# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a benchmark fails."""


class BenchmarkError(Exception):
    """What was to be measured did not happen."""
