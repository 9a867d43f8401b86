"""`doorstep-edge status`: the outbox from its file, the rest from the running process."""

import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

import msgspec
from rich.table import Table

from edge.alarm.sms.memory import ModemReport
from edge.config import EdgeConfig
from edge.health import HealthReport
from edge.outbox import OutboxFigures, outbox_figures
from protocols.telemetry.messages import DrillStatus, PowerStatus, RadioStatus

ANSWER_WITHIN_S = 5.0


@dataclass(frozen=True)
class GatewayStatus:
    gateway: str
    outbox: OutboxFigures
    report: HealthReport | None
    """None where no gateway answers on the health port."""
    health_port: int

    @property
    def problems(self) -> tuple[str, ...]:
        if self.report is not None:
            return self.report.problems
        if self.health_port == 0:
            return ("health.port is 0 in the configuration, so the running gateway cannot be asked",)
        return (f"no gateway answers on health.port {self.health_port}; start it with: doorstep-edge run",)

    @property
    def well(self) -> bool:
        return self.report is not None and self.report.well

    def to_json(self) -> str:
        backlog = self.outbox.backlog
        fields = {
            "gateway": self.gateway,
            "running": self.report is not None,
            "well": self.well,
            "problems": self.problems,
            "epoch": self.outbox.epoch,
            "readings_taken": self.outbox.taken,
            "backlog": {"rows": backlog.rows, "bytes": backlog.bytes, "oldest_at": backlog.oldest_at},
            "given_up": self.outbox.given_up,
            "broker_connected": self.report is not None and self.report.broker_connected,
            "alarm_line_connected": self.report is not None and self.report.alarm_line_connected,
            "radio": None if self.report is None else self.report.radio,
            "modem": None if self.report is None else self.report.modem,
            "power": None if self.report is None else self.report.power,
            "drill": None if self.report is None else self.report.drill,
            "devices": () if self.report is None else self.report.devices,
        }
        return msgspec.json.encode(fields).decode()

    def conclusion(self) -> str:
        rows = self.outbox.backlog.rows
        waiting = "nothing waits" if rows == 0 else f"{rows} readings wait for their receipt"
        return f"{self.gateway}: {'well' if self.well else 'not well'}, {waiting}"


def ask_status(config: EdgeConfig) -> GatewayStatus:
    """Raises Permanent where no gateway ever ran with this data folder."""
    return GatewayStatus(config.gateway, outbox_figures(config.outbox_path), ask_health(config), config.health.port)


def ask_health(config: EdgeConfig) -> HealthReport | None:
    """What the running gateway says of itself; None where none answers."""
    if config.health.port == 0:
        return None
    url = f"http://{config.health.host}:{config.health.port}/health"
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_WITHIN_S) as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read() if error.code == HTTPStatus.SERVICE_UNAVAILABLE else b""
        error.close()
    except OSError:
        return None
    try:
        return msgspec.json.decode(body, type=HealthReport)
    except msgspec.DecodeError:
        return None  # something else listens there


def status_table(found: GatewayStatus, now: datetime) -> Table:
    backlog = found.outbox.backlog
    table = Table(title=f"Gateway {found.gateway}", title_justify="left")
    table.add_column("What")
    table.add_column("Value")
    table.add_row("readings taken", str(found.outbox.taken))
    oldest = "" if backlog.oldest_at is None else f", oldest {_ago(backlog.oldest_at, now)}"
    table.add_row("waiting in the outbox", f"{backlog.rows} readings, {backlog.bytes} bytes{oldest}")
    for entry in found.outbox.given_up:
        when = f"since {entry.since:%Y-%m-%d %H:%M} UTC, last {_ago(entry.last_at, now)}"
        table.add_row("given up, the outbox was full", f"{entry.readings} {entry.worth} readings {when}")
    if found.report is not None:
        table.add_row("broker", "connected" if found.report.broker_connected else "away")
        table.add_row("alarm path", "connected" if found.report.alarm_line_connected else "away")
        if found.report.power is not None:
            table.add_row("power", _power_words(found.report.power, now))
        if found.report.drill is not None:
            table.add_row("last drill", _drill_words(found.report.drill, now))
        if found.report.radio is not None:
            table.add_row("radio", _radio_words(found.report.radio, now))
        if found.report.modem is not None:
            table.add_row("modem for texts", modem_words(found.report.modem, datetime.now(UTC)))
        for device in found.report.devices:
            heard = "never heard" if device.heard_at is None else f"heard {_ago(device.heard_at, now)}"
            battery = "" if device.battery_percent is None else f", battery {device.battery_percent:.0f} %"
            trouble = "" if device.trouble is None else f"; {device.trouble}"
            table.add_row(device.device, heard + battery + trouble)
    return table


def modem_words(modem: ModemReport, now: datetime) -> str:
    """`now` by the wall clock, as networks have it."""
    signal = "signal not known" if modem.signal_dbm is None else f"{modem.signal_dbm} dBm"
    words = [modem.trouble or f"{modem.operator or 'in a network'}{', roaming' if modem.roaming else ''}, {signal}"]
    if modem.last_sent_at is not None:
        delivered = {True: ", delivered", False: ", not delivered", None: ""}[modem.last_delivered]
        words.append(f"last text {_ago(datetime.fromtimestamp(modem.last_sent_at, UTC), now)}{delivered}")
    if modem.test is not None:
        sent = _ago(datetime.fromtimestamp(modem.test.sent_at, UTC), now)
        words.append(f"last test {sent}, {'not answered' if modem.test.answered_at is None else 'answered'}")
    return "; ".join(words)


def _power_words(power: PowerStatus, now: datetime) -> str:
    words = "mains" if power.mains else "on its battery, the mains are lost"
    battery = "" if power.battery_percent is None else f", battery {power.battery_percent:.0f} %"
    return f"{words}{'' if power.since is None else f', since {_ago(power.since, now)}'}{battery}"


def _drill_words(drill: DrillStatus, now: datetime) -> str:
    if drill.answered_at is None:
        answered = "none answered yet"
    else:
        how = f"from {drill.by}" if drill.by else "put in at the receiver"
        answered = f"answered {_ago(drill.answered_at, now)}, {how}"
    return answered if drill.failed_at is None else f"{answered}; failed {_ago(drill.failed_at, now)}"


def _radio_words(radio: RadioStatus, now: datetime) -> str:
    heard = "nothing heard yet" if radio.heard_at is None else f"heard {_ago(radio.heard_at, now)}"
    if radio.last_power_cycle_at is None:
        return heard
    return f"{heard}; switched off and on {radio.power_cycles} times, last {_ago(radio.last_power_cycle_at, now)}"


def _ago(at: datetime, now: datetime) -> str:
    seconds = max(0, round((now - at).total_seconds()))
    if seconds < 120:
        return f"{seconds} s ago"
    return f"{seconds // 60} min ago" if seconds < 7200 else f"{seconds // 3600} h ago"
