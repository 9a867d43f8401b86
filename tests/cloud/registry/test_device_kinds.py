"""A community and its gateways call devices by the same words."""

from cloud.registry.model import DeviceKind
from protocols.device_kind import DeviceKind as GatewayKind


def test_the_words_are_the_same_and_one_more() -> None:
    assert {kind.value for kind in DeviceKind} == {kind.value for kind in GatewayKind} | {"unknown"}
