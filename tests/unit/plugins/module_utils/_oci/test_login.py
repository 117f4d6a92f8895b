# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A login is printed without its password."""

from __future__ import annotations

from ansible_collections.fastbreak.aws.plugins.module_utils._oci.login import Login


def test_a_login_is_printed_without_its_password() -> None:
    assert repr(Login("registry.example", "AWS", "s3cret")) == "Login('registry.example', 'AWS', '***')"
