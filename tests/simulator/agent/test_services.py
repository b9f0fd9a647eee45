"""Rules of the catalog, health, agents, queries, intentions, events and filters, each by what a client sees of it.

https://developer.hashicorp.com/consul/api-docs/catalog, https://developer.hashicorp.com/consul/docs/architecture/anti-entropy
"""

from __future__ import annotations

from typing import Any

import pytest

from consul_proto.simulator.engine.versions import V1_9
from tests.simulator.simulated_agent import SimulatedAgent


def register(agent: SimulatedAgent, node: str, service: str = "", **more: Any) -> None:
    """Register a node, and a service on it."""
    own = {"Service": {"Service": service, **more.pop("Service", {})}} if service else {}
    agent.put("/v1/catalog/register", {"Node": node, "Address": "10.0.0.1", **own, **more})


def nodes(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["Node"] if isinstance(entry["Node"], str) else entry["Node"]["Node"] for entry in entries]


# The catalog.


def test_what_is_registered_again_keeps_its_index(agent: SimulatedAgent) -> None:
    register(agent, "n", "web", Service={"Port": 80})
    before = agent.index("/v1/catalog/service/web")
    register(agent, "n", "web", Service={"Port": 80})
    assert agent.index("/v1/catalog/service/web") == before
    register(agent, "n", "web", Service={"Port": 81})
    assert agent.index("/v1/catalog/service/web") > before


def test_the_index_of_a_service_is_its_own(agent: SimulatedAgent) -> None:
    register(agent, "n", "web")
    register(agent, "m", "db")
    assert agent.index("/v1/health/service/web") < agent.index("/v1/health/service/db")


def test_the_check_of_a_node_concerns_all_of_its_services(agent: SimulatedAgent) -> None:
    register(agent, "n", "web")
    register(agent, "m", "db")
    web, db = agent.index("/v1/health/service/web"), agent.index("/v1/health/service/db")
    register(agent, "n", Check={"Name": "disk", "Status": "critical"})
    assert (agent.index("/v1/health/service/web") > web, agent.index("/v1/health/service/db")) == (True, db)
    assert agent.get("/v1/health/service/web?passing") == []


def test_the_last_instance_that_goes_is_noticed(agent: SimulatedAgent) -> None:
    register(agent, "n", "web")
    index = agent.index("/v1/health/service/web")
    waiting = agent.park(f"/v1/health/service/web?index={index}")
    agent.put("/v1/catalog/deregister", {"Node": "n", "ServiceID": "web"})
    assert waiting.response is not None
    gone = agent.index("/v1/health/service/web")
    assert (waiting.response.body, gone > index) == (b"[]", True)
    register(agent, "m", "db")
    assert agent.index("/v1/health/service/web") == gone


def test_a_service_takes_its_checks_with_it_and_a_node_everything(agent: SimulatedAgent) -> None:
    register(agent, "n", "web", Check={"Name": "port", "ServiceID": "web"})
    register(agent, "n", "db", Check={"Name": "disk"})
    agent.put("/v1/catalog/deregister", {"Node": "n", "ServiceID": "web"})
    assert [check["CheckID"] for check in agent.get("/v1/health/node/n")] == ["disk"]
    agent.put("/v1/catalog/deregister", {"Node": "n"})
    assert (agent.get("/v1/health/node/n"), agent.get("/v1/catalog/service/db"), agent.get("/v1/catalog/node/n")) == ([], [], None)


def test_names_are_found_whatever_their_case(agent: SimulatedAgent) -> None:
    register(agent, "Node", "Web")
    assert nodes(agent.get("/v1/catalog/service/wEB")) == ["Node"]
    assert agent.get("/v1/catalog/node/nODE")["Node"]["Node"] == "Node"


def test_a_check_needs_its_service(agent: SimulatedAgent) -> None:
    given = {"Node": "n", "Address": "10.0.0.1", "Check": {"Name": "c", "ServiceID": "x"}}
    assert agent.refusal("PUT", "/v1/catalog/register", given)[0] == 500
    assert agent.get("/v1/health/node/n") == []


