# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the environments cost. The collection's own prices and templates are used, found where Ansible finds them."""

import sys

from tools.files import ROOT

sys.path.append(str(ROOT / ".ansible" / "collections"))
