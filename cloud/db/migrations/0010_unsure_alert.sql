-- A severe value of which nobody knows whose it is: an alert of the home, until a person has said whose it was.

CREATE TABLE unsure_due (                          -- records that are nobody's for sure, to be looked at; claimed with SKIP LOCKED
    device_id   integer NOT NULL REFERENCES device ON DELETE CASCADE,
    record_key  bigint NOT NULL,
    asked_at    timestamptz NOT NULL,
    PRIMARY KEY (device_id, record_key)
);
INSERT INTO unsure_due (device_id, record_key, asked_at)
SELECT DISTINCT device_id, record_key, now() FROM reading WHERE wearer_certainty < 1 AND elder_id IS NULL;

CREATE TABLE unsure_alert (                        -- one record of one device
    device_id   integer NOT NULL REFERENCES device ON DELETE CASCADE,
    record_key  bigint NOT NULL,
    home_id     integer NOT NULL REFERENCES home,
    priority    text NOT NULL CHECK (priority IN ('now', 'today', 'this_week')),
    reasons     jsonb NOT NULL,                    -- as alert.reasons
    measured_at timestamptz NOT NULL,
    raised_at   timestamptz NOT NULL,
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    closed_at   timestamptz,
    PRIMARY KEY (device_id, record_key)
);
CREATE INDEX unsure_alert_open ON unsure_alert (home_id) WHERE state = 'open';
