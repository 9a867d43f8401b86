-- The tree of regions, and the register of elders. docs/decisions/0023-the-record-moves-with-the-elder.md

CREATE EXTENSION IF NOT EXISTS ltree;

-- Regions -------------------------------------------------------------------------------------------------------------
-- A region's path holds the ids of those it lies in and its own, such as 3.17.204: what lies below is found by an index.

ALTER TABLE region ADD COLUMN path ltree;

CREATE FUNCTION region_path() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    above ltree;
BEGIN
    IF NEW.parent_id IS NOT NULL THEN
        SELECT path INTO above FROM region WHERE region_id = NEW.parent_id;
        IF above ~ ('*.' || NEW.region_id || '.*')::lquery THEN
            RAISE EXCEPTION 'region % would lie within itself', NEW.code USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    NEW.path := coalesce(above, ''::ltree) || NEW.region_id::text;
    RETURN NEW;
END $$;

-- After each row, so that what lies below moves with it.
CREATE FUNCTION region_path_below() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.path <> OLD.path THEN                   -- not in WHEN: pg_restore finds no operator of ltree there
        UPDATE region SET path = NEW.path || subpath(path, nlevel(OLD.path))
        WHERE path <@ OLD.path AND region_id <> NEW.region_id;
    END IF;
    RETURN NULL;
END $$;

WITH RECURSIVE tree AS (
    SELECT region_id, region_id::text::ltree AS path FROM region WHERE parent_id IS NULL
    UNION ALL SELECT r.region_id, t.path || r.region_id::text FROM region r JOIN tree t ON t.region_id = r.parent_id
)
UPDATE region SET path = tree.path FROM tree WHERE tree.region_id = region.region_id;

ALTER TABLE region ALTER COLUMN path SET NOT NULL;
CREATE INDEX region_below ON region USING gist (path);
CREATE TRIGGER region_path BEFORE INSERT OR UPDATE OF parent_id ON region FOR EACH ROW EXECUTE FUNCTION region_path();
CREATE TRIGGER region_path_below AFTER UPDATE OF parent_id ON region
FOR EACH ROW EXECUTE FUNCTION region_path_below();

CREATE INDEX IF NOT EXISTS home_by_region ON home (region_id);
CREATE INDEX IF NOT EXISTS elder_by_home ON elder (home_id);
CREATE INDEX IF NOT EXISTS gateway_by_home ON gateway (home_id);
CREATE INDEX elder_by_name ON elder (name, elder_id);
CREATE INDEX visit_by_first_promise ON visit ((coalesce(promised_first, promised_by)));

-- The register of elders ----------------------------------------------------------------------------------------------

CREATE TABLE register_entry (                      -- what the register says beside `elder` and `home`
    elder_id    integer PRIMARY KEY REFERENCES elder ON DELETE CASCADE,
    dwelling    text CHECK (dwelling IN ('flat', 'house', 'room', 'care_home', 'other')),
    storey      integer CHECK (storey BETWEEN -3 AND 150),
    lift        boolean,                           -- NULL: not known
    lives_with  text[] NOT NULL DEFAULT '{}',      -- cloud.registry.elders.model.LivesWith
    household   text NOT NULL DEFAULT '',          -- the same in words: who, how old, who works when
    religion    text,
    diet        text[] NOT NULL DEFAULT '{}',
    food_note   text NOT NULL DEFAULT '',
    payers      text[] NOT NULL DEFAULT '{}',
    payer_note  text NOT NULL DEFAULT '',
    ability_level integer CHECK (ability_level BETWEEN 0 AND 4),  -- of the newest assessment by GB/T 42195
    version     integer NOT NULL DEFAULT 1,        -- of the whole entry: two desks never write over each other
    changed_by  integer REFERENCES staff,          -- NULL: an import
    changed_at  timestamptz NOT NULL
);

CREATE TABLE elder_identity (                      -- sealed by a key that lies beside the database; hashes are keyed too
    elder_id    integer PRIMARY KEY REFERENCES elder ON DELETE CASCADE,
    number_sealed bytea,                           -- the national identity number (GB 11643)
    number_hash bytea UNIQUE CHECK (octet_length(number_hash) = 32),
    card_sealed bytea,                             -- the number of the electronic social insurance card
    card_hash   bytea UNIQUE CHECK (octet_length(card_hash) = 32),
    changed_by  integer REFERENCES staff,
    changed_at  timestamptz NOT NULL,
    CHECK ((number_sealed IS NULL) = (number_hash IS NULL)),
    CHECK ((card_sealed IS NULL) = (card_hash IS NULL))
);

