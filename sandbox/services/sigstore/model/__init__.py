# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a Sigstore instance knows: `instance`, with the authority of `certificates` and the signatures of a `log`."""
