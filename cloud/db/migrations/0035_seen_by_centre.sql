-- The web's own memory looks at one home at a time, and was asked for each of all of them whether it may.
ALTER POLICY seen ON home USING (
    region_id = ANY ((SELECT web.regions())::integer[]) OR (SELECT web.role()) = 'centre'
    OR (SELECT web.role()) = 'link' AND web.sees_home(home_id));
