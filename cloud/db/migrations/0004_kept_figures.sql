-- The names under which everybody reads figures: what retention kept, and the live ones of what it has not reached.

CREATE VIEW reading_hourly AS
SELECT elder_id, metric, bucket, count, mean, low, high FROM reading_hourly_kept
UNION ALL
SELECT live.elder_id, live.metric, live.bucket, live.count, live.mean, live.low, live.high
FROM reading_hourly_live live LEFT JOIN retained USING (metric)
WHERE retained.through IS NULL OR live.bucket >= retained.through;

CREATE VIEW reading_daily AS
SELECT elder_id, metric, bucket, count, mean, low, high FROM reading_daily_kept
UNION ALL
SELECT live.elder_id, live.metric, live.bucket, live.count, live.mean, live.low, live.high
FROM reading_daily_live live LEFT JOIN retained USING (metric)
WHERE retained.through IS NULL OR live.bucket >= retained.through;
