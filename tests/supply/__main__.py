"""`./dev sbom [FILE]` and `./dev audit [--advisories FOLDER]`."""

import sys
from pathlib import Path

from tests.supply import audit, sbom
from tests.supply.tools import ToolsMissing

_USAGE = "usage: ./dev sbom [FILE] | ./dev audit [--advisories FOLDER]"
_HOW_ELSE = (
    "Is there a way from here to the services of PyPI and OSV? Where there is none, bring a checkout of "
    "github.com/pypa/advisory-database here and run: ./dev audit --advisories FOLDER"
)


def main(arguments: list[str]) -> int:
    what, *rest = arguments or [""]
    if {"-h", "--help"} & set(rest):
        print(_USAGE)
        return 0
    try:
        if what == "sbom" and len(rest) <= 1 and not any(word.startswith("-") for word in rest):
            output = Path(rest[0] if rest else "doorstep.cdx.json")
            print(f"sbom: {sbom.write(output)} packages in {output}")
            return 0
        if what == "audit" and (not rest or (len(rest) == 2 and rest[0] == "--advisories")):
            found = audit.audit_by(Path(rest[1]), audit.wall_now()) if rest else audit.audit()
            for line in found.weak:
                print(f"  {line}")
            print(f"audit: {found.sentence}")
            if found.code == audit.NOT_KNOWN and not rest:
                print(_HOW_ELSE)
            return found.code
    except (ToolsMissing, RuntimeError, OSError, ValueError) as error:
        print(f"{what}: {error}", file=sys.stderr)
        return audit.NOT_KNOWN
    print(_USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
