-- Which rows the web may see: those of whoever it works for just now, whatever its statements ask for.
-- docs/decisions/0013-rows-that-the-web-may-see.md
--
-- The web works as the role doorstep_web (cloud/db/grants.py) and says in each transaction for whom
-- (cloud/db/sight.py). Tables that hold something of a home carry a policy. Readings carry none, because TimescaleDB
-- refuses one on compressed rows: the web has no right to them, and finds under their names the views of schema `web`.
-- The tables' owner, as whom the other stages work, is not bound by any of it.

CREATE SCHEMA web;

-- For whom ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION web.role() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE RETURN
    coalesce(current_setting('doorstep.role', true), '');

CREATE FUNCTION web.staff_id() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE RETURN
    nullif(current_setting('doorstep.staff_id', true), '')::integer;

CREATE FUNCTION web.regions() RETURNS integer[] LANGUAGE sql STABLE PARALLEL SAFE RETURN
    coalesce(nullif(current_setting('doorstep.regions', true), ''), '{}')::integer[];

CREATE FUNCTION web.hears_calls() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE RETURN
    web.role() IN ('nurse', 'desk', 'administrator', 'centre');

-- What follows looks as the owner, so that no policy has to ask another. In plpgsql, which keeps its plans: as parts of
-- the policies these questions took four times as long to plan as all that a page asks.

-- Whose link it is; the digest finds them, so that nobody has to see an elder in order to look for one.
CREATE FUNCTION web.link_elder() RETURNS integer LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    IF web.role() <> 'link' THEN
        RETURN NULL;
    END IF;
    RETURN coalesce(nullif(current_setting('doorstep.elder_id', true), '')::integer,
                    (SELECT elder_id FROM public.elder
                     WHERE link_hash = decode(nullif(current_setting('doorstep.link', true), ''), 'hex')));
END $$;

CREATE FUNCTION web.sees_elder(elder integer) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    CASE web.role()
        WHEN 'nurse', 'desk', 'doctor', 'administrator' THEN
            RETURN EXISTS (SELECT FROM public.elder e JOIN public.home h USING (home_id)
                           WHERE e.elder_id = elder AND h.region_id = ANY (web.regions()));
        WHEN 'link' THEN RETURN coalesce(elder = web.link_elder(), false);
        WHEN 'centre' THEN RETURN true;            -- the web's own memory, which shows each person their part
        ELSE RETURN false;
    END CASE;
END $$;

CREATE FUNCTION web.sees_visit(visit bigint) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN coalesce((SELECT web.sees_elder(v.elder_id) FROM public.visit v WHERE v.visit_id = visit), false);
END $$;

CREATE FUNCTION web.sees_region(region integer) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN web.role() = 'centre' OR coalesce(region = ANY (web.regions()), false);
END $$;

CREATE FUNCTION web.sees_home(home integer) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    IF web.role() = 'link' THEN
        RETURN EXISTS (SELECT FROM public.elder e WHERE e.elder_id = web.link_elder() AND e.home_id = home);
    END IF;
    RETURN coalesce((SELECT web.sees_region(h.region_id) FROM public.home h WHERE h.home_id = home), false);
END $$;

CREATE FUNCTION web.sees_gateway(gateway text) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN coalesce((SELECT web.sees_region(h.region_id) FROM public.gateway g JOIN public.home h USING (home_id)
                     WHERE g.gateway_id = gateway), false);
END $$;

CREATE FUNCTION web.sees_device(device integer) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN coalesce((SELECT web.sees_gateway(d.gateway_id) FROM public.device d WHERE d.device_id = device), false);
END $$;

