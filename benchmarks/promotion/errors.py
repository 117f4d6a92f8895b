"""What the benchmark stops for, in a sentence that says what to do."""


class BenchmarkError(Exception):
    """The benchmark cannot go on; the message is for its user."""
