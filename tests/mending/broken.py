"""Specs with faults of shape, as people make them.

What follows `=>` is a line that should be there after the first fix, where one is best.
"""

from __future__ import annotations

_TEXT = """
Input(8, 8, 3) -> Conv(16, 9) -> FC(10)
=> Input(8, 8, 3) -> Conv(16, 9, padding=same) -> FC(10)

Input(8, 8, 3) -> Conv(16, (3, 3, 3))
=> Input(8, 8, 3) -> Conv(16, 3x3)

Input(64) -> Conv(8, 3)
=> Input(64) -> Reshape(64, 1) -> Conv(8, 3)

Input(8) -> { FC(4) | FC(4) } -> ReLU
=> Input(8) -> Concat{ FC(4) | FC(4) } -> ReLU

Input(8, 8, 3) -> Add{ Conv(4, 3, padding=same) | _ }
=> Input(8, 8, 3) -> Add{ Conv(4, 3, padding=same) | Conv(4, 1) }

Input(8, 8, 3) -> Add{ Conv(4, 3, padding=same) | }
=> Input(8, 8, 3) -> Add{ Conv(4, 3, padding=same) | Conv(4, 1) }

Input(8, 8, 3) -> Residual{ Conv(4, 3, padding=same) -> ReLU }
=> Input(8, 8, 3) -> Add{ Conv(4, 3, padding=same) -> ReLU | Conv(4, 1) }

Input(8, 8, 6) -> Conv(8, 3, groups=4)
=> Input(8, 8, 6) -> Conv(8, 3, groups=2)

Input(8, 8, 3, dtype=int32) -> Conv(4, 3)
=> Input(8, 8, 3) -> Conv(4, 3)

Input(8, 8, 3) -> MaxPool(2, padding=2)
=> Input(8, 8, 3) -> MaxPool(2)

Input(8, 8, 3) -> ConvTranspose(4, 3, stride=2, output_padding=2)

Input(8, 8, 3) -> Crop(4)
=> Input(8, 8, 3) -> Crop(3)

Input(8, 8, 3) -> Reshape(64, 4)
=> Input(8, 8, 3) -> Reshape(64, 3)

Input(8, 3) -> Take(0, axis=2)
=> Input(8, 3) -> Take(0, axis=1)

Input(8, 3) -> Take(8)
=> Input(8, 3) -> Take(7)

Input(8, 4) -> Split(3) -> Add

Input(8, 8, 3) -> Permute(1, 1, 2)
=> Input(8, 8, 3) -> Permute(1, 0, 2)

x = Input(8, 8, 3)
x -> Conv(4, 3) -> Crop(like=x)
=> x -> Conv(4, 3, padding=same) -> Crop(like=x)

Input(4, 8) -> KMaxPool(5)
=> Input(4, 8) -> KMaxPool(4)

Input(16) -> Embedding(100, 8)
=> Input(16, dtype=int32) -> Embedding(100, 8)

a = Input(5, 8)
b = Input(7, 6)
Attention{ a | b }
=> Attention{ a | b -> Dense(8) }

Input(8, 3) -> LayerNorm(axis=(1, -1))

Input(8, 8, 3) -> Conv(4, 3) : (8, 8, 4) -> FC(3)
=> Input(8, 8, 3) -> Conv(4, 3, padding=same) : (8, 8, 4) -> FC(3)

Input(32, 32, 3) -> [Conv(8, 3, padding=same) -> ReLU -> MaxPool(2)] x 6 -> FC(10)
=> Input(32, 32, 3) -> [Conv(8, 3, padding=same) -> ReLU -> MaxPool(2)] x 5 -> FC(10)

Input(32, 32, 3)→[(Conv(8, 3, padding=same)→ReLU)×2→Pool]×6→FC(10)
=> Input(32, 32, 3)→[(Conv(8, 3, padding=same)→ReLU)×2→Pool]×5→FC(10)

Input(32, 32, 3) -> [Conv(8, 3, padding=same) -> MaxPool(2)] for i in range(6) -> FC(10)
=> Input(32, 32, 3) -> [Conv(8, 3, padding=same) -> MaxPool(2)] for i in range(5) -> FC(10)

Input(32, 32, 3) -> [Conv(c, 3, padding=same) -> MaxPool(2)] for c in [8, 16, 32, 64, 128, 256] -> FC(10)
=> Input(32, 32, 3) -> [Conv(c, 3, padding=same) -> MaxPool(2)] for c in [8, 16, 32, 64, 128] -> FC(10)

let n = 6
Input(32, 32, 3) -> [Conv(8, 3, padding=same) -> MaxPool(2)] x n -> FC(10)

Input(20, dtype=int32) -> Embedding(100, 8) -> LSTM(64) -> LSTM(32) -> FC(2)
=> Input(20, dtype=int32) -> Embedding(100, 8) -> LSTM(64, sequences=true) -> LSTM(32) -> FC(2)

Input(20, 8) -> Bidirectional{ LSTM(16) } -> LSTM(8) -> FC(1)
=> Input(20, 8) -> Bidirectional{ LSTM(16, sequences=true) } -> LSTM(8) -> FC(1)

Input(20, 8) -> GRU(16) -> Dropout(0.5) -> Conv(8, 3) -> FC(1)
=> Input(20, 8) -> GRU(16, sequences=true) -> Dropout(0.5) -> Conv(8, 3) -> FC(1)

Input(20, 8) -> (LSTM(16) -> Dropout(0.5)) x 2 -> FC(1)
=> Input(20, 8) -> (LSTM(16, sequences=true) -> Dropout(0.5)) x 2 -> FC(1)

block ConvBN(c, k=3) = Conv(c, k) -> BN -> ReLU
Input(32, 32, 16) -> Add{ ConvBN(16) -> ConvBN(16) | _ } -> FC(3)
=> block ConvBN(c, k=3) = Conv(c, k, padding=same) -> BN -> ReLU

Input(28, 28, 32) -> Add{ Conv(32, 3) -> BN -> ReLU -> Conv(32, 3) | _ } -> FC(10)
=> Input(28, 28, 32) -> Add{ Conv(32, 3, padding=same) -> BN -> ReLU -> Conv(32, 3, padding=same) | _ } -> FC(10)

Input(32, 32, 3)
-> Concat{ Conv(8, 1) | Conv(8, 3) | Conv(8, 5) | MaxPool(3, stride=1) }
=> -> Concat{ Conv(8, 1) | Conv(8, 3, padding=same) | Conv(8, 5, padding=same) | MaxPool(3, stride=1, padding=same) }

a = Input(32, 32, 3) -> Conv(8, 3)
b = Input(10)
Concat{ a | b } -> FC(3)
=> Concat{ a -> Flatten | b } -> FC(3)

let k = 9
Input(8, 8, 3) -> Conv(4, k) -> FC(2)

block B(c, k) = Conv(c, k) -> ReLU
Input(8, 8, 3) -> B(4, 11) -> FC(2)

default Conv(kernel=9)
Input(8, 8, 3) -> Conv(4) -> FC(2)

block ConvBN(c, k, s=1) = Conv(c, k, stride=s, padding=same) -> BN
block Bottleneck(c, s=1) = Add{ ConvBN(c, 1, s) -> ReLU -> ConvBN(4 * c, 1) | _ } -> ReLU
Input(64, 64, 3) -> ConvBN(64, 7, 2) -> Bottleneck(64) -> Bottleneck(128, 2) -> GAP -> FC(10)
=> block Bottleneck(c, s=1) = Add{ ConvBN(c, 1, s) -> ReLU -> ConvBN(4 * c, 1) | Conv(4 * c, 1, stride=s) } -> ReLU

block Double(c) = (Conv(c, 3, padding=same) -> ReLU) x 2
Input(100, 100, 1)
-> [Double(8 * 2^i) as e[i] -> MaxPool(2)] for i in range(4)
-> Double(128)
-> [ConvTranspose(64 // 2^i, 2, stride=2) -> Concat{ e[3 - i] | _ } -> Double(64 // 2^i)] for i in range(4)
-> Conv(2, 1)

block Double(c) = (Conv(c, 3) -> ReLU) x 2
Input(188, 188, 1)
-> [Double(8 * 2^i) as e[i] -> MaxPool(2)] for i in range(4)
-> Double(128)
-> [ConvTranspose(64 // 2^i, 2, stride=2) -> Concat{ e[3 - i] | _ } -> Double(64 // 2^i)] for i in range(4)
-> Conv(2, 1)

block Double(c) = (Conv(c, 3) -> ReLU) x 2
Input(180, 180, 1)
-> [Double(8 * 2^i) as e[i] -> MaxPool(2)] for i in range(4)
-> Double(128)
-> [ConvTranspose(64 // 2^i, 2, stride=2)
    -> Concat{ e[3 - i] -> Crop(like=_) | _ } -> Double(64 // 2^i)] for i in range(4)
-> Conv(2, 1)

Input(64, 64, 3) -> Conv(192, 8, stride=8) -> Reshape(49, 192) -> MultiHeadAttention(3) -> FC(10)
=> Input(64, 64, 3) -> Conv(192, 8, stride=8) -> Reshape(64, 192) -> MultiHeadAttention(3) -> FC(10)

Input(16, 64) -> MultiHeadAttention(7) -> FC(10)
=> Input(16, 64) -> MultiHeadAttention(8) -> FC(10)

Input(7, 7, 32) -> FC(10) -> Conv(4, 3)

Input(H, W, 3) -> Conv(4, 3) -> Add{ _ | Conv(8, 3, padding=same) } -> GAP -> FC(1)

Input(H, W, 3) -> Add{ Conv(3, 3) | _ } -> GAP -> FC(1)
=> Input(H, W, 3) -> Add{ Conv(3, 3, padding=same) | _ } -> GAP -> FC(1)

Input(8, 8, 3) -> Conv(4, 3) -> Dense(10) : (10)

Input(8, 8, 3) -> Conv(4, 3) -> LSTM(10)

Input(32, 32, 3) -> Conv(8, 3, stride=2, padding=same) : (32, 32, 8) -> FC(3)
=> Input(32, 32, 3) -> Conv(8, 3, padding=same) : (32, 32, 8) -> FC(3)

Input(32, 32, 3) -> [Conv(8, 3, padding=same) -> MaxPool(2)] x 3 : (8, 8, 8) -> FC(3)
=> Input(32, 32, 3) -> [Conv(8, 3, padding=same) -> MaxPool(2)] x 2 : (8, 8, 8) -> FC(3)

Input(8, 8, 12) -> PixelShuffle(3)
=> Input(8, 8, 12) -> PixelShuffle(2)

Input(8, 8, 10) -> GroupNorm(4)

Input(8, 8, 4) -> Multiply{ _ | GlobalAvgPool -> Dense(2) -> Sigmoid }
=> Input(8, 8, 4) -> Multiply{ _ | GlobalAvgPool -> Dense(4) -> Sigmoid }

Input(16, 16, 8) -> Add{ _ | MaxPool(2) } -> FC(2)

Input(16, 16, 8) -> Concat{ _ | Conv(8, 3, stride=2, padding=same) } -> FC(2)

Input(5, 5, 3) -> Conv(4, 3) -> Conv(4, 3) -> Conv(4, 3) -> FC(2)

Input(5, 5, 3)
→ Conv(4, 3) → ReLU
→ Conv(4, 5)
→ FC(2)

Input(40, 8) -> Slice(10, 50) -> FC(2)

shared Tower = Conv(8, 3) -> ReLU -> Conv(8, 7)
a = Input(8, 8, 1)
b = Input(8, 8, 1)
Subtract{ a -> Tower | b -> Tower } -> FC(1)

model Critic = Input(6, 6, 3) -> Conv(8, 7) -> FC(1)
Input(16) -> FC(3)

Input(10, 8) -> TimeDistributed{ Conv(4, 3) } -> FC(1)

Input(10, 8, 8, 3) -> TimeDistributed{ Add{ Conv(3, 3) | _ } -> GAP } -> LSTM(4)
=> Input(10, 8, 8, 3) -> TimeDistributed{ Add{ Conv(3, 3, padding=same) | _ } -> GAP } -> LSTM(4)

Input(6, 12, 12, 3) -> TimeDistributed{ [Conv(4, 3) -> Pool] x 3 -> GAP } -> LSTM(4)
=> Input(6, 12, 12, 3) -> TimeDistributed{ [Conv(4, 3) -> Pool] x 2 -> GAP } -> LSTM(4)

Input(6, 9, 9, 3) -> TimeDistributed{ Conv(4, 3) : (9, 9, 4) -> GAP } -> LSTM(4)
=> Input(6, 9, 9, 3) -> TimeDistributed{ Conv(4, 3, padding=same) : (9, 9, 4) -> GAP } -> LSTM(4)

Input(6, 9, 9, 3) -> TimeDistributed{ Conv(4, 3) -> GAP : (5) } -> LSTM(4)
=> Input(6, 9, 9, 3) -> TimeDistributed{ Conv(5, 3) -> GAP : (5) } -> LSTM(4)

Input(6, 9, 9, 3) -> TimeDistributed{ Conv(4, 3) } -> LSTM(8) -> FC(1)
=> Input(6, 9, 9, 3) -> TimeDistributed{ Conv(4, 3) } -> Reshape(6, 196) -> LSTM(8) -> FC(1)

Input(20, 8) -> LSTM(4) -> (LSTM(8, sequences=true) -> Dropout(0.1)) x 2 -> FC(1)
=> Input(20, 8) -> LSTM(4, sequences=true) -> (LSTM(8, sequences=true) -> Dropout(0.1)) x 2 -> FC(1)

block Rec(u) = Dropout(0.1) -> LSTM(u)
Input(20, 8) -> LSTM(4) -> Rec(8) -> FC(1)
=> Input(20, 8) -> LSTM(4, sequences=true) -> Rec(8) -> FC(1)

block Rec(u) = LSTM(u)
block Two(u) = Rec(u) -> BN
Input(20, 8) -> GRU(4) -> BN -> Two(8) -> FC(1)
=> Input(20, 8) -> GRU(4, sequences=true) -> BN -> Two(8) -> FC(1)

shared Tower = Conv(8, 3) -> ReLU -> Conv(8, 3)
x = Input(6, 6, 1) -> Conv(4, 3)
x -> Tower -> FC(1)

Input(9, 8) -> Add{ Conv(8, 3, dilation=5) | _ } -> FC(1)

Input(2, 2, 8) -> ConvTranspose(4, 3, padding=2) -> FC(1)

Input(8) -> Add -> FC(3)
=> Input(8) -> FC(3)

Input(8, 8, 3) -> Add{ Conv(4, 3, padding=same) | _ } -> Conv(4, 9)
=> Input(8, 8, 3) -> Add{ Conv(4, 3, padding=same) | Conv(4, 1) } -> Conv(4, 9, padding=same)

Input(8, 8, 3) -> Conv(4, 9) -> LSTM(8) -> FC(2)
=> Input(8, 8, 3) -> Conv(4, 9, padding=same) -> Reshape(64, 4) -> LSTM(8) -> FC(2)

Input(20, 8) -> LSTM(4) -> LSTM(4) -> LSTM(4) -> LSTM(3) -> FC(3)
=> Input(20, 8) -> LSTM(4, sequences=true) -> LSTM(4, sequences=true) -> LSTM(4, sequences=true) -> LSTM(3) -> FC(3)

Input(H, 8, 3) -> MaxPool(2) : (4, 4, 3) -> UpSample(2) : (10, 8, 3)

Input(H, 3) : (10, 3) -> Conv(4, 3) : (9, 4)
=> Input(H, 3) : (10, 3) -> Conv(4, 2) : (9, 4)

Input(H, 8) -> MaxPool(2) -> Add{ Conv(8, 3, padding=same) | _ } : (4, 8) -> UpSample(2) : (9, 8)

m = Input(10, 10, 10, dtype=bool)
Input(10, 8) -> MultiHeadAttention(2, mask=m)
=> m = Input(10, 10, dtype=bool)

m = Input(10, 1, dtype=bool)
Input(10, 8) -> LSTM(4, mask=m)
=> m = Input(10, dtype=bool)

x = Input(10, 8)
m = Input(10, dtype=bool)
x -> Conv(8, 3) -> LSTM(4, mask=m)
=> x -> Conv(8, 3, padding=same) -> LSTM(4, mask=m)

Input(8, 8, 3) -> RandomCrop(9, 9)
=> Input(8, 8, 3) -> RandomCrop(8, 8)

Input(8, 8, 3) -> PixelShuffle(2)
=> Input(8, 8, 3) -> Conv(4, 1) -> PixelShuffle(2)

Input(8, 8, 3) -> Permute(1, 0)
=> Input(8, 8, 3) -> Permute(1, 0, 2)

Input(8, 8, 3) -> Add{ Conv(4, 3) | _ }
=> Input(8, 8, 3) -> Add{ Conv(4, 3, padding=same) | Conv(4, 1) }

Input(8, 8, 3) -> Add{ Conv(4, 3) -> ReLU -> Conv(5, 3) | _ } -> Add{ Conv(6, 3) | _ } -> FC(3)

Input(4) -> Take(1) -> Reshape(1, 1) -> Conv(3, 2) -> FC(1)

Input(5) -> Take(1) -> Add{ _ | Dense(2) } -> FC(1)

a = Input(4) -> Take(1)
b = Input(4)
Add{ a | b } -> FC(1)

shared Head = FC(3)
a = Input(8)
b = Input(9)
Add{ a -> Head | b -> Head }
=> b = Input(8)

shared Head = Conv(3, 3)
a = Input(8, 8, 3)
b = Input(9, 9, 1)
Concat{ a -> Head -> GAP | b -> Head -> GAP }
=> Concat{ a -> Head -> GAP | b -> Conv(3, 1) -> Head -> GAP }

shared Head = Flatten -> FC(3)
x = Input(32, 32, 3) -> Conv(4, 3, padding=same)
Concat{ x -> Head | x -> MaxPool(2) -> Head }
=> Concat{ x -> MaxPool -> Head | x -> MaxPool(2) -> Head }

model Enc = Input(8, 8, 3) -> Conv(4, 3) -> GAP
Input(10, 10, 3) -> Conv(3, 3, padding=same) -> Enc -> FC(3)
=> Input(10, 10, 3) -> Conv(3, 3) -> Enc -> FC(3)

model Enc = Input(10, dtype=int32) -> Embedding(100, 8) -> GAP
Input(10) -> Enc -> FC(3)
=> Input(10, dtype=int32) -> Enc -> FC(3)

model Enc = Input(10, 10, 3) -> Conv(4, 3) -> GAP
Input(12, 12, 4) -> Enc -> FC(3)
=> Input(10, 10, 3) -> Enc -> FC(3)

model Enc = Input(10, 10, 3) -> Conv(4, 3) -> GAP
Input(300) -> Enc -> FC(3)

src = Input(12, dtype=int32) -> Embedding(50, 16) -> LSTM(32)
tgt = Input(9, dtype=int32) -> Embedding(50, 16) -> LSTM(32, sequences=true)
{ tgt | src } -> Attention -> FC(5)

"""


