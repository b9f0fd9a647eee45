"""Odd rules of ACLs: what agents accept, and what they refuse in several ways.

Empty blocks where a text belongs (`acl {}`) are missing: they close the connection of 1.8.7. So do escapes of half characters in JSON, of
1.22.5.
"""

from __future__ import annotations

#: Policies that are not in lower case.
CAPITALS = (
    'key "{p}a" { policy = "READ" }',
    'key_prefix "{p}" { policy = "Write" }',
    'KEY "{p}a" { POLICY = "write" }',
    'acl = "READ"',
    'acl = "Write" service_prefix "" { policy = "READ" }',
    'key "{p}a" { policy = "DENY" } key "{p}a" { policy = "read" }',
    'key "{p}a" { policy = "WRITE" } key "{p}a" { policy = "READ" }',
    '{"key": {"{p}a": {"policy": "READ"}}}',
)

#: Rules in unusual forms, most of them valid.
ODD = (
    *(
        '{"acl": "read", "acl": "x"}',
        '{"acl": "x", "acl": "read"}',
        '{"acl": "read",}',
        '{"acl": "read"}{"acl": "x"}',
        '{"acl": "read"} # x',
    ),
    *('{"key": {"a": {"policy": "read"}}, "key": {"b": {"policy": "x"}}}', '{"key": {"a": {"policy": "read"}, "a": {"policy": "x"}}}'),
    *('{"key": {"a": {"policy": "x", "policy": "read"}}}', '{"key": [{"a": {"policy": "read"}}, {"b": {"policy": "x"}}]}', '{"key": {}}'),
    *(
        '{"acl": null}',
        '{"acl": 1}',
        '{"x" "y": {"a": 1}}',
        '{"x": 1 "y": 2}',
        "{",
        '{"a": {',
        '{"key": [true]}',
        '{"key": {"policy": "read"}}',
    ),
    *('key { policy = "read" }', "key {}", 'key "a" "b" { policy = "read" }', 'key = { a = { policy = "read" } }', 'acl = ""', "acl ="),
    *(
        'key "a" { policy = 1 }',
        'key "a" { policy = "read" policy = "write" }',
        'key "a" { policy = "read" Policy = "write" }',
        'mesh = "x"',
    ),
    *('# x\n{"acl": "read"}', '{"KEY_Prefix": {"a": {"POLICY": "read"}}}', '{"x": "\\u00e9", "acl": "re\\u0061d"}', '{"acl": "${"}"}'),
)

#: Rules that are refused.
BROKEN = (
    *('key = "a"', 'key = ["a"]', '{"key": 1}', '{"key": null}', '{"key": {"a": "read"}}', '{"key": {"a": null}}', '{"key": {"a": []}}'),
    *('{"key": [null]}', '{"key": ["a"]}', '{"acl": true}', '{"acl": {"a": "b"}}', '{"acl": 1.5}', '{"x": NaN}', '{"x": 01}', '{"x": -}'),
    *('{"x": "\\/"}', '{"x": "a\nb"}', "{:1}", "{1:2}", '{"a": [', '{"a": ]}', "[]", '"a"', "1", '{"x": "\u00e9", @}', "{# x\n}", "\0"),
    *('acl = ["read"]', "acl = true", 'acl = {a = "b"}', 'key { a = "b" }', 'key "a" {}', 'key "a" = "b"', 'key "a" { policy = ["read"] }'),
    *('agent "a" { policy = "list" }', 'session "a" { policy = "x" }', 'event "a" {}', 'query "a\\u0001\\"" {}', "key true {}", "acl = -x"),
    *(
        'service "a" { policy = "read" intentions = "list" }',
        'operator = "x" keyring = "y"',
        'key "a" {} agent "b" {}',
        "acl = <<E\nread\nE\n",
    ),
)
