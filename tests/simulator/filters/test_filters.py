"""The `filter` parameter: expressions, numbers and regular expressions.

https://developer.hashicorp.com/consul/api-docs/features/filtering
"""

from __future__ import annotations

import pytest

from tests.simulator.differential.calls import REGISTER_SERVICE, Call, each_case, get, post, put
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import SimulatedAgent, register

_INTENTIONS = "/v1/connect/intentions"
#: What a filter may name, and what it may not; and what is asked of each.
_OF_INTENTIONS = (
    *("Description", "SourceNS", "SourceName", "DestinationNS", "DestinationName", "SourceType", "Action", "Meta", "Meta.k"),
    *("Precedence", "DefaultAddr", "DefaultPort", "SourcePartition", "SourcePeer", "SourceSamenessGroup", "Permissions", "CreatedAt"),
)
_OF_MEMBERS = ("Name", "Addr", "Addr.x", "Port", "Tags", "Tags.role", "Status", "ProtocolMin", "DelegateCur", "Nothing")
_WANTED = (
    *('== "a"', "!= 9", "== 9", "== 300", "== 70000", "== -1", "== 9223372036854775808", "is empty", "is not empty"),
    *('contains "k"', "contains 127", "contains 300", 'matches "^a"'),
)
#: Numbers and expressions, as they are written in filters.
_NUMBERS = (
    *('"0x1f90"', '"0X1F90"', '"1_0"', '"0b1"', '"010"', '"017620"', '"0o17620"', '"0_7"', '"_1"', '"1_"', '"1__0"', '"0x_1"', '"0x"'),
    *('"08"', '"+5"', '"-5"', '"- 5"', '"0b2"', '"0xg"', '"٣"', '"١٢"', '""', '"99999999999999999999x"', '"9223372036854775808"'),
    *('"9223372036854775808x"', '"-9223372036854775808"', '"-0x8000000000000000"', '"1 "', '"8_080"', '"0x1F9_0"', '"0b_"', '"+"'),
    *('"1.0"', '"1e3"', '"0_x1"', '"0__1"', '"99999999999999999999__"', "0x1f90", "1_0", "010", "08", "-5", "+5", "1.5", "-0", "8080", "٣"),
    *("`0x1f90`", '"a\\"b"', '"a\\\\b"', '"a\\u0007"', '"\\u00e9"', "`a\tb`", '`a"b`', '"70000x"', '"256x"', '"65536_"'),
)
_EXPRESSIONS = (
    *("(", r"(\d", "[a", 'a"(', "*", "a)", r"\8", "a{2,1}", "x{1001}", "x{2,}", "[z-a]", "(?i", "(?=a)", "\\", "[[:foo:]]", "w**", "w+?*"),
    *("(|+", r"\d+", "(?i)WEB", "(?P<n>w)(?P<n>e)", r"web\z", r"web\Z", "web$", "[[:alpha:]]", "[^[:alpha:]]", r"\Qw\E", r"\Q*\E"),
    *("(?U)w+", "w{1,2}", "w{,2}", r"[\w[&&]", "[]a]", "^(web|db)$", r"\_", "٣"),
)


#: Structures by name, such as TaggedAddresses, and what may be asked of them.
_STRUCTURES = ("TaggedAddresses", "TaggedAddresses.lan", "TaggedAddresses.lan.Port", "Weights", "Tags", "Meta", "lan")
_ASKED = ("lan in {}", "1 not in {}", "{} contains lan", "{} not contains lan", "{} == lan", "{} != 1", "{} is empty", "{} matches lan")


