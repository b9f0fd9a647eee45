"""The commands to give to the official command line, in order: each one sees the effects of those before it."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A command line, and its standard input. "{folder}" stands for a folder that belongs to the agent at hand."""

    line: str
    given: str | None = None
    #: The first version that has it.
    since: tuple[int, ...] = ()
    #: The first version that no longer has it.
    until: tuple[int, ...] = (99,)

    @property
    def words(self) -> list[str]:
        """The words of the command line."""
        return shlex.split(self.line)


#: What `services register` reads.
WEB = {"service": {"name": "web", "port": 80, "tags": ["a", "b"], "meta": {"k": "v"}, "check": {"ttl": "30s", "notes": "n"}}}

_KEYS = [
    Command("kv put a/b hello"),
    Command("kv put a/c -", given="from stdin"),
    Command("kv put -flags=42 a/d"),
    Command("kv get a/b"),
    Command("kv get -detailed a/d"),
    Command("kv get -base64 a/b"),
    Command("kv get -recurse a"),
    Command("kv get -recurse -detailed a/"),
    Command("kv get -keys"),
    Command("kv get -keys -separator= a"),
    Command("kv get none"),
    Command("kv get -keys none"),
    Command("kv put -cas -modify-index=1 a/b other"),
    Command("kv put -cas -modify-index=0 a/new other"),
    Command("kv put -acquire -session=none a/b x"),
    Command("kv put -release -session=none a/b x"),
    Command("kv put //"),
    Command("kv export a"),
    Command("kv import -", given=json.dumps([{"key": "x/y", "flags": 7, "value": "aGk="}])),
    Command("kv get -detailed x/y"),
    Command("kv delete -cas -modify-index=1 a/b"),
    Command("kv delete a/b"),
    Command("kv delete none"),
    Command("kv delete -recurse a"),
    Command("kv get -recurse"),
    Command("kv get -stale x/y"),
    Command("kv get -datacenter=elsewhere x/y"),
    Command("lock lock/one 'echo inside'"),
    Command("lock -n=2 -name=several lock/two 'echo inside; exit 3'"),
    Command("lock -child-exit-code lock/one 'exit 3'"),
    Command("kv get -recurse lock"),
]

_SERVICES = [
    Command("services register {folder}/web.json"),
    Command("services register -name=db -id=db1 -port=5432 -tag=primary -meta=a=b -address=10.0.0.1"),
    Command("catalog services"),
    Command("catalog services -tags"),
    Command("catalog services -node=test-node"),
    Command("catalog nodes"),
    Command("catalog nodes -service=web"),
    Command("catalog nodes -near=_agent"),
    Command("catalog nodes -filter='Node == other'"),
    Command("catalog datacenters"),
    Command("maint -enable -service=db1 -reason=because"),
    Command("maint"),
    Command("maint -disable -service=db1"),
    Command("maint -enable"),
    Command("maint"),
    Command("maint -disable"),
    Command("maint -enable -service=none"),
    Command("services deregister -id=db1"),
    Command("services deregister -id=none"),
    Command("services deregister {folder}/web.json"),
    Command("catalog services"),
]

_AGENT = [
    Command("members"),
    Command("members -wan"),
    Command("members -status=left"),
    Command("event -name=deploy 'some payload'"),
    Command("event -name="),
    Command("reload"),
    Command("rtt none"),
    Command("watch -type=key -key=x/y"),
    Command("watch -type=keyprefix -prefix=x/"),
    Command("watch -type=services"),
    Command("watch -type=nodes"),
    Command("watch -type=service -service=none"),
    Command("watch -type=checks"),
    Command("watch -type=checks -state=passing"),
    Command("watch -type=event -name=none"),
    Command("operator raft list-peers"),
    Command("operator autopilot get-config"),
]

_ENTRY = {"Kind": "service-defaults", "Name": "api", "Protocol": "http", "Meta": {"owner": "team"}}
_RESOLVER = {"Kind": "service-resolver", "Name": "api", "ConnectTimeout": "5s"}
_WRONG = {"Kind": "service-defaults", "Name": ""}

