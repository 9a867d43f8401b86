-- A request to measure again is said aloud in the home, and the home tells what became of that.

ALTER TABLE measure_again
    ADD COLUMN told_to text REFERENCES gateway,    -- the gateway that was given it last; NULL: none yet
    ADD COLUMN told_at timestamptz,
    ADD COLUMN became text                         -- protocols.telemetry.measuring_again.Became; NULL: not known
        CHECK (became IN ('said', 'quiet_hours', 'too_late', 'silent')),
    ADD COLUMN became_at timestamptz;              -- by the gateway's clock

CREATE INDEX measure_again_to_tell ON measure_again (until) WHERE answered_at IS NULL AND became IS NULL;
