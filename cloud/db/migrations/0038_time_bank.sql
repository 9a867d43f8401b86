-- Volunteers, who make visits of the one queue, and the bank of their hours: a ledger in two columns, in minutes.
-- docs/decisions/0025-hours-are-a-ledger.md

-- Who goes ----------------------------------------------------------------------------------------------------------

ALTER TABLE staff DROP CONSTRAINT staff_role_check;
ALTER TABLE staff ADD CONSTRAINT staff_role_check
    CHECK (role IN ('nurse', 'desk', 'installer', 'doctor', 'administrator', 'volunteer'));

ALTER TABLE visit                                  -- a volunteer's visit stands in no nurse's route
    ADD COLUMN goer text NOT NULL DEFAULT 'nurse' CHECK (goer IN ('nurse', 'volunteer')),
    ADD CHECK (goer = 'nurse' OR priority <> 'now' AND kind IN ('request', 'regular', 'together'));
CREATE INDEX visit_of_volunteers ON visit (promised_by) WHERE goer = 'volunteer';

CREATE TABLE volunteer (
    staff_id    integer PRIMARY KEY REFERENCES staff ON DELETE CASCADE,
    state       text NOT NULL DEFAULT 'applied'
        CHECK (state IN ('applied', 'checking', 'training', 'active', 'paused', 'refused', 'left')),
    elder_id    integer UNIQUE REFERENCES elder ON DELETE SET NULL,  -- they are an elder of ours too
    week_minutes integer NOT NULL DEFAULT 240 CHECK (week_minutes BETWEEN 15 AND 2400),  -- at most so much in a week
    applied_at  timestamptz NOT NULL
);

CREATE TABLE volunteer_step (                      -- by whom they came from state to state, and when
    volunteer_step_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff_id    integer NOT NULL REFERENCES volunteer ON DELETE CASCADE,
    state       text NOT NULL,
    at          timestamptz NOT NULL,
    by_staff_id integer NOT NULL REFERENCES staff,
    note        text NOT NULL DEFAULT ''
);
CREATE INDEX volunteer_step_by_staff ON volunteer_step (staff_id, volunteer_step_id);

CREATE TABLE volunteer_paper (                     -- what was seen, or passed; the paper itself stays with its owner
    volunteer_paper_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff_id    integer NOT NULL REFERENCES volunteer ON DELETE CASCADE,
    kind        text NOT NULL CHECK (kind IN ('identity', 'conduct', 'health', 'insurance', 'agreement',
                                              'basics', 'first_aid', 'moving_people', 'dementia')),
    seen_by     integer NOT NULL REFERENCES staff,
    seen_at     timestamptz NOT NULL,
    expires_on  date                               -- the last day on which it counts; NULL: for good
);
CREATE INDEX volunteer_paper_by_staff ON volunteer_paper (staff_id, kind);

CREATE TABLE volunteer_hours (                     -- when they have time, week by week, by the homes' clock
    staff_id    integer NOT NULL REFERENCES volunteer ON DELETE CASCADE,
    weekday     integer NOT NULL CHECK (weekday BETWEEN 0 AND 6),  -- 0: Monday
    from_time   time NOT NULL,
    to_time     time NOT NULL CHECK (from_time < to_time),
    PRIMARY KEY (staff_id, weekday, from_time)
);

-- The ledger --------------------------------------------------------------------------------------------------------

CREATE TABLE time_account (
    account_id  integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text NOT NULL UNIQUE,              -- drawn at random, names nobody: what one gives hours to
    staff_id    integer UNIQUE REFERENCES staff ON DELETE SET NULL,
    elder_id    integer UNIQUE REFERENCES elder ON DELETE SET NULL,  -- with staff_id: an elder who is a volunteer
    system      text UNIQUE CHECK (system ~ '^(community|reserved|expired|transit|bank:[a-z0-9-]{1,40})$'),
    may_owe     boolean NOT NULL GENERATED ALWAYS AS (coalesce(system = 'community' OR system LIKE 'bank:%', false)) STORED,
    balance     bigint NOT NULL DEFAULT 0,         -- minutes; the sum of its lines
    opened_at   timestamptz NOT NULL,
    CONSTRAINT time_account_not_below_zero CHECK (balance >= 0 OR may_owe),
    CHECK (system IS NULL OR num_nonnulls(staff_id, elder_id) = 0)
);

