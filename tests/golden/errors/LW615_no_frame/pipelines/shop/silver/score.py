def build(inputs):
    return 1
