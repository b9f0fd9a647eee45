"""Golden rows of `acl.auth_method`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow(
        "acl.auth_method.create",
        lambda api: api.acl.auth_method.create("ci", "jwt", {"JWKSURL": "https://ci.example/keys"}),
        "PUT",
        "/v1/acl/auth-method",
        b'{"Name": "ci", "Type": "jwt", "Config": {"JWKSURL": "https://ci.example/keys"}}',
    ),
    RequestRow(
        "acl.auth_method.create",
        lambda api: api.acl.auth_method.create(
            "minikube",
            "kubernetes",
            {"Host": "https://192.0.2.1:8443"},
            display_name="Minikube",
            description="for pods",
            max_token_ttl=300,
            token_locality="local",
            namespace_rules=[{"BindNamespace": "team"}],
            datacenter="dc2",
            namespace="team",
            partition="p1",
        ),
        "PUT",
        "/v1/acl/auth-method?dc=dc2&ns=team&partition=p1",
        b'{"Name": "minikube", "Type": "kubernetes", "DisplayName": "Minikube", "Description": "for pods", "MaxTokenTTL": "300s", "TokenLocality": "local", "Config": {"Host": "https://192.0.2.1:8443"}, "NamespaceRules": [{"BindNamespace": "team"}]}',
    ),
    RequestRow(
        "acl.auth_method.read",
        lambda api: api.acl.auth_method.read(
            "minikube", datacenter="dc2", namespace="team", partition="p1", consistency="consistent", index=7, wait="10s"
        ),
        "GET",
        "/v1/acl/auth-method/minikube?dc=dc2&ns=team&partition=p1&consistent&index=7&wait=10s",
        None,
        wait=10.625,
    ),
    RequestRow(
        "acl.auth_method.update",
        lambda api: api.acl.auth_method.update(
            "minikube",
            "kubernetes",
            {"Host": "https://192.0.2.1:8443"},
            display_name="Minikube",
            description="for pods",
            max_token_ttl="1h",
            token_locality="local",
            namespace_rules=[{"BindNamespace": "team"}],
            datacenter="dc2",
            namespace="team",
            partition="p1",
        ),
        "PUT",
        "/v1/acl/auth-method/minikube?dc=dc2&ns=team&partition=p1",
        b'{"Name": "minikube", "Type": "kubernetes", "DisplayName": "Minikube", "Description": "for pods", "MaxTokenTTL": "1h", "TokenLocality": "local", "Config": {"Host": "https://192.0.2.1:8443"}, "NamespaceRules": [{"BindNamespace": "team"}]}',
    ),
    RequestRow(
        "acl.auth_method.delete",
        lambda api: api.acl.auth_method.delete("minikube", datacenter="dc2", namespace="team", partition="p1"),
        "DELETE",
        "/v1/acl/auth-method/minikube?dc=dc2&ns=team&partition=p1",
        None,
    ),
    RequestRow(
        "acl.auth_method.list",
        lambda api: api.acl.auth_method.list(
            datacenter="dc2", namespace="team", partition="p1", consistency="consistent", index=7, wait="10s"
        ),
        "GET",
        "/v1/acl/auth-methods?dc=dc2&ns=team&partition=p1&consistent&index=7&wait=10s",
        None,
        wait=10.625,
    ),
]

ANSWERS = [
    AnswerRow(
        "acl.auth_method.create",
        lambda api: api.acl.auth_method.create("m", "jwt", {}),
        200,
        b'{"MaxTokenTTL": "1h0m0s", "Name": "jwt", "Type": "jwt", "DisplayName": "JWT", "Description": "for CI", "TokenLocality": "global", "Config": {"BoundIssuer": "tests", "ClaimMappings": {"name": "name"}, "JWTValidationPubKeys": ["-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELimCDY0afuDO4TP7JPPqDAybaLuE\\nrpBHlpi91FUgEKDe7/uvBrIdGdB1OZ1ytpvBRKZKXAs4ydlpSe/48I5PXw==\\n-----END PUBLIC KEY-----\\n"]}, "CreateIndex": 145, "ModifyIndex": 145}',
        {
            "MaxTokenTTL": "1h0m0s",
            "Name": "jwt",
            "Type": "jwt",
            "DisplayName": "JWT",
            "Description": "for CI",
            "TokenLocality": "global",
            "Config": {
                "BoundIssuer": "tests",
                "ClaimMappings": {"name": "name"},
                "JWTValidationPubKeys": [
                    "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELimCDY0afuDO4TP7JPPqDAybaLuE\nrpBHlpi91FUgEKDe7/uvBrIdGdB1OZ1ytpvBRKZKXAs4ydlpSe/48I5PXw==\n-----END PUBLIC KEY-----\n"
                ],
            },
            "CreateIndex": 145,
            "ModifyIndex": 145,
        },
    ),
    AnswerRow(
        "acl.auth_method.read",
        lambda api: api.acl.auth_method.read("m"),
        200,
        b'{"MaxTokenTTL": "1h0m0s", "Name": "jwt", "Type": "jwt", "DisplayName": "JWT", "Description": "for CI", "TokenLocality": "global", "Config": {"BoundIssuer": "tests", "ClaimMappings": {"name": "name"}, "JWTValidationPubKeys": ["-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELimCDY0afuDO4TP7JPPqDAybaLuE\\nrpBHlpi91FUgEKDe7/uvBrIdGdB1OZ1ytpvBRKZKXAs4ydlpSe/48I5PXw==\\n-----END PUBLIC KEY-----\\n"]}, "CreateIndex": 145, "ModifyIndex": 145}',
        {
            "MaxTokenTTL": "1h0m0s",
            "Name": "jwt",
            "Type": "jwt",
            "DisplayName": "JWT",
            "Description": "for CI",
            "TokenLocality": "global",
            "Config": {
                "BoundIssuer": "tests",
                "ClaimMappings": {"name": "name"},
                "JWTValidationPubKeys": [
                    "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELimCDY0afuDO4TP7JPPqDAybaLuE\nrpBHlpi91FUgEKDe7/uvBrIdGdB1OZ1ytpvBRKZKXAs4ydlpSe/48I5PXw==\n-----END PUBLIC KEY-----\n"
                ],
            },
            "CreateIndex": 145,
            "ModifyIndex": 145,
        },
    ),
    AnswerRow(
        "acl.auth_method.update",
        lambda api: api.acl.auth_method.update("m", "jwt", {}),
        200,
        b'{"Name": "jwt", "Type": "jwt", "Config": {"BoundIssuer": "tests", "ClaimMappings": {"name": "name"}, "JWTValidationPubKeys": ["-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELimCDY0afuDO4TP7JPPqDAybaLuE\\nrpBHlpi91FUgEKDe7/uvBrIdGdB1OZ1ytpvBRKZKXAs4ydlpSe/48I5PXw==\\n-----END PUBLIC KEY-----\\n"]}, "CreateIndex": 145, "ModifyIndex": 146}',
        {
            "Name": "jwt",
            "Type": "jwt",
            "Config": {
                "BoundIssuer": "tests",
                "ClaimMappings": {"name": "name"},
                "JWTValidationPubKeys": [
                    "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELimCDY0afuDO4TP7JPPqDAybaLuE\nrpBHlpi91FUgEKDe7/uvBrIdGdB1OZ1ytpvBRKZKXAs4ydlpSe/48I5PXw==\n-----END PUBLIC KEY-----\n"
                ],
            },
            "CreateIndex": 145,
            "ModifyIndex": 146,
        },
    ),
    AnswerRow("acl.auth_method.delete", lambda api: api.acl.auth_method.delete("m"), 200, b"true", True),
    AnswerRow(
        "acl.auth_method.list",
        lambda api: api.acl.auth_method.list(),
        200,
        b'[{"MaxTokenTTL": "1h0m0s", "Name": "jwt", "Type": "jwt", "DisplayName": "JWT", "Description": "for CI", "TokenLocality": "global", "CreateIndex": 145, "ModifyIndex": 145}]',
        [
            {
                "MaxTokenTTL": "1h0m0s",
                "Name": "jwt",
                "Type": "jwt",
                "DisplayName": "JWT",
                "Description": "for CI",
                "TokenLocality": "global",
                "CreateIndex": 145,
                "ModifyIndex": 145,
            }
        ],
    ),
]
