# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The label by which the demo's images of the service are found again."""


def labels(sandbox: str) -> dict[str, str]:
    """The labels of an image that is built for a sandbox."""
    return {"fastbreak.demo": sandbox}


def label_of(sandbox: str) -> str:
    """The same as the Docker engine's filter."""
    return "".join(f"{name}={value}" for name, value in labels(sandbox).items())
