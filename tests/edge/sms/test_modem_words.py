"""What `doorstep-edge status` says of the modem."""

from datetime import UTC, datetime

import pytest

from edge.alarm.sms.memory import ModemReport, SmsTest
from edge.status import modem_words

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SECONDS = NOW.timestamp()


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (ModemReport(operator="Net", signal_dbm=-71), "Net, -71 dBm"),
        (ModemReport(trouble="no SIM is in the modem"), "no SIM is in the modem"),
        (ModemReport(roaming=True), "in a network, roaming, signal not known"),
        (
            ModemReport(operator="Net", last_sent_at=SECONDS - 60, last_delivered=True),
            "Net, signal not known; last text 60 s ago, delivered",
        ),
        (
            ModemReport(operator="Net", test=SmsTest(alarm="a", sent_at=SECONDS - 7200)),
            "Net, signal not known; last test 2 h ago, not answered",
        ),
    ],
)
def test_words(report: ModemReport, words: str) -> None:
    assert modem_words(report, NOW) == words
