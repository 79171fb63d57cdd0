"""Keras layers of our own, one self-contained file each, importing only Keras.

Importing this package registers them all: `keras.models.load_model` then knows them.
"""

import pkgutil
from importlib import import_module

for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
