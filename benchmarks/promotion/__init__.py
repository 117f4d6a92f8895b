# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Promotion between two docker-registries, beside skopeo and docker: `python -m benchmarks.promotion`."""