CREATE TABLE time_entry (                          -- one deed; its lines sum to zero
    entry_id    uuid PRIMARY KEY,                  -- drawn by who books: the same deed twice is booked once
    kind        text NOT NULL CHECK (kind IN ('earn', 'give', 'reserve', 'release', 'expire', 'correct', 'send',
                                              'sent', 'send_back', 'receive')),
    at          timestamptz NOT NULL,
    by_staff_id integer,                           -- no reference, as below: the line outlives whom it names
    visit_id    bigint,
    corrects_id uuid UNIQUE REFERENCES time_entry, -- kind correct: the deed that it takes back, whole
    why         text NOT NULL DEFAULT '' CHECK (why ~ '^[a-z_]{0,40}$'),
    txid        xid8 NOT NULL DEFAULT pg_current_xact_id(),  -- lines come with it, or never
    CHECK ((kind = 'correct') = (corrects_id IS NOT NULL))
);
CREATE INDEX time_entry_by_visit ON time_entry (visit_id) WHERE visit_id IS NOT NULL;

CREATE SEQUENCE time_line_order;
CREATE TABLE time_line (
    entry_id    uuid NOT NULL REFERENCES time_entry,
    account_id  integer NOT NULL REFERENCES time_account,
    minutes     integer NOT NULL CHECK (minutes <> 0),  -- to the account; below zero: from it
    balance     bigint NOT NULL,                   -- of the account after it
    place       bigint NOT NULL UNIQUE,            -- an account's lines in the order in which its balance went
    PRIMARY KEY (entry_id, account_id)
);
CREATE INDEX time_line_by_account ON time_line (account_id, place DESC);

CREATE FUNCTION time_line_books() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF (SELECT txid FROM time_entry WHERE entry_id = NEW.entry_id) IS DISTINCT FROM pg_current_xact_id() THEN
        RAISE EXCEPTION 'nothing is added to a deed of the ledger afterwards' USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE time_account SET balance = balance + NEW.minutes WHERE account_id = NEW.account_id
    RETURNING balance INTO NEW.balance;            -- whoever else books on it waits here
    NEW.place := nextval('time_line_order');
    RETURN NEW;
END $$;
CREATE TRIGGER time_line_books BEFORE INSERT ON time_line FOR EACH ROW EXECUTE FUNCTION time_line_books();

CREATE FUNCTION time_entry_is_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    IF (SELECT sum(minutes) FROM time_line WHERE entry_id = NEW.entry_id) IS DISTINCT FROM 0 THEN
        RAISE EXCEPTION 'the lines of a deed of the ledger sum to zero' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER time_entry_is_whole AFTER INSERT ON time_entry DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION time_entry_is_whole();
CREATE CONSTRAINT TRIGGER time_line_is_whole AFTER INSERT ON time_line DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION time_entry_is_whole();

CREATE FUNCTION time_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is added to, never changed' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER time_entry_is_kept BEFORE UPDATE OR DELETE ON time_entry FOR EACH ROW EXECUTE FUNCTION time_is_kept();
CREATE TRIGGER time_line_is_kept BEFORE UPDATE OR DELETE ON time_line FOR EACH ROW EXECUTE FUNCTION time_is_kept();
CREATE TRIGGER time_entry_stays BEFORE TRUNCATE ON time_entry FOR EACH STATEMENT EXECUTE FUNCTION time_is_kept();
CREATE TRIGGER time_line_stays BEFORE TRUNCATE ON time_line FOR EACH STATEMENT EXECUTE FUNCTION time_is_kept();

CREATE FUNCTION time_balance_is_booked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.balance <> 0 OR TG_OP = 'UPDATE' AND NEW.balance <> OLD.balance
       AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'a balance is changed by lines of the ledger alone' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER time_balance_is_booked BEFORE INSERT OR UPDATE ON time_account
FOR EACH ROW EXECUTE FUNCTION time_balance_is_booked();

CREATE TABLE time_dispute (                        -- somebody says that a deed is not right
    dispute_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id    uuid NOT NULL REFERENCES time_entry,
    account_id  integer NOT NULL REFERENCES time_account,  -- whose word it is
    words       text NOT NULL CHECK (words <> ''),
    said_at     timestamptz NOT NULL,
    outcome     text CHECK (outcome IN ('corrected', 'stands')),
    answer      text NOT NULL DEFAULT '',
    answered_by integer REFERENCES staff,
    answered_at timestamptz,
    CHECK ((outcome IS NULL) = (answered_at IS NULL) AND (outcome IS NULL) = (answered_by IS NULL))
);
CREATE UNIQUE INDEX time_dispute_one_open ON time_dispute (entry_id, account_id) WHERE outcome IS NULL;

