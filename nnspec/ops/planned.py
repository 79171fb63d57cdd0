"""Operators of the language that are not built yet, so that a spec that uses one is told so.

A name leaves this list when its class comes.
"""

PLANNED = frozenset(
    {
        *("Unembed", "WeightNorm", "SpectralNorm", "TimeDistributed", "Bidirectional"),
        *("RNN", "LSTM", "GRU", "ConvLSTM", "Attention", "AdditiveAttention", "MultiHeadAttention"),
        *("PositionEncoding", "GraphConv", "Rescale", "Standardize", "PCA", "Whiten"),
        *("RandomFlip", "RandomCrop", "RandomRotation"),
    }
)
