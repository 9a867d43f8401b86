"""`./dev sbom [FILE]` and `./dev audit`."""

import sys
from pathlib import Path

from tests.supply import audit, sbom
from tests.supply.tools import ToolsMissing


def main(arguments: list[str]) -> int:
    what, *rest = arguments or [""]
    try:
        if what == "sbom" and len(rest) <= 1:
            output = Path(rest[0] if rest else "doorstep.cdx.json")
            print(f"sbom: {sbom.write(output)} packages in {output}")
            return 0
        if what == "audit" and not rest:
            found = audit.audit()
            for line in found.weak:
                print(f"  {line}")
            print(f"audit: {found.sentence}")
            return found.code
    except (ToolsMissing, RuntimeError, OSError) as error:
        print(f"{what}: {error}", file=sys.stderr)
        return audit.NOT_KNOWN
    print("usage: ./dev sbom [FILE] | ./dev audit", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
