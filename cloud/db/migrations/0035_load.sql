-- What many pages ask for at once is asked as a role in its regions and as nobody in particular (docs/decisions/0020-
-- pages-of-one-sight-share-their-rows.md): what is no secret among staff is seen by the role alone.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['absence', 'route', 'team_plan'] LOOP
        EXECUTE format('ALTER POLICY seen ON %I USING ((SELECT web.role()) IN (''nurse'', ''desk'', ''doctor'', '
                       '''administrator'', ''centre'') OR (SELECT web.staff_id()) IS NOT NULL)', name);
    END LOOP;
END $$;

ALTER POLICY seen ON silence USING (
    web.sees_region(region_id)
    OR region_id IS NULL AND ((SELECT web.role()) IN ('nurse', 'desk', 'doctor', 'administrator')
                              OR (SELECT web.staff_id()) IS NOT NULL));

-- Whoever looks at a community begins with its homes.
CREATE INDEX IF NOT EXISTS home_by_region ON home (region_id);
CREATE INDEX IF NOT EXISTS elder_by_home ON elder (home_id);
CREATE INDEX IF NOT EXISTS gateway_by_home ON gateway (home_id);
