"""Generated files that people have read line by line: a change of theirs is seen.

    python -m tests.backends.structure.golden [--check]

writes them anew, or says which differ. Read what changed before you commit it.
"""

from __future__ import annotations

import os
import sys

from nnspec import __version__
from tests.backends.structure.beside import written

FOLDER = os.path.join(os.path.dirname(__file__), "golden")
GOLDEN = {
    "mlp": "specs/basics/mlp.nn",
    "lenet5": "specs/vision/lenet5.nn",
    "vgg16": "specs/vision/vgg16.nn",
    "googlenet": "specs/vision/googlenet.nn",
    "resnet50": "specs/residual/resnet50.nn",
    "unet": "specs/vision/unet.nn",
    "transformer": "specs/sequence/transformer.nn",
    "seq2seq_additive": "specs/sequence/seq2seq_additive.nn",
}


def path_of(name: str) -> str:
    """Where a golden file stands."""
    return os.path.join(FOLDER, f"{name}.py")


def golden(name: str) -> str:
    """What is written of a spec, whatever version of ours writes it."""
    return written(GOLDEN[name]).replace(f"nnspec {__version__} ", "nnspec ", 1)


def kept(name: str) -> str:
    """What was written, when it was read."""
    with open(path_of(name), encoding="utf-8") as file:
        return file.read()


def main(arguments: list[str]) -> int:
    """Write all, or check them: 1 where one differs."""
    differ = [name for name in GOLDEN if not os.path.exists(path_of(name)) or kept(name) != golden(name)]
    if arguments == ["--check"]:
        print("\n".join(f"{name} differs" for name in differ) or "all are as they were")
        return 1 if differ else 0
    for name in differ:
        with open(path_of(name), "w", encoding="utf-8") as file:
            file.write(golden(name))
        print(f"wrote {path_of(name)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
