# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Where videos are kept from their arrival for as many days as is said: a folder, or a bucket."""