-- Between banks -----------------------------------------------------------------------------------------------------

CREATE TABLE time_transfer (                       -- one on each side; the offer and its answers prove it
    transfer_id uuid NOT NULL,
    way         text NOT NULL CHECK (way IN ('out', 'in')),
    bank        text NOT NULL,                     -- the other one, as the configuration names it
    account_id  integer NOT NULL REFERENCES time_account,  -- ours
    other_code  text NOT NULL,                     -- the account over there
    minutes     integer NOT NULL CHECK (minutes BETWEEN 1 AND 100000),
    state       text NOT NULL CHECK (state IN ('offered', 'accepted', 'refused', 'given_back', 'committed', 'done')),
    asked_at    timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,              -- what is not agreed by then is given back
    PRIMARY KEY (transfer_id, way)
);
CREATE INDEX time_transfer_open ON time_transfer (ends_at) WHERE state IN ('offered', 'accepted', 'committed');

CREATE TABLE time_message (                        -- as it was signed: the proof of both sides
    transfer_id uuid NOT NULL,
    way         text NOT NULL,
    step        text NOT NULL CHECK (step IN ('offer', 'accept', 'refuse', 'commit', 'cancel', 'receipt')),
    body        bytea NOT NULL,
    signature   bytea NOT NULL CHECK (octet_length(signature) = 64),  -- Ed25519
    ours        boolean NOT NULL,
    at          timestamptz NOT NULL,
    told_at     timestamptz,                       -- ours: when the other bank answered; NULL: still to tell
    PRIMARY KEY (transfer_id, way, step),
    FOREIGN KEY (transfer_id, way) REFERENCES time_transfer
);
CREATE INDEX time_message_untold ON time_message (at) WHERE ours AND told_at IS NULL;

-- Who sees it -------------------------------------------------------------------------------------------------------

CREATE FUNCTION web.coordinates(staff integer) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN web.role() = 'centre' OR web.role() IN ('desk', 'administrator') AND EXISTS (
        SELECT FROM public.staff s WHERE s.staff_id = staff AND s.region_id = ANY (web.regions()));
END $$;

CREATE FUNCTION web.sees_time_of(elder integer, staff integer) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN coalesce(CASE web.role()
        WHEN 'centre' THEN true
        WHEN 'link' THEN elder = web.link_elder()
        WHEN 'volunteer' THEN staff = web.staff_id()
        ELSE web.role() IN ('desk', 'administrator') AND (web.sees_elder(elder) OR web.coordinates(staff)) END, false);
END $$;

CREATE FUNCTION web.sees_time(account integer) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN coalesce((SELECT web.sees_time_of(a.elder_id, a.staff_id) FROM public.time_account a
                     WHERE a.account_id = account), false);
END $$;

-- What is nobody's (reserved, the community's) is taken from by whoever may book at all; from people's accounts only
-- by who sees them. Anybody may be given to.
CREATE FUNCTION web.takes_time(account integer) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN web.sees_time(account) OR web.role() IN ('desk', 'administrator', 'volunteer', 'link', 'centre') AND EXISTS (
        SELECT FROM public.time_account WHERE account_id = account AND system IS NOT NULL);
END $$;

CREATE FUNCTION web.is_asked(visit bigint) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.visit v JOIN public.visit_event e USING (visit_id)
                   WHERE v.visit_id = visit AND v.goer = 'volunteer' AND e.nurse_id = web.staff_id());
END $$;

