"""Two gateways from one card send different readings under the same numbers of one outbox. Pure.

Who comes second is refused whole: an outbox at the centre is of one chain only. The receipt names that chain's hash,
and the second gateway finds by it that it must begin an outbox of its own, and sends everything again in that.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from cloud.readings.model import Delivery
from protocols.telemetry.chain import digest_of, next_link


def links_of(delivery: Delivery) -> dict[int, bytes]:
    """The running hash after each number that came with `delivery`, and after the one before them; empty where its
    gateway tells none."""
    if delivery.chain is None:
        return {}
    digests = {number: digest_of(reading) for number, reading in zip(delivery.numbers, delivery.readings, strict=True)}
    digests.update(delivery.odd)
    link = delivery.chain[0]
    links = {delivery.first - 1: link}
    for number in range(delivery.first, delivery.first + delivery.count):
        link = next_link(link, digests[number])
        links[number] = link
    links[delivery.first + delivery.count - 1] = delivery.chain[1]
    return links


def contradicts(links: Mapping[int, bytes], known: Mapping[int, bytes]) -> bool:
    """Whether they differ in any number that both have."""
    return any(known.get(number, link) != link for number, link in links.items())


def of_another_chain(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Those of `deliveries`, which came together, that cannot be of one chain with those before them."""
    by_outbox: defaultdict[tuple[str, int], list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        if delivery.chain is not None:
            by_outbox[delivery.gateway, delivery.epoch].append(delivery)
    return [
        strange
        for together in by_outbox.values()
        if len(together) > 1 and not _follow_each_other(together)
        for strange in _of_another_chain(together)
    ]


def _follow_each_other(together: Sequence[Delivery]) -> bool:
    """Nearly always: in their order, and of one chain where they touch."""
    for one, other in pairwise(together):
        end = one.first + one.count
        if other.first < end or (other.first == end and one.chain and other.chain and one.chain[1] != other.chain[0]):
            return False
    return True


def _of_another_chain(together: Sequence[Delivery]) -> list[Delivery]:
    strange, known = [], dict[int, bytes]()
    for delivery in together:
        links = links_of(delivery)
        if contradicts(links, known):
            strange.append(delivery)
        else:
            known.update(links)
    return strange
