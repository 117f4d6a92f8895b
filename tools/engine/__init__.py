# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find a Docker engine; on Debian, as root, install and start one. `python -m tools.engine ensure|stop|status`."""
