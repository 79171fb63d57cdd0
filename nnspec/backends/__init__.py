"""Back ends: one lowering, run (`keras_build`) or printed (`keras_source`)."""
