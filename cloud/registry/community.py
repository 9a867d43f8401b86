"""A community file -> a `Community` whose references all lead somewhere. Pure but for reading the file."""

import zoneinfo
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from cloud.registry.model import Community, Level, SharingRule, Wearing
from cloud.registry.regions.codes import level_of, lies_in
from cloud.registry.usual_times import minutes_of
from protocols.configuration import ConfigurationError, decode_configuration
from protocols.telemetry.topics import STATUS, topic

_LEAST_LINK = 12
_WIDTH = {level: place for place, level in enumerate(Level)}


def read_community(path: Path) -> Community:
    """Raises ConfigurationError, one sentence that names file, key and expected form."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
    return decode_community(text, str(path))


def decode_community(text: str, source: str) -> Community:
    community = decode_configuration(Community, text, source)
    for complaint in _complaints(community):
        raise ConfigurationError(f"{source}: {complaint}")
    return community


def _complaints(community: Community) -> Iterable[str]:
    yield from _twice("region", "code", (region.code for region in community.region))
    yield from _twice("home", "code", (home.code for home in community.home))
    yield from _twice("elder", "code", (elder.code for elder in community.elder))
    yield from _twice("gateway", "name", (gateway.name for gateway in community.gateway))
    yield from _twice("staff", "login", (member.login for member in community.staff))
    yield from _region_complaints(community)
    yield from _home_complaints(community)
    yield from _elder_complaints(community)
    yield from _gateway_complaints(community)
    yield from _staff_complaints(community)


def _twice(table: str, key: str, codes: Iterable[str]) -> Iterable[str]:
    for code, times in Counter(codes).items():
        if times > 1:
            yield f"{table}: {key} {code!r} stands {times} times; each needs its own"


def _region_complaints(community: Community) -> Iterable[str]:
    regions = {region.code: region for region in community.region}
    for region in community.region:
        level = level_of(region.code)
        if level is not None and level is not region.level:
            yield f"region {region.code}: level: by its code (GB/T 2260) it is a {level}, not a {region.level}"
        if region.parent is None:
            continue
        parent = regions.get(region.parent)
        if parent is None:
            yield f"region {region.code}: parent: there is no region {region.parent!r} in this file"
        elif _WIDTH[parent.level] >= _WIDTH[region.level]:
            yield f"region {region.code}: parent: a {region.level} does not lie in a {parent.level}"
        elif level is not None and level_of(parent.code) is not None and not lies_in(region.code, parent.code):
            yield f"region {region.code}: parent: by its code (GB/T 2260) it does not lie in {parent.code}"


def _home_complaints(community: Community) -> Iterable[str]:
    regions = {region.code for region in community.region}
    for home in community.home:
        if home.region not in regions:
            yield f"home {home.code}: region: there is no region {home.region!r} in this file"
        if home.time_zone not in zoneinfo.available_timezones():
            yield f"home {home.code}: time_zone: {home.time_zone!r} is no IANA zone such as 'Asia/Shanghai'"
    places = {f"region {region.code}": (region.latitude, region.longitude) for region in community.region}
    places |= {f"home {home.code}": (home.latitude, home.longitude) for home in community.home}
    for name, (latitude, longitude) in places.items():
        if (latitude is None) != (longitude is None):
            yield f"{name}: give latitude and longitude, or neither"


def _elder_complaints(community: Community) -> Iterable[str]:
    homes = {home.code for home in community.home}
    for elder in community.elder:
        if elder.home not in homes:
            yield f"elder {elder.code}: home: there is no home {elder.home!r} in this file"
        if elder.link is not None and len(elder.link) < _LEAST_LINK:
            yield f"elder {elder.code}: link: at least {_LEAST_LINK} characters, since it opens a page"
    links = (elder.link for elder in community.elder if elder.link is not None)
    if len(set(links)) < sum(elder.link is not None for elder in community.elder):
        yield "elder: link: two elders have the same; each needs their own"


def _gateway_complaints(community: Community) -> Iterable[str]:
    homes = {home.code for home in community.home}
    elders = {elder.code for elder in community.elder}
    for gateway in community.gateway:
        try:
            topic(gateway.name, STATUS)
        except ValueError as error:
            yield f"gateway {gateway.name}: name: {error}"
        if gateway.home not in homes:
            yield f"gateway {gateway.name}: home: there is no home {gateway.home!r} in this file"
        yield from _twice(f"gateway {gateway.name}: device", "name", (device.name for device in gateway.device))
        for device in gateway.device:
            place = f"gateway {gateway.name}: device {device.name}"
            for wearing in device.wearings():
                if wearing.elder not in elders:
                    yield f"{place}: wearer: there is no elder {wearing.elder!r} in this file"
                yield from _wearing_complaints(place, wearing)
            if device.rule is SharingRule.BY_TIME and not any(wearing.usual for wearing in device.wearings()):
                yield f'{place}: rule: by_time needs `usual` of at least one wearing, such as ["06:30-08:00"]'


def _wearing_complaints(place: str, wearing: Wearing) -> Iterable[str]:
    if any(_is_naive(at) for at in (wearing.begin, wearing.until)):
        yield f"{place}: wearing: from and until need a zone, such as 2026-03-01T00:00:00+08:00"
    elif wearing.begin and wearing.until and wearing.begin >= wearing.until:
        yield f"{place}: wearing: until must be later than from"
    for text in wearing.usual:
        try:
            minutes_of(text)
        except ValueError as error:
            yield f"{place}: wearing: usual: {error}"


def _is_naive(at: datetime | None) -> bool:
    return at is not None and at.tzinfo is None


def _staff_complaints(community: Community) -> Iterable[str]:
    regions = {region.code for region in community.region}
    for member in community.staff:
        if member.region not in regions:
            yield f"staff {member.login}: region: there is no region {member.region!r} in this file"
        if (member.password is None) == (member.password_env is None):
            yield f"staff {member.login}: give either password or password_env"
        hours = (member.works_from, member.works_to)
        if None in hours and hours != (None, None):
            yield f"staff {member.login}: give works_from and works_to, or neither"
        elif member.works_from is not None and member.works_to is not None and member.works_from >= member.works_to:
            yield f"staff {member.login}: works_to: expected a time later than works_from"
