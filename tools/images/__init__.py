# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two images of the sandbox that no registry need provide: a Python base and a PostgreSQL.

`python -m tools.images [base|postgres|all]`; see `python -m tools.images --help`.
"""
