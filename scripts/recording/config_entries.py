"""A config entry of each kind that the Community Edition has, with nearly all of its members.

There is no inline-certificate, since it contains a private key. Consul itself writes bound-api-gateway.
"""

from __future__ import annotations

from typing import Any

_HEADERS = {"Add": {"x": "y"}, "Set": {"a": "b"}, "Remove": ["z"]}
_META = {"owner": "team"}

_OUTLIERS = {
    "Interval": "10s",
    "MaxFailures": 3,
    "EnforcingConsecutive5xx": 50,
    "MaxEjectionPercent": 20,
    "BaseEjectionTime": "30s",
}

_UPSTREAM = {
    "EnvoyListenerJSON": "{}",
    "EnvoyClusterJSON": "{}",
    "Protocol": "http",
    "ConnectTimeoutMs": 5000,
    "Limits": {"MaxConnections": 3, "MaxPendingRequests": 4, "MaxConcurrentRequests": 5},
    "PassiveHealthCheck": _OUTLIERS,
    "MeshGateway": {"Mode": "local"},
    "BalanceOutboundConnections": "exact_balance",
}

_EXTENSION = {
    "Name": "builtin/lua",
    "Required": True,
    "Arguments": {"ProxyType": "connect-proxy", "Listener": "inbound", "Script": "-- nothing"},
    "ConsulVersion": ">= 1.16",
    "EnvoyVersion": ">= 1.20",
}

_EXPOSE = {"Checks": True, "Paths": [{"ListenerPort": 21500, "Path": "/ready", "LocalPathPort": 8080, "Protocol": "http"}]}

_JWT = {"Providers": [{"Name": "okta", "VerifyClaims": [{"Path": ["perms", "role"], "Value": "admin"}]}]}

_PROXY: dict[str, Any] = {
    "TransparentProxy": {"OutboundListenerPort": 15002, "DialedDirectly": True},
    "MeshGateway": {"Mode": "local"},
    "Expose": _EXPOSE,
    "EnvoyExtensions": [_EXTENSION],
    "Meta": _META,
}

#: Entries that others need.
BEFORE: list[dict[str, Any]] = [{"Kind": "service-defaults", "Name": name, "Protocol": "http"} for name in ("web", "api", "other")]

#: Of every version since 1.8; newer members are left out for an agent that does not know them.
OLD: list[dict[str, Any]] = [
    {
        "Kind": "proxy-defaults",
        "Name": "global",
        "Config": {"protocol": "http", "local_idle_timeout_ms": 0},
        "MeshGateway": {"Mode": "local"},
    },
    {"Kind": "service-defaults", "Name": "web", "Protocol": "http", "MeshGateway": {"Mode": "local"}, "Expose": _EXPOSE},
    {
        "Kind": "service-resolver",
        "Name": "web",
        "DefaultSubset": "v1",
        "Subsets": {"v1": {"Filter": "Service.Meta.version == v1", "OnlyPassing": True}, "v2": {}},
        "Failover": {"v1": {"ServiceSubset": "v2"}},
        "ConnectTimeout": "15s",
    },
    {"Kind": "service-splitter", "Name": "web", "Splits": [{"Weight": 90, "ServiceSubset": "v1"}, {"Weight": 10, "Service": "other"}]},
    {
        "Kind": "service-router",
        "Name": "web",
        "Routes": [
            {
                "Match": {"HTTP": {"PathPrefix": "/a", "Header": [{"Name": "h", "Exact": "x", "Invert": True}], "Methods": ["GET"]}},
                "Destination": {"Service": "other", "RequestTimeout": "5s", "NumRetries": 3, "RetryOnStatusCodes": [503]},
            },
            {"Match": {"HTTP": {"QueryParam": [{"Name": "q", "Present": True}]}}},
        ],
    },
    {
        "Kind": "ingress-gateway",
        "Name": "ingress",
        "Listeners": [{"Port": 8080, "Protocol": "http", "Services": [{"Name": "web", "Hosts": ["h"]}]}],
    },
    {"Kind": "terminating-gateway", "Name": "terminating", "Services": [{"Name": "legacy", "CAFile": "/ca.pem", "SNI": "legacy"}]},
]

