-- Who is told of an alarm or of silent homes, by what and when, and what became of each message.

CREATE TABLE push_subscription (                   -- a browser of somebody of staff that takes pushes
    subscription_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff_id    integer NOT NULL REFERENCES staff ON DELETE CASCADE,
    endpoint    text NOT NULL UNIQUE,              -- an address of its push service; whoever has it can send there
    p256dh      bytea NOT NULL CHECK (octet_length(p256dh) = 65),
    auth        bytea NOT NULL CHECK (octet_length(auth) = 16),
    language    text NOT NULL DEFAULT 'en',
    made_at     timestamptz NOT NULL DEFAULT now(),
    receipt_at  timestamptz,                       -- the phone's last receipt
    gone_at     timestamptz                        -- the push service says that it is no more
);
CREATE INDEX push_subscription_of ON push_subscription (staff_id) WHERE gone_at IS NULL;

CREATE TABLE escalation (
    subject_id  uuid PRIMARY KEY,                  -- alarm_id or silence_id
    about       text NOT NULL CHECK (about IN ('alarm', 'silence')),
    rule        text NOT NULL,                     -- its name in the policy; '': none fitted
    began_at    timestamptz NOT NULL,              -- on the centre's time line
    ended_at    timestamptz,
    ended_by    text CHECK (ended_by IN ('taken', 'closed', 'last_step'))
);
CREATE INDEX escalation_open ON escalation (began_at) WHERE ended_at IS NULL;
-- What was open before there were escalations has been on the board all the time.
INSERT INTO escalation (subject_id, about, rule, began_at, ended_at, ended_by)
SELECT alarm_id, 'alarm', '', heard_at, heard_at, 'last_step' FROM alarm WHERE state <> 'closed';

CREATE TABLE escalation_step (
    subject_id  uuid NOT NULL REFERENCES escalation ON DELETE CASCADE,
    round       integer NOT NULL,
    step        integer NOT NULL,
    said        text NOT NULL,                     -- the policy's sentence
    due_at      timestamptz NOT NULL,
    done_at     timestamptz NOT NULL,
    told        integer NOT NULL,                  -- how many messages went on their way
    PRIMARY KEY (subject_id, round, step)
);

CREATE TABLE notice (                              -- one message by one way; wall time in its columns
    notice_id   uuid PRIMARY KEY,                  -- drawn at random: a phone's receipt names it
    subject_id  uuid NOT NULL,
    round       integer NOT NULL,
    step        integer NOT NULL,
    way         text NOT NULL CHECK (way IN ('page', 'push', 'sms', 'webhook')),
    staff_id    integer REFERENCES staff,          -- NULL: a number or a webhook of the policy
    webhook     text NOT NULL DEFAULT '',          -- its name in the policy
    subscription_id bigint REFERENCES push_subscription ON DELETE SET NULL,
    sms_id      bigint REFERENCES sms,             -- the network's word on it stands there
    asked_at    timestamptz NOT NULL DEFAULT now(),
    attempts    integer NOT NULL DEFAULT 0,
    sent_at     timestamptz,                       -- the push service or the other end took it
    delivered_at timestamptz,                      -- the phone's own receipt
    opened_at   timestamptz,                       -- somebody touched it
    failed_at   timestamptz,                       -- it is tried no more
    problem     text NOT NULL DEFAULT '',
    FOREIGN KEY (subject_id, round, step) REFERENCES escalation_step ON DELETE CASCADE
);
CREATE INDEX notice_of ON notice (subject_id, round, step);
