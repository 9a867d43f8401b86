ALTER VIEW reading_hourly RENAME TO reading_hourly_live;
ALTER VIEW reading_daily RENAME TO reading_daily_live;
