"""VGG-16, ResNet-50 and the U-Net of `specs/` in PyTorch, for what runs beside `nnspec check` in `beside.py`.

    python beside_torch.py info NET            what torchinfo says of it
    python beside_torch.py export NET FILE     as ONNX, weights left out

Imports nothing of nnspec: it runs where PyTorch is.
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import nn

SHAPES = {"vgg16": (1, 3, 224, 224), "resnet50": (1, 3, 224, 224), "unet": (1, 1, 572, 572)}


def vgg16() -> Any:
    """Simonyan & Zisserman 2014, configuration D."""
    layers: list[Any] = []
    before = 3
    for filters, times in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(times):
            layers += [nn.Conv2d(before, filters, 3, padding=1), nn.ReLU()]
            before = filters
        layers.append(nn.MaxPool2d(2))
    head = [nn.Flatten(), nn.Linear(25088, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000)]
    return nn.Sequential(*layers, *head, nn.Softmax(-1))


class Bottleneck(nn.Module):
    """He et al. 2015, figure 5, with the stride at its first convolution and biases, as the spec has them."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(before, width, 1, stride), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, 4 * width, 1), nn.BatchNorm2d(4 * width),
        )  # fmt: skip
        self.skip: Any = nn.Identity()
        if before != 4 * width:
            self.skip = nn.Sequential(nn.Conv2d(before, 4 * width, 1, stride), nn.BatchNorm2d(4 * width))

    def forward(self, x: Any) -> Any:
        """The sum of both paths."""
        return torch.relu(self.main(x) + self.skip(x))


def resnet50() -> Any:
    """He et al. 2015, table 1, column "50-layer"."""
    layers: list[Any] = [nn.Conv2d(3, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    before = 64
    for stage, times in enumerate((3, 4, 6, 3)):
        for turn in range(times):
            width = 64 * 2**stage
            layers.append(Bottleneck(before, width, 2 if stage and not turn else 1))
            before = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000), nn.Softmax(-1))


def double(before: int, filters: int) -> Any:
    """Two convolutions without padding."""
    return nn.Sequential(nn.Conv2d(before, filters, 3), nn.ReLU(), nn.Conv2d(filters, filters, 3), nn.ReLU())


class UNet(nn.Module):
    """Ronneberger et al. 2015, figure 1."""

    def __init__(self) -> None:
        super().__init__()
        widths = [64, 128, 256, 512]
        self.down = nn.ModuleList([double(a, b) for a, b in zip([1, *widths], widths, strict=False)])
        self.bottom = double(512, 1024)
        self.up = nn.ModuleList([nn.ConvTranspose2d(2 * width, width, 2, 2) for width in reversed(widths)])
        self.join = nn.ModuleList([double(2 * width, width) for width in reversed(widths)])
        self.mask = nn.Conv2d(64, 2, 1)

    def forward(self, x: Any) -> Any:
        """Scores of two classes for each pixel that all windows fit around."""
        kept = []
        for down in self.down:
            kept.append(down(x))
            x = nn.functional.max_pool2d(kept[-1], 2)
        x = self.bottom(x)
        for up, join, skip in zip(self.up, self.join, reversed(kept), strict=True):
            x = up(x)
            cut = (skip.shape[-1] - x.shape[-1]) // 2
            skip = skip[:, :, cut : cut + x.shape[-2], cut : cut + x.shape[-1]]
            x = join(torch.cat([skip, x], 1))
        return self.mask(x)


def main() -> None:
    """One of the two."""
    what, name, *rest = sys.argv[1:]
    net = {"vgg16": vgg16, "resnet50": resnet50, "unet": UNet}[name]().eval()
    if what == "info":
        from torchinfo import summary

        found = summary(net, input_size=SHAPES[name], verbose=0)
        print(found.total_params, found.total_mult_adds)
    else:
        torch.onnx.export(
            net, (torch.zeros(SHAPES[name]),), rest[0], export_params=False, do_constant_folding=False, dynamo=False
        )


if __name__ == "__main__":
    main()
