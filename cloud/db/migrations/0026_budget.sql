-- A team's budget of alerts, and figures that move with what nurses said of alerts.

ALTER TABLE alert
    ADD COLUMN held boolean NOT NULL DEFAULT false,  -- nobody is sent yet: the team's week is full
    ADD COLUMN shown_at timestamptz;                 -- when it was no longer held; NULL: it never was, or it is
CREATE INDEX alert_held ON alert (elder_id) WHERE held AND state = 'open';

ALTER TABLE limit_override
    ADD COLUMN verdicts jsonb;                       -- {"false": .., "right": .., "days": ..}: it moved by itself with these
