"""``python -m tablesleuth_emulator PORT``: prints ``{"port": N}`` once it listens, ends when its input closes."""

from __future__ import annotations

import json
import sys

from .lifetime import end_with_parent
from .server import listen, serve


def main() -> None:
    end_with_parent()
    listener = listen(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    serve(listener)


if __name__ == "__main__":
    main()
