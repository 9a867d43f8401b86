ALTER MATERIALIZED VIEW reading_hourly RENAME TO reading_hourly_live;
ALTER MATERIALIZED VIEW reading_daily RENAME TO reading_daily_live;
