"""What is good enough for a home that somebody relies on. Pure."""

from datetime import datetime, timedelta

from edge.alarm.sms.memory import ModemReport
from edge.health import HealthReport
from protocols.enrolment.reports import Check
from protocols.telemetry.messages import DeviceStatus, PowerStatus

WEAKEST_DBM = -85
"""Bluetooth receivers hear down to about -95 dBm; a person who stands in the way takes 10."""
WEAKEST_MODEM_DBM = -100
LOWEST_BATTERY_PERCENT = 20.0
MOST_WRONG = timedelta(seconds=10)


def clock(own: datetime, centre: datetime) -> Check:
    wrong = abs(own - centre)
    return Check(
        what="clock",
        passed=wrong <= MOST_WRONG,
        at=own,
        detail=f"{wrong.total_seconds():.0f} s beside the centre's; {MOST_WRONG.total_seconds():.0f} s are allowed",
    )


def signal(device: DeviceStatus, at: datetime) -> Check | None:
    """None for a device that is not on the air."""
    if device.rssi_dbm is None:
        return None
    passed = device.rssi_dbm >= WEAKEST_DBM
    more = "" if passed else "; put the gateway nearer, or turn its antenna"
    detail = f"{device.rssi_dbm} dBm, {device.rssi_dbm - WEAKEST_DBM} above the least{more}"
    return Check(what="signal", passed=passed, at=at, device=device.device, detail=detail)


def battery(device: DeviceStatus, at: datetime) -> Check | None:
    """None for a device that tells none."""
    if device.battery_percent is None:
        return None
    passed = device.battery_percent >= LOWEST_BATTERY_PERCENT
    detail = f"{device.battery_percent:.0f} %{'' if passed else '; put in a new one'}"
    return Check(what="battery", passed=passed, at=at, device=device.device, detail=detail)


def power(status: PowerStatus, at: datetime) -> Check:
    percent = status.battery_percent
    words = "on the mains" if status.mains else "the mains are away"
    filled = "" if percent is None else f", battery {percent:.0f} %"
    well = status.mains and (percent is None or percent >= LOWEST_BATTERY_PERCENT)
    return Check(what="power", passed=well, at=at, detail=words + filled)


def modem(report: ModemReport | None, since: datetime, at: datetime) -> Check | None:
    """The text that tests the whole way, sent since then and answered; None while it is on its way."""
    if report is None:
        return None
    if report.trouble is not None:
        return Check(what="sms", passed=False, at=at, detail=report.trouble)
    test = report.test
    if test is None or test.answered_at is None or test.sent_at < since.timestamp():
        return None
    weak = report.signal_dbm is not None and report.signal_dbm < WEAKEST_MODEM_DBM
    heard = "signal not known" if report.signal_dbm is None else f"{report.signal_dbm} dBm"
    return Check(
        what="sms",
        passed=not weak,
        at=at,
        detail=f"a test text was answered after {test.answered_at - test.sent_at:.0f} s, {heard}",
    )


def health(report: HealthReport, at: datetime) -> Check:
    """What the gateway itself complains of."""
    detail = "; ".join(report.problems)[:500] or "it is well"
    return Check(what="health", passed=not report.problems, at=at, detail=detail)
