-- What a server with TimescaleDB makes of the same tables.

SELECT create_hypertable('reading', by_range('measured_at', INTERVAL '7 days'));

CREATE MATERIALIZED VIEW reading_hourly WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT elder_id, metric, time_bucket(INTERVAL '1 hour', measured_at) AS bucket,
       count(*) AS count, avg(value) AS mean, min(value) AS low, max(value) AS high
FROM reading GROUP BY elder_id, metric, bucket WITH NO DATA;

CREATE MATERIALIZED VIEW reading_daily WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT elder_id, metric, time_bucket(INTERVAL '1 day', measured_at) AS bucket,
       count(*) AS count, avg(value) AS mean, min(value) AS low, max(value) AS high
FROM reading GROUP BY elder_id, metric, bucket WITH NO DATA;

-- No start: whatever late rows touched is made new, however old it is. The newest hour is computed when asked for.
SELECT add_continuous_aggregate_policy('reading_hourly', start_offset => NULL, end_offset => INTERVAL '1 hour',
                                       schedule_interval => INTERVAL '15 minutes');
SELECT add_continuous_aggregate_policy('reading_daily', start_offset => NULL, end_offset => INTERVAL '1 day',
                                       schedule_interval => INTERVAL '1 hour');
