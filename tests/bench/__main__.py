"""python -m tests.bench [NAME ...]: benchmarks, each beside a peer in the same run and a target."""

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))


def main() -> int:
    chosen = sys.argv[1:] or NAMES
    if unknown := set(chosen) - set(NAMES):
        print(
            f"no benchmark is called {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}",
            file=sys.stderr,
        )
        return 2
    sys.argv[1:] = []
    for name in chosen:
        print(f"== {name}")
        importlib.import_module(f"tests.bench.{name}").main()
    return 0


sys.exit(main())
