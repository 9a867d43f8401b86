"""The way to the broker: name, port, TLS, and whether it lets this gateway in."""

import secrets
import socket
import ssl

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.config import EdgeConfig
from edge.identity.errors import NoIdentity
from edge.identity.line_tls import LineTls
from edge.install.doctor.finding import Finding, ill
from edge.reasons import is_about_time, reason_of

_PART = "broker"
_WITHIN_S = 8.0


def look(config: EdgeConfig) -> Finding:
    """Connects as the gateway does, without a session and under another client id; nothing is said or heard."""
    host, port = config.broker.address
    at = f"{host}:{port}"
    try:
        with socket.create_connection((host, port), timeout=_WITHIN_S):
            pass
    except socket.gaierror:
        return ill(_PART, f"the name {host} is not known", "see that the network is up and broker.url is right")
    except TimeoutError:
        return ill(_PART, f"{at} does not answer: something on the way blocks the port", f"let TCP port {port} out")
    except OSError as error:
        return ill(
            _PART,
            f"{at} takes no connection ({reason_of(error)}): the broker is down, or a wall refuses port {port}",
            f"ask the centre whether its broker runs; let TCP port {port} out",
        )
    return _let_in(config, at)


def _let_in(config: EdgeConfig, at: str) -> Finding:
    heard: list[str] = []
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"{config.gateway}-doctor-{secrets.token_hex(4)}",
        protocol=MQTTProtocolVersion.MQTTv5,
    )
    client.connect_timeout = _WITHIN_S
    if config.broker.is_secure:
        try:
            client.tls_set_context(LineTls(config.identity_path).context)
        except NoIdentity as error:
            return ill(_PART, str(error), "enrol this machine first")
    client.on_connect = lambda _client, _data, _flags, reason, _properties: heard.append(str(reason))
    host, port = config.broker.address
    try:
        client.connect(host, port, keepalive=10)
        while not heard and client.loop(timeout=_WITHIN_S) is mqtt.MQTT_ERR_SUCCESS:
            pass
    except ssl.SSLCertVerificationError as error:
        if is_about_time(error):
            return ill(
                _PART,
                f"{at} shows a certificate that is not in force by this machine's clock ({error.verify_message})",
                "see clock, above; where that is right, ask the centre to renew the broker's certificate",
            )
        return ill(
            _PART,
            f"{at} shows a certificate that is not the centre's ({error.verify_message})",
            "see that broker.url names the centre; where the centre has a new authority, enrol anew",
        )
    except OSError as error:  # ssl's other errors among them
        return _refused(at, reason_of(error))
    finally:
        client.disconnect()
    return Finding(part=_PART, says=f"{at} lets this gateway in") if heard == ["Success"] else _refused(at, *heard)


def _refused(at: str, *words: str) -> Finding:
    why = f" ({words[0]})" if words else ""
    return ill(
        _PART,
        f"{at} refuses this gateway{why}: its certificate has ended, was revoked, or is another centre's",
        "have the centre draw a code (`doorstep-cloud claim GATEWAY`) and run `doorstep-edge enrol` with it",
    )
