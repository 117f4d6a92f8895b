# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What gates make of good and of bad releases. The collection is found where Ansible finds it."""

import sys

from tools.files import ROOT

sys.path.append(str(ROOT / ".ansible" / "collections"))
