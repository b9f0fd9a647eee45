"""The legacy ACL system of before Consul 1.4.

https://developer.hashicorp.com/consul/api-docs/v1.8.x/acl/legacy
"""

from __future__ import annotations

import pytest

from tests.simulator.differential.calls import EVERYBODY, LOST, NOBODY, Call, by, each_case, get, put
from tests.simulator.differential.comparison import Sides

_TRANSLATE = "/v1/acl/rules/translate"
_OLD_RULES = (
    "",
    "# nothing",
    "nope",
    'key "a" {',
    'key "a" { policy = "read" } key "b" { policy = "nope" }\noperator = "read"',
    'service "web" {\n policy = "write"\n intentions = "deny"\n}\n# of keys\nkey "" { policy = "deny" } # tail\n\n# end\n',
    'node "" {}\nagent "a" {}\nevent_prefix "e" {\n # first\n\n policy = "read"\n\n # last\n}',
    'query "a" { policy = <<EOF\nread\nEOF\n}\nsession "${a}" { policy = "read"\n sentinel { code = "x" enforcementlevel = "y" } }',
    '{"key": {"a": {"policy": "read"}}, "service": {"b": {"policy": "read", "intentions": "read"}}, "operator": "read"}',
)


ACL_CASES = {
    "rules from before 1.4 are translated and formatted": [
        *(Call("POST", _TRANSLATE, body=rules.encode()) for rules in _OLD_RULES),
        *by(Call("POST", _TRANSLATE, body=b'key "'), NOBODY, LOST, None),
    ],
    "a token without legacy rules": [
        put("/v1/acl/token", {"AccessorID": "{t0}", "SecretID": "{x0}"}),
        *(call for identity in ("{t0}", "{t1}", "x", "") for call in by(get(f"{_TRANSLATE}/{identity}"), *EVERYBODY)),
        *(get(path) for path in (_TRANSLATE, "/v1/acl/rules", "/v1/acl/rules/x")),
    ],
    "the management token is a legacy token too": [
        get("/v1/acl/list"),
        get("/v1/acl/tokens"),
        get("/v1/acl/info/{m}"),
        get("/v1/acl/token/self"),
    ],
    "cloning and destroying unknown legacy tokens": [
        *(Call("PUT", f"/v1/acl/clone/{rest}", query) for rest in ("", "x") for query in ((), (("wait", "x"),))),
        *(Call("PUT", f"/v1/acl/destroy/{rest}") for rest in ("", "x")),
    ],
}


@pytest.mark.real
@each_case(ACL_CASES)
def test_answers_with_acls_are_those_of_real_agents(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []
