def build(inputs):
    return inputs
