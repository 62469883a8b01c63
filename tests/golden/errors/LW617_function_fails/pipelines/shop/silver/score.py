def build(inputs):
    rate = inputs.rates
    return inputs['bronze.orders']