def test_instances_have_all_of_the_tags_and_the_metadata_that_are_asked_for(agent: SimulatedAgent) -> None:
    register(agent, "n", "web", Service={"Tags": ["a", "b"]}, NodeMeta={"zone": "1"})
    register(agent, "m", "web", Service={"Tags": ["a"]}, NodeMeta={"zone": "2"})
    assert nodes(agent.get("/v1/catalog/service/web?tag=a&tag=b")) == ["n"]
    assert nodes(agent.get("/v1/health/service/web?node-meta=zone:2")) == ["m"]


def test_near_sorts_by_distance(agent: SimulatedAgent) -> None:
    for node, place in (("far", 0.9), ("close", 0.1), ("here", 0.0)):
        register(agent, node, "web")
        coordinate = {"Vec": [place] + [0] * 7, "Error": 1.5, "Adjustment": 0, "Height": 1e-05}
        agent.put("/v1/coordinate/update", {"Node": node, "Coord": coordinate})
    assert nodes(agent.get("/v1/catalog/service/web?near=here")) == ["here", "close", "far"]


# Health.


def test_an_instance_passes_with_all_of_its_checks_and_those_of_its_node(agent: SimulatedAgent) -> None:
    register(agent, "n", "web", Checks=[{"Name": f"c{number}", "ServiceID": "web", "Status": "passing"} for number in range(2)])
    assert nodes(agent.get("/v1/health/service/web?passing")) == ["n"]
    register(agent, "n", Check={"Name": "c1", "ServiceID": "web", "Status": "warning"})
    assert agent.get("/v1/health/service/web?passing") == []
    register(agent, "n", Checks=[{"Name": "c1", "ServiceID": "web", "Status": "passing"}, {"Name": "disk", "Status": "critical"}])
    assert agent.get("/v1/health/service/web?passing") == []
    assert [check["CheckID"] for check in agent.get("/v1/health/service/web")[0]["Checks"]] == ["disk", "c0", "c1"]


# The agent.


def test_a_ttl_that_runs_out_is_critical(agent: SimulatedAgent) -> None:
    agent.put("/v1/agent/service/register", {"Name": "web", "Check": {"TTL": "10s", "Status": "passing"}})
    agent.advance(9)
    agent.put("/v1/agent/check/pass/service:web")
    agent.advance(9)
    assert nodes(agent.get("/v1/health/service/web?passing")) == ["consul"]
    agent.advance(2)
    (check,) = agent.get("/v1/health/checks/web")
    assert (check["Status"], check["Output"]) == ("critical", "TTL expired")


def test_a_service_goes_when_it_was_critical_for_its_patience_and_a_minute_at_least(agent: SimulatedAgent) -> None:
    for name, patience in (("soon", "1s"), ("later", "2m")):
        check = {"TTL": "1h", "DeregisterCriticalServiceAfter": patience}
        agent.put("/v1/agent/service/register", {"Name": name, "Check": check})
    agent.advance(59)
    assert [*agent.get("/v1/agent/services")] == ["later", "soon"]
    agent.advance(2)
    assert [*agent.get("/v1/agent/services")] == ["later"]
    agent.put("/v1/agent/check/pass/service:later")
    agent.put("/v1/agent/check/fail/service:later")
    agent.advance(119)
    assert [*agent.get("/v1/agent/services")] == ["later"]
    agent.advance(2)
    assert agent.get("/v1/agent/services") == {}


def test_what_the_agent_knows_it_looks_for_no_sooner_than_it_mends_the_catalog(agent: SimulatedAgent) -> None:
    """Since 1.9; before, whatever is registered is written."""

    def is_there() -> bool:
        return bool(agent.get("/v1/catalog/service/web"))

    service = {"Name": "web", "Check": {"TTL": "1h", "CheckID": "c"}}
    agent.put("/v1/agent/service/register", service)
    agent.put("/v1/catalog/deregister", {"Node": "consul", "ServiceID": "web"})
    agent.put("/v1/agent/service/register", service)
    assert is_there() == (agent.simulator.settings.version < V1_9)
    agent.advance(61)
    assert is_there()
    assert [check["CheckID"] for check in agent.get("/v1/health/checks/web")] == ["c"]


