-- Whom a visit needs and where people are; regular visits; the day's routes, what cannot be planned, and what was moved.

-- Where the doors are, in degrees (WGS 84). A region's: where its nurses start in the morning.
ALTER TABLE region ADD COLUMN latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    ADD COLUMN longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    ADD CHECK ((latitude IS NULL) = (longitude IS NULL));
ALTER TABLE home ADD COLUMN latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    ADD COLUMN longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    ADD CHECK ((latitude IS NULL) = (longitude IS NULL));

ALTER TABLE elder ADD COLUMN language text,        -- what they speak best, such as zh, yue or en; NULL: not said
    ADD COLUMN wished_sex text CHECK (wished_sex IN ('female', 'male'));  -- of whoever comes; NULL: no wish

ALTER TABLE staff ADD COLUMN skills text[] NOT NULL DEFAULT '{}',
    ADD COLUMN languages text[] NOT NULL DEFAULT '{}',
    ADD COLUMN sex text CHECK (sex IN ('female', 'male')),
    ADD COLUMN works_from time, ADD COLUMN works_to time,  -- by the homes' clock; NULL: the centre's hours
    ADD CHECK ((works_from IS NULL) = (works_to IS NULL) AND works_from < works_to);

CREATE TABLE absence (                             -- days on which somebody does not work
    absence_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff_id    integer NOT NULL REFERENCES staff ON DELETE CASCADE,
    during      daterange NOT NULL,
    EXCLUDE USING gist (staff_id WITH =, during WITH &&)
);

CREATE TABLE regular_visit (                       -- somebody comes every few days, without being asked again
    regular_visit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    elder_id    integer NOT NULL REFERENCES elder,
    every_days  integer NOT NULL CHECK (every_days BETWEEN 1 AND 366),
    from_time   time NOT NULL,                     -- by the home's clock
    to_time     time NOT NULL,
    skills      text[] NOT NULL DEFAULT '{}',
    minutes     integer CHECK (minutes BETWEEN 5 AND 480),  -- NULL: as long as a visit takes
    people      integer NOT NULL DEFAULT 1 CHECK (people IN (1, 2)),
    made_by     text NOT NULL CHECK (made_by IN ('staff', 'risk')),
    staff_id    integer REFERENCES staff,
    class       text CHECK (class IN ('high', 'raised', 'usual')),  -- made_by risk: the elder's
    next_on     date NOT NULL,                     -- the first day for which no visit was made yet
    made_at     timestamptz NOT NULL,
    ended_at    timestamptz,
    CHECK (from_time < to_time),
    CHECK ((made_by = 'staff') = (staff_id IS NOT NULL) AND (made_by = 'risk') = (class IS NOT NULL))
);
CREATE UNIQUE INDEX regular_visit_one ON regular_visit (elder_id, made_by) WHERE ended_at IS NULL;

ALTER TABLE visit
    DROP CONSTRAINT visit_kind_check,
    ADD CONSTRAINT visit_kind_check CHECK (kind IN
        ('alert', 'alarm', 'request', 'follow_up', 'together', 'regular')),
    ADD COLUMN asked_by text CHECK (asked_by IN ('elder', 'family', 'doctor', 'staff')),  -- kind request
    ADD COLUMN skills text[] NOT NULL DEFAULT '{}',  -- beside those that the centre's configuration asks for
    ADD COLUMN minutes integer CHECK (minutes BETWEEN 5 AND 480),  -- at the door; NULL: as long as a visit takes
    ADD COLUMN pinned_to integer REFERENCES staff, -- the dispatcher's word: this nurse, whatever else
    ADD COLUMN pinned_at timestamptz,              -- and then
    ADD COLUMN promised_first timestamptz,         -- what was promised before an urgent visit moved it; NULL: promised_by
    ADD COLUMN regular_visit_id bigint REFERENCES regular_visit,
    ADD COLUMN regular_on date,
    ADD CHECK ((kind = 'regular') = (regular_visit_id IS NOT NULL AND regular_on IS NOT NULL));
