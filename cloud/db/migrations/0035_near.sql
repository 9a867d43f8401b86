-- Policies asked a function for every row: some ten microseconds each, and a community's board looks at a thousand. Whoever
-- works in a community or a few now has its elders before them, gathered once a transaction; the question for each row is
-- left to those who see very many, to links, and to nobody. docs/decisions/0020-pages-of-one-sight-share-their-rows.md

-- Exactly those for whom `web.sees_elder` is true, whoever looks; NULL: ask it. Kept for the rest of the transaction.
CREATE FUNCTION web.elders_near() RETURNS integer[] LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
DECLARE
    most CONSTANT integer := 1000;                 -- a longer list is slower to search than the function is to ask
    asker text := concat_ws(' ', web.role(), current_setting('doorstep.regions', true));
    kept text := nullif(current_setting('doorstep.near', true), '');
    found integer[];
BEGIN
    IF web.role() NOT IN ('nurse', 'desk', 'administrator', 'doctor') THEN
        RETURN NULL;
    END IF;
    IF kept IS NOT NULL AND current_setting('doorstep.near_of', true) = asker THEN
        RETURN nullif(kept, 'far')::integer[];
    END IF;
    IF web.role() = 'doctor' THEN
        found := ARRAY(SELECT e.elder_id FROM public.elder e JOIN public.home h USING (home_id)
                       JOIN public.consent c USING (elder_id)
                       WHERE h.region_id = ANY (web.regions()) AND c.purpose = 'institutions' AND c.withdrawn_at IS NULL
                       LIMIT most + 1);
    ELSE
        found := ARRAY(SELECT e.elder_id FROM public.elder e JOIN public.home h USING (home_id)
                       WHERE h.region_id = ANY (web.regions()) LIMIT most + 1);
    END IF;
    PERFORM set_config('doorstep.near_of', asker, true),
            set_config('doorstep.near', CASE WHEN cardinality(found) > most THEN 'far' ELSE found::text END, true);
    RETURN CASE WHEN cardinality(found) <= most THEN found END;
END $$;

-- Who moves, comes or agrees within a transaction is seen by it.
CREATE FUNCTION web.forget_near() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('doorstep.near', '', true);
    RETURN NULL;
END $$;
CREATE TRIGGER forget_near AFTER INSERT OR DELETE OR UPDATE OF home_id ON elder
FOR EACH STATEMENT EXECUTE FUNCTION web.forget_near();
CREATE TRIGGER forget_near AFTER UPDATE OF region_id ON home
FOR EACH STATEMENT EXECUTE FUNCTION web.forget_near();
CREATE TRIGGER forget_near AFTER INSERT OR DELETE OR UPDATE ON consent
FOR EACH STATEMENT EXECUTE FUNCTION web.forget_near();

DO $$
DECLARE
    name text;
    near CONSTANT text := 'coalesce(%s = ANY ((SELECT web.elders_near())::integer[]), web.sees_elder(%1$s))';
BEGIN
    FOREACH name IN ARRAY ARRAY['elder', 'contact', 'baseline', 'alert', 'visit'] LOOP
        EXECUTE format('ALTER POLICY seen ON %I USING (%s)', name, format(near, 'elder_id'));
    END LOOP;
    FOREACH name IN ARRAY ARRAY['visit_event', 'visit_report', 'assessment', 'route_stop'] LOOP
        EXECUTE format('ALTER POLICY seen ON %1$I USING (EXISTS (SELECT FROM visit seen_visit '
                       'WHERE seen_visit.visit_id = %1$I.visit_id AND %2$s))', name, format(near, 'seen_visit.elder_id'));
    END LOOP;
END $$;
