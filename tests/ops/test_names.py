"""What layers are called after their operators and blocks."""

from __future__ import annotations

import pytest

from nnspec.ops.registry import find_operator, operator_names, shorthands, snake_case

NAMES = {
    "ReLU": "relu", "LeakyReLU": "leaky_relu", "PReLU": "prelu", "RReLU": "rrelu", "ELU": "elu", "SELU": "selu",
    "GELU": "gelu", "SiLU": "silu", "HardSwish": "hard_swish", "LogSoftmax": "log_softmax", "FC": "fc",
    "Dense": "dense", "LRN": "lrn", "RMSNorm": "rms_norm", "GlobalAvgPool": "global_avg_pool", "KMaxPool": "k_max_pool",
    "ConvTranspose": "conv_transpose", "DepthwiseConv": "depthwise_conv", "ArgMax": "arg_max", "UpSample": "up_sample",
    "BatchNorm": "batch_norm", "DropPath": "drop_path", "ConvLSTM": "conv_lstm", "RNN": "rnn", "GRU": "gru",
    "MultiHeadAttention": "multi_head_attention", "PCA": "pca",
    "ConvBN": "conv_bn", "ConvBNReLU": "conv_bn_relu", "UNet": "unet", "ResNet50": "resnet50", "VGG16": "vgg16",
    "SEBlock": "se_block", "MLP": "mlp", "MLPHead": "mlp_head", "Conv2D": "conv2d", "Conv1x1": "conv1x1",
    "T5Block": "t5_block", "My_Block": "my_block", "A": "a", "X2": "x2",
}  # fmt: skip


@pytest.mark.parametrize(("name", "snake"), NAMES.items())
def test_names_are_read_as_their_words(name: str, snake: str) -> None:
    assert snake_case(name) == snake


def test_no_two_operators_share_a_name() -> None:
    operators = {find_operator(name).__name__ for name in operator_names()}
    assert len({snake_case(name) for name in operators}) == len(operators)
    assert all(snake_case(name).replace("_", "").isalnum() for name in operators)


def test_shorthands_are_operators() -> None:
    assert set(shorthands("norm")) == {"batch", "layer", "group", "instance", "rms"}
    assert {"relu", "leaky_relu", "gelu", "softmax"} <= set(shorthands("act"))
    assert all(find_operator(name) for group in ("norm", "act") for name in shorthands(group).values())
