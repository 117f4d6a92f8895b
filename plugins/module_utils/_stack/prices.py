# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS charges, as last known and unverified: no page of AWS was opened for this table.

On-demand prices of us-east-1 in USD without taxes, discounts and free tiers. Other regions cost more or less. Check a
price at the page that its service's ``SOURCES`` names before you rely on it.
"""

from __future__ import annotations

AS_OF = "2026-11, as last known, unverified"
REGION = "us-east-1"
HOURS_A_MONTH = 730
"""AWS's own figure in its calculator: 8,760 hours a year in 12 months."""

SOURCES = {
    "alb": "https://aws.amazon.com/elasticloadbalancing/pricing/",
    "cloudwatch": "https://aws.amazon.com/cloudwatch/pricing/",
    "ecr": "https://aws.amazon.com/ecr/pricing/",
    "fargate": "https://aws.amazon.com/fargate/pricing/",
    "kms": "https://aws.amazon.com/kms/pricing/",
    "rds": "https://aws.amazon.com/rds/postgresql/pricing/",
    "route53": "https://aws.amazon.com/route53/pricing/",
    "s3": "https://aws.amazon.com/s3/pricing/",
    "secrets": "https://aws.amazon.com/secrets-manager/pricing/",
    "vpc": "https://aws.amazon.com/vpc/pricing/",
    "waf": "https://aws.amazon.com/waf/pricing/",
}
"""The page of each service's prices."""

HOURLY = {
    "alb": 0.0225,
    "fargate_arm64_gib": 0.00356,
    "fargate_arm64_vcpu": 0.03238,
    "fargate_x86_64_gib": 0.004445,
    "fargate_x86_64_vcpu": 0.04048,
    "nat_gateway": 0.045,
    "public_ipv4": 0.005,
    "vpc_endpoint_zone": 0.01,
}
"""USD an hour."""

MONTHLY = {
    "alarm": 0.10,
    "composite_alarm": 0.50,
    "dashboard": 3.00,
    "hosted_zone": 0.50,
    "kms_key": 1.00,
    "rds_gp3_gib": 0.115,
    "secret": 0.40,
    "web_acl": 5.00,
    "web_acl_rule": 1.00,
}
"""USD a month."""

RDS_HOURLY = {
    "db.m6g.large": 0.159,
    "db.m6g.xlarge": 0.318,
    "db.m7g.large": 0.168,
    "db.m7g.xlarge": 0.337,
    "db.m7g.2xlarge": 0.674,
    "db.r6g.large": 0.225,
    "db.r7g.large": 0.239,
    "db.t4g.large": 0.129,
    "db.t4g.medium": 0.065,
    "db.t4g.micro": 0.016,
    "db.t4g.small": 0.032,
}
"""USD an hour of PostgreSQL in one zone, by class; in two zones (Multi-AZ) instance and storage cost twice as much."""
