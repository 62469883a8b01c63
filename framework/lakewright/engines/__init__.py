"""What executes: the only package that imports pyspark, delta or pysail."""
