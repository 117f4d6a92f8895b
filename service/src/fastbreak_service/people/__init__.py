# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who is who over a whole clip: what is in doubt, and what people say."""
