# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""From poses to events, measures and findings for review: pure functions of values."""
