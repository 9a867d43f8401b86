"""A whole community into the database, in one transaction; again and again without harm."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from cloud.identity.store import upsert_staff
from cloud.registry import store
from cloud.registry.model import Community, Level, StaffMember
from cloud.registry.work.store import set_work
from protocols.configuration import ConfigurationError


@dataclass(frozen=True)
class Seeded:
    regions: int
    homes: int
    elders: int
    gateways: int
    devices: int
    staff: int

    def __str__(self) -> str:
        return (
            f"{self.regions} regions, {self.homes} homes, {self.elders} elders, {self.gateways} gateways, "
            f"{self.devices} devices, {self.staff} staff"
        )


def seed(connection: store.Connection, community: Community, environment: Mapping[str, str] = os.environ) -> Seeded:
    """Makes what is missing and changes what differs; removes nothing but contacts that the file no longer names.

    Raises ConfigurationError for a password variable that is not set, and Conflict where two people would wear one
    device at once; then nothing is changed.
    """
    passwords = {member.login: _password(member, environment) for member in community.staff}
    with connection.transaction():
        for region in sorted(community.region, key=lambda region: list(Level).index(region.level)):
            store.upsert_region(connection, region)
        for home in community.home:
            store.upsert_home(connection, home)
        for elder in community.elder:
            store.upsert_elder(connection, elder)
        for gateway in community.gateway:
            store.upsert_gateway(connection, gateway)
        for member in community.staff:
            upsert_staff(
                connection,
                login=member.login,
                name=member.name,
                role=member.role,
                region_id=store.id_of(connection, "region", member.region),
                phone=member.phone,
                password=passwords[member.login],
            )
            set_work(connection, member)
    return Seeded(
        regions=len(community.region),
        homes=len(community.home),
        elders=len(community.elder),
        gateways=len(community.gateway),
        devices=sum(len(gateway.device) for gateway in community.gateway),
        staff=len(community.staff),
    )


def _password(member: StaffMember, environment: Mapping[str, str]) -> str:
    if member.password is not None:
        return member.password
    password = environment.get(member.password_env or "", "")
    if not password:
        raise ConfigurationError(f"staff {member.login}: the environment variable {member.password_env} is not set")
    return password