UPDATE visit SET asked_by = 'elder' WHERE kind = 'request';
CREATE UNIQUE INDEX visit_regular_once ON visit (regular_visit_id, regular_on);
DROP INDEX visit_one_request;
CREATE UNIQUE INDEX visit_one_request ON visit (elder_id, (coalesce(asked_by, 'elder')))
    WHERE kind = 'request' AND state IN ('proposed', 'assigned', 'accepted');

CREATE TABLE route (                               -- a nurse's day
    route_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    nurse_id    integer NOT NULL REFERENCES staff,
    day         date NOT NULL,                     -- by the homes' clock
    begins_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    planned_at  timestamptz NOT NULL,
    UNIQUE (nurse_id, day)
);

CREATE TABLE route_stop (                          -- in the order of arrival; a visit stands in one route or in none
    visit_id    bigint PRIMARY KEY REFERENCES visit,
    route_id    bigint NOT NULL REFERENCES route ON DELETE CASCADE,
    arrives_at  timestamptz NOT NULL,
    leaves_at   timestamptz NOT NULL,
    travel_min  double precision NOT NULL,         -- from the stop before
    told_at     timestamptz NOT NULL               -- the arrival that was said last
);
CREATE INDEX route_stop_by_route ON route_stop (route_id, arrives_at);

CREATE TABLE unplanned (                           -- open visits that stand in no route, and why
    visit_id    bigint PRIMARY KEY REFERENCES visit,
    why         text NOT NULL,                     -- cloud.visits.planning.roster.WhyNot, or day_full, no_nurse
    words       text[] NOT NULL DEFAULT '{}',      -- the skills that nobody has
    since       timestamptz NOT NULL
);

CREATE TABLE visit_moved (                         -- somebody was told another time or nurse
    visit_moved_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    visit_id    bigint NOT NULL REFERENCES visit,
    at          timestamptz NOT NULL,
    why         text NOT NULL CHECK (why IN ('urgent', 'later', 'nurse', 'desk', 'better')),
    because_id  bigint REFERENCES visit ON DELETE SET NULL,  -- why urgent: the visit that came between
    nurse_before integer NOT NULL REFERENCES staff,
    nurse_id    integer NOT NULL REFERENCES staff,
    arrival_before timestamptz NOT NULL,
    arrival     timestamptz NOT NULL,
    promised_before timestamptz NOT NULL,
    promised_by timestamptz NOT NULL
);
CREATE INDEX visit_moved_by_visit ON visit_moved (visit_id, visit_moved_id DESC);
CREATE INDEX visit_moved_by_cause ON visit_moved (because_id);

CREATE TABLE team_plan (                           -- one line a team: who plans twice at once writes once
    region_id   integer PRIMARY KEY REFERENCES region,
    version     bigint NOT NULL DEFAULT 0,
    hour_done   timestamptz                        -- the set hour whose planning is finished
);

-- Who is looking sees what is of elders they may see; who works when is no secret among staff.
DO $$
DECLARE
    line text[];
BEGIN
    FOREACH line SLICE 1 IN ARRAY ARRAY[
        ['web.sees_elder(elder_id)', 'regular_visit'],
        ['web.sees_visit(visit_id)', 'route_stop unplanned visit_moved'],
        ['(SELECT web.role()) = ''centre'' OR (SELECT web.staff_id()) IS NOT NULL', 'absence route team_plan']
    ] LOOP
        EXECUTE (SELECT string_agg(format('ALTER TABLE %1$I ENABLE ROW LEVEL SECURITY; '
                                          'CREATE POLICY seen ON %1$I USING (%2$s);', name, line[1]), '')
                 FROM unnest(string_to_array(line[2], ' ')) AS name);
    END LOOP;
END $$;
