-- What makes a reading itself, apart from the rows: a duplicate is refused here, before any chunk of `reading` is
-- looked at, compressed or not. One row a reading, for as long as it could come again: retention takes away that of
-- a value which was heard with its row, and keeps that of a meter's record, since a memory may be read out again.
-- By its own numbers and not by a hash, so that what a device sends next lies beside what it sent last.

CREATE TABLE reading_identity (
    record_key  bigint NOT NULL,
    measured_at timestamptz NOT NULL,              -- as its row has it: where to look for it
    device_id   integer NOT NULL,
    metric      text NOT NULL
);
INSERT INTO reading_identity (record_key, measured_at, device_id, metric)
SELECT DISTINCT ON (device_id, key, metric) key, measured_at, device_id, metric
FROM (SELECT *, CASE                               -- as protocols.reading.record_key has it, with the user
          WHEN user_slot IS NULL OR record_key >= 1::bigint << 54 THEN record_key
          ELSE (user_slot % 255 + 1)::bigint << 54 | record_key END AS key
      FROM reading) AS keyed
ORDER BY device_id, key, metric, stored_at;
ALTER TABLE reading_identity ADD PRIMARY KEY (device_id, record_key, metric);
ALTER TABLE reading DROP CONSTRAINT reading_pkey;

-- Where somebody was in question, all values of a record go the same way: they are looked up by it.
CREATE INDEX reading_in_question ON reading (device_id, record_key) WHERE wearer_why <> 'only_wearer';

-- One row, a number that rises with whatever says whose readings are: with it unchanged, an ingester believes what it
-- looked up before. Not a sequence, which would rise before the change itself can be seen.

CREATE TABLE registry_edition (
    edition     bigint NOT NULL
);
INSERT INTO registry_edition VALUES (1);

CREATE FUNCTION raise_registry_edition() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN UPDATE registry_edition SET edition = edition + 1; RETURN NULL; END $$;

CREATE TRIGGER raise_registry_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON wearer
FOR EACH STATEMENT EXECUTE FUNCTION raise_registry_edition();
CREATE TRIGGER raise_registry_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sharing
FOR EACH STATEMENT EXECUTE FUNCTION raise_registry_edition();
-- A new device is none that anybody looked up before; ingesters make them, and need not wait for each other.
CREATE TRIGGER raise_registry_edition AFTER UPDATE OR DELETE OR TRUNCATE ON device
FOR EACH STATEMENT EXECUTE FUNCTION raise_registry_edition();
CREATE TRIGGER raise_registry_edition AFTER UPDATE OF gateway_id, home_id OR DELETE OR TRUNCATE ON gateway
FOR EACH STATEMENT EXECUTE FUNCTION raise_registry_edition();
CREATE TRIGGER raise_registry_edition AFTER UPDATE OF time_zone OR DELETE OR TRUNCATE ON home
FOR EACH STATEMENT EXECUTE FUNCTION raise_registry_edition();
