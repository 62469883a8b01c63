"""A robust delay score per carrier: medians, which one terrible day cannot move."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from lakewright import Inputs


def build(inputs: Inputs) -> DataFrame:
    """One row per carrier: its median delay, the spread around it, and its distance from all."""
    flights = inputs["silver.completed_flights"].select("carrier", "arr_delay")
    carriers = spread(flights, "carrier")
    everyone = spread(flights.withColumn("everyone", sf.lit(1)), "everyone").select(
        sf.col("median_delay").alias("usual_delay"),
        sf.col("median_deviation").alias("usual_deviation"),
    )
    names = inputs["silver.airlines"].select("carrier", sf.col("name").alias("carrier_name"))
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


def spread(rows: DataFrame, by: str) -> DataFrame:
    """The median delay of each group and the median distance from it."""
    medians = rows.groupBy(by).agg(sf.median("arr_delay").alias("median_delay"))
    distance = sf.abs(sf.col("arr_delay") - sf.col("median_delay"))
    return (
        rows.join(medians, by)
        .groupBy(by, "median_delay")
        .agg(sf.count(sf.lit(1)).alias("flights"), sf.median(distance).alias("median_deviation"))
    )


def score() -> Column:
    """How many usual deviations a carrier is from the usual delay; NULL when nobody deviates.

    Divided as decimals: every engine rounds those alike.
    """
    distance = (sf.col("median_delay") - sf.col("usual_delay")).cast("decimal(20,8)")
    deviation = sf.when(sf.col("usual_deviation") > 0, sf.col("usual_deviation"))
    return sf.round(distance / deviation.cast("decimal(10,1)"), 2)
