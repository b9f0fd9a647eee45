"""Autopilot, which watches and removes servers. https://developer.hashicorp.com/consul/api-docs/operator/autopilot"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from consul_proto.decode import boolean, one
from consul_proto.durations import go_duration
from consul_proto.errors import RateLimited, words
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import json_body, read_operation, write_operation
from consul_proto.types.operator import AutopilotWriteOptions
from consul_proto.types.options import DatacenterOption, DatacenterReadOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.durations import Duration
    from consul_proto.message import Response
    from consul_proto.types.operator import AutopilotConfig, AutopilotHealth, AutopilotState

#: The status is the health of the servers: 429 with the same body says that some server is unhealthy.
#: https://developer.hashicorp.com/consul/api-docs/operator/autopilot#read-health
_HEALTH_ANSWERS = (200, 429)

_DEFAULTS = ("datacenter", "consistency")


def _health(response: Response) -> AutopilotHealth:
    """Return the health. A 429 without JSON is a rate limit."""
    if response.status == 429 and not response.body.lstrip().startswith(b"{"):
        raise RateLimited(words(response.body) or "too many requests", maybe_applied=False)
    return cast("AutopilotHealth", one(response))


class Autopilot(Namespace[M]):
    """Autopilot, which watches and removes servers."""

    @operation
    def config_get(self, **options: Unpack[DatacenterReadOptions]) -> Operation[AutopilotConfig]:
        """Return the configuration of autopilot. Raises Forbidden, NoLeader, ServerError.

        https://developer.hashicorp.com/consul/api-docs/operator/autopilot#read-configuration
        """
        path = "/v1/operator/autopilot/configuration"
        return read_operation("operator.autopilot.config_get", path, one, options, defaults=_DEFAULTS, blocks=None)

    @operation
    def config_set(
        self,
        *,
        cleanup_dead_servers: bool | None = None,
        last_contact_threshold: Duration | None = None,
        max_trailing_logs: int | None = None,
        min_quorum: int | None = None,
        server_stabilization_time: Duration | None = None,
        redundancy_zone_tag: str | None = None,
        disable_upgrade_migration: bool | None = None,
        upgrade_version_tag: str | None = None,
        **options: Unpack[AutopilotWriteOptions],
    ) -> Operation[bool]:
        """Replace the configuration of autopilot. Return whether it was written: False only with `cas`.

        What is left out gets Consul's default (before 1.9: zero), not its present value; so read the configuration first.

        cleanup_dead_servers: remove failed servers when a new one joins.
        last_contact_threshold, max_trailing_logs: how far a healthy server may be behind the leader: a duration, and log entries.
        min_quorum: do not remove servers if fewer would be left. server_stabilization_time: how long a new server must be healthy first.
        redundancy_zone_tag, disable_upgrade_migration, upgrade_version_tag: Consul Enterprise.
        cas: write only if the ModifyIndex is still this one.

        Raises ClientError for a wrong value, Forbidden, NoLeader, ServerError.
        https://developer.hashicorp.com/consul/api-docs/operator/autopilot#update-configuration
        """
        members = {
            "CleanupDeadServers": cleanup_dead_servers,
            "LastContactThreshold": None if last_contact_threshold is None else go_duration(last_contact_threshold),
            "MaxTrailingLogs": max_trailing_logs,
            "MinQuorum": min_quorum,
            "ServerStabilizationTime": None if server_stabilization_time is None else go_duration(server_stabilization_time),
            "RedundancyZoneTag": redundancy_zone_tag,
            "DisableUpgradeMigration": disable_upgrade_migration,
            "UpgradeVersionTag": upgrade_version_tag,
        }
        path = "/v1/operator/autopilot/configuration"
        return write_operation("operator.autopilot.config_set", path, boolean, options, body=json_body(members), defaults=("datacenter",))

    @operation
    def health(self, **options: Unpack[DatacenterOption]) -> Operation[AutopilotHealth]:
        """Return the health of the servers. An unhealthy cluster is an answer, not an error: see its member Healthy.

        Raises Forbidden, NoLeader, ServerError.
        https://developer.hashicorp.com/consul/api-docs/operator/autopilot#read-health
        """
        return read_operation(
            "operator.autopilot.health",
            "/v1/operator/autopilot/health",
            _health,
            options,
            defaults=("datacenter",),
            answers=_HEALTH_ANSWERS,
            blocks=None,
        )

    @operation
    def state(self, **options: Unpack[DatacenterReadOptions]) -> Operation[AutopilotState]:
        """Return autopilot's view of the servers: their health, who leads, who votes. Since 1.9.

        Raises Forbidden, NoLeader, ServerError.
        https://developer.hashicorp.com/consul/api-docs/operator/autopilot#read-the-autopilot-state
        """
        path = "/v1/operator/autopilot/state"
        return read_operation("operator.autopilot.state", path, one, options, defaults=_DEFAULTS, blocks=None)