#: With the members and the kinds that Consul 1.22 has.
NEW: list[dict[str, Any]] = [
    {
        **_PROXY,
        "Kind": "proxy-defaults",
        "Name": "global",
        "Mode": "transparent",
        "MutualTLSMode": "strict",
        "Config": {"protocol": "http", "local_idle_timeout_ms": 0},
        "AccessLogs": {"Enabled": True, "DisableListenerLogs": True, "Type": "file", "Path": "/access.log", "JSONFormat": "{}"},
        "FailoverPolicy": {"Mode": "sequential", "Regions": ["r1"]},
    },
    {
        **_PROXY,
        "Kind": "service-defaults",
        "Name": "web",
        "Protocol": "http",
        "Mode": "direct",
        "MutualTLSMode": "strict",
        "UpstreamConfig": {"Overrides": [{"Name": "db", **_UPSTREAM}], "Defaults": {"PassiveHealthCheck": _OUTLIERS}},
        "MaxInboundConnections": 3,
        "LocalConnectTimeoutMs": 4000,
        "LocalRequestTimeoutMs": 5000,
        "BalanceInboundConnections": "exact_balance",
        "MaxRequestHeadersKB": 60,
    },
    {
        "Kind": "service-resolver",
        "Name": "web",
        "DefaultSubset": "v1",
        "Subsets": {"v1": {"Filter": "Service.Meta.version == v1", "OnlyPassing": True}, "v2": {}},
        "Failover": {"v1": {"ServiceSubset": "v2"}, "v2": {"Targets": [{"Peer": "east"}, {"Service": "other", "Datacenter": "dc1"}]}},
        "ConnectTimeout": "15s",
        "RequestTimeout": "10s",
        "LoadBalancer": {
            "Policy": "ring_hash",
            "RingHashConfig": {"MinimumRingSize": 3, "MaximumRingSize": 9},
            "HashPolicies": [
                {"Field": "cookie", "FieldValue": "c", "CookieConfig": {"TTL": "5s", "Path": "/"}, "Terminal": True},
                {"SourceIP": True},
            ],
        },
        "Meta": _META,
    },
    {
        "Kind": "service-splitter",
        "Name": "web",
        "Splits": [
            {"Weight": 90, "ServiceSubset": "v1", "RequestHeaders": _HEADERS, "ResponseHeaders": _HEADERS},
            {"Weight": 10, "Service": "other"},
        ],
        "Meta": _META,
    },
    {
        "Kind": "service-router",
        "Name": "web",
        "Routes": [
            {
                "Match": {
                    "HTTP": {
                        "PathPrefix": "/a",
                        "CaseInsensitive": True,
                        "Header": [{"Name": "h", "Exact": "x", "Invert": True}],
                        "Methods": ["GET"],
                    }
                },
                "Destination": {
                    "Service": "web",
                    "ServiceSubset": "v1",
                    "PrefixRewrite": "/",
                    "RequestTimeout": "5s",
                    "IdleTimeout": "6s",
                    "NumRetries": 3,
                    "RetryOnConnectFailure": True,
                    "RetryOnStatusCodes": [503],
                    "RetryOn": ["5xx"],
                    "RequestHeaders": _HEADERS,
                    "ResponseHeaders": _HEADERS,
                },
            },
            {"Match": {"HTTP": {"QueryParam": [{"Name": "q", "Present": True}]}}},
        ],
        "Meta": _META,
    },
    {
        "Kind": "ingress-gateway",
        "Name": "ingress",
        "TLS": {"Enabled": True, "TLSMinVersion": "TLSv1_2", "TLSMaxVersion": "TLSv1_3"},
        "Listeners": [
            {
                "Port": 8080,
                "Protocol": "http",
                "TLS": {"Enabled": True, "SDS": {"ClusterName": "sds", "CertResource": "ingress"}},
                "Services": [
                    {
                        "Name": "web",
                        "Hosts": ["h"],
                        "TLS": {"SDS": {"ClusterName": "sds", "CertResource": "web"}},
                        "RequestHeaders": _HEADERS,
                        "ResponseHeaders": _HEADERS,
                        "MaxConnections": 1,
                        "MaxPendingRequests": 2,
                        "MaxConcurrentRequests": 3,
                        "PassiveHealthCheck": _OUTLIERS,
                    }
                ],
            }
        ],
        "Defaults": {"MaxConnections": 1, "MaxPendingRequests": 2, "MaxConcurrentRequests": 3, "PassiveHealthCheck": _OUTLIERS},
        "Meta": _META,
    },
    {
        "Kind": "terminating-gateway",
        "Name": "terminating",
        "Services": [
            {"Name": "legacy", "CAFile": "/ca.pem", "CertFile": "/c.pem", "KeyFile": "/k.pem", "SNI": "l", "DisableAutoHostRewrite": True}
        ],
        "Meta": _META,
    },
    {
        "Kind": "jwt-provider",
        "Name": "okta",
        "JSONWebKeySet": {
            "Remote": {
                "URI": "https://192.0.2.1/jwks",
                "RequestTimeoutMs": 1000,
                "CacheDuration": "5m",
                "FetchAsynchronously": True,
                "UseSNI": True,
                "RetryPolicy": {"NumRetries": 2, "RetryPolicyBackOff": {"BaseInterval": "2s", "MaxInterval": "8s"}},
                "JWKSCluster": {
                    "DiscoveryType": "STATIC",
                    "ConnectTimeout": "4s",
                    "TLSCertificates": {"TrustedCA": {"Filename": "/ca.pem"}},
                },
            }
        },
        "Issuer": "okta",
        "Audiences": ["web"],
        "Locations": [
            {"Header": {"Name": "h", "ValuePrefix": "Bearer", "Forward": True}},
            {"QueryParam": {"Name": "q"}},
            {"Cookie": {"Name": "c"}},
        ],
        "Forwarding": {"HeaderName": "claims", "PadForwardPayloadHeader": True},
        "ClockSkewSeconds": 10,
        "CacheConfig": {"Size": 5},
        "Meta": _META,
    },
    {
        "Kind": "service-intentions",
        "Name": "web",
        "Sources": [
            {
                "Name": "api",
                "Permissions": [
                    {
                        "Action": "allow",
                        "HTTP": {
                            "PathPrefix": "/",
                            "Header": [{"Name": "h", "Contains": "x", "IgnoreCase": True}],
                            "Methods": ["GET"],
                        },
                        "JWT": _JWT,
                    }
                ],
                "Description": "the API",
            },
            {"Name": "east-api", "Peer": "east", "Action": "allow"},
            {"Name": "*", "Action": "deny"},
        ],
        "JWT": _JWT,
        "Meta": _META,
    },
    {
        "Kind": "mesh",
        "TransparentProxy": {"MeshDestinationsOnly": True},
        "AllowEnablingPermissiveMutualTLS": True,
        "ValidateClusters": True,
        "TLS": {
            "Incoming": {"TLSMinVersion": "TLSv1_2", "TLSMaxVersion": "TLSv1_3"},
            "Outgoing": {"CipherSuites": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]},
        },
        "HTTP": {
            "SanitizeXForwardedClientCert": True,
            "Incoming": {
                "RequestNormalization": {
                    "InsecureDisablePathNormalization": True,
                    "MergeSlashes": True,
                    "PathWithEscapedSlashesAction": "UNESCAPE_AND_FORWARD",
                    "HeadersWithUnderscoresAction": "REJECT_REQUEST",
                }
            },
        },
        "Peering": {"PeerThroughMeshGateways": True},
        "Meta": _META,
    },
    {
        "Kind": "exported-services",
        "Name": "default",
        "Services": [{"Name": "other", "Consumers": [{"Peer": "east"}, {"Peer": "west"}]}],
        "Meta": _META,
    },
    {"Kind": "file-system-certificate", "Name": "cert", "Certificate": "/c.pem", "PrivateKey": "/k.pem", "Meta": _META},
    {
        "Kind": "api-gateway",
        "Name": "gateway",
        "Listeners": [
            {
                "Name": "https",
                "Hostname": "*.example.com",
                "Port": 8443,
                "Protocol": "http",
                "TLS": {"Certificates": [{"Kind": "file-system-certificate", "Name": "cert"}], "MinVersion": "TLSv1_2"},
                "MaxRequestHeadersKB": 60,
            },
            {"Name": "tcp", "Port": 9000, "Protocol": "tcp"},
        ],
        "Meta": _META,
    },
    {
        "Kind": "http-route",
        "Name": "http",
        "Parents": [{"Kind": "api-gateway", "Name": "gateway", "SectionName": "https"}],
        "Hostnames": ["a.example.com"],
        "Rules": [
            {
                "Filters": {
                    "Headers": [_HEADERS],
                    "URLRewrite": {"Path": "/p"},
                    "RetryFilter": {"NumRetries": 3, "RetryOn": ["5xx"], "RetryOnStatusCodes": [503], "RetryOnConnectFailure": True},
                    "TimeoutFilter": {"RequestTimeout": "5s", "IdleTimeout": "6s"},
                },
                "ResponseFilters": {"Headers": [_HEADERS]},
                "Matches": [
                    {
                        "Headers": [{"Match": "exact", "Name": "h", "Value": "v"}],
                        "Method": "GET",
                        "Path": {"Match": "prefix", "Value": "/"},
                        "Query": [{"Match": "exact", "Name": "q", "Value": "v"}],
                    }
                ],
                "Services": [{"Name": "web", "Weight": 2, "Filters": {"URLRewrite": {"Path": "/"}}}],
            }
        ],
        "Meta": _META,
    },
    {
        "Kind": "tcp-route",
        "Name": "tcp",
        "Parents": [{"Kind": "api-gateway", "Name": "gateway", "SectionName": "tcp"}],
        "Services": [{"Name": "legacy"}],
        "Meta": _META,
    },
]
