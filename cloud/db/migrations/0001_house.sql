-- The first house. Plain PostgreSQL; what TimescaleDB adds stands in 0001_house.timescale.sql.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- registry -----------------------------------------------------------------------------------------------------------

CREATE TABLE region (
    region_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text NOT NULL UNIQUE,              -- GB/T 2260 and its street and community extension
    name        text NOT NULL,
    level       text NOT NULL CHECK (level IN ('province', 'city', 'district', 'street', 'community')),
    parent_id   integer REFERENCES region
);

CREATE TABLE home (
    home_id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text NOT NULL UNIQUE,
    region_id   integer NOT NULL REFERENCES region,
    address     text NOT NULL,
    door_note   text NOT NULL DEFAULT '',
    time_zone   text NOT NULL DEFAULT 'Asia/Shanghai'
);

CREATE TABLE elder (
    elder_id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text NOT NULL UNIQUE,
    home_id     integer NOT NULL REFERENCES home,
    name        text NOT NULL,
    born_on     date,
    sex         text CHECK (sex IN ('female', 'male')),
    conditions  text[] NOT NULL DEFAULT '{}',
    risks       text[] NOT NULL DEFAULT '{}',
    plan        text NOT NULL DEFAULT '',
    data_note   text NOT NULL DEFAULT '',          -- where this person's data come from, shown on the record
    link_hash   bytea UNIQUE                       -- SHA-256 of the token in the elder's own link
);

CREATE TABLE contact (
    contact_id  integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    elder_id    integer NOT NULL REFERENCES elder ON DELETE CASCADE,
    place       integer NOT NULL,                  -- whom to call first
    name        text NOT NULL,
    relation    text NOT NULL,
    phone       text NOT NULL,
    UNIQUE (elder_id, place)
);