def _read(text: str) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for piece in text.strip("\n").split("\n\n"):
        lines = [line for line in piece.split("\n") if line]
        wanted = [line.removeprefix("=> ") for line in lines if line.startswith("=> ")]
        spec = "\n".join(line for line in lines if not line.startswith("=> ")) + "\n"
        found.append((spec, wanted[0] if wanted else None))
    return found


BROKEN = _read(_TEXT)


#: The same in YAML's several ways of writing a stage, each with a line that should be there after the first fix.
IN_YAML = (
    ("  - Input(8, 8, 3)\n  - Conv: {filters: 16, kernel: 9}\n", "  - Conv: {filters: 16, kernel: 9, padding: same}"),
    ("  - Input(8, 8, 3)\n  - Conv:\n      filters: 16\n      kernel: 9\n", "      padding: same"),
    ("  - Input(8, 8, 3)\n  - Conv: [16, 9]\n", "  - Conv: {filters: 16, kernel: 9, padding: same}"),
    (
        ' "Input(8, 8, 3) -> Conv(16, 9) -> FC(10)"\n',
        'network: "Input(8, 8, 3) -> Conv(16, 9, padding=same) -> FC(10)"',
    ),
    (" Input(8, 8, 3) -> Conv(16, 9)\n", "network: Input(8, 8, 3) -> Conv(16, 9, padding=same)"),
    (" >\n  Input(20, 8) -> LSTM(64)\n  -> LSTM(32)\n", "  Input(20, 8) -> LSTM(64, sequences=true)"),
    ("  - Input: [20, 8]\n  - LSTM: 64\n  - LSTM: 32\n", "  - LSTM: {units: 64, sequences: true}"),
    ("  - Input(64)\n  - Conv: [8, 3]\n", "  - Reshape(64, 1)"),
    (' [Input(64), "Conv(8, 3)"]\n', 'network: [Input(64), Reshape(64, 1), "Conv(8, 3)"]'),
    (
        "  - Input(8, 8, 4)\n  - branches: {merge: Add, flows: [[Conv(8, 1)], [Identity]]}\n",
        "  - branches: {merge: Add, flows: [[Conv(8, 1)], [Identity, Conv(8, 1)]]}",
    ),
    (
        "  - Input(8, 8, 4)\n  - branches:\n      merge: Add\n      flows:\n        - [Conv(8, 1)]\n        - _\n",
        "        - Conv(8, 1)",
    ),
    ("  - Input(32, 32, 3)\n  - repeat: 6\n    body: [{Conv: [8, 1]}, MaxPool: 2]\n", "  - repeat: 5"),
    ("  - Input(8, 8, 3)\n  - stage: Conv(4, 3)\n    shape: [8, 8, 4]\n", "  - stage: Conv(4, 3, padding=same)"),
    ("  - Input(16)\n  - Embedding: [100, 8]\n", "  - Input(16, dtype=int32)"),
)
