-- Detection looks at what a home's sensors tell: at once for what cannot wait, and at set hours over weeks.

ALTER TABLE detection_due
    ADD COLUMN events_only boolean NOT NULL DEFAULT false;  -- sensors told something, and nothing was measured

ALTER TABLE detection_timer
    ALTER COLUMN look_at DROP NOT NULL,            -- NULL: nothing waits
    ADD COLUMN round_at timestamptz;               -- when weeks of events and of measurements are looked at next
CREATE INDEX detection_timer_round ON detection_timer (round_at);

-- A room's sensor for which nobody is registered is that of the only elder who lives there (cloud.registry.store).
CREATE TRIGGER raise_registry_edition AFTER INSERT OR UPDATE OF home_id OR DELETE OR TRUNCATE ON elder
FOR EACH STATEMENT EXECUTE FUNCTION raise_registry_edition();

ALTER TABLE elder
    ADD COLUMN measures jsonb NOT NULL DEFAULT '{}';   -- the plan: metric, and every so many days at the latest
