import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.telemetry import topics

gateways = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)
channels = st.sampled_from((*topics.GATEWAY_SAYS, *topics.GATEWAY_HEARS))


def test_topic_of_the_contract() -> None:
    assert topics.topic("home-1", topics.READINGS) == "doorstep/v1/home-1/readings"
    assert topics.all_gateways(topics.ALARM) == "doorstep/v1/+/alarm"


@given(gateways, channels)
def test_gateway_is_read_back(gateway: str, channel: str) -> None:
    assert topics.gateway_of(topics.topic(gateway, channel)) == gateway


@pytest.mark.parametrize(
    "gateway", ["", "Home", "home 1", "home/2", "+", "#", "home+", "../x", "-home", "home\n", "家", "a" * 64]
)
def test_name_that_could_leave_its_branch_is_refused(gateway: str) -> None:
    with pytest.raises(ValueError, match="is not of the form"):
        topics.topic(gateway, topics.READINGS)
    with pytest.raises(ValueError, match="is not doorstep/v1/GATEWAY/CHANNEL"):
        topics.gateway_of(f"doorstep/v1/{gateway}/readings")


@pytest.mark.parametrize(
    "name", ["", "doorstep/v1/home", "doorstep/v2/home/readings", "other/v1/home/readings", "doorstep/v1/home/a/b"]
)
def test_topic_outside_the_contract_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not doorstep/v1"):
        topics.gateway_of(name)


@given(st.text(max_size=80))
def test_any_text_is_a_topic_of_a_gateway_or_refused(name: str) -> None:
    try:
        gateway = topics.gateway_of(name)
    except ValueError:
        return
    assert name.startswith(f"doorstep/v1/{gateway}/")