def test_a_service_goes_with_all_its_checks_also_with_one_that_ends_at_the_same_time(agent: SimulatedAgent) -> None:
    checks = ({"TTL": "1s", "Status": "passing", "DeregisterCriticalServiceAfter": "1m"}, {"TTL": "61s", "Status": "passing"})
    agent.put("/v1/agent/service/register", {"Name": "web", "Checks": checks})
    agent.advance(61)
    assert agent.get("/v1/agent/services") == agent.get("/v1/agent/checks") == {}
    agent.advance(1000)
    assert agent.get("/v1/health/checks/web") == []


def test_a_check_that_is_registered_again_goes_on_as_it_was(agent: SimulatedAgent) -> None:
    given = {"Name": "alive", "TTL": "1h"}
    agent.put("/v1/agent/check/register", given)
    agent.put("/v1/agent/check/pass/alive")
    agent.put("/v1/agent/check/register", given)
    assert agent.get("/v1/agent/checks")["alive"]["Status"] == "passing"


def test_a_check_without_a_ttl_cannot_be_told(agent: SimulatedAgent) -> None:
    agent.put("/v1/agent/check/register", {"Name": "alive", "TCP": "127.0.0.1:1", "Interval": "1h"})
    assert agent.refusal("PUT", "/v1/agent/check/pass/alive") == (500, 'CheckID "alive" does not have associated TTL')


def test_maintenance_is_a_critical_check_that_comes_and_goes(agent: SimulatedAgent) -> None:
    agent.put("/v1/agent/service/register", {"Name": "web"})
    agent.put("/v1/agent/service/register", {"Name": "db"})
    agent.put("/v1/agent/service/maintenance/web?enable=true&reason=new%20disk")
    assert (agent.get("/v1/health/service/web?passing"), nodes(agent.get("/v1/health/service/db?passing"))) == ([], ["consul"])
    assert agent.answer("GET", "/v1/agent/health/service/id/web").status == 503
    agent.put("/v1/agent/service/maintenance/web?enable=false")
    assert nodes(agent.get("/v1/health/service/web?passing")) == ["consul"]
    agent.put("/v1/agent/maintenance?enable=true")
    assert agent.get("/v1/health/service/db?passing") == []


def test_an_alias_follows_its_service(agent: SimulatedAgent) -> None:
    agent.put("/v1/agent/service/register", {"Name": "web", "Check": {"TTL": "1h", "Status": "passing"}})
    agent.put("/v1/agent/service/register", {"Name": "door", "Check": {"AliasService": "web"}})
    states = []
    for verb in ("warn", "fail", "pass"):
        agent.put(f"/v1/agent/check/{verb}/service:web")
        states.append(agent.get("/v1/health/checks/door")[0]["Status"])
    assert states == ["warning", "critical", "passing"]


def test_the_agent_puts_back_what_others_took_of_it_and_lets_them_change_tags_where_it_may(agent: SimulatedAgent) -> None:
    agent.put("/v1/agent/service/register", {"Name": "web", "Tags": ["own"]})
    agent.put("/v1/agent/service/register", {"Name": "free", "Tags": ["own"], "EnableTagOverride": True})
    for name in ("web", "free"):
        agent.put("/v1/catalog/register", {"Node": "consul", "Address": "127.0.0.1", "Service": {"Service": name, "Tags": ["theirs"]}})
    agent.advance(61)
    assert [agent.get(f"/v1/catalog/service/{name}")[0]["ServiceTags"] for name in ("web", "free")] == [["own"], ["theirs"]]


# Queries.


def create_query(agent: SimulatedAgent, **given: Any) -> str:
    return str(agent.result("POST", "/v1/query", given)["ID"])


def test_a_query_finds_what_is_not_critical_or_what_passes(agent: SimulatedAgent) -> None:
    for status in ("passing", "warning", "critical"):
        register(agent, status, "web", Check={"Name": "c", "ServiceID": "web", "Status": status})
    create_query(agent, Name="usable", Service={"Service": "web"})
    create_query(agent, Name="well", Service={"Service": "web", "OnlyPassing": True})
    found = [sorted(nodes(agent.get(f"/v1/query/{name}/execute")["Nodes"])) for name in ("usable", "well")]
    assert found == [["passing", "warning"], ["passing"]]


