# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The process that decodes and analyses, apart from the one that serves: a crash costs one analysis only."""