CREATE TABLE ability_assessment (                  -- added to; one that is wrong is struck and stays
    ability_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    elder_id    integer NOT NULL REFERENCES elder ON DELETE CASCADE,
    scale       text NOT NULL CHECK (scale IN ('gbt42195', 'barthel')),
    assessed_on date NOT NULL,
    answers     jsonb NOT NULL,                    -- points by item
    grounds     text[] NOT NULL DEFAULT '{}',      -- what moves the level that the points would give
    points      integer NOT NULL,
    level       integer NOT NULL CHECK (level BETWEEN 0 AND 4),  -- 0: nothing is lost
    note        text NOT NULL DEFAULT '',
    staff_id    integer NOT NULL REFERENCES staff, -- who assessed
    beside      text NOT NULL DEFAULT '',          -- the second assessor
    stored_at   timestamptz NOT NULL,
    struck_at   timestamptz,
    struck_by   integer REFERENCES staff,
    CHECK ((struck_at IS NULL) = (struck_by IS NULL))
);
CREATE INDEX ability_assessment_by_elder ON ability_assessment (elder_id, scale, assessed_on DESC);

CREATE TABLE elder_move (                          -- from one home to another
    elder_move_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    elder_id    integer NOT NULL REFERENCES elder ON DELETE CASCADE,
    from_home_id integer NOT NULL REFERENCES home,
    to_home_id  integer NOT NULL REFERENCES home,
    from_region_id integer NOT NULL REFERENCES region,
    to_region_id integer NOT NULL REFERENCES region,
    why         text NOT NULL DEFAULT '',
    staff_id    integer REFERENCES staff,
    moved_at    timestamptz NOT NULL
);
CREATE INDEX elder_move_by_elder ON elder_move (elder_id, moved_at);

-- Who sees what -------------------------------------------------------------------------------------------------------

ALTER TABLE register_entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON register_entry USING (web.sees_elder(elder_id));
ALTER TABLE ability_assessment ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON ability_assessment USING (web.sees_elder(elder_id));
ALTER TABLE elder_move ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON elder_move USING (web.sees_elder(elder_id));
ALTER TABLE elder_identity ENABLE ROW LEVEL SECURITY;  -- nurses and doctors need no numbers
CREATE POLICY seen ON elder_identity USING (
    (SELECT web.role()) IN ('desk', 'administrator', 'link', 'centre') AND web.sees_elder(elder_id));

-- Lists and sums over a city look as the owner, once, at what `web.sees_elder` would have let through one by one.

-- The ids of those in the viewer's regions, also within `within`, by name; from after (`after_name`, `after_id`) on.
-- What is NULL is not asked for. `needle` is a pattern of LIKE over names and addresses; `number` the hash of a number.
CREATE FUNCTION web.find_elders(within integer[], needle text, exact_code text, number bytea, least_level integer,
                                alone boolean, after_name text, after_id integer, at_most integer)
RETURNS TABLE (elder_id integer) LANGUAGE plpgsql STABLE SECURITY DEFINER SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    seen integer[] := ARRAY(SELECT unnest(web.regions()) INTERSECT SELECT unnest(within));
BEGIN
    IF web.role() NOT IN ('nurse', 'desk', 'administrator') THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT e.elder_id FROM public.elder e JOIN public.home h USING (home_id)
    LEFT JOIN public.register_entry r ON r.elder_id = e.elder_id
    WHERE h.region_id = ANY (seen)
      AND (needle IS NULL OR e.name LIKE needle OR h.address LIKE needle OR e.code = exact_code)
      AND (number IS NULL OR web.role() <> 'nurse' AND e.elder_id IN (
           SELECT i.elder_id FROM public.elder_identity i WHERE i.number_hash = number OR i.card_hash = number))
      AND (least_level IS NULL OR r.ability_level >= least_level)
      AND (NOT alone OR 'alone' = ANY (r.lives_with))
      AND (after_id IS NULL OR (e.name, e.elder_id) > (after_name, after_id))
    ORDER BY e.name, e.elder_id LIMIT at_most;
END $$;

