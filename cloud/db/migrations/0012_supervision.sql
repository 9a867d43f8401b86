-- Homes that are no longer heard, as events: one for a home, one for a whole street, one where nobody is heard at all.

ALTER TABLE gateway ADD COLUMN noted_at timestamptz;  -- when its last heartbeat was stored, by this database's clock
UPDATE gateway SET noted_at = least(heard_at, now()) WHERE heard_at IS NOT NULL;

CREATE TABLE silence (                             -- wall time in all columns: heartbeats know no other
    silence_id  uuid PRIMARY KEY,
    scope       text NOT NULL CHECK (scope IN ('home', 'street', 'centre')),
    region_id   integer REFERENCES region,         -- the home's, or the street; NULL: the centre hears nobody
    cause       text NOT NULL CHECK (cause IN ('link_lost', 'power_lost', 'unknown')),
    since       timestamptz NOT NULL,              -- the first of its gateways was last heard
    raised_at   timestamptz NOT NULL,
    closed_at   timestamptz,
    CHECK ((scope = 'centre') = (region_id IS NULL))
);
CREATE INDEX silence_open ON silence (raised_at DESC) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX silence_one_a_street ON silence (region_id) WHERE scope = 'street' AND closed_at IS NULL;
CREATE UNIQUE INDEX silence_one_centre ON silence (scope) WHERE scope = 'centre' AND closed_at IS NULL;

CREATE TABLE silent_gateway (
    silence_id  uuid NOT NULL REFERENCES silence ON DELETE CASCADE,
    gateway_id  text NOT NULL REFERENCES gateway,
    cause       text NOT NULL CHECK (cause IN ('link_lost', 'power_lost', 'unknown')),
    since       timestamptz NOT NULL,              -- when it was last heard
    left_at     timestamptz,                       -- heard again, or counted to another event from then on
    PRIMARY KEY (silence_id, gateway_id)
);
CREATE UNIQUE INDEX silent_gateway_in_one ON silent_gateway (gateway_id) WHERE left_at IS NULL;
