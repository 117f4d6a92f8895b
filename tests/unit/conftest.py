"""How many examples a property is tried with.

All of them in `make test`; `make check` asks for few by `--hypothesis-profile=quick`. A test that names its own number
keeps it. No example has a deadline, for a busy machine is no failure.
"""

from hypothesis import settings

settings.register_profile("whole", deadline=None)
settings.register_profile("quick", parent=settings.get_profile("whole"), max_examples=20)
settings.load_profile("whole")
