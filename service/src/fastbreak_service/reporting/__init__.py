# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A folder with all that was found in a clip: JSON, CSV, and a page for people."""
