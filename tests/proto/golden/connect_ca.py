"""Golden rows of `connect.ca`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow(
        "connect.ca.roots",
        lambda api: api.connect.ca.roots(datacenter="dc2", consistency="stale", index=7, wait="10s"),
        "GET",
        "/v1/connect/ca/roots?dc=dc2&stale&index=7&wait=10s",
        None,
        wait=10.625,
    ),
    RequestRow(
        "connect.ca.roots",
        lambda api: api.connect.ca.roots_pem(datacenter="dc2", consistency="stale", index=7, wait="10s"),
        "GET",
        "/v1/connect/ca/roots?pem=true&dc=dc2&stale&index=7&wait=10s",
        None,
        wait=10.625,
    ),
    RequestRow(
        "connect.ca.config_get",
        lambda api: api.connect.ca.config_get(datacenter="dc2", consistency="stale"),
        "GET",
        "/v1/connect/ca/configuration?dc=dc2&stale",
        None,
    ),
    RequestRow(
        "connect.ca.config_set",
        lambda api: api.connect.ca.config_set("consul", {"LeafCertTTL": "24h"}),
        "PUT",
        "/v1/connect/ca/configuration",
        b'{"Provider": "consul", "Config": {"LeafCertTTL": "24h"}}',
    ),
    RequestRow(
        "connect.ca.config_set",
        lambda api: api.connect.ca.config_set(
            "vault",
            {"Token": "t", "AuthMethod": {"Params": {"a": "b"}}},
            state={"a": "b"},
            force_without_cross_signing=True,
            datacenter="dc2",
        ),
        "PUT",
        "/v1/connect/ca/configuration?dc=dc2",
        b'{"Provider": "vault", "Config": {"Token": "t", "AuthMethod": {"Params": {"a": "b"}}}, "State": {"a": "b"}, "ForceWithoutCrossSigning": true}',
    ),
]

ANSWERS = [
    AnswerRow(
        "connect.ca.roots",
        lambda api: api.connect.ca.roots(),
        200,
        b'{"ActiveRootID": "22:9b:dc:22:09:7f:0f:86:19:6c:5f:38:1b:17:36:0d:8a:fb:81:99", "TrustDomain": "9a401745-8a10-eba8-fceb-0f8b22452b13.consul", "Roots": [{"ID": "22:9b:dc:22:09:7f:0f:86:19:6c:5f:38:1b:17:36:0d:8a:fb:81:99", "Name": "Consul CA Primary Cert", "SerialNumber": 12, "SigningKeyID": "65:57:b8:55:95:73:3a:f3:fa:97:5b:d3:5d:9a:24:22:44:fa:32:f6:6b:c3:5c:1c:62:75:c8:07:12:12:75:09", "ExternalTrustDomain": "9a401745-8a10-eba8-fceb-0f8b22452b13", "NotBefore": "2026-11-28T08:39:21Z", "NotAfter": "2036-11-25T08:39:21Z", "RootCert": "-----BEGIN CERTIFICATE-----\\nMIIC\\n-----END CERTIFICATE-----\\n", "IntermediateCerts": null, "Active": true, "PrivateKeyType": "ec", "PrivateKeyBits": 256, "CreateIndex": 14, "ModifyIndex": 14}]}',
        {
            "ActiveRootID": "22:9b:dc:22:09:7f:0f:86:19:6c:5f:38:1b:17:36:0d:8a:fb:81:99",
            "TrustDomain": "9a401745-8a10-eba8-fceb-0f8b22452b13.consul",
            "Roots": [
                {
                    "ID": "22:9b:dc:22:09:7f:0f:86:19:6c:5f:38:1b:17:36:0d:8a:fb:81:99",
                    "Name": "Consul CA Primary Cert",
                    "SerialNumber": 12,
                    "SigningKeyID": "65:57:b8:55:95:73:3a:f3:fa:97:5b:d3:5d:9a:24:22:44:fa:32:f6:6b:c3:5c:1c:62:75:c8:07:12:12:75:09",
                    "ExternalTrustDomain": "9a401745-8a10-eba8-fceb-0f8b22452b13",
                    "NotBefore": "2026-11-28T08:39:21Z",
                    "NotAfter": "2036-11-25T08:39:21Z",
                    "RootCert": "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n",
                    "IntermediateCerts": None,
                    "Active": True,
                    "PrivateKeyType": "ec",
                    "PrivateKeyBits": 256,
                    "CreateIndex": 14,
                    "ModifyIndex": 14,
                }
            ],
        },
    ),
    AnswerRow(
        "connect.ca.roots",
        lambda api: api.connect.ca.roots_pem(),
        200,
        b"-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n",
    ),
    AnswerRow(
        "connect.ca.config_get",
        lambda api: api.connect.ca.config_get(),
        200,
        b'{"Provider": "consul", "Config": {"IntermediateCertTTL": "8760h", "LeafCertTTL": "72h", "RootCertTTL": "87600h"}, "State": null, "ForceWithoutCrossSigning": false, "CreateIndex": 10, "ModifyIndex": 14}',
        {
            "Provider": "consul",
            "Config": {"IntermediateCertTTL": "8760h", "LeafCertTTL": "72h", "RootCertTTL": "87600h"},
            "State": None,
            "ForceWithoutCrossSigning": False,
            "CreateIndex": 10,
            "ModifyIndex": 14,
        },
    ),
    AnswerRow("connect.ca.config_set", lambda api: api.connect.ca.config_set("consul", {}), 200, b"", True),
]