CREATE TABLE gateway (
    gateway_id  text PRIMARY KEY,                  -- the name in its topics and, later, in its certificate
    home_id     integer NOT NULL REFERENCES home,
    online      boolean NOT NULL DEFAULT false,
    heard_at    timestamptz,
    status      jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE device (
    device_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway_id  text NOT NULL REFERENCES gateway,
    name        text NOT NULL,                     -- the gateway's name for it: protocols.reading.Reading.device
    kind        text NOT NULL,                     -- protocols.device_kind, or unknown
    label       text NOT NULL DEFAULT '',
    UNIQUE (gateway_id, name)
);

CREATE TABLE sharing (                             -- devices whose readings do not say by themselves whose they are
    device_id   integer PRIMARY KEY REFERENCES device ON DELETE CASCADE,
    rule        text NOT NULL CHECK (rule IN ('ask', 'by_time', 'by_plausibility'))
);

CREATE TABLE wearer (                              -- who measures with what, and when
    device_id   integer NOT NULL REFERENCES device,
    user_slot   integer CHECK (user_slot >= 0),    -- the device's number for them, 0 among them; NULL: they have none
    elder_id    integer NOT NULL REFERENCES elder,
    during      tstzrange NOT NULL DEFAULT tstzrange(NULL, NULL),
    usual_minutes int4multirange NOT NULL DEFAULT '{}',  -- of the home's day, when they usually measure
    EXCLUDE USING gist (device_id WITH =, user_slot WITH =, during WITH &&),
    EXCLUDE USING gist (device_id WITH =, elder_id WITH =, during WITH &&) WHERE (user_slot IS NULL)
);

-- identity -----------------------------------------------------------------------------------------------------------

CREATE TABLE staff (
    staff_id      integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login         text NOT NULL UNIQUE,
    name          text NOT NULL,
    role          text NOT NULL CHECK (role IN ('nurse', 'desk', 'administrator')),
    region_id     integer NOT NULL REFERENCES region,
    phone         text NOT NULL DEFAULT '',
    password_hash text NOT NULL,
    on_duty       boolean NOT NULL DEFAULT true
);

CREATE TABLE session (
    token_hash  bytea PRIMARY KEY,                 -- SHA-256 of the cookie's token
    staff_id    integer NOT NULL REFERENCES staff ON DELETE CASCADE,
    began_at    timestamptz NOT NULL DEFAULT now(),
    ends_at     timestamptz NOT NULL
);

-- readings -----------------------------------------------------------------------------------------------------------

CREATE TABLE reading (
    device_id      integer NOT NULL,
    metric         text NOT NULL,
    record_key     bigint NOT NULL,                -- protocols.reading.record_key
    measured_at    timestamptz NOT NULL,
    value          double precision NOT NULL,      -- in the metric's canonical unit
    elder_id       integer,                        -- NULL: nobody wears the device, or it is not known whose it is
    wearer_certainty real DEFAULT 1,               -- that it is theirs; NULL: nobody was in question
    wearer_why     text NOT NULL DEFAULT 'only_wearer',  -- cloud.registry.whose.Why
    flags          text[] NOT NULL DEFAULT '{}',
    meal           text,
    user_slot      integer,
    device_time    timestamp,                      -- what the meter said
    clock_offset_s double precision,
    sequence       integer,
    received_at    timestamptz NOT NULL,
    stored_at      timestamptz NOT NULL DEFAULT now(),
    gateway_id     text NOT NULL,
    epoch          bigint NOT NULL,
    outbox_number  bigint NOT NULL,
    PRIMARY KEY (device_id, metric, record_key, measured_at)
);
CREATE INDEX reading_by_elder ON reading (elder_id, metric, measured_at DESC) INCLUDE (value);
CREATE INDEX reading_not_certain ON reading (gateway_id, measured_at DESC) WHERE wearer_certainty < 1;

CREATE TABLE ruling (                              -- a person said whose a measurement was; its rows changed with it
    ruling_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id   integer NOT NULL REFERENCES device,
    record_key  bigint NOT NULL,
    measured_at timestamptz NOT NULL,
    from_elder_id integer REFERENCES elder,        -- whose it was taken to be; NULL: nobody's
    to_elder_id integer REFERENCES elder,          -- NULL: nobody of ours
    from_why    text NOT NULL,
    from_certainty real,
    staff_id    integer NOT NULL REFERENCES staff,
    ruled_at    timestamptz NOT NULL
);
CREATE INDEX ruling_by_record ON ruling (device_id, record_key, ruled_at DESC);

CREATE TABLE outbox_stream (                       -- what is stored of each outbox: the source of every receipt
    gateway_id  text NOT NULL,
    epoch       bigint NOT NULL,
    stored      int8multirange NOT NULL DEFAULT '{}',
    PRIMARY KEY (gateway_id, epoch)
);

CREATE TABLE dead_letter (
    dead_letter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic       text NOT NULL,
    payload     bytea NOT NULL,
    digest      bytea NOT NULL UNIQUE,             -- SHA-256 of topic and payload: the same letter again is counted
    reason      text NOT NULL,
    first_at    timestamptz NOT NULL DEFAULT now(),
    last_at     timestamptz NOT NULL DEFAULT now(),
    times       integer NOT NULL DEFAULT 1,
    replayed_at timestamptz
);

-- detection ----------------------------------------------------------------------------------------------------------

CREATE TABLE detection_due (                       -- elders with news; claimed with SKIP LOCKED
    elder_id    integer PRIMARY KEY,
    since       timestamptz NOT NULL,              -- earliest measured_at not looked at yet
    asked_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE baseline (
    elder_id    integer NOT NULL REFERENCES elder,
    metric      text NOT NULL,
    centre      double precision NOT NULL,
    low         double precision NOT NULL,         -- own normal band
    high        double precision NOT NULL,
    count       integer NOT NULL,
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (elder_id, metric)
);

CREATE TABLE alert (                               -- one episode: an elder and a cause
    alert_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    elder_id      integer NOT NULL REFERENCES elder,
    cause         text NOT NULL,                   -- blood_pressure, pulse, hypoglycaemia, hyperglycaemia ...
    priority      text NOT NULL CHECK (priority IN ('now', 'today', 'this_week')),
    reasons       jsonb NOT NULL,                  -- list of {"rule": ..., "at": ..., parameters}: words are made on the page
    raised_at     timestamptz NOT NULL,
    evidence_from timestamptz NOT NULL,
    evidence_to   timestamptz NOT NULL,
    seen_through  timestamptz,                     -- newest stored_at that detection has looked at; NULL: raised_at
    state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    closed_at     timestamptz,
    verdict       text CHECK (verdict IN ('right', 'false', 'technique')),
    verdict_by    integer REFERENCES staff,
    verdict_at    timestamptz
);
CREATE UNIQUE INDEX alert_one_open ON alert (elder_id, cause) WHERE state = 'open';
CREATE INDEX alert_by_elder ON alert (elder_id, raised_at DESC);

-- alarms -------------------------------------------------------------------------------------------------------------

CREATE TABLE alarm (
    alarm_id    uuid PRIMARY KEY,
    gateway_id  text NOT NULL REFERENCES gateway,
    elder_id    integer REFERENCES elder,
    kind        text NOT NULL,
    device      text NOT NULL,
    test        boolean NOT NULL DEFAULT false,
    raised_at   timestamptz NOT NULL,
    heard_at    timestamptz NOT NULL,
    state       text NOT NULL DEFAULT 'at_centre' CHECK (state IN ('at_centre', 'taken', 'on_the_way', 'closed')),
    taken_by    integer REFERENCES staff,
    taken_at    timestamptz,
    minutes     integer,
    close_reason text CHECK (close_reason IN ('real', 'test', 'mistake', 'cancelled')),
    closed_at   timestamptz,
    overdue     boolean NOT NULL DEFAULT false,    -- nobody took it within the promised time
    CHECK (state = 'at_centre' OR state = 'closed' OR taken_by IS NOT NULL)
);
CREATE INDEX alarm_open ON alarm (heard_at DESC) WHERE state <> 'closed';

CREATE TABLE alarm_event (
    alarm_event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alarm_id    uuid NOT NULL REFERENCES alarm,
    state       text NOT NULL,
    at          timestamptz NOT NULL,
    staff_id    integer REFERENCES staff,
    minutes     integer,
    note        text NOT NULL DEFAULT '',
    told_home_at timestamptz                       -- when the state was published to the home; NULL: still to tell
);
CREATE INDEX alarm_event_untold ON alarm_event (alarm_event_id) WHERE told_home_at IS NULL;

-- visits -------------------------------------------------------------------------------------------------------------

CREATE TABLE visit (
    visit_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    elder_id    integer NOT NULL REFERENCES elder,
    alert_id    bigint UNIQUE REFERENCES alert,    -- one visit an episode
    alarm_id    uuid UNIQUE REFERENCES alarm,
    kind        text NOT NULL CHECK (kind IN ('alert', 'alarm', 'request')),
    wish        text,                              -- what the elder asked for, when kind is request
    priority    text NOT NULL CHECK (priority IN ('now', 'today', 'this_week')),
    state       text NOT NULL DEFAULT 'proposed' CHECK (state IN
                ('proposed', 'accepted', 'travelling', 'at_the_door', 'filed', 'assessed', 'declined', 'cancelled')),
    nurse_id    integer REFERENCES staff,
    asked_at    timestamptz NOT NULL,
    promised_by timestamptz NOT NULL,
    timer_for   timestamptz,                       -- the promise that a timer stands for; NULL: none yet
    at_risk     boolean NOT NULL DEFAULT false,
    CHECK (nurse_id IS NOT NULL OR state IN ('proposed', 'cancelled'))
);
CREATE UNIQUE INDEX visit_one_request ON visit (elder_id) WHERE kind = 'request' AND state IN ('proposed', 'accepted');
CREATE INDEX visit_open ON visit (promised_by) WHERE state NOT IN ('filed', 'assessed', 'declined', 'cancelled');
CREATE INDEX visit_by_elder ON visit (elder_id, asked_at DESC);

CREATE TABLE visit_event (
    visit_event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    visit_id    bigint NOT NULL REFERENCES visit,
    state       text NOT NULL,
    at          timestamptz NOT NULL,
    staff_id    integer REFERENCES staff,
    note        text NOT NULL DEFAULT ''
);

CREATE TABLE visit_report (
    visit_id    bigint PRIMARY KEY REFERENCES visit,
    staff_id    integer NOT NULL REFERENCES staff,
    findings    text[] NOT NULL,
    actions     text[] NOT NULL,
    note        text NOT NULL DEFAULT '',
    verdict     text CHECK (verdict IN ('right', 'false', 'technique')),
    next_on     date,
    filed_at    timestamptz NOT NULL
);

CREATE TABLE assessment (                          -- the elder's word on a visit
    visit_id    bigint PRIMARY KEY REFERENCES visit,
    face        integer NOT NULL CHECK (face BETWEEN 1 AND 5),
    word        text NOT NULL DEFAULT '',
    assessed_at timestamptz NOT NULL
);
