# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Service Quotas."""

from typing import Any

import pytest


def test_fargates_vcpus_are_told(sandbox: Any) -> None:
    quotas = sandbox.client("service-quotas")
    found = quotas.get_service_quota(ServiceCode="fargate", QuotaCode="L-3032A538")["Quota"]
    assert (found["QuotaName"], found["Value"] > 0) == ("Fargate On-Demand vCPU resource count", True)
    with pytest.raises(quotas.exceptions.NoSuchResourceException):
        quotas.get_service_quota(ServiceCode="fargate", QuotaCode="L-00000000")
