# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad releases of many kinds, deployed to prod under load by each strategy and by other tools."""
