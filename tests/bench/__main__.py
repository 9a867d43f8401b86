"""`./dev bench` lists what can be measured; `./dev bench NAME [--json FILE] [...]` measures it.

Each bench is a module of this folder with a docstring and `main(arguments) -> int`. Figures are ratios against a peer
or a ceiling taken in the same run, and medians of several runs: these are noisy machines.
"""

import importlib
import pkgutil
import sys

import tests.bench as benches


def main() -> int:
    names = sorted(module.name for module in pkgutil.iter_modules(benches.__path__) if not module.name.startswith("_"))
    if len(sys.argv) > 1 and sys.argv[1] in names:
        code: int = importlib.import_module(f"tests.bench.{sys.argv[1]}").main(sys.argv[2:])
        return code
    if len(sys.argv) > 1 and sys.argv[1] not in ("-h", "--help"):
        print(f"bench: there is no bench {sys.argv[1]!r}; there are {', '.join(names)}", file=sys.stderr)
        return 2
    print("usage: ./dev bench NAME [options]\n")
    for name in names:
        doc = importlib.import_module(f"tests.bench.{name}").__doc__ or ""
        print(f"  {name:10} {doc.splitlines()[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