def test_a_query_wants_tags_and_the_absence_of_tags(agent: SimulatedAgent) -> None:
    for node, tags in (("new", ["v2"]), ("old", ["v1"]), ("both", ["v1", "v2"])):
        register(agent, node, "web", Service={"Tags": tags})
    create_query(agent, Name="new", Service={"Service": "web", "Tags": ["v2", "!v1"]})
    assert nodes(agent.get("/v1/query/new/execute")["Nodes"]) == ["new"]


def test_the_template_with_the_longest_prefix_counts(agent: SimulatedAgent) -> None:
    for name in ("a-", "a-b-"):
        service = {"Service": f"{name}${{name.suffix}}"}
        create_query(agent, Name=name, Template={"Type": "name_prefix_match"}, Service=service)
    assert agent.get("/v1/query/a-b-c/explain")["Query"]["Service"]["Service"] == "a-b-c"
    assert agent.get("/v1/query/a-b-c/explain")["Query"]["Name"] == "a-b-"
    assert agent.get("/v1/query/a-x/explain")["Query"]["Name"] == "a-"


def test_a_query_goes_with_its_session_and_a_limit_counts(agent: SimulatedAgent) -> None:
    for node in "xyz":
        register(agent, node, "web")
    session = agent.put("/v1/session/create", {})["ID"]
    identity = create_query(agent, Name="bound", Session=session, Service={"Service": "web"})
    assert len(agent.get("/v1/query/bound/execute?limit=2")["Nodes"]) == 2
    agent.put(f"/v1/session/destroy/{session}")
    assert agent.answer("GET", f"/v1/query/{identity}").status == 404


# Config entries and intentions.


def test_a_config_entry_is_checked_and_set(agent: SimulatedAgent) -> None:
    given = {"Kind": "service-defaults", "Name": "web", "Protocol": "http"}
    assert agent.put("/v1/config?cas=0", given) is True
    assert agent.put("/v1/config?cas=0", given | {"Protocol": "grpc"}) is False
    index = agent.get("/v1/config/service-defaults/web")["ModifyIndex"]
    assert agent.put(f"/v1/config?cas={index}", given | {"Protocol": "grpc"}) is True
    assert agent.get("/v1/config/service-defaults/web")["Protocol"] == "grpc"


def test_the_most_special_intention_counts_before_the_others(agent: SimulatedAgent) -> None:
    pairs = [("*", "*", "deny"), ("*", "db", "deny"), ("web", "*", "deny"), ("web", "db", "allow")]
    for source, destination, action in pairs:
        given = {"SourceName": source, "DestinationName": destination, "Action": action, "SourceType": "consul"}
        agent.result("POST", "/v1/connect/intentions", given)
    found = [(one["SourceName"], one["DestinationName"]) for one in agent.get("/v1/connect/intentions")]
    assert found == [("web", "db"), ("*", "db"), ("web", "*"), ("*", "*")]
    allowed = [agent.get(f"/v1/connect/intentions/check?source={source}&destination=db")["Allowed"] for source in ("web", "other")]
    assert allowed == [True, False]


# Events.


def test_an_agent_remembers_256_events(agent: SimulatedAgent) -> None:
    for number in range(258):
        agent.put(f"/v1/event/fire/e{number}", b"x")
    names = [event["Name"] for event in agent.get("/v1/event/list")]
    assert (len(names), names[0], names[-1]) == (256, "e2", "e257")


# Filters.


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
def test_a_filter_keeps_what_it_says(agent: SimulatedAgent, expression: str, found: list[str]) -> None:
    register(agent, "n", "web", Service={"Tags": ["a"], "Meta": {"v": "1"}, "Port": 80})
    register(agent, "m", "web", Service={"Tags": ["a", "b"], "Meta": {"v": "2"}, "Port": 81})
    register(agent, "o", "web")
    answer = [entry["Node"] for entry in agent.get(f"/v1/catalog/service/web?filter={expression.replace('=', '%3D')}")]
    assert sorted(answer) == found
