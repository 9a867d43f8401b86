"""A configuration from the centre is taken once, and only where it is the centre's, newer, good, and keeps the link."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.config import load, load_with
from edge.remote.keeping import ConfigurationKeeper
from edge.remote.kept import NAME, read_kept
from edge.remote.starting import MOST_STARTS, count_start
from protocols.remote.signed import HomeConfiguration, sign, text_of
from protocols.remote.wanted import AlarmPart, BrokerPart, DevicePart, UplinkPart, Wanted
from protocols.telemetry.messages import ConfigurationMessage, encode
from tests.edge.conftest import CONFIG

MADE_AT = datetime(2026, 3, 1, tzinfo=UTC)
FILE = f"# the hall's gateway\n{CONFIG}\n[remote]\nlink_within_s = 300\nsteady_s = 10\n"


class Home:
    """The keeper of one gateway with a link, a clock and a centre that are told what to do."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "edge.toml"
        self.path.write_text(FILE.replace('data = "state"', 'data = "."'), encoding="utf-8")
        self.key = Ed25519PrivateKey.generate()
        self.known = True
        self.up = True
        self.nobody_calls = True
        self.now_s = 0.0
        self.began = 0
        self.begin()

    def begin(self) -> None:
        """As the process does at each start."""
        data = load(self.path).data
        data.mkdir(exist_ok=True)
        count_start(data)
        self.config = load(self.path)
        self.anew = False
        self.keeper = ConfigurationKeeper(
            self.config,
            key=lambda: self.key.public_key().public_bytes_raw() if self.known else None,
            fit=lambda wanted: load_with(self.path, wanted),
            link_up=lambda: self.up,
            free=lambda: self.nobody_calls,
            begin_anew=self._begin_anew,
            changed=lambda: None,
            monotonic_s=lambda: self.now_s,
        )

    def _begin_anew(self) -> None:
        self.anew = True
        self.began += 1

    def say(self, version: int, wanted: Wanted, gateway: str = "gw-test") -> None:
        told = HomeConfiguration(gateway=gateway, version=version, made_at=MADE_AT, wanted=wanted)
        self.hear(sign(text_of(told), self.key))

    def hear(self, message: ConfigurationMessage) -> None:
        self.keeper.arrived(encode(message))
        self.look()

    def look(self, after_s: float = 1.0) -> None:
        self.now_s += after_s
        self.keeper.look()

    def why(self) -> str:
        assert self.keeper.refused is not None
        return self.keeper.refused.why


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def wanting(status_s: float) -> Wanted:
    return Wanted(uplink=UplinkPart(status_s=status_s), alarm=AlarmPart(long_stay_min=20.0))


def test_one_that_keeps_the_link_is_kept_and_the_same_again_changes_nothing(home: Home) -> None:
    home.say(1, wanting(7.0))
    assert home.anew
    home.begin()
    assert (home.config.uplink.status_s, home.config.alarm.long_stay_min) == (7.0, 20.0)
    assert home.keeper.version == 1
    assert read_kept(home.config.data).trial is not None
    home.look(11.0)
    kept = (home.config.data / NAME).read_bytes()
    assert read_kept(home.config.data).trial is None
    home.say(1, wanting(7.0))
    home.begin()
    home.say(1, wanting(7.0))
    assert home.began == 1
    assert (home.config.data / NAME).read_bytes() == kept
    assert home.keeper.refused is None
    assert home.path.read_text(encoding="utf-8").startswith("# the hall's gateway")


def test_one_that_changes_nothing_is_in_force_without_a_new_start(home: Home) -> None:
    home.say(1, Wanted(uplink=UplinkPart(status_s=home.config.uplink.status_s)))
    assert (home.keeper.version, home.anew) == (1, False)


def test_what_is_not_the_centres_or_not_this_homes_is_refused(home: Home) -> None:
    told = text_of(HomeConfiguration(gateway="gw-test", version=1, made_at=MADE_AT, wanted=wanting(7.0)))
    signed = sign(told, home.key)
    for message in (
        sign(told, Ed25519PrivateKey.generate()),
        msgspec.structs.replace(signed, text=told.replace("7.0", "8.0")),
        msgspec.structs.replace(signed, signature=b""),
    ):
        home.hear(message)
        assert "signature" in home.why()
    home.say(1, wanting(7.0), gateway="gw-other")
    assert "another gateway" in home.why()
    home.keeper.arrived(b"{")
    home.look()
    assert "ConfigurationMessage" in home.why()
    assert home.began == 0
    assert not (home.config.data / NAME).exists()


