def model(dbt, session):
    return session.createDataFrame(dbt.ref("daily").collect())
