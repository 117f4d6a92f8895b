# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A league's footage on the workers: waits and cost. The collection is found where Ansible finds it."""

import sys

from tools.files import ROOT

sys.path.append(str(ROOT / ".ansible" / "collections"))
