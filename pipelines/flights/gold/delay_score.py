"""A robust delay score per carrier: medians, which one terrible day cannot move."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakewright import Inputs

DELAY = "arr_delay"


def build(inputs: Inputs) -> DataFrame:
    """One row per carrier: its median delay, the spread around it, and its distance from all."""
    flights = inputs["silver.completed_flights"].select("carrier", DELAY)
    carriers = spread(flights, ["carrier"])
    everyone = spread(flights.withColumn("everyone", F.lit(1)), ["everyone"]).select(
        F.col("median_delay").alias("usual"), F.col("median_deviation").alias("usual_deviation")
    )
    names = inputs["silver.airlines"].select("carrier", F.col("name").alias("carrier_name"))
    return (
        carriers.crossJoin(everyone)
        .join(names, "carrier", "left")
        .select(
            "carrier",
            "carrier_name",
            "flights",
            "median_delay",
            "median_deviation",
            score().alias("score"),
        )
    )


def spread(rows: DataFrame, by: list[str]) -> DataFrame:
    """The median delay of each group and the median distance from it."""
    medians = rows.groupBy(*by).agg(F.median(DELAY).alias("median_delay"))
    distance = F.abs(F.col(DELAY) - F.col("median_delay"))
    return (
        rows.join(medians, by)
        .groupBy(*by, "median_delay")
        .agg(F.count(F.lit(1)).alias("flights"), F.median(distance).alias("median_deviation"))
    )


def score() -> Column:
    """The distance in deviations; decimals, so that every engine rounds alike."""
    distance = (F.col("median_delay") - F.col("usual")).cast("decimal(20,8)")
    return F.round(
        distance / F.nullif(F.col("usual_deviation"), F.lit(0.0)).cast("decimal(10,1)"), 2
    )
