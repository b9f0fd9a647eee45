"""Golden rows of `config`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow(
        "config.apply",
        lambda api: api.config.apply(
            {
                "Kind": "service-resolver",
                "Name": "web",
                "DefaultSubset": "v1",
                "Subsets": {"v1": {"Filter": "Service.Meta.version == v1", "OnlyPassing": True}},
            }
        ),
        "PUT",
        "/v1/config",
        b'{"Kind": "service-resolver", "Name": "web", "DefaultSubset": "v1", "Subsets": {"v1": {"Filter": "Service.Meta.version == v1", "OnlyPassing": true}}}',
    ),
    RequestRow(
        "config.apply",
        lambda api: api.config.apply(
            {"Kind": "mesh", "TransparentProxy": {"MeshDestinationsOnly": False}}, cas=0, datacenter="dc2", namespace="team", partition="p"
        ),
        "PUT",
        "/v1/config?cas=0&dc=dc2&ns=team&partition=p",
        b'{"Kind": "mesh", "TransparentProxy": {"MeshDestinationsOnly": false}}',
    ),
    RequestRow(
        "config.get",
        lambda api: api.config.get("proxy-defaults", "global", index=7, wait="10s", consistency="stale", max_stale="1m"),
        "GET",
        "/v1/config/proxy-defaults/global?index=7&wait=10s&stale&max_stale=1m",
        None,
        wait=10.625,
    ),
    RequestRow(
        "config.get",
        lambda api: api.config.get("service-intentions", "*", datacenter="dc2", namespace="team", partition="p"),
        "GET",
        "/v1/config/service-intentions/*?dc=dc2&ns=team&partition=p",
        None,
    ),
    RequestRow("config.get", lambda api: api.config.get("http-route", "a/b c"), "GET", "/v1/config/http-route/a%2Fb%20c", None),
    RequestRow(
        "config.list",
        lambda api: api.config.list("service-defaults", filter='Name == "web"', consistency="consistent", index=7, namespace="*"),
        "GET",
        "/v1/config/service-defaults?filter=Name%20%3D%3D%20%22web%22&consistent&index=7&ns=*",
        None,
        wait=318.75,
    ),
    RequestRow("config.delete", lambda api: api.config.delete("mesh", "mesh"), "DELETE", "/v1/config/mesh/mesh", None),
    RequestRow(
        "config.delete",
        lambda api: api.config.delete("service-router", "web", cas=7, datacenter="dc2", namespace="team", partition="p"),
        "DELETE",
        "/v1/config/service-router/web?cas=7&dc=dc2&ns=team&partition=p",
        None,
    ),
]

ANSWERS = [
    AnswerRow("config.apply", lambda api: api.config.apply({"Kind": "mesh"}), 200, b"true", True),
    AnswerRow("config.apply", lambda api: api.config.apply({"Kind": "mesh"}, cas=1), 200, b"false\n", False),
    AnswerRow(
        "config.get",
        lambda api: api.config.get("service-resolver", "web"),
        200,
        b'{"ConnectTimeout": "15s", "Kind": "service-resolver", "Name": "web", "DefaultSubset": "v1", "Subsets": {"v1": {"Filter": "Service.Meta.version == v1", "OnlyPassing": true}, "v2": {}}, "Meta": {"owner": "team"}, "Hash": 10993241319489484544, "CreateIndex": 30, "ModifyIndex": 30}',
        {
            "ConnectTimeout": "15s",
            "Kind": "service-resolver",
            "Name": "web",
            "DefaultSubset": "v1",
            "Subsets": {"v1": {"Filter": "Service.Meta.version == v1", "OnlyPassing": True}, "v2": {}},
            "Meta": {"owner": "team"},
            "Hash": 10993241319489484544,
            "CreateIndex": 30,
            "ModifyIndex": 30,
        },
    ),
    AnswerRow("config.list", lambda api: api.config.list("service-splitter"), 200, b"[]", []),
    AnswerRow("config.list", lambda api: api.config.list("service-splitter"), 200, b"null", []),
    AnswerRow(
        "config.list",
        lambda api: api.config.list("service-defaults"),
        200,
        b'[{"Kind": "service-defaults", "Name": "other", "Protocol": "http", "MeshGateway": {}, "Expose": {}, "CreateIndex": 23, "ModifyIndex": 23}]',
        [
            {
                "Kind": "service-defaults",
                "Name": "other",
                "Protocol": "http",
                "MeshGateway": {},
                "Expose": {},
                "CreateIndex": 23,
                "ModifyIndex": 23,
            }
        ],
    ),
    AnswerRow("config.delete", lambda api: api.config.delete("mesh", "mesh"), 200, b"{}", True),
    AnswerRow("config.delete", lambda api: api.config.delete("mesh", "mesh", cas=7), 200, b"true", True),
    AnswerRow("config.delete", lambda api: api.config.delete("mesh", "mesh", cas=1), 200, b"false", False),
]
