"""Prepared queries. https://developer.hashicorp.com/consul/api-docs/query"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, cast

from consul_proto.decode import each, first, member, nothing, one, wrong
from consul_proto.failures import hiding, missing_object
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import json_body, read_operation, write_operation
from consul_proto.paths import segment
from consul_proto.types.query import ExecuteOptions, ExplainOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.message import Response
    from consul_proto.types.options import DatacenterOption, DatacenterReadOptions
    from consul_proto.types.query import (
        PreparedQuery,
        PreparedQueryExecuteResponse,
        PreparedQueryExplainResponse,
        QueryDNSOptions,
        QueryTemplate,
        ServiceQuery,
    )

#: The client's settings that apply to a query. It has no namespace: its service names one.
_WRITE = ("datacenter",)
_READ = ("datacenter", "consistency")


def _body(
    service: ServiceQuery,
    name: str | None,
    session: str | None,
    token: str | None,
    dns: QueryDNSOptions | None,
    template: QueryTemplate | None,
) -> bytes:
    return json_body({"Name": name, "Session": session, "Token": token, "Service": service, "DNS": dns, "Template": template})


def _path(query: str, verb: str = "") -> str:
    return f"/v1/query/{segment(query, 'a prepared query')}{verb}"


def _found(response: Response) -> PreparedQueryExecuteResponse:
    """Return what a query found. The lists of an instance that Consul writes as null here are empty, as they are in `health.service`."""
    found = one(response)
    instances = found["Nodes"] = found.get("Nodes") or []
    if not isinstance(instances, list) or not all(
        isinstance(instance, dict) and isinstance(instance.get("Service"), dict) for instance in instances
    ):
        raise wrong("a list of objects with a Service", instances)
    for instance in instances:
        instance["Checks"] = instance.get("Checks") or []
        instance["Service"]["Tags"] = instance["Service"].get("Tags") or []
    return cast("PreparedQueryExecuteResponse", found)


class PreparedQueries(Namespace[M]):
    """Store queries for services, with filters and failover to other datacenters, and execute them by name."""

    @operation
    def create(
        self,
        service: ServiceQuery,
        *,
        name: str | None = None,
        session: str | None = None,
        token: str | None = None,
        dns: QueryDNSOptions | None = None,
        template: QueryTemplate | None = None,
        **options: Unpack[DatacenterOption],
    ) -> Operation[str]:
        """Create a prepared query and return its ID.

        client.query.create({"Service": "web", "OnlyPassing": True, "Failover": {"NearestN": 2}}, name="web")

        service: which instances to look for. name: for `execute` and for DNS, as in web.query.consul.
        session: the ID of a session; the query is deleted when it ends. Consul wants a name, a session or a template.
        token: the ACL token with which the query is executed, by everyone who may execute it; None: the token of each of these requests.
        dns: the TTL of DNS answers. template: makes this a query for every name that begins with `name`.

        Raises Forbidden, and ServerError for a name that is taken, a bad template, or a query without a service.
        https://developer.hashicorp.com/consul/api-docs/query#create-prepared-query
        """
        return write_operation(
            "query.create",
            "/v1/query",
            member("ID"),
            options,
            body=_body(service, name, session, token, dns, template),
            method="POST",
            defaults=_WRITE,
            explain=hiding([token or ""]),
        )

    @operation
    def list(self, **options: Unpack[DatacenterReadOptions]) -> Operation[builtins.list[PreparedQuery]]:
        """Return the prepared queries that the token may read. Those without a name are only for tokens that may manage ACLs.

        https://developer.hashicorp.com/consul/api-docs/query#list-prepared-queries
        """
        return read_operation("query.list", "/v1/query", each, options, defaults=_READ, blocks=None)

    @operation
    def read(self, query_id: str, **options: Unpack[DatacenterReadOptions]) -> Operation[PreparedQuery]:
        """Return a prepared query.

        query_id: its ID, not its name. Raises NotFound for an unknown ID, Forbidden, ServerError for an ID that is not a UUID.
        https://developer.hashicorp.com/consul/api-docs/query#read-prepared-query
        """
        return read_operation("query.read", _path(query_id), first("no such prepared query"), options, defaults=_READ, blocks=None)

    @operation
    def update(
        self,
        query_id: str,
        service: ServiceQuery,
        *,
        name: str | None = None,
        session: str | None = None,
        token: str | None = None,
        dns: QueryDNSOptions | None = None,
        template: QueryTemplate | None = None,
        **options: Unpack[DatacenterOption],
    ) -> Operation[bool]:
        """Replace a prepared query as a whole, and return True. For the parameters, see `create`.

        Raises NotFound for an unknown ID, Forbidden, ServerError.
        https://developer.hashicorp.com/consul/api-docs/query#update-prepared-query
        """
        body = _body(service, name, session, token, dns, template)
        explain = hiding([token or ""], missing_object)
        return write_operation("query.update", _path(query_id), nothing, options, body=body, defaults=_WRITE, explain=explain)

    @operation
    def delete(self, query_id: str, **options: Unpack[DatacenterOption]) -> Operation[bool]:
        """Delete a prepared query, and return True.

        Raises NotFound for an unknown ID, Forbidden, ServerError for an ID that is not a UUID.
        https://developer.hashicorp.com/consul/api-docs/query#delete-prepared-query
        """
        return write_operation("query.delete", _path(query_id), nothing, options, method="DELETE", defaults=_WRITE, explain=missing_object)

    @operation
    def execute(self, query_id_or_name: str, **options: Unpack[ExecuteOptions]) -> Operation[PreparedQueryExecuteResponse]:
        """Execute a prepared query, and return the instances that it found as `Nodes`.

        for found in client.query.execute("web", near="_agent")["Nodes"]:
            print(found["Node"]["Node"], found["Service"]["Port"])

        Instances that the token may not read are left out.
        Raises NotFound for an unknown query, and Forbidden if the query has a token that Consul does not know.
        https://developer.hashicorp.com/consul/api-docs/query#execute-prepared-query
        """
        path = _path(query_id_or_name, "/execute")
        return read_operation("query.execute", path, _found, options, defaults=_READ, blocks=None)

    @operation
    def explain(self, query_id_or_name: str, **options: Unpack[ExplainOptions]) -> Operation[PreparedQueryExplainResponse]:
        """Return a prepared query as it would be executed for this name: of a template, the query that it gives.

        Raises NotFound for an unknown query, Forbidden.
        https://developer.hashicorp.com/consul/api-docs/query#explain-prepared-query
        """
        path = _path(query_id_or_name, "/explain")
        return read_operation("query.explain", path, one, options, defaults=_READ, blocks=None)
