"""Golden rows of `agent.connect`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow(
        "agent.connect.authorize",
        lambda api: api.agent.connect.authorize("db", "spiffe://t/ns/default/dc/dc1/svc/web"),
        "POST",
        "/v1/agent/connect/authorize",
        b'{"Target": "db", "ClientCertURI": "spiffe://t/ns/default/dc/dc1/svc/web"}',
    ),
    RequestRow(
        "agent.connect.authorize",
        lambda api: api.agent.connect.authorize(
            "db", "spiffe://t/ns/default/dc/dc1/svc/web", client_cert_serial="01:02", namespace="team", partition="p"
        ),
        "POST",
        "/v1/agent/connect/authorize?ns=team&partition=p",
        b'{"Target": "db", "ClientCertURI": "spiffe://t/ns/default/dc/dc1/svc/web", "ClientCertSerial": "01:02"}',
    ),
    RequestRow(
        "agent.connect.ca_roots",
        lambda api: api.agent.connect.ca_roots(datacenter="dc2", consistency="stale", index=7, wait="10s"),
        "GET",
        "/v1/agent/connect/ca/roots?dc=dc2&stale&index=7&wait=10s",
        None,
        wait=10.625,
    ),
    RequestRow(
        "agent.connect.ca_leaf",
        lambda api: api.agent.connect.ca_leaf("web", datacenter="dc2", namespace="team", partition="p", index=7, wait="10s"),
        "GET",
        "/v1/agent/connect/ca/leaf/web?dc=dc2&ns=team&partition=p&index=7&wait=10s",
        None,
        wait=10.625,
    ),
    RequestRow(
        "agent.connect.proxy_config",
        lambda api: api.agent.connect.proxy_config("web-proxy", hash="ab", wait="10s"),
        "GET",
        "/v1/agent/connect/proxy/web-proxy?hash=ab&wait=10s",
        None,
        wait=10.625,
    ),
]

ANSWERS = [
    AnswerRow(
        "agent.connect.authorize",
        lambda api: api.agent.connect.authorize("db", "spiffe://t/ns/default/dc/dc1/svc/web"),
        200,
        b'{"Authorized": true, "Reason": "Matched L4 intention: default/web => default/db (ID: 145dd25e-8dae-c030-0879-83ef775c8cdc, Precedence: 9, Action: ALLOW)"}',
        {
            "Authorized": True,
            "Reason": "Matched L4 intention: default/web => default/db (ID: 145dd25e-8dae-c030-0879-83ef775c8cdc, Precedence: 9, Action: ALLOW)",
        },
    ),
    AnswerRow(
        "agent.connect.ca_roots",
        lambda api: api.agent.connect.ca_roots(),
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
        "agent.connect.ca_leaf",
        lambda api: api.agent.connect.ca_leaf("web"),
        200,
        b'{"SerialNumber": "11", "CertPEM": "-----BEGIN CERTIFICATE-----\\nMIIC\\n-----END CERTIFICATE-----\\n", "PrivateKeyPEM": "<hidden>", "Service": "web", "ServiceURI": "spiffe://9a401745-8a10-eba8-fceb-0f8b22452b13.consul/ns/default/dc/dc1/svc/web", "ValidAfter": "2026-11-28T08:38:22Z", "ValidBefore": "2026-12-01T08:38:22Z", "CreateIndex": 155, "ModifyIndex": 155}',
        {
            "SerialNumber": "11",
            "CertPEM": "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n",
            "PrivateKeyPEM": "<hidden>",
            "Service": "web",
            "ServiceURI": "spiffe://9a401745-8a10-eba8-fceb-0f8b22452b13.consul/ns/default/dc/dc1/svc/web",
            "ValidAfter": "2026-11-28T08:38:22Z",
            "ValidBefore": "2026-12-01T08:38:22Z",
            "CreateIndex": 155,
            "ModifyIndex": 155,
        },
    ),
    # The answer in the documentation of Consul 1.5.
    AnswerRow(
        "agent.connect.proxy_config",
        lambda api: api.agent.connect.proxy_config("web-proxy"),
        200,
        b'{"ProxyServiceID": "web-proxy", "TargetServiceID": "web", "TargetServiceName": "web", "ContentHash": "cffa5f4635b134b9", "ExecMode": "daemon", "Command": ["/usr/local/bin/proxy"], "Config": {"bind_address": "127.0.0.1", "bind_port": 20000, "local_service_address": "127.0.0.1:8181"}, "Upstreams": [{"DestinationType": "service", "DestinationName": "db", "LocalBindPort": 1234}]}',
        {
            "ProxyServiceID": "web-proxy",
            "TargetServiceID": "web",
            "TargetServiceName": "web",
            "ContentHash": "cffa5f4635b134b9",
            "ExecMode": "daemon",
            "Command": ["/usr/local/bin/proxy"],
            "Config": {"bind_address": "127.0.0.1", "bind_port": 20000, "local_service_address": "127.0.0.1:8181"},
            "Upstreams": [{"DestinationType": "service", "DestinationName": "db", "LocalBindPort": 1234}],
        },
    ),
]
