-- Detection in layers: alerts that are told again, looks that a timer asks for, limits of one elder, and the request to
-- measure again.

ALTER TABLE alert
    ADD COLUMN score double precision NOT NULL DEFAULT 0,  -- how unusual, 0 to 1: ranks alerts of one priority
    ADD COLUMN told_at timestamptz,                        -- when new evidence was told last; NULL: when it was raised
    ADD COLUMN times_told integer NOT NULL DEFAULT 1,
    ADD COLUMN cleared boolean NOT NULL DEFAULT false;     -- it ended by itself: nobody closed it

UPDATE alert SET cleared = true WHERE state = 'closed' AND verdict IS NULL AND NOT EXISTS (
    SELECT FROM visit JOIN visit_report USING (visit_id) WHERE visit.alert_id = alert.alert_id);

CREATE TABLE detection_timer (                     -- elders to be looked at although nothing arrives
    elder_id    integer PRIMARY KEY REFERENCES elder ON DELETE CASCADE,
    look_at     timestamptz NOT NULL
);
CREATE INDEX detection_timer_due ON detection_timer (look_at);

CREATE TABLE limit_override (                      -- a clinician's figure for one elder; rows are never changed but ended
    override_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    elder_id    integer NOT NULL REFERENCES elder ON DELETE CASCADE,
    rule        text NOT NULL,                     -- id in the limits file
    metric      text NOT NULL,
    value       double precision NOT NULL,         -- in the metric's canonical unit
    author      text NOT NULL CHECK (author <> ''),
    reason      text NOT NULL CHECK (reason <> ''),
    set_at      timestamptz NOT NULL,
    ended_at    timestamptz,
    ended_by    text,
    ended_why   text,
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX limit_override_one ON limit_override (elder_id, rule, metric) WHERE ended_at IS NULL;
CREATE INDEX limit_override_of ON limit_override (elder_id, set_at);

CREATE TABLE measure_again (                       -- the elder is asked to measure again, before anybody travels
    ask_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    elder_id    integer NOT NULL REFERENCES elder ON DELETE CASCADE,
    metric      text NOT NULL,
    why         text NOT NULL,                     -- cuff_loose, body_moved, limit, jump ...: cloud/detection/coach
    measured_at timestamptz NOT NULL,              -- of the reading that is doubted
    asked_at    timestamptz NOT NULL,
    until       timestamptz NOT NULL,              -- so long a second measurement answers it
    answered_at timestamptz,                       -- when the second measurement was made
    UNIQUE (elder_id, metric, measured_at)
);
CREATE INDEX measure_again_open ON measure_again (elder_id, until) WHERE answered_at IS NULL;
