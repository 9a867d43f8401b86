-- Texts that leave the centre, and alarms that came by text because a home had no other way.

CREATE TABLE sms (                                 -- the outbox of texts
    sms_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recipient   text NOT NULL CHECK (recipient ~ '^\+[1-9][0-9]{4,14}$'),
    body        text NOT NULL CHECK (char_length(body) BETWEEN 1 AND 640),
    state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'delivered', 'failed')),
    asked_at    timestamptz NOT NULL DEFAULT now(),  -- wall time in all columns: the network knows no other
    due_at      timestamptz NOT NULL DEFAULT now(),  -- when it is tried next; pushed on while somebody tries
    give_up_at  timestamptz NOT NULL DEFAULT now() + interval '1 hour',
    attempts    integer NOT NULL DEFAULT 0,
    message_references integer[] NOT NULL DEFAULT '{}',  -- the modem's number of each part, for delivery reports
    parts_delivered integer[] NOT NULL DEFAULT '{}',     -- those of them that the network reported delivered
    sent_at     timestamptz,                       -- the network took all parts
    delivered_at timestamptz,                      -- the network says that the phone has all parts
    problem     text NOT NULL DEFAULT ''
);
CREATE INDEX sms_waiting ON sms (due_at) WHERE state = 'waiting';
CREATE INDEX sms_undelivered ON sms (sent_at) WHERE state = 'sent';

CREATE TABLE sms_key (                             -- what a home and the centre sign their texts with
    gateway_id  text PRIMARY KEY REFERENCES gateway ON DELETE CASCADE,
    key_id      bytea NOT NULL UNIQUE CHECK (octet_length(key_id) = 4),
    key         bytea NOT NULL CHECK (octet_length(key) = 32),
    phone       text NOT NULL DEFAULT '' CHECK (phone = '' OR phone ~ '^\+[1-9][0-9]{4,14}$'),
                                                   -- the number of the home's modem; '': answers go where a text came from
    said        bigint NOT NULL DEFAULT 0,         -- the last counter that we used to the home
    tested_at   timestamptz                        -- the newest test text that came from the home
);

CREATE TABLE sms_heard (                           -- counters that came from homes: a text that comes twice is an echo
    gateway_id  text NOT NULL REFERENCES sms_key ON DELETE CASCADE,
    counter     bigint NOT NULL,
    heard_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (gateway_id, counter)
);

CREATE TABLE sms_alarm (                           -- alarms that came by text: their home is told by text too
    alarm_id    uuid PRIMARY KEY REFERENCES alarm ON DELETE CASCADE,
    gateway_id  text NOT NULL REFERENCES gateway,
    answer_to   text NOT NULL,
    told_event_id bigint NOT NULL DEFAULT 0        -- the last step that is in the outbox of texts
);
