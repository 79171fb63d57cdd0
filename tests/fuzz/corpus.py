"""Texts that mutations begin with: the specs of this repository, the examples of operators and of every diagnostic."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from nnspec.diagnostics.catalogue import all_codes
from tests.fuzz.operators import examples

ROOT = Path(__file__).parents[2]

EXAMPLES = (
    """# ResNet-50
param classes = 1000
default Conv(init=he_normal)
block ConvBN(c, k, s=1, pad=same) = Conv(c, k, stride=s, padding=pad) -> BN(epsilon=1.001e-5)
block Bottleneck(c, s=1) =
  Add{ ConvBN(c, 1, s) -> ReLU -> ConvBN(c, 3) -> ReLU -> ConvBN(4 * c, 1)
     | _ if s == 1 and in.channels == 4 * c else ConvBN(4 * c, 1, s) }
  -> ReLU
Input(224, 224, 3)
-> ConvBN(64, 7, 2, 3) -> ReLU -> MaxPool(3, stride=2, padding=1)  : (56, 56, 64)
-> [Bottleneck(c, s) -> Bottleneck(c) x (n - 1)]
   for c, n, s in [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)]  : (7, 7, 2048)
-> GlobalAvgPool -> FC(classes) -> Softmax
expect params == 25_636_712 and macs == 3_857_973_248
""",
    """# U-Net, valid convolutions, any input size
block Double(c) = (Conv(c, 3) -> ReLU) x 2
Input(H, W, 1)
-> [Double(64 * 2^i) as e[i] -> MaxPool(2)] for i in range(4)
-> Double(1024)
-> [ConvTranspose(512 // 2^i, 2, stride=2) -> Concat{ e[3 - i] -> Crop(like=_) | _ } -> Double(512 // 2^i)] for i in range(4)
-> Conv(2, 1)
""",
    """# TextCNN, Kim 2014
Input(56, dtype=int32) -> Embedding(18765, 300)
-> Concat{ for k in [3, 4, 5]: Conv(100, k) -> ReLU -> GlobalMaxPool }
-> Dropout(0.5) -> FC(2) -> Softmax
""",
    """# Siamese twins: one set of weights
shared Tower = [Conv(32, 3) -> ReLU -> Pool] x 2 -> FC(64)
a = Input(28, 28, 1)
b = Input(28, 28, 1)
Subtract{ a -> Tower | b -> Tower } -> FC(1) -> Sigmoid
""",
    """Input→[(Conv→ReLU)×n→Pool]×m→FC
""",
    """# One table, read forwards and backwards; states and masks
param heads = 4
default GRU(32, sequences=true)
shared Table = Embedding(1000, 32, mask_zero=true)
block Block(seen) = Residual{ LN -> MultiHeadAttention(heads, causal=true, mask=seen) }
  -> Residual{ LN -> Dense(64, act=gelu) -> Dense(_.channels) -> Dropout(0.1) }
source = Input(S, dtype=int32)
target = Input(T, dtype=int32)
seen = Input(T, dtype=bool)
memory, h = source -> Table -> PositionEncoding -> GRU(state=true)
read, weights = { { target -> Table | h } -> GRU | memory } -> Attention(scaled=true, scores=true)
words = read -> Block(seen) x 2 -> AdditiveAttention -> Dense(32) -> Unembed(Table) -> Softmax
output words, weights
""",
    """# Wrappers in wrappers, and recurrence in two directions
shared Project = Dense(16, act=tanh)
x = Input(5, 16, 16, 3)
y = x -> TimeDistributed{ Rescale(1/255) -> [Conv(8, 3, padding=same) as c -> ReLU] x 2 -> Pool -> FC(16) }
z = y -> Bidirectional(merge_mode=sum){ LSTM(16, sequences=true, recurrent_dropout=0.1) } x 2 -> Project
u, h, c = x -> ConvLSTM(4, 3, padding=same, state=true)
w = { z | Input(5, 5) } -> GraphConv(16, normalize=symmetric, act=relu) -> SpectralNorm{ TimeDistributed{ Dense(4) } }
Add{ w -> Masking(-1) -> RNN(4) | u -> WeightNorm{ Conv(4, 3) -> BN } -> GAP } -> Standardize -> FC(2)
expect params > 0 and layers >= 20
""",
    """param n = 3
let width = 16
let round8(v) = max(8, (v + 4) // 8 * 8)
block Cell(f, act=relu) = _ as h, before -> { Add{ h | before } -> Conv(f, 3, padding=same, act=act) | h }
model Critic = Input(28, 28, 1) -> Conv(8, 3) -> ReLU if true -> GAP -> FC(1)
shared Stem = Conv(round8(width), 3, padding=same, norm=batch, act=leaky_relu(0.1))
x = Input(32, 32, 3) -> Stem
a, b = x -> { Conv(16, 1) | Conv(16, 1) } -> Cell(16) x n
aux = a -> Multiply{ _ | GAP -> Dense(_.channels // 16 + 1, act=relu) -> Dense(_.channels) -> Sigmoid }
Concat{ aux | b } -> Residual{ DepthwiseConv(3, padding=same) } -> Conv(8, 1) as y[0] : (32, 32, 8)
output y[0], aux
expect Critic.params < 1K
""",
    """nnspec: 1
params: {n: 2, m: 3, width: 32, classes: 10}
default:
  Conv: {kernel: 3, padding: same, init: he_normal, norm: batch}
blocks:
  "Double(c)": "(Conv(c, 3) -> ReLU) x 2"
network:
  - Input(32, 32, 3)
  - for: i
    in: range(3)
    body:
      - repeat: 2
        body: [{Conv: {filters: 32 * 2^i, kernel: 3}}, ReLU]
      - MaxPool: 2
  - branches: {merge: Add, flows: [[Conv(128, 1)], [Identity]]}
  - {stage: Double(8), as: e}
  - wrap: TimeDistributed
    body: [{Dense: {units: 8, act: tanh}}]
  - {wrap: TimeDistributed, body: [{wrap: {Bidirectional: {merge_mode: sum}}, body: [GRU(8)]}]}
  - FC(classes)
outputs: [e]
expect: ["params <= 26M"]
train:
  data: {source: sklearn/digits, split: [0.8, 0.1, 0.1], batch: 64}
  loss: sparse_categorical_crossentropy
  optimizer: {name: adam, learning_rate: 1e-3, clip: {global_norm: 1.0}}
  epochs: 20
""",
)

LIBRARY = """block Bottleneck(c, s=1) = Add{ Conv(c, 1) -> ReLU -> Conv(in.channels, 3, padding=same) | _ } -> ReLU
block Cell = BN -> ReLU
let wide = 64
"""


@cache
def texts() -> tuple[tuple[str, bool], ...]:
    """All texts, with whether each is YAML."""
    found = [(text, text.startswith("nnspec")) for text in (*EXAMPLES, LIBRARY)]
    found += [(text, False) for text in examples()]
    for code in all_codes():
        if code.surface in ("nn", "yaml"):
            found += [(text, code.surface == "yaml") for text in (code.failing, code.mended) if text]
    for path in sorted([*ROOT.glob("specs/**/*.*"), *ROOT.glob("tests/cases/**/*.*")]):
        if path.suffix in (".nn", ".yaml", ".yml"):
            found.append((path.read_text(encoding="utf-8", errors="replace"), path.suffix != ".nn"))
    for path in sorted(ROOT.glob("docs/**/*.md")):
        blocks = re.findall(r"```(\w*)\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
        found += [(text, kind == "yaml") for kind, text in blocks if kind in ("", "nn", "yaml")]
    return tuple(found)
