# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""From pictures to persons and joint angles. Pure but for `models`, which runs the networks, and what builds them."""

from fastbreak_service.vision.precision import Precision, hold

hold(Precision.F32)
