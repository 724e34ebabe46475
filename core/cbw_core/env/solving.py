"""One question to the solver, inside the worker, that can be asked again with other requirements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rattler import Gateway, MatchSpec, RepoDataRecord


class Unreachable(Exception):
    """A channel could not be read. The text is rattler's."""


@dataclass(frozen=True)
class Question:
    """What every solve for an environment has in common. sources: the channels, siblings first. priority: "strict",
    "flexible" (strict, and where that has no solution any channel) or "disabled"."""

    sources: list[Any]
    platforms: list[Any]
    gateway: Gateway
    virtual: list[Any]
    priority: str
    cache: Path

    async def ask(
        self, specs: Sequence[MatchSpec], constraints: Sequence[MatchSpec] = (), *, priority: str | None = None
    ) -> list[RepoDataRecord] | str:
        """The packages, or the solver's text where there is no solution. Raises Unreachable."""
        from rattler import ChannelPriority, MatchSpec
        from rattler import solve as rattler_solve
        from rattler.exceptions import FetchRepoDataError, GatewayError, SolverError

        # A gateway hands the solver only what matches the specs. With each name alone beside its spec it hands over all
        # of it: channel priority then means what conda means, and a conflict is explained with packages that exist.
        names = [MatchSpec(spec.name.normalized) for spec in specs if spec.channel is None and is_real(spec)]
        orders = {"strict": [ChannelPriority.Strict], "disabled": [ChannelPriority.Disabled]}.get(
            priority or self.priority, [ChannelPriority.Strict, ChannelPriority.Disabled]
        )
        text = ""
        for order in orders:
            try:
                return await rattler_solve(
                    self.sources,
                    [*specs, *names],
                    gateway=self.gateway,
                    platforms=self.platforms,
                    virtual_packages=self.virtual,
                    channel_priority=order,
                    channel_relations="disabled",
                    constraints=list(constraints),
                )
            except (GatewayError, FetchRepoDataError, OSError) as error:
                raise Unreachable(str(error)) from None
            except SolverError as error:
                text = text or str(error)
        return text

    async def candidates(self, name: str, platforms: Sequence[Any] | None = None) -> list[RepoDataRecord]:
        """Every package of a name in the channels, the newest last."""
        from rattler.exceptions import FetchRepoDataError, GatewayError

        where = self.platforms if platforms is None else list(platforms)
        try:
            rows = await self.gateway.query(self.sources, where, [name], recursive=False, channel_relations="disabled")
        except (GatewayError, FetchRepoDataError, OSError) as error:
            raise Unreachable(str(error)) from None
        return sorted((record for row in rows for record in row), key=lambda r: (r.version, r.build_number))

    async def names(self) -> list[str]:
        """Every name in the channels."""
        found = await self.gateway.names(self.sources, self.platforms, channel_relations="disabled")
        return [name.normalized for name in found]


def is_real(spec: MatchSpec) -> bool:
    """Whether a requirement is about a package that can be installed, not about a virtual one (`__glibc`)."""
    return spec.name is not None and not spec.name.normalized.startswith("__")
