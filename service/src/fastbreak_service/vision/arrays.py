# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The array types that the vision code passes around, and the one function all of it needs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


def logistic(logits: Floats) -> Floats:
    """1 / (1 + e^-x), element by element, without overflow: the networks answer such logits."""
    return (1 / (1 + np.exp(-np.clip(logits, -60, 60)))).astype(np.float32, copy=False)