CASES = {
    "structures by name are asked for names": [
        put(REGISTER_SERVICE, {"Name": "web", "Tags": ["lan"], "TaggedAddresses": {"lan": {"Address": "10.0.0.1", "Port": 1}}}),
        *(get("/v1/agent/services", ("filter", asked.format(name))) for name in _STRUCTURES for asked in _ASKED),
    ],
    "intentions are filtered": [
        post(_INTENTIONS, {"SourceName": "a", "DestinationName": "b", "Action": "allow", "Meta": {"k": "v"}}, names="Q9"),
        *(get(_INTENTIONS, ("filter", f"{selector} {wanted}")) for selector in _OF_INTENTIONS for wanted in _WANTED),
        Call("DELETE", f"{_INTENTIONS}/{{Q9}}"),
    ],
    "members are filtered since 1.14": [
        get("/v1/agent/members", ("filter", f"{selector} {wanted}")) for selector in _OF_MEMBERS for wanted in _WANTED
    ],
    "numbers in filters have all of Go's notations": [
        put(REGISTER_SERVICE, {"Name": "web", "Port": 8080}),
        *(get("/v1/agent/services", ("filter", f"Port == {number}")) for number in _NUMBERS),
        *(get("/v1/agent/members", ("filter", f"{compared} {number}")) for compared in ("Port ==", "Addr contains") for number in _NUMBERS),
        get("/v1/agent/services", ("filter", 'EnableTagOverride == `a"b`')),
    ],
    "regular expressions have Go's syntax": [
        put(REGISTER_SERVICE, {"Name": "web"}),
        *(get("/v1/agent/services", ("filter", f"Service matches `{expression}`")) for expression in _EXPRESSIONS),
        *(
            put("/v1/event/fire/deploy", b"", *query, ("dc", "x"))
            for expression in _EXPRESSIONS
            for query in ((("node", expression),), (("service", "web"), ("tag", expression)), (("service", expression), ("tag", "(")))
        ),
    ],
}


@pytest.mark.real
@each_case(CASES)
def test_answers_are_those_of_real_agents(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []


def test_a_filter_asks_for_a_name_in_structures_by_name(agent: SimulatedAgent) -> None:
    agent.put(REGISTER_SERVICE, {"Name": "web", "TaggedAddresses": {"lan": {"Address": "10.0.0.1"}}})
    agent.put(REGISTER_SERVICE, {"Name": "db"})
    assert [*agent.get("/v1/agent/services?filter=lan in TaggedAddresses")] == ["web"]
    assert [*agent.get("/v1/agent/services?filter=TaggedAddresses not contains lan")] == ["db"]


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 1000,
        "(" * 100 + "Service is empty" + ")" * 100,
        "not " * 1000 + "Service is empty",
        f"Service matches `{'(' * 2000}{')' * 2000}`",
    ],
)
def test_a_filter_that_nests_too_deeply_is_refused(agent: SimulatedAgent, expression: str) -> None:
    """Real agents answer minutes later, if at all."""
    status, text = agent.refusal("GET", f"/v1/agent/services?filter={expression}")
    assert (status, "nest" in text) == (500, True)


@pytest.mark.parametrize("word", ["and", "or"])
def test_a_filter_may_have_many_parts(agent: SimulatedAgent, word: str) -> None:
    agent.put(REGISTER_SERVICE, {"Name": "web"})
    assert [*agent.get(f"/v1/agent/services?filter={f' {word} '.join(['Service matches `web`'] * 500)}")] == ["web"]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('Node == "n" or Node == "m" and ServiceName == "db"', ["n"]),
        ('not Node == "n" and ServiceTags contains "a"', ["m"]),
        ("ServiceTags is empty", ["o"]),
        ("ServiceMeta.v == 2", ["m"]),
        ('ServiceMeta.v != "2"', ["n", "o"]),
        ('Node matches "^[no]$"', ["n", "o"]),
        ('"a" not in ServiceTags', ["o"]),
        ("ServicePort == 80", ["n"]),
    ],
)
def test_a_filter_keeps_matching_values(agent: SimulatedAgent, expression: str, found: list[str]) -> None:
    register(agent, "n", "web", Service={"Tags": ["a"], "Meta": {"v": "1"}, "Port": 80})
    register(agent, "m", "web", Service={"Tags": ["a", "b"], "Meta": {"v": "2"}, "Port": 81})
    register(agent, "o", "web")
    answer = [entry["Node"] for entry in agent.get(f"/v1/catalog/service/web?filter={expression.replace('=', '%3D')}")]
    assert sorted(answer) == found
