# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way of a commit to dev and to prod, and back, by the steps of GitHub's workflows."""
