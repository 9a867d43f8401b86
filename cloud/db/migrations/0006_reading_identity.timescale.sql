-- Chunks are compressed when they are a week old. No unique key is left on the rows, so a late one is only written
-- beside them, and joins them at the policy's next turn. By metric, as retention takes rows away, and within it elder by
-- elder: of three orders tried the smallest and the quickest to read. One segment an elder would be nearly empty, for who
-- measures twice a day has fourteen rows in a week's chunk.

ALTER TABLE reading SET (
    timescaledb.enable_columnstore = true,
    timescaledb.segmentby = 'metric',
    timescaledb.orderby = 'elder_id, measured_at'
);
SELECT add_compression_policy('reading', compress_after => INTERVAL '7 days');
