"""What arrives at a layer of a model, which is what that layer is fitted to."""

import keras


def arriving(model, name, x, batch_size):
    """What arrives at a layer when `x` enters the model, batch by batch."""
    before = keras.Model(model.inputs, model.get_layer(name).input)
    for start in range(0, len(x), batch_size):
        yield before.predict_on_batch(x[start : start + batch_size])
