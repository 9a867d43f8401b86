"""`./dev fuzz` fuzzes every decoder for a while; `./dev fuzz NAME --seconds 600` those whose names hold NAME.

Each runs in a process of its own under atheris (libFuzzer), which is guided by what the bytes reach. What was found
is written as a file, whose path is said: give it with --again to see it once more. Exit code 1 when anything was found.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

LONGEST_INPUT_BYTES = 512
PATIENCE_S = 60.0
"""For starting and instrumenting, beside the time of fuzzing itself."""


@dataclass(frozen=True)
class Fuzzed:
    name: str
    code: int
    output: str

    @property
    def runs(self) -> str:
        """How many inputs were tried, in libFuzzer's own words."""
        done = [line for line in self.output.splitlines() if line.startswith("Done ")]
        return done[-1].removeprefix("Done ") if done else "no count"


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    parser.add_argument("name", nargs="?", default="", help="part of a decoder's name; all without")
    parser.add_argument("--seconds", type=int, default=10, help="for each decoder (default 10)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="decoders at once (default: processors)")
    parser.add_argument("--findings", type=Path, default=Path(".doorstep") / "fuzz", help="where findings are written")
    parser.add_argument("--list", action="store_true", help="only list what would be fuzzed")
    parser.add_argument("--again", type=Path, help="a finding, given to the one decoder named")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        return _fuzz_one(options.only, options.seconds, options.findings)
    from tests.fuzz.targets import find_targets  # noqa: PLC0415 - a fuzzing process instruments before it imports

    targets = find_targets()
    names = [name for name in targets if options.name in name]
    if not names:
        print(f"fuzz: no decoder has {options.name!r} in its name; --list shows them", file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(names))
        return 0
    if options.again:
        for name in names:
            targets[name](options.again.read_bytes())
        return 0
    return _fuzz_all(names, options)


def _fuzz_all(names: list[str], options: argparse.Namespace) -> int:
    options.findings.mkdir(parents=True, exist_ok=True)
    print(f"fuzz: {len(names)} decoders, {options.seconds} s each, {options.jobs} at once", flush=True)
    found = 0
    with ThreadPoolExecutor(options.jobs) as threads:
        for fuzzed in threads.map(lambda name: _in_a_process(name, options), names):
            found += fuzzed.code != 0
            print(f"  {'ok   ' if fuzzed.code == 0 else 'FOUND'} {fuzzed.name}: {fuzzed.runs}", flush=True)
            if fuzzed.code != 0:
                print("\n".join(f"        {line}" for line in fuzzed.output.splitlines()[-25:]), flush=True)
    print(f"fuzz: {found} of {len(names)} with findings")
    return 1 if found else 0


def _in_a_process(name: str, options: argparse.Namespace) -> Fuzzed:
    command = [sys.executable, "-m", "tests.fuzz", "--only", name, "--seconds", str(options.seconds)]
    command += ["--findings", str(options.findings)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=options.seconds + PATIENCE_S, check=False, errors="replace"
        )
    except subprocess.TimeoutExpired:
        return Fuzzed(name, 1, f"no end {PATIENCE_S:.0f} s after its time")
    return Fuzzed(name, done.returncode, done.stdout + done.stderr)


def _fuzz_one(name: str, seconds: int, findings: Path) -> int:
    import atheris  # noqa: PLC0415 - only the chore's own processes need it

    with atheris.instrument_imports(include=["protocols"]):
        from tests.fuzz.targets import find_targets  # noqa: PLC0415
    file_name = "".join(letter if letter.isalnum() else "-" for letter in name)
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST_INPUT_BYTES}", "-timeout=10", "-rss_limit_mb=1024"]
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={findings / file_name}-"], find_targets()[name])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
