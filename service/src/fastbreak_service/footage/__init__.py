# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Where videos are kept from their arrival until their analysis has ended: a folder, or a bucket."""
