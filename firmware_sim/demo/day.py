"""A day to watch: says where to look, and stays until it is stopped."""

from collections.abc import Callable
from shlex import quote
from threading import Event

from firmware_sim.demo.stage import Stage
from firmware_sim.demo.trip import ELDER_LINKS, PASSWORD


def watch(stage: Stage, speed: float, stopping: Event, say: Callable[[str], None]) -> None:
    """Returns when `stopping` is set; raises ChildDied when a part ends by itself."""
    say("")
    say(f"Doorstep is up; the day runs {speed:g} times as fast as yours.")
    say("")
    say(f"  the board of the care centre   {stage.web}/board     log in as desk     password {PASSWORD}")
    say(f"  a nurse's phone                {stage.web}/today     log in as nurse    password {PASSWORD}")
    say(f"  an elder's page                {stage.web}/e/{ELDER_LINKS['home-1']}")
    say("")
    say("Try it (in another terminal, from this folder):")
    home = quote(str(stage.homes[0].house.run_file))
    say(f"  .venv/bin/doorstep-sim tell {home} press        (or fall, pull, water)")
    say(f"  .venv/bin/doorstep-sim tell {home} measure_pressure systolic=186 diastolic=112 pulse=84")
    say(f"  .venv/bin/doorstep-sim tell {home} measure_glucose device=ble mg_dl=49")
    say("")
    say(f"Logs are in {stage.data / 'logs'}. Ctrl-C stops everything.")
    while not stopping.wait(1.0):
        stage.household.check()
        stage.note_time()  # a demonstration that is killed goes on from here too
