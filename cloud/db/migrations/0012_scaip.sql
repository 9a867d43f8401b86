-- Alarms that go to an alarm-receiving centre.

CREATE TABLE scaip_forward (                       -- one message about one alarm
    reference   text PRIMARY KEY CHECK (reference ~ '^[0-9A-Za-z]{1,16}$'),  -- the same in each attempt
    alarm_id    uuid NOT NULL REFERENCES alarm,
    what        text NOT NULL CHECK (what IN ('raised', 'taken_back')),
    state       text NOT NULL DEFAULT 'raised',    -- protocols.alarm.states, as the receiving centre has it
    receiver    integer NOT NULL DEFAULT 0,        -- whose turn it is, by place in scaip.receivers
    attempts    integer NOT NULL DEFAULT 0,
    asked_at    timestamptz NOT NULL DEFAULT now(),
    answered_at timestamptz,
    answer      text,                              -- the last answer's snu
    done_at     timestamptz,                       -- the receiving centre has it, or nothing more is tried
    problem     text NOT NULL DEFAULT '',
    UNIQUE (alarm_id, what)
);
CREATE INDEX scaip_forward_open ON scaip_forward (asked_at) WHERE done_at IS NULL;