CREATE FUNCTION web.sees_alarm(alarm uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN coalesce((SELECT a.elder_id = web.link_elder() OR (web.hears_calls() AND web.sees_gateway(a.gateway_id))
                     FROM public.alarm a WHERE a.alarm_id = alarm), false);
END $$;

-- Readings ------------------------------------------------------------------------------------------------------------
-- Not security_barrier: such a view is planned by itself, and the newest reading would be sought among all of them.

CREATE VIEW contested_reading AS                   -- of which somebody may say whose they are; some are nobody's yet
SELECT * FROM reading WHERE wearer_why <> 'only_wearer';

CREATE VIEW web.elder_seen AS
SELECT elder_id FROM public.elder WHERE web.sees_elder(elder_id);

CREATE VIEW web.gateway_seen AS
SELECT gateway_id FROM public.gateway WHERE web.sees_gateway(gateway_id);

CREATE VIEW web.reading AS
SELECT * FROM public.reading WHERE elder_id IN (SELECT elder_id FROM web.elder_seen);

CREATE VIEW web.reading_hourly AS
SELECT * FROM public.reading_hourly WHERE elder_id IN (SELECT elder_id FROM web.elder_seen);

CREATE VIEW web.reading_daily AS
SELECT * FROM public.reading_daily WHERE elder_id IN (SELECT elder_id FROM web.elder_seen);

CREATE VIEW web.contested_reading AS
SELECT * FROM public.contested_reading WHERE web.hears_calls() AND web.sees_gateway(gateway_id);

-- How many messages could not be stored is no secret; what is in them is the administrator's.
CREATE FUNCTION dead_letter_count() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
RETURN (SELECT count(*) FROM public.dead_letter);

-- Policies ------------------------------------------------------------------------------------------------------------

ALTER TABLE home ENABLE ROW LEVEL SECURITY;        -- what is asked of many is answered without a call for each
CREATE POLICY seen ON home USING (
    region_id = ANY ((SELECT web.regions())::integer[])
    OR (SELECT web.role()) IN ('centre', 'link') AND web.sees_home(home_id));

ALTER TABLE alarm ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON alarm USING (
    elder_id = (SELECT web.link_elder()) OR (SELECT web.hears_calls()) AND web.sees_gateway(gateway_id));

ALTER TABLE unsure_alert ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON unsure_alert USING ((SELECT web.hears_calls()) AND web.sees_home(home_id));

ALTER TABLE silence ENABLE ROW LEVEL SECURITY;     -- that the centre hears nobody is for everybody who works there
CREATE POLICY seen ON silence USING (
    web.sees_region(region_id) OR region_id IS NULL AND (SELECT web.staff_id()) IS NOT NULL);

ALTER TABLE escalation ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON escalation USING (
    (SELECT web.hears_calls()) AND (about = 'alarm' AND web.sees_alarm(subject_id)
                                    OR EXISTS (SELECT FROM silence s WHERE s.silence_id = subject_id)));

ALTER TABLE escalation_step ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON escalation_step USING (
    EXISTS (SELECT FROM escalation e WHERE e.subject_id = escalation_step.subject_id));

ALTER TABLE notice ENABLE ROW LEVEL SECURITY;      -- a phone's receipt names one, and nobody is signed in there
CREATE POLICY seen ON notice USING ((SELECT web.role()) IN ('', 'centre') OR staff_id = (SELECT web.staff_id()));

ALTER TABLE dead_letter ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON dead_letter USING ((SELECT web.role()) IN ('administrator', 'centre'));

ALTER TABLE audit ENABLE ROW LEVEL SECURITY;       -- what one did oneself, and what was done to whom one may see
CREATE POLICY seen ON audit USING (
    staff_id = (SELECT web.staff_id()) OR elder_id IS NOT NULL AND web.sees_elder(elder_id));

DO $$
DECLARE
    line text[];
BEGIN
    FOREACH line SLICE 1 IN ARRAY ARRAY[
        ['web.sees_gateway(gateway_id)', 'gateway device outbox_stream drill drill_watch silent_gateway claim '
                                         'gateway_certificate'],
        ['(SELECT web.hears_calls()) AND web.sees_device(device_id)', 'sharing wearer ruling unsure_due'],
        ['web.sees_elder(elder_id)', 'elder contact detection_due baseline alert visit'],
        ['web.sees_visit(visit_id)', 'visit_event visit_report assessment'],
        ['web.sees_alarm(alarm_id)', 'alarm_event alarm_card_view scaip_forward sms_alarm'],
        -- accounts: one's own once one is signed in; before that, the digest of a token or a code finds them
        ['(SELECT web.role()) IN ('''', ''centre'') OR staff_id = (SELECT web.staff_id())',
         'session half_session totp passkey api_token push_subscription']
    ] LOOP
        EXECUTE (SELECT string_agg(format('ALTER TABLE %1$I ENABLE ROW LEVEL SECURITY; '
                                          'CREATE POLICY seen ON %1$I USING (%2$s);', name, line[1]), '')
                 FROM unnest(string_to_array(line[2], ' ')) AS name);
    END LOOP;
END $$;
