# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""From pictures to persons and joint angles. Pure but for `models`, which runs the networks, and what builds them."""

import os

# AVX-512 adds up in another order than AVX2, and a somersault makes degrees of a last digit. OpenVINO reads both names
# once, before the first network is compiled, and has no option for them: its kernels of oneDNN, and its own.
for _cap in ("ONEDNN_MAX_CPU_ISA", "OV_CPU_MAX_ISA"):
    os.environ[_cap] = "AVX2"
