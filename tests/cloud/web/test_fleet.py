from datetime import timedelta
from typing import Any

import pytest

from cloud.web.fleet.model import Gateway, Need, in_order, size
from tests.cloud.web.community import NOW


def create_gateway(home: str = "home-1", **changes: Any) -> Gateway:
    fields: dict[str, Any] = {
        "gateway_id": f"gw-{home}",
        "home_code": home,
        "address": "1 Street",
        "time_zone": "Asia/Shanghai",
        "online": True,
        "heard_at": NOW,
        "version": "0.1.0",
        "backlog_rows": 0,
        "backlog_bytes": 0,
        "oldest_at": None,
        "given_up": 0,
        "given_up_at": None,
        "receipts_refused": 0,
        "problem": None,
        "config_version": 0,
        "config_wanted": 0,
        "config_refused": None,
    }
    return Gateway(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "needs"),
    [
        ({}, []),
        ({"heard_at": None, "online": False}, [Need.NEVER_HEARD]),
        ({"online": False}, [Need.OFF_LINE]),
        ({"heard_at": NOW - timedelta(minutes=4)}, [Need.SILENT]),
        ({"oldest_at": NOW - timedelta(minutes=10), "backlog_rows": 3}, []),
        ({"oldest_at": NOW - timedelta(minutes=16), "backlog_rows": 3}, [Need.WAITS_LONG]),
        ({"given_up": 5, "given_up_at": NOW - timedelta(hours=3)}, [Need.GAVE_UP]),
        ({"given_up": 5, "given_up_at": NOW - timedelta(days=3)}, []),
        ({"config_version": 1, "config_wanted": 2}, []),
        ({"config_version": 1, "config_wanted": 2, "config_refused": "no link"}, [Need.CONFIGURATION]),
        ({"receipts_refused": 1, "problem": "receipts were refused"}, [Need.REFUSED, Need.PROBLEM]),
    ],
)
def test_what_needs_a_hand(changes: dict[str, Any], needs: list[Need]) -> None:
    assert create_gateway(**changes).needs(NOW) == needs


def test_the_gravest_comes_first() -> None:
    gateways = [
        create_gateway("home-1"),
        create_gateway("home-2", problem="a meter is silent"),
        create_gateway("home-3", online=False),
        create_gateway("home-0"),
    ]
    assert [row.home_code for row, _ in in_order(gateways, NOW)] == ["home-3", "home-2", "home-0", "home-1"]


@pytest.mark.parametrize(("count", "said"), [(0, "0 B"), (999, "999 B"), (12_300, "12 kB"), (3_400_000, "3.4 MB")])
def test_sizes(count: int, said: str) -> None:
    assert size(count) == said


def test_a_day_lived_fast_makes_no_home_silent() -> None:
    gateway = create_gateway(heard_at=NOW - timedelta(minutes=20))
    assert gateway.needs(NOW, speed=60) == []
    assert gateway.needs(NOW) == [Need.SILENT]