_MESH = [
    Command("config write -", given=json.dumps(_ENTRY)),
    Command("config write -", given=json.dumps(_RESOLVER)),
    Command("config write -", given='Kind = "proxy-defaults"\nName = "global"\nConfig { protocol = "http" }\n'),
    Command("config write -", given=json.dumps(_WRONG)),
    Command("config write -", given='{"Kind": "none", "Name": "x"}'),
    Command("config write -cas -modify-index=1 -", given=json.dumps(_ENTRY)),
    Command("config list -kind service-defaults"),
    Command("config list -kind service-router"),
    Command("config list -kind none"),
    Command("config read -kind service-defaults -name api"),
    Command("config read -kind service-resolver -name api"),
    Command("config read -kind proxy-defaults -name global"),
    Command("config read -kind service-defaults -name none"),
    Command("config delete -kind service-resolver -name api"),
    Command("config delete -kind service-resolver -name none"),
    Command("config delete -kind service-defaults -name api"),
    Command("intention create -allow -meta=a=b web db"),
    Command("intention create -deny other db"),
    Command("intention create -allow web db"),
    Command("intention create -replace -deny web db"),
    Command("intention check web db"),
    Command("intention check unknown db"),
    Command("intention get web db"),
    Command("intention get none db"),
    Command("intention match db"),
    Command("intention match -source web"),
    Command("intention list", since=(1, 9)),
    Command("intention delete web db"),
    Command("intention delete none db"),
]

_SNAPSHOT = [
    Command("snapshot save {folder}/state.snap"),
    Command("kv put late x"),
    Command("snapshot restore {folder}/state.snap"),
    Command("kv get late"),
    Command("kv get x/y"),
    Command("snapshot restore {folder}/web.json"),
]

#: With ACLs off.
OPEN = [*_KEYS, *_SERVICES, *_AGENT, *_MESH, *_SNAPSHOT, Command("acl token list"), Command("acl bootstrap")]

_ACCESSOR, _OTHER = "11111111-2222-3333-4444-555555555555", "22222222-3333-4444-5555-666666666666"
_SECRET = "33333333-4444-5555-6666-777777777777"

#: With ACLs on, by whoever may do read_to_end, unless a command says otherwise.
WITH_ACLS = [
    Command("acl bootstrap"),
    Command("acl policy create -name=reader -description=d -rules=-", given='key_prefix "" { policy = "read" }\n'),
    Command("acl policy create -name=broken -rules=-", given='key_prefix "" { policy = "sometimes" }\n'),
    Command("acl policy create -name=reader -rules=-", given=""),
    Command("acl policy list"),
    Command("acl policy read -name=reader"),
    Command("acl policy read -name=none"),
    Command("acl policy update -name=reader -description=new"),
    Command("acl role create -name=watcher -policy-name=reader -service-identity=web"),
    Command("acl role list"),
    Command("acl role read -name=watcher"),
    Command("acl role update -name=watcher -node-identity=n:dc1"),
    Command(f"acl token create -accessor={_ACCESSOR} -secret={_SECRET} -description=t -role-name=watcher"),
    Command(f"acl token create -accessor={_OTHER} -policy-name=reader -local -expires-ttl=1h"),
    Command("acl token create -policy-name=none"),
    Command("acl token read -self"),
    Command("acl token read -id=00000000-0000-0000-0000-000000000002"),
    Command("acl token list"),
    Command(f"acl token read -id={_ACCESSOR}"),
    Command(f"acl token read -self -token={_SECRET}"),
    Command(f"acl token update -id={_ACCESSOR} -description=u -merge-policies -policy-name=reader"),
    Command(f"acl token clone -id={_ACCESSOR}"),
    Command(f"acl token delete -id={_OTHER}"),
    Command(f"acl token delete -id={_OTHER}"),
    Command("kv put a/b c"),
    Command(f"kv get -token={_SECRET} a/b"),
    Command(f"kv put -token={_SECRET} a/b d"),
    Command(f"kv get -keys -token={_SECRET}"),
    Command("kv get -token=none a/b"),
    Command("kv get -token=anonymous a/b"),
    Command(f"catalog services -token={_SECRET}"),
    Command(f"catalog nodes -token={_SECRET}"),
    Command(f"members -token={_SECRET}"),
    Command(f"event -name=deploy -token={_SECRET}"),
    Command(f"services register -name=web -token={_SECRET}"),
    Command(f"services register -name=db -token={_SECRET}"),
    Command(f"lock -token={_SECRET} lock/one true"),
    Command(f"maint -enable -token={_SECRET}"),
    Command("acl role delete -name=watcher"),
    Command("acl policy delete -name=reader"),
    Command("acl translate-rules -", given='key "a" { policy = "read" }', until=(1, 15)),
]
