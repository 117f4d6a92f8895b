# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The two sides of a promotion, which take the same options."""

    SOURCE = r"""
options:
  source:
    description: The registry that images come from. AWS settings that are not given are the task's own.
    type: dict
    required: true
    suboptions:
      registry:
        description:
          - Host of the registry, with a port where it has one.
          - A host of ECR, C(<account>.dkr.ecr.<region>.amazonaws.com), names its account and region.
          - Docker Hub is C(docker.io); there, a repository C(alpine) is C(library/alpine).
        type: str
        required: true
      auth:
        description:
          - How to log in. V(ecr) gets a password by C(GetAuthorizationToken), V(anonymous) needs nothing.
          - V(basic) takes O(source.username) and O(source.password), for basic as for bearer authentication.
          - V(docker_config) takes the login that C(docker login) left in C($DOCKER_CONFIG/config.json) or in
            C(~/.docker/config.json) on the machine that runs the module, there or with a credential helper
            (C(credHelpers), C(credsStore)), which is a program on the C(PATH) and may take 30 seconds. Behind that,
            the login that podman or skopeo left in C(auth.json).
          - V(auto) is V(ecr) for a host of ECR, V(basic) when a user name is given, V(docker_config) when that has a
            login for the registry, and else V(anonymous).
        type: str
        choices: [auto, ecr, basic, docker_config, anonymous]
        default: auto
      username:
        description: User name, for V(basic).
        type: str
      password:
        description: Password, for V(basic).
        type: str
      profile:
        description: AWS profile. Replaces all credentials of the task on this side.
        type: str
      access_key:
        description: AWS access key id. Replaces all credentials of the task on this side.
        type: str
      secret_key:
        description: AWS secret access key.
        type: str
      session_token:
        description: AWS session token.
        type: str
      role_arn:
        description: Role to assume on this side, with its other credentials or the task's own.
        type: str
      region:
        description: AWS region, when it is neither the host's nor the task's.
        type: str
      endpoint_url:
        description: Address of the AWS APIs on this side.
        type: str
      plain_http:
        description: Speak HTTP without TLS to the registry. Passwords then travel readable.
        type: bool
        default: false
      validate_certs:
        description: Whether the registry's certificate is verified.
        type: bool
        default: true
      ca_bundle:
        description: PEM file of the authorities that the registry's certificate is verified against.
        type: path
"""

    DESTINATION = r"""
options:
  destination:
    description: The registry that images go to. AWS settings that are not given are the task's own.
    type: dict
    required: true
    suboptions:
      registry:
        description:
          - Host of the registry, with a port where it has one.
          - A host of ECR, C(<account>.dkr.ecr.<region>.amazonaws.com), names its account and region.
          - Docker Hub is C(docker.io); there, a repository C(alpine) is C(library/alpine).
        type: str
        required: true
      auth:
        description:
          - How to log in. V(ecr) gets a password by C(GetAuthorizationToken), V(anonymous) needs nothing.
          - V(basic) takes O(destination.username) and O(destination.password), for basic as for bearer authentication.
          - V(docker_config) takes the login that C(docker login) left in C($DOCKER_CONFIG/config.json) or in
            C(~/.docker/config.json) on the machine that runs the module, there or with a credential helper
            (C(credHelpers), C(credsStore)), which is a program on the C(PATH) and may take 30 seconds. Behind that,
            the login that podman or skopeo left in C(auth.json).
          - V(auto) is V(ecr) for a host of ECR, V(basic) when a user name is given, V(docker_config) when that has a
            login for the registry, and else V(anonymous).
        type: str
        choices: [auto, ecr, basic, docker_config, anonymous]
        default: auto
      username:
        description: User name, for V(basic).
        type: str
      password:
        description: Password, for V(basic).
        type: str
      profile:
        description: AWS profile. Replaces all credentials of the task on this side.
        type: str
      access_key:
        description: AWS access key id. Replaces all credentials of the task on this side.
        type: str
      secret_key:
        description: AWS secret access key.
        type: str
      session_token:
        description: AWS session token.
        type: str
      role_arn:
        description: Role to assume on this side, with its other credentials or the task's own.
        type: str
      region:
        description: AWS region, when it is neither the host's nor the task's.
        type: str
      endpoint_url:
        description: Address of the AWS APIs on this side.
        type: str
      plain_http:
        description: Speak HTTP without TLS to the registry. Passwords then travel readable.
        type: bool
        default: false
      validate_certs:
        description: Whether the registry's certificate is verified.
        type: bool
        default: true
      ca_bundle:
        description: PEM file of the authorities that the registry's certificate is verified against.
        type: path
"""
