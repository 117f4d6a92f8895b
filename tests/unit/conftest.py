# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many examples a property is tried with, and how often memory is searched for what nobody holds.

All examples in `make test`; `make check` asks for few by `--hypothesis-profile=quick`. A property that needs another
number than most takes it from `tests/unit/examples.py`. No example has a deadline, for a busy machine is no failure.
"""

import gc

from hypothesis import settings

settings.register_profile("whole", deadline=None)
settings.register_profile("quick", parent=settings.get_profile("whole"), max_examples=20)
settings.load_profile("whole")

# Thousands of tests and the models of AWS stay to the end. To search them again and again takes a tenth of the time.
gc.set_threshold(20_000, 20, 100)


def pytest_collection_finish() -> None:
    gc.freeze()
