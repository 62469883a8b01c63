"""What Sail computes beside what Spark computes: measured, classed, written into the docs."""