def test_an_older_one_is_refused_also_after_a_refused_one(home: Home) -> None:
    home.say(4, wanting(7.0))
    home.begin()
    home.look(11.0)
    home.say(3, wanting(9.0))
    assert "older than version 4" in home.why()
    home.say(6, Wanted(device={"no-such-device": DevicePart(canary=True)}))
    assert "no-such-device" in home.why()
    home.say(5, wanting(9.0))
    assert "older than version 6" in home.why()
    home.begin()
    assert home.config.uplink.status_s == 7.0
    assert home.keeper.refused is not None
    assert home.keeper.refused.version == 6


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"gateway": "gw-evil"}, "gateway"),
        ({"receipts": {"public_key": "00"}}, "receipts"),
        ({"broker": {"identity": "/tmp"}}, "identity"),
        ({"broker": {"url": "mqtts://elsewhere.example"}}, "broker.url"),
        ({"uplink": {"status_s": 0}}, "status_s"),
        ({"alarm": {"sms": {"numbers": ["110"]}}}, "numbers"),
        ({"updates": {"release": "../../etc"}}, "release"),
        ({"device": {"x": {"bind_key": "00"}}}, "bind_key"),
    ],
)
def test_what_a_centre_may_not_change_or_is_wrong_is_refused(home: Home, wanted: dict[str, object], why: str) -> None:
    text = msgspec.json.encode({"gateway": "gw-test", "version": 1, "made_at": MADE_AT, "wanted": wanted}).decode()
    home.hear(sign(text, home.key))
    assert why in home.why()
    assert home.keeper.refused is not None
    assert home.keeper.refused.version == 1
    assert not home.anew


def test_one_that_costs_the_link_is_taken_back_and_not_tried_again(home: Home) -> None:
    home.say(1, wanting(7.0))
    home.begin()
    home.look(11.0)
    lost = Wanted(broker=BrokerPart(url="mqtt://elsewhere.example:1883"))
    home.say(2, lost)
    home.begin()
    assert home.config.broker.address == ("elsewhere.example", 1883)
    home.up = False
    home.look(200.0)
    assert home.began == 2
    home.look(101.0)
    assert home.began == 3
    home.begin()
    assert (home.keeper.version, home.config.uplink.status_s) == (1, 7.0)
    assert "no link to the centre" in home.why()
    home.up = True
    home.say(2, lost)
    home.look(400.0)
    assert home.began == 3
    home.say(3, wanting(8.0))
    home.begin()
    assert (home.keeper.version, home.keeper.refused) == (3, None)


def test_a_link_that_comes_and_goes_is_not_yet_a_link_that_stands(home: Home) -> None:
    home.say(1, wanting(7.0))
    home.begin()
    for _ in range(5):
        home.up = True
        home.look(6.0)
        home.up = False
        home.look(6.0)
    assert read_kept(home.config.data).trial is not None


def test_one_with_which_the_gateway_does_not_stay_up_is_taken_back(home: Home) -> None:
    home.say(1, wanting(7.0))
    for _ in range(MOST_STARTS):
        home.begin()
        assert home.keeper.version == 1
    home.begin()
    assert home.keeper.version == 0
    assert "did not stay up" in home.why()


def test_it_waits_while_somebody_calls_and_while_the_centres_key_is_unknown(home: Home) -> None:
    home.known, home.nobody_calls = False, False
    home.say(1, wanting(7.0))
    assert home.keeper.refused is None
    assert not (home.config.data / NAME).exists()
    home.known = True
    home.look()
    assert (home.config.data / NAME).exists()
    assert home.began == 0
    home.nobody_calls = True
    home.look()
    assert home.began == 1


def test_a_file_repaired_by_hand_that_it_no_longer_fits_begins_without_it(home: Home) -> None:
    name = home.config.devices[0].name
    home.say(1, Wanted(device={name: DevicePart(heard_within_s=60.0)}))
    home.begin()
    home.look(11.0)
    assert home.config.devices[0].heard_within_s == 60.0
    home.path.write_text(home.path.read_text(encoding="utf-8").replace(name, "another-name"), encoding="utf-8")
    home.begin()
    assert home.keeper.version == 0


def test_a_home_that_takes_none_says_so(home: Home) -> None:
    home.path.write_text(home.path.read_text(encoding="utf-8") + "accept = false\n", encoding="utf-8")
    home.begin()
    home.say(1, wanting(7.0))
    assert "remote.accept" in home.why()
