-- A link of one of the family sees what the elder agreed to show them, whatever its statements ask for, and an elder's own
-- link what it saw before. docs/decisions/0022-a-familys-link-is-held-by-its-consents.md
--
-- `web.link_elder` is the elder's own link only from now on, so every policy that asks it, or `web.sees_elder`, shows
-- the family nothing, and a new table shows them nothing until somebody decides otherwise. What they may see stands
-- in views of their own.

CREATE FUNCTION web.link_digest() RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE RETURN
    CASE WHEN web.role() = 'link' THEN decode(nullif(current_setting('doorstep.link', true), ''), 'hex') END;

CREATE OR REPLACE FUNCTION web.link_elder() RETURNS integer LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    IF web.role() <> 'link' THEN
        RETURN NULL;
    END IF;
    RETURN coalesce(nullif(current_setting('doorstep.elder_id', true), '')::integer,
                    (SELECT elder_id FROM public.elder WHERE link_hash = web.link_digest()));
END $$;

CREATE FUNCTION web.link_relative() RETURNS integer LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    IF web.role() <> 'link' THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT relative_id FROM public.relative
            WHERE link_hash = web.link_digest() AND ended_at IS NULL AND link_ends_at > now());
END $$;

-- Of whose family they are, where what is asked for stands in a consent for them; without it whatever was agreed to.
CREATE FUNCTION web.family_elder(asked text DEFAULT NULL) RETURNS integer LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    IF web.role() <> 'link' THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT elder_id FROM public.relative r
            WHERE relative_id = web.link_relative()
              AND (asked IS NULL OR EXISTS (SELECT FROM public.consent c
                                            WHERE c.relative_id = r.relative_id AND c.elder_id = r.elder_id
                                              AND c.purpose = asked AND c.withdrawn_at IS NULL)));
END $$;

-- Whom no policy binds, no view of these does either: the tables' owner.
CREATE FUNCTION web.is_unbound() RETURNS boolean LANGUAGE sql STABLE RETURN NOT row_security_active('public.elder');

-- What their page shows, and no column more: no address, no note of a nurse, not where somebody walks.
CREATE VIEW web.family_heading AS
SELECT e.elder_id, e.name, h.time_zone FROM public.elder e JOIN public.home h USING (home_id)
WHERE ((SELECT web.is_unbound()) OR e.elder_id = (SELECT web.family_elder()));

CREATE VIEW web.family_reading AS
SELECT elder_id, metric, measured_at, record_key, value, flags, meal FROM public.reading
WHERE ((SELECT web.is_unbound()) OR elder_id = (SELECT web.family_elder('family_readings')))
  AND metric IN ('systolic', 'diastolic', 'pulse', 'glucose');

CREATE VIEW web.family_measure_again AS
SELECT elder_id, metric, why, measured_at, asked_at, until, answered_at FROM public.measure_again
WHERE ((SELECT web.is_unbound()) OR elder_id = (SELECT web.family_elder('family_readings')));

CREATE VIEW web.family_visit AS
SELECT v.elder_id, v.visit_id, v.asked_at, v.state, s.name AS nurse, v.promised_by, r.filed_at, m.face
FROM public.visit v LEFT JOIN public.staff s ON s.staff_id = v.nurse_id
LEFT JOIN public.visit_report r USING (visit_id) LEFT JOIN public.assessment m USING (visit_id)
WHERE ((SELECT web.is_unbound()) OR v.elder_id = (SELECT web.family_elder('family_visits')));

CREATE VIEW web.family_call AS
SELECT elder_id, alarm_id, kind, test, heard_at, state, closed_at FROM public.alarm
WHERE ((SELECT web.is_unbound()) OR elder_id = (SELECT web.family_elder('family_alarms')));

-- What is about themselves.
CREATE POLICY family ON relative FOR SELECT USING (relative_id = (SELECT web.link_relative()));
CREATE POLICY family ON consent FOR SELECT USING (relative_id = (SELECT web.link_relative()));
CREATE POLICY family ON link_session USING (relative_id = (SELECT web.link_relative()));
CREATE POLICY family ON data_copy USING (relative_id = (SELECT web.link_relative()) AND staff_id IS NULL);
