-- The same names on a server without TimescaleDB: views over the rows themselves.

CREATE VIEW reading_hourly AS
SELECT elder_id, metric, date_bin(INTERVAL '1 hour', measured_at, TIMESTAMPTZ '2000-01-03 00:00+00') AS bucket,
       count(*) AS count, avg(value) AS mean, min(value) AS low, max(value) AS high
FROM reading GROUP BY elder_id, metric, bucket;

CREATE VIEW reading_daily AS
SELECT elder_id, metric, date_bin(INTERVAL '1 day', measured_at, TIMESTAMPTZ '2000-01-03 00:00+00') AS bucket,
       count(*) AS count, avg(value) AS mean, min(value) AS low, max(value) AS high
FROM reading GROUP BY elder_id, metric, bucket;