-- The account of this name, made where it is missing.
CREATE FUNCTION time_system_account(name text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    IF 'doorstep_web' IN (session_user, current_setting('role'))
       AND web.role() NOT IN ('desk', 'administrator', 'volunteer', 'link', 'centre') THEN
        RAISE EXCEPTION 'this role books no hours' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT EXISTS (SELECT FROM time_account WHERE system = name) THEN
        INSERT INTO time_account (code, system, opened_at) VALUES (name, name, now()) ON CONFLICT DO NOTHING;
    END IF;
    RETURN (SELECT account_id FROM time_account WHERE system = name);
END $$;

-- Whose account this is finds who was told its code.
CREATE FUNCTION time_account_of(wanted text) RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
RETURN (SELECT account_id FROM public.time_account WHERE code = wanted AND system IS NULL);

-- Minutes that are set aside for a visit.
CREATE FUNCTION time_reserved(visit bigint) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
RETURN (SELECT coalesce(sum(l.minutes), 0) FROM public.time_entry e JOIN public.time_line l USING (entry_id)
        JOIN public.time_account a USING (account_id) WHERE e.visit_id = visit AND a.system = 'reserved');

CREATE FUNCTION time_deeds(visit bigint) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
RETURN (SELECT count(*) FROM public.time_entry e WHERE e.visit_id = visit);

CREATE FUNCTION time_account_of_elder(elder integer) RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
RETURN (SELECT account_id FROM public.time_account WHERE elder_id = elder);

-- All lines of a deed, for who sees one of them.
CREATE FUNCTION time_lines(deed uuid) RETURNS TABLE (account_id integer, minutes integer) LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF 'doorstep_web' IN (session_user, current_setting('role')) AND NOT EXISTS (
        SELECT FROM time_line l WHERE l.entry_id = deed AND web.sees_time(l.account_id)) THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT l.account_id, l.minutes FROM time_line l WHERE l.entry_id = deed ORDER BY l.account_id;
END $$;

-- What the community owes for hours that nobody paid with hours, what waits, and what all accounts sum to: zero.
CREATE FUNCTION time_sums() RETURNS TABLE (what text, minutes bigint) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT coalesce(system, 'people'), sum(balance)::bigint FROM time_account GROUP BY 1
    UNION ALL SELECT 'all', coalesce(sum(balance), 0)::bigint FROM time_account
$$;

-- A volunteer's own visits: the door and who lives there, as long as they are to go there; afterwards the name alone.
CREATE VIEW web.volunteer_visit AS
SELECT v.visit_id, v.state, v.wish, v.from_at, v.promised_by, v.minutes, v.asked_at, e.name AS elder_name, h.time_zone,
       CASE WHEN v.state IN ('assigned', 'accepted', 'travelling', 'at_the_door', 'no_answer') THEN h.address END
       AS address,
       CASE WHEN v.state IN ('accepted', 'travelling', 'at_the_door', 'no_answer') THEN h.door_note END AS door_note
FROM public.visit v JOIN public.elder e USING (elder_id) JOIN public.home h USING (home_id)
WHERE v.goer = 'volunteer' AND web.role() = 'volunteer' AND v.nurse_id = web.staff_id();

DO $$
DECLARE
    line text[];
BEGIN
    FOREACH line SLICE 1 IN ARRAY ARRAY[
        ['web.coordinates(staff_id) OR (SELECT web.role()) = ''volunteer'' AND staff_id = (SELECT web.staff_id())',
         'volunteer volunteer_step volunteer_paper volunteer_hours'],
        ['web.sees_time_of(elder_id, staff_id)', 'time_account'],
        ['web.sees_time(account_id)', 'time_dispute time_transfer'],
        ['EXISTS (SELECT FROM time_transfer t WHERE (t.transfer_id, t.way) = (time_message.transfer_id, time_message.way))',
         'time_message']
    ] LOOP
        EXECUTE (SELECT string_agg(format('ALTER TABLE %1$I ENABLE ROW LEVEL SECURITY; '
                                          'CREATE POLICY seen ON %1$I USING (%2$s);', name, line[1]), '')
                 FROM unnest(string_to_array(line[2], ' ')) AS name);
    END LOOP;
END $$;

ALTER TABLE time_line ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON time_line FOR SELECT USING (web.sees_time(account_id));
CREATE POLICY booked ON time_line FOR INSERT WITH CHECK (
    minutes > 0 AND (SELECT web.role()) IN ('desk', 'administrator', 'volunteer', 'link', 'centre')
    OR web.takes_time(account_id));
ALTER TABLE time_entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON time_entry FOR SELECT USING (
    EXISTS (SELECT FROM time_line l WHERE l.entry_id = time_entry.entry_id));
CREATE POLICY booked ON time_entry FOR INSERT WITH CHECK (
    (SELECT web.role()) IN ('desk', 'administrator', 'volunteer', 'link', 'centre'));

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['visit', 'visit_event', 'visit_report', 'assessment'] LOOP
        EXECUTE format('CREATE POLICY volunteers ON %1$I USING ((SELECT web.role()) = ''volunteer'' '
                       'AND web.is_asked(visit_id))', name);
    END LOOP;
END $$;
