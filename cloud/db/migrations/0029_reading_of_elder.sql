-- An elder's page is read from an index alone. A reading lies where its time put it, among those of a whole province, so
-- a page of 90 days had to look into as many places of the table as it has readings. With flags and meal in the index it
-- looks into some twenty. Where TimescaleDB has compressed rows, they lie by elder and metric anyhow.

CREATE INDEX reading_of_elder ON reading (elder_id, metric, measured_at DESC) INCLUDE (value, flags, meal);
DROP INDEX reading_by_elder;
