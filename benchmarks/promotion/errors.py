# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark stops for, in a sentence that says what to do."""


class BenchmarkError(Exception):
    """The benchmark cannot go on; the message is for its user."""
