# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The database: its tables, its migrations, and the few questions the service asks it."""
