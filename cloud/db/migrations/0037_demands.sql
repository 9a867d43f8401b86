-- Every wish, from whatever mouth, is one demand; and a call for help in words is an alarm of the elder, of no gateway.
-- docs/decisions/0024-a-call-in-words-is-of-a-home.md

CREATE TABLE demand_kind (                         -- a tree that administrators change; of nobody
    code        text PRIMARY KEY CHECK (code ~ '^[a-z][a-z_]{0,39}$'),
    parent      text REFERENCES demand_kind,
    place       integer NOT NULL,                  -- the order in which kinds are shown
    chinese     text NOT NULL CHECK (char_length(chinese) BETWEEN 1 AND 60),
    english     text NOT NULL CHECK (char_length(english) BETWEEN 1 AND 60),
    travels     boolean NOT NULL,                  -- somebody goes to the door for it: it becomes a visit
    urgency     text NOT NULL CHECK (urgency IN ('now', 'today', 'this_week')),  -- where nobody says another
    ended_at    timestamptz                        -- nothing new is of this kind any more
);
INSERT INTO demand_kind (place, code, parent, chinese, english, travels, urgency) VALUES
    (1, 'emergency', NULL, '紧急求助', 'Emergency', false, 'now'),
    (2, 'life_care', NULL, '生活照料', 'Life care', false, 'this_week'),
    (3, 'meals', 'life_care', '助餐', 'Meals', true, 'today'),
    (4, 'shopping', 'life_care', '代购跑腿', 'Shopping and errands', true, 'today'),
    (5, 'cleaning', 'life_care', '保洁', 'Cleaning', true, 'this_week'),
    (6, 'repair', 'life_care', '维修', 'Repair', true, 'today'),
    (7, 'bathing', 'life_care', '助浴', 'Bathing help', true, 'this_week'),
    (8, 'hair', 'life_care', '理发修甲', 'Hair and nails', true, 'this_week'),
    (9, 'health_care', NULL, '健康服务', 'Health care', false, 'today'),
    (10, 'health', 'health_care', '健康问题', 'Health question', true, 'today'),
    (11, 'medicine', 'health_care', '用药', 'Medicine', true, 'today'),
    (12, 'escort', 'health_care', '陪诊', 'Escort to hospital', true, 'this_week'),
    (13, 'together', NULL, '精神文化', 'Company and culture', false, 'this_week'),
    (14, 'companionship', 'together', '陪伴', 'Companionship', true, 'this_week'),
    (15, 'activity', 'together', '社区活动', 'Community activity', false, 'this_week'),
    (16, 'information', NULL, '政策咨询', 'Information and benefits', false, 'this_week'),
    (17, 'equipment', NULL, '设备问题', 'Trouble with our equipment', false, 'today');
ALTER TABLE demand_kind ENABLE ROW LEVEL SECURITY; -- names are no secret; the tree is the administrator's to change
CREATE POLICY seen ON demand_kind FOR SELECT USING (true);
CREATE POLICY changed ON demand_kind USING ((SELECT web.role()) = 'administrator');

-- A call in words belongs to the home of who is in need, and no gateway is told of it.
ALTER TABLE alarm ALTER COLUMN gateway_id DROP NOT NULL,
    ADD COLUMN home_id integer REFERENCES home,    -- NULL: the gateway's
    ADD CHECK ((gateway_id IS NULL) = (home_id IS NOT NULL));
ALTER POLICY seen ON alarm USING (
    elder_id = (SELECT web.link_elder()) OR (SELECT web.hears_calls())
    AND CASE WHEN gateway_id IS NULL THEN web.sees_home(home_id) ELSE web.sees_gateway(gateway_id) END);
