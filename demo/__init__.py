# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The main job, end to end, in the sandbox: provision, publish, deploy, analyse, refuse a bad release."""
