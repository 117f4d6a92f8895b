# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""State something of the image. It takes what the role publish hands to every service's provenance.py."""

import argparse
import json

made = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
for name in ("image", "digest", "version", "revision"):
    made.add_argument(f"--{name}", required=True)
made.add_argument("--builder", default="")
made.add_argument("--built-elsewhere", action="store_true")
made.add_argument("--parameter", action="append")
print(json.dumps(vars(made.parse_args())))
