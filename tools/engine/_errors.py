# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the user is told when there is no engine."""


class EngineError(Exception):
    """A sentence for the user: what was tried, what was seen, what to do."""
