"""Golden rows of `acl.templated_policy`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow(
        "acl.templated_policy.list",
        lambda api: api.acl.templated_policy.list(namespace="team", partition="p1"),
        "GET",
        "/v1/acl/templated-policies?ns=team&partition=p1",
        None,
    ),
    RequestRow(
        "acl.templated_policy.read",
        lambda api: api.acl.templated_policy.read("builtin/service", namespace="team", partition="p1"),
        "GET",
        "/v1/acl/templated-policy/name/builtin/service?ns=team&partition=p1",
        None,
    ),
    RequestRow(
        "acl.templated_policy.read", lambda api: api.acl.templated_policy.read("a b"), "GET", "/v1/acl/templated-policy/name/a%20b", None
    ),
    RequestRow(
        "acl.templated_policy.preview",
        lambda api: api.acl.templated_policy.preview("builtin/service", name="web", namespace="team", partition="p1"),
        "POST",
        "/v1/acl/templated-policy/preview/builtin/service?ns=team&partition=p1",
        b'{"Name": "web"}',
    ),
    RequestRow(
        "acl.templated_policy.preview",
        lambda api: api.acl.templated_policy.preview("builtin/dns"),
        "POST",
        "/v1/acl/templated-policy/preview/builtin/dns",
        b"{}",
    ),
]

ANSWERS = [
    AnswerRow(
        "acl.templated_policy.list",
        lambda api: api.acl.templated_policy.list(),
        200,
        b'{"builtin/dns": {"TemplateName": "builtin/dns", "Schema": "", "Template": "\\nnode_prefix \\"\\" {\\n\\tpolicy = \\"read\\"\\n}\\nservice_prefix \\"\\" {\\n\\tpolicy = \\"read\\"\\n}\\nquery_prefix \\"\\" {\\n\\tpolicy = \\"read\\"\\n}", "Description": "Gives the token or role permissions for the Consul DNS to query services in the network."}, "builtin/service": {"TemplateName": "builtin/service", "Schema": "{\\n\\t\\"type\\": \\"object\\",\\n\\t\\"properties\\": {\\n\\t\\t\\"name\\": { \\"type\\": \\"string\\", \\"$ref\\": \\"#/definitions/min-length-one\\" }\\n\\t},\\n\\t\\"required\\": [\\"name\\"],\\n\\t\\"definitions\\": {\\n\\t\\t\\"min-length-one\\": {\\n\\t\\t\\t\\t\\"type\\": \\"string\\",\\n\\t\\t\\t\\t\\"minLength\\": 1\\n\\t\\t}\\n\\t}\\n}", "Template": "\\nservice \\"{{.Name}}\\" {\\n\\tpolicy = \\"write\\"\\n}\\nservice \\"{{.Name}}-sidecar-proxy\\" {\\n\\tpolicy = \\"write\\"\\n}\\nservice_prefix \\"\\" {\\n\\tpolicy = \\"read\\"\\n}\\nnode_prefix \\"\\" {\\n\\tpolicy = \\"read\\"\\n}", "Description": "Gives the token or role permissions to register a service and discover services in the Consul catalog. It also gives the specified service\'s sidecar proxy the permission to discover and route traffic to other services."}}',
        {
            "builtin/dns": {
                "TemplateName": "builtin/dns",
                "Schema": "",
                "Template": '\nnode_prefix "" {\n\tpolicy = "read"\n}\nservice_prefix "" {\n\tpolicy = "read"\n}\nquery_prefix "" {\n\tpolicy = "read"\n}',
                "Description": "Gives the token or role permissions for the Consul DNS to query services in the network.",
            },
            "builtin/service": {
                "TemplateName": "builtin/service",
                "Schema": '{\n\t"type": "object",\n\t"properties": {\n\t\t"name": { "type": "string", "$ref": "#/definitions/min-length-one" }\n\t},\n\t"required": ["name"],\n\t"definitions": {\n\t\t"min-length-one": {\n\t\t\t\t"type": "string",\n\t\t\t\t"minLength": 1\n\t\t}\n\t}\n}',
                "Template": '\nservice "{{.Name}}" {\n\tpolicy = "write"\n}\nservice "{{.Name}}-sidecar-proxy" {\n\tpolicy = "write"\n}\nservice_prefix "" {\n\tpolicy = "read"\n}\nnode_prefix "" {\n\tpolicy = "read"\n}',
                "Description": "Gives the token or role permissions to register a service and discover services in the Consul catalog. It also gives the specified service's sidecar proxy the permission to discover and route traffic to other services.",
            },
        },
    ),
    AnswerRow("acl.templated_policy.list", lambda api: api.acl.templated_policy.list(), 200, b"null", {}),
    AnswerRow(
        "acl.templated_policy.read",
        lambda api: api.acl.templated_policy.read("t"),
        200,
        b'{"TemplateName": "builtin/service", "Schema": "{\\n\\t\\"type\\": \\"object\\",\\n\\t\\"properties\\": {\\n\\t\\t\\"name\\": { \\"type\\": \\"string\\", \\"$ref\\": \\"#/definitions/min-length-one\\" }\\n\\t},\\n\\t\\"required\\": [\\"name\\"],\\n\\t\\"definitions\\": {\\n\\t\\t\\"min-length-one\\": {\\n\\t\\t\\t\\t\\"type\\": \\"string\\",\\n\\t\\t\\t\\t\\"minLength\\": 1\\n\\t\\t}\\n\\t}\\n}", "Template": "\\nservice \\"{{.Name}}\\" {\\n\\tpolicy = \\"write\\"\\n}\\nservice \\"{{.Name}}-sidecar-proxy\\" {\\n\\tpolicy = \\"write\\"\\n}\\nservice_prefix \\"\\" {\\n\\tpolicy = \\"read\\"\\n}\\nnode_prefix \\"\\" {\\n\\tpolicy = \\"read\\"\\n}", "Description": "Gives the token or role permissions to register a service and discover services in the Consul catalog. It also gives the specified service\'s sidecar proxy the permission to discover and route traffic to other services."}',
        {
            "TemplateName": "builtin/service",
            "Schema": '{\n\t"type": "object",\n\t"properties": {\n\t\t"name": { "type": "string", "$ref": "#/definitions/min-length-one" }\n\t},\n\t"required": ["name"],\n\t"definitions": {\n\t\t"min-length-one": {\n\t\t\t\t"type": "string",\n\t\t\t\t"minLength": 1\n\t\t}\n\t}\n}',
            "Template": '\nservice "{{.Name}}" {\n\tpolicy = "write"\n}\nservice "{{.Name}}-sidecar-proxy" {\n\tpolicy = "write"\n}\nservice_prefix "" {\n\tpolicy = "read"\n}\nnode_prefix "" {\n\tpolicy = "read"\n}',
            "Description": "Gives the token or role permissions to register a service and discover services in the Consul catalog. It also gives the specified service's sidecar proxy the permission to discover and route traffic to other services.",
        },
    ),
    AnswerRow(
        "acl.templated_policy.preview",
        lambda api: api.acl.templated_policy.preview("t"),
        200,
        b'{"ID": "0a73657276696365202277656222207b0a09706f6c696379203d20227772697465220a7d0a7365727669636520227765622d736964656361722d70726f787922207b0a09706f6c696379203d20227772697465220a7d0a736572766963655f707265666978202222207b0a09706f6c696379203d202272656164220a7d0a6e6f64655f707265666978202222207b0a09706f6c696379203d202272656164220a7d6c62272e07bb014262b821756295c58d", "Name": "synthetic-policy-0a73657276696365202277656222207b0a09706f6c696379203d20227772697465220a7d0a7365727669636520227765622d736964656361722d70726f787922207b0a09706f6c696379203d20227772697465220a7d0a736572766963655f707265666978202222207b0a09706f6c696379203d202272656164220a7d0a6e6f64655f707265666978202222207b0a09706f6c696379203d202272656164220a7d6c62272e07bb014262b821756295c58d", "Description": "synthetic policy generated from templated policy: builtin/service", "Rules": "\\nservice \\"web\\" {\\n\\tpolicy = \\"write\\"\\n}\\nservice \\"web-sidecar-proxy\\" {\\n\\tpolicy = \\"write\\"\\n}\\nservice_prefix \\"\\" {\\n\\tpolicy = \\"read\\"\\n}\\nnode_prefix \\"\\" {\\n\\tpolicy = \\"read\\"\\n}", "Hash": "b04MnvCVtBXZAmGe4uDpGLABJoGo2nNhEJkqaN5E5x4=", "CreateIndex": 0, "ModifyIndex": 0}',
        {
            "ID": "0a73657276696365202277656222207b0a09706f6c696379203d20227772697465220a7d0a7365727669636520227765622d736964656361722d70726f787922207b0a09706f6c696379203d20227772697465220a7d0a736572766963655f707265666978202222207b0a09706f6c696379203d202272656164220a7d0a6e6f64655f707265666978202222207b0a09706f6c696379203d202272656164220a7d6c62272e07bb014262b821756295c58d",
            "Name": "synthetic-policy-0a73657276696365202277656222207b0a09706f6c696379203d20227772697465220a7d0a7365727669636520227765622d736964656361722d70726f787922207b0a09706f6c696379203d20227772697465220a7d0a736572766963655f707265666978202222207b0a09706f6c696379203d202272656164220a7d0a6e6f64655f707265666978202222207b0a09706f6c696379203d202272656164220a7d6c62272e07bb014262b821756295c58d",
            "Description": "synthetic policy generated from templated policy: builtin/service",
            "Rules": '\nservice "web" {\n\tpolicy = "write"\n}\nservice "web-sidecar-proxy" {\n\tpolicy = "write"\n}\nservice_prefix "" {\n\tpolicy = "read"\n}\nnode_prefix "" {\n\tpolicy = "read"\n}',
            "Hash": "b04MnvCVtBXZAmGe4uDpGLABJoGo2nNhEJkqaN5E5x4=",
            "CreateIndex": 0,
            "ModifyIndex": 0,
        },
    ),
]
