"""Changes as a person types them become the next version, or are refused in a sentence."""

import pytest

from cloud.remote.model import as_lines, changed
from protocols.configuration import ConfigurationError
from protocols.remote.wanted import DevicePart, Wanted


def test_what_is_not_named_stays_and_an_empty_value_gives_a_key_back() -> None:
    first = changed(
        Wanted(),
        ["alarm.long_stay_min=30", 'alarm.sms.numbers=["+8613800000000"]', 'device."gpio:17".canary=true'],
    )
    second = changed(first, ["alarm.long_stay_min=", "updates.release=0.2.0"])
    assert first.alarm is not None
    assert first.alarm.long_stay_min == 30
    assert second.device == {"gpio:17": DevicePart(canary=True)}
    assert second.alarm is not None
    assert second.alarm.long_stay_min is None
    assert second.updates is not None
    assert second.updates.release == "0.2.0"
    assert changed(Wanted(), ["updates.release=1.10"]) == changed(Wanted(), ['updates.release="1.10"'])
    assert changed(second, ['device."gpio:17".canary=', "updates.release=", "alarm.sms.numbers="]) == Wanted()


def test_what_is_shown_can_be_typed() -> None:
    wanted = changed(Wanted(), ['device."ble:C0:FF".heard_within_s=60', "alarm.voice=['zh']", "uplink.status_s=5"])
    assert changed(Wanted(), as_lines(wanted)) == wanted


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("gateway=gw-evil", "gateway"),
        ("receipts.public_key=00", "receipts"),
        ("broker.identity=/tmp", "identity"),
        ("alarm.long_stay_min=-1", "alarm.long_stay_min"),
        ("alarm.long_stay_min", "KEY=VALUE"),
        ("alarm..x=1", "expected a key"),
        ("alarm.sms.numbers=[]", "alarm.sms.numbers"),
        ("updates.release=../../etc", "updates.release"),
    ],
)
def test_what_no_gateway_takes_is_refused_at_once(change: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why.replace(".", r"\.")):
        changed(Wanted(), [change])
