# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who a caller is, by a bearer token of an OpenID Connect issuer."""
