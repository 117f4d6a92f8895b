# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Joint angles of the persons in a video: the analysis, the service around it, and the command line."""
