"""Microseconds a frame of our decoders, beside bthome-ble and glucometerutils for the same bytes.

From the bytes on the air or the line to values: frame, check value and record. bthome-ble also makes the entities of a
home automation; glucometerutils (from the checkout that DOORSTEP_GLUCOMETERUTILS names, see
tests/integration/test_outside_glucometerutils.py) is timed in its own interpreter.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bleak.backends.device import BLEDevice
from bthome_ble.parser import BTHomeBluetoothDeviceData
from habluetooth import BluetoothServiceInfoBleak

from protocols.adverts.bthome import BTHOME_UUID, decode_bthome, encode_bthome
from protocols.adverts.bthome_objects import BATTERY, HUMIDITY, MOTION, TEMPERATURE
from protocols.serial.lifescan import frame as lifescan
from protocols.serial.lifescan import ultra2, ultraeasy, verio_iq
from protocols.serial.sd_biosensor import codefree
from protocols.serial.sd_biosensor import frame as sd_biosensor

MAC = "54:48:E6:8F:80:A5"
KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")
AT = datetime(2026, 3, 1, 7, 42)
PEER = Path(__file__).with_name("_glucometerutils_peer.py")
FRAMES = 2000
Decode = Callable[[bytes], object]


@dataclass(frozen=True)
class Case:
    name: str
    peer: str
    frames: Sequence[bytes]
    decode: Decode


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench codecs", description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="runs of each; the median counts (default 7)")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    checkout = os.environ.get("DOORSTEP_GLUCOMETERUTILS")
    if checkout is None:
        print("bench: no checkout of glucometerutils at DOORSTEP_GLUCOMETERUTILS; its column stays empty")
    figures = [_measured(case, options.runs, checkout) for case in (*_adverts(), *_records())]
    print(f"{'frame':28} {'ours, us':>9} {'theirs, us':>11} {'theirs/ours':>12}  beside")
    for figure in figures:
        theirs, ratio = figure["theirs_us"], figure["theirs_to_ours"]
        shown = "" if theirs is None else f"{theirs:.1f}"
        print(
            f"{figure['frame']:28} {figure['ours_us']:9.1f} {shown:>11} "
            f"{'' if ratio is None else f'{ratio:.1f}':>12}  {figure['beside']}"
        )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def _adverts() -> list[Case]:
    """Each frame with a counter of its own, since bthome-ble passes over repetitions."""
    objects = [(BATTERY, 96), (TEMPERATURE, 22.4), (HUMIDITY, 54.3), (MOTION, 1)]
    clear = [encode_bthome(objects)] * FRAMES
    sealed = [encode_bthome(objects, mac=MAC, bind_key=KEY, counter=number) for number in range(1, FRAMES + 1)]
    return [
        Case("bthome", "bthome-ble", clear, lambda data: decode_bthome(data, mac=MAC, bind_key=None)),
        Case("bthome encrypted", "bthome-ble", sealed, lambda data: decode_bthome(data, mac=MAC, bind_key=KEY)),
    ]


def _records() -> list[Case]:
    easy = lifescan.encode_frame(lifescan.Link(0), ultraeasy.encode_record_reply(AT, 117))
    verio = lifescan.encode_frame(lifescan.Link(0), verio_iq.encode_record_reply(AT, 117))
    line = ultra2.encode_record_line(AT, 117)
    codefree_frame = sd_biosensor.encode_frame(sd_biosensor.Direction.TO_HOST, codefree.encode_record(AT, 117))
    return [
        Case(
            "onetouch-ultraeasy record",
            "glucometerutils",
            [easy] * FRAMES,
            lambda data: ultraeasy.decode_record_reply(lifescan.decode_frame(data).payload),
        ),
        Case(
            "onetouch-verio-iq record",
            "glucometerutils",
            [verio] * FRAMES,
            lambda data: verio_iq.decode_record_reply(lifescan.decode_frame(data).payload),
        ),
        Case(
            "onetouch-ultra2 record",
            "glucometerutils",
            [line] * FRAMES,
            lambda data: ultra2.decode_record_line(data.rstrip(b"\r\n")),
        ),
        Case(
            "sd-codefree record",
            "glucometerutils",
            [codefree_frame] * FRAMES,
            lambda data: codefree.decode_record(sd_biosensor.decode_frame(data).message),
        ),
    ]


def _measured(case: Case, runs: int, checkout: str | None) -> dict[str, Any]:
    ours_us = statistics.median(_run_us(case.decode, case.frames) for _ in range(runs))
    if case.peer == "bthome-ble":
        theirs_us: float | None = statistics.median(_bthome_ble_us(case) for _ in range(runs))
    else:
        theirs_us = None if checkout is None else _glucometerutils_us(case, runs, checkout)
    return {
        "frame": case.name,
        "ours_us": round(ours_us, 2),
        "beside": case.peer,
        "theirs_us": None if theirs_us is None else round(theirs_us, 2),
        "theirs_to_ours": None if theirs_us is None else round(theirs_us / ours_us, 2),
    }


def _run_us(decode: Decode, frames: Sequence[bytes]) -> float:
    began = time.perf_counter()
    for data in frames:
        decode(data)
    return (time.perf_counter() - began) / len(frames) * 1e6


def _bthome_ble_us(case: Case) -> float:
    parser = BTHomeBluetoothDeviceData(bindkey=KEY if "encrypted" in case.name else None)
    heard = [
        BluetoothServiceInfoBleak(
            name="sensor",
            address=MAC,
            rssi=-60,
            manufacturer_data={},
            service_data={BTHOME_UUID: data},
            service_uuids=[BTHOME_UUID],
            source="",
            device=BLEDevice(MAC, "sensor", {}),
            advertisement=None,
            connectable=False,
            time=float(place),
            tx_power=None,
        )
        for place, data in enumerate(case.frames)
    ]
    began = time.perf_counter()
    for info in heard:
        parser.update(info)
    return (time.perf_counter() - began) / len(heard) * 1e6


def _glucometerutils_us(case: Case, runs: int, checkout: str) -> float:
    """Its venv is used where it has one; else the packages it needs must be in ours."""
    own = Path(checkout) / ".venv" / "bin" / "python"
    python = str(own) if own.exists() else sys.executable
    question = {"case": case.name, "frame": case.frames[0].hex(), "frames": len(case.frames), "runs": runs}
    done = subprocess.run(
        [python, str(PEER)],
        input=json.dumps(question),
        env={**os.environ, "PYTHONPATH": checkout, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"glucometerutils at {checkout} cannot decode {case.name}:\n{done.stderr}")
    return float(done.stdout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
