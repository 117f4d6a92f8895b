# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parameters of component cloudfront for a site that stands alone; tests of site releases take them too."""

PARAMETERS = {
    "Environment": "dev",
    "CertificateArn": "none",
    "WebAclArn": "",
    "PriceClass": "PriceClass_100",
    "ContentSecurityPolicy": "default-src 'self'",
    "LogDays": "1",
    "OldVersionDays": "1",
    "LoadBalancerArn": "none",
    "LoadBalancerScheme": "internet-facing",
    "OriginDomainName": "service.example.org",
    "OriginProtocol": "http",
    "FootageBucketName": "footage",
    "ConnectSources": "",
}