-- What there was in each of the viewer's regions, of [begin_at, end_at): what happened before a move counts where it
-- happened. A promise counts once its time is over at `now_at`, or somebody came.
CREATE FUNCTION web.region_counts(begin_at timestamptz, end_at timestamptz, now_at timestamptz)
RETURNS TABLE (region_id integer, elders bigint, visits bigint, alerts bigint, alarms bigint, due bigint, kept bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET plan_cache_mode = force_custom_plan SET work_mem = '64MB' AS $$
#variable_conflict use_column
DECLARE
    seen integer[] := web.regions();
BEGIN
    IF web.role() NOT IN ('desk', 'administrator') THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH lived AS MATERIALIZED (
        SELECT e.elder_id, h.region_id, coalesce(m.moved_at, '-infinity') AS since, 'infinity'::timestamptz AS until
        FROM public.elder e JOIN public.home h USING (home_id)
        LEFT JOIN (SELECT x.elder_id, max(x.moved_at) AS moved_at FROM public.elder_move x GROUP BY x.elder_id) m
            USING (elder_id)
        WHERE h.region_id = ANY (seen)
        UNION ALL
        SELECT p.elder_id, p.from_region_id, p.since, p.moved_at FROM (
            SELECT x.elder_id, x.from_region_id, x.moved_at,
                   coalesce(lag(x.moved_at) OVER (PARTITION BY x.elder_id ORDER BY x.moved_at), '-infinity') AS since
            FROM public.elder_move x) p
        WHERE p.from_region_id = ANY (seen)
    ), promised AS MATERIALIZED (
        SELECT v.visit_id, v.elder_id, v.state, coalesce(v.promised_first, v.promised_by) AS promised_at,
               min(x.at) AS came_at
        FROM public.visit v LEFT JOIN public.visit_event x
            ON x.visit_id = v.visit_id AND x.state IN ('at_the_door', 'no_answer', 'filed')
        WHERE coalesce(v.promised_first, v.promised_by) >= begin_at
          AND coalesce(v.promised_first, v.promised_by) < end_at AND v.kind <> 'together'
          AND (v.elder_id IN (SELECT l.elder_id FROM lived l)) IS TRUE  -- a hash, whether few or all are asked for
        GROUP BY v.visit_id
    ), happened (region_id, elders, visits, alerts, alarms, due, kept) AS (
        SELECT l.region_id, count(*), 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint
        FROM lived l WHERE l.until = 'infinity' GROUP BY 1
        UNION ALL
        SELECT l.region_id, 0, count(*), 0, 0, 0, 0
        FROM public.visit_report f JOIN public.visit v USING (visit_id) JOIN lived l USING (elder_id)
        WHERE f.filed_at >= begin_at AND f.filed_at < end_at AND f.filed_at >= l.since AND f.filed_at < l.until
        GROUP BY 1
        UNION ALL
        SELECT l.region_id, 0, 0, count(*), 0, 0, 0
        FROM public.alert a JOIN lived l USING (elder_id)
        WHERE a.raised_at >= begin_at AND a.raised_at < end_at AND NOT a.held
          AND a.raised_at >= l.since AND a.raised_at < l.until
        GROUP BY 1
        UNION ALL
        SELECT h.region_id, 0, 0, 0, count(*), 0, 0   -- where the button is
        FROM public.alarm a JOIN public.gateway g USING (gateway_id) JOIN public.home h ON h.home_id = g.home_id
        WHERE a.heard_at >= begin_at AND a.heard_at < end_at AND NOT a.test AND h.region_id = ANY (seen)
        GROUP BY 1
        UNION ALL
        SELECT l.region_id, 0, 0, 0, count(*), 0, 0   -- calls that came by no button
        FROM public.alarm a JOIN lived l USING (elder_id)
        WHERE a.gateway_id IS NULL AND a.heard_at >= begin_at AND a.heard_at < end_at AND NOT a.test
          AND a.heard_at >= l.since AND a.heard_at < l.until
        GROUP BY 1
        UNION ALL
        SELECT l.region_id, 0, 0, 0, 0, count(*) FILTER (WHERE p.came_at IS NOT NULL OR p.promised_at < now_at),
               count(*) FILTER (WHERE p.came_at <= p.promised_at)
        FROM promised p JOIN lived l USING (elder_id)
        WHERE (p.came_at IS NOT NULL OR p.state <> 'cancelled')
          AND p.promised_at >= l.since AND p.promised_at < l.until
        GROUP BY 1
    )
    SELECT x.region_id, sum(x.elders)::bigint, sum(x.visits)::bigint, sum(x.alerts)::bigint, sum(x.alarms)::bigint,
           sum(x.due)::bigint, sum(x.kept)::bigint
    FROM happened x GROUP BY x.region_id;
END $$;