CREATE OR REPLACE FUNCTION web.sees_alarm(alarm uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN coalesce((SELECT a.elder_id = web.link_elder() OR (web.hears_calls() AND
                            CASE WHEN a.gateway_id IS NULL THEN web.sees_home(a.home_id)
                                 ELSE web.sees_gateway(a.gateway_id) END)
                     FROM public.alarm a WHERE a.alarm_id = alarm), false);
END $$;

CREATE TABLE demand (
    demand_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    elder_id    integer NOT NULL REFERENCES elder,
    mouth       text NOT NULL CHECK (mouth IN ('elder', 'family', 'nurse', 'desk', 'doctor', 'detection')),
    relative_id integer REFERENCES relative ON DELETE SET NULL,  -- who of the family said it
    staff_id    integer REFERENCES staff,          -- who wrote it down
    at_visit    bigint UNIQUE REFERENCES visit,    -- in whose report it stands: told twice, it is one
    text        text NOT NULL CHECK (char_length(text) BETWEEN 1 AND 1000),
    kind        text REFERENCES demand_kind,       -- NULL: nobody knows yet
    sorted_by   text CHECK (sorted_by IN ('model', 'said', 'person')),  -- said: it came with its kind
    model       text NOT NULL DEFAULT '',          -- the version that was asked
    certainty   real,                              -- its, of the likeliest kind
    guesses     text[] NOT NULL DEFAULT '{}',      -- kinds that it took for likely, the likeliest first
    urgency     text NOT NULL CHECK (urgency IN ('now', 'today', 'this_week')),
    from_at     timestamptz,                       -- not before; NULL: at any time
    until_at    timestamptz,                       -- not after
    state       text NOT NULL CHECK (state IN
                ('doubt', 'open', 'calling', 'visit', 'done', 'assessed', 'closed', 'cancelled')),
    said_at     timestamptz NOT NULL,
    said_last_at timestamptz NOT NULL,
    times       integer NOT NULL DEFAULT 1,        -- how often it was said
    visit_id    bigint REFERENCES visit,
    alarm_id    uuid REFERENCES alarm ON DELETE SET NULL,  -- calls are kept for their own time
    ended_at    timestamptz,
    CHECK ((kind IS NULL) = (sorted_by IS NULL)),
    CHECK (kind IS NOT NULL OR state <> 'open'),
    CHECK (from_at IS NULL OR until_at IS NULL OR from_at < until_at),
    CHECK (state <> 'calling' OR alarm_id IS NOT NULL),
    CHECK (state <> 'visit' OR visit_id IS NOT NULL)
);
CREATE INDEX demand_open ON demand (said_last_at DESC) WHERE state IN ('doubt', 'open', 'calling', 'visit');
CREATE INDEX demand_by_time ON demand (said_at);
CREATE INDEX demand_by_elder ON demand (elder_id, said_last_at DESC);
CREATE INDEX demand_by_visit ON demand (visit_id) WHERE visit_id IS NOT NULL;
CREATE INDEX demand_by_alarm ON demand (alarm_id) WHERE alarm_id IS NOT NULL;
CREATE INDEX demand_corrected ON demand (demand_id) WHERE sorted_by = 'person';

CREATE TABLE demand_event (                        -- the history; only ever added to
    demand_event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    demand_id   bigint NOT NULL REFERENCES demand,
    at          timestamptz NOT NULL,
    what        text NOT NULL CHECK (what IN ('said', 'said_again', 'sorted', 'kind_said', 'moved')),
    state       text NOT NULL,                     -- after it
    kind        text,                              -- after it
    actor       text NOT NULL CHECK (actor IN ('staff', 'elder', 'family', 'centre')),
    staff_id    integer REFERENCES staff,
    note        text NOT NULL DEFAULT ''
);
CREATE INDEX demand_event_by_demand ON demand_event (demand_id, demand_event_id);
CREATE FUNCTION history_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' OR current_user = 'doorstep_web' THEN  -- an erasure, by the owner, takes all of it
        RAISE EXCEPTION 'a history is only ever added to';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER history_stays BEFORE UPDATE OR DELETE ON demand_event
FOR EACH ROW EXECUTE FUNCTION history_stays();

CREATE FUNCTION web.sees_demand(demand bigint) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN coalesce((SELECT web.sees_elder(d.elder_id) FROM public.demand d WHERE d.demand_id = demand), false);
END $$;
ALTER TABLE demand ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON demand USING (web.sees_elder(elder_id));
ALTER TABLE demand_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON demand_event USING (web.sees_demand(demand_id));

-- A demand follows its visit to what the elder says of it, and a call in words to its end; whoever took the step, and by
-- whatever way. As the owner: who reports need not be somebody who may change demands.
CREATE FUNCTION demand_moves(demand bigint, after text, step_at timestamptz, by_whom text, by_staff integer, word text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH moved AS (
        UPDATE demand d SET state = after,
               ended_at = CASE WHEN after IN ('doubt', 'open', 'calling', 'visit') THEN NULL
                               ELSE coalesce(d.ended_at, step_at) END
        WHERE d.demand_id = demand AND d.state <> after RETURNING d.demand_id, d.kind)
    INSERT INTO demand_event (demand_id, at, what, state, kind, actor, staff_id, note)
    SELECT demand_id, step_at, 'moved', after, kind, by_whom, by_staff, word FROM moved
$$;
REVOKE EXECUTE ON FUNCTION demand_moves FROM PUBLIC;

CREATE FUNCTION demand_follows_visit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    after text := CASE WHEN NEW.state = 'filed' THEN 'done'
                       WHEN NEW.state IN ('assessed', 'closed', 'cancelled') THEN NEW.state ELSE 'visit' END;
BEGIN
    UPDATE demand d SET visit_id = NEW.visit_id FROM visit v  -- a call in words has led to a visit
    WHERE v.visit_id = NEW.visit_id AND d.alarm_id = v.alarm_id AND d.visit_id IS NULL;
    PERFORM demand_moves(d.demand_id, after, NEW.at, NEW.actor, NEW.staff_id, NEW.note) FROM demand d
    WHERE d.visit_id = NEW.visit_id AND d.state <> after AND NOT (d.state = 'assessed' AND after = 'closed')
      AND NOT (d.state IN ('done', 'assessed', 'closed', 'cancelled') AND after = 'visit');
    RETURN NULL;
END $$;
CREATE TRIGGER demand_follows_visit AFTER INSERT ON visit_event
FOR EACH ROW EXECUTE FUNCTION demand_follows_visit();

CREATE FUNCTION demand_follows_alarm() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    -- pressed by mistake, in words: there may be another wish in them, and a person says which kind it is
    PERFORM demand_moves(d.demand_id, CASE WHEN a.close_reason = 'mistake' THEN 'doubt' ELSE 'done' END,
                         NEW.at, CASE WHEN NEW.staff_id IS NULL THEN 'centre' ELSE 'staff' END, NEW.staff_id, NEW.note)
    FROM demand d JOIN alarm a USING (alarm_id) WHERE d.alarm_id = NEW.alarm_id AND d.state = 'calling';
    RETURN NULL;
END $$;
CREATE TRIGGER demand_follows_alarm AFTER INSERT ON alarm_event
FOR EACH ROW WHEN (NEW.state = 'closed') EXECUTE FUNCTION demand_follows_alarm();
