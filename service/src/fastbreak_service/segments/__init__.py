# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A long clip in segments: where it is cut, what is seen of one, and how they are joined. Pure but for `reading`."""
