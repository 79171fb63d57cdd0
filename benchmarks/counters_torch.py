"""The four kinds of layer in PyTorch, and what its counters make of them; prints JSON.

Run by `counters.py` with the interpreter that has them. Imports nothing of nnspec, so that it runs where
only PyTorch is; a counter that is not installed is said to be missing.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch
from torch import nn

SHAPE = (3, 16, 16)


class FourKinds(nn.Module):
    """The network of `four_kinds.nn`, channels first."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.lstm = nn.LSTM(8, 16, batch_first=True)
        self.fc = nn.Linear(16, 10)

    def forward(self, x: Any) -> Any:
        """Scores of 10 classes."""
        x = self.pool(self.relu(self.conv(x))).flatten(2).transpose(1, 2)
        x, _ = self.attention(x, x, x, need_weights=False)
        x, _ = self.lstm(x)
        return self.fc(x[:, -1])


def by_torchinfo(net: Any, x: Any) -> tuple[int, int]:
    """`torchinfo.summary`."""
    from torchinfo import summary

    found = summary(net, input_data=x, verbose=0)
    return found.total_mult_adds, found.total_params


def by_thop(net: Any, x: Any) -> tuple[int, int]:
    """`thop.profile`, which calls multiply-adds MACs."""
    from thop import profile

    macs, params = profile(net, inputs=(x,), verbose=False)
    return int(macs), int(params)


def by_fvcore(net: Any, x: Any) -> tuple[int, int]:
    """`fvcore`, which calls one multiply-add one flop."""
    from fvcore.nn import FlopCountAnalysis, parameter_count

    return int(FlopCountAnalysis(net, x).unsupported_ops_warnings(False).total()), parameter_count(net)[""]


def by_ptflops(net: Any, x: Any) -> tuple[int, int]:
    """`ptflops`, with its default back end."""
    from ptflops import get_model_complexity_info

    macs, params = get_model_complexity_info(
        net, SHAPE, as_strings=False, print_per_layer_stat=False, verbose=False
    )  # fmt: skip
    return int(macs or 0), int(params or 0)


def by_torch(net: Any, x: Any) -> tuple[int, int]:
    """PyTorch's own `FlopCounterMode`, which counts a multiply-add as two."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        net(x)
    return counter.get_total_flops() // 2, sum(weight.numel() for weight in net.parameters())


COUNTERS: dict[str, Callable[[Any, Any], tuple[int, int]]] = {
    "torchinfo": by_torchinfo, "thop": by_thop, "fvcore": by_fvcore, "ptflops": by_ptflops, "torch": by_torch,
}  # fmt: skip


def counted(name: str) -> dict[str, Any]:
    """What one counter says of a new network, in evaluation mode."""
    try:
        found: dict[str, Any] = {"version": version(name)}
    except PackageNotFoundError as error:
        return {"missing": str(error)}
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet), torch.no_grad():
        try:
            net = FourKinds().eval()
            found["macs"], found["params"] = COUNTERS[name](net, torch.zeros(1, *SHAPE))
        except Exception as error:  # whatever a counter raises, the table says it
            found["failed"] = f"{type(error).__name__}: {error}"[:200]
    return found


def main() -> None:
    """All counters, one after the other; attention is taken apart, as none sees into PyTorch's fused kernel."""
    torch.backends.mha.set_fastpath_enabled(False)
    print(json.dumps({name: counted(name) for name in COUNTERS}))


if __name__ == "__main__":
    main()
