# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user is told when an image cannot be built."""

from __future__ import annotations


class ImageError(Exception):
    """An image could not be built; the text says what was attempted, what was seen and what to do next."""
