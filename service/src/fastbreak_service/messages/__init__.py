# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Messages of a queue beside the database: that there is work, and where. The database says what it is and whose."""
