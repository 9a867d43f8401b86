-- The daily silent drill of each home: a frame that walked the way of a call. No alarm, and not on the board.

CREATE TABLE drill (
    drill_id    uuid PRIMARY KEY,
    gateway_id  text NOT NULL REFERENCES gateway,
    device      text NOT NULL,                     -- whose frame it was; 'drill': one that the gateway made itself
    raised_at   timestamptz NOT NULL,              -- by the gateway's clock
    heard_at    timestamptz NOT NULL
);
CREATE INDEX drill_newest ON drill (gateway_id, heard_at DESC);

CREATE TABLE drill_watch (                         -- homes that are to drill
    gateway_id  text PRIMARY KEY REFERENCES gateway,
    since       timestamptz NOT NULL
);
