# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a user of the sandbox can be told."""


class SandboxError(Exception):
    """A refusal or failure whose message says what was attempted, what was seen and what to do next."""
