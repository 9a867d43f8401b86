-- Within whose hours a visit can be promised.

-- Of the nurses on duty who go to this elder: their hours and days off. As the owner, and without saying whose they are:
-- whoever asks by the elder's link is told a true time, and sees nobody's days off.
CREATE FUNCTION web.team_hours(elder integer)
RETURNS TABLE (works_from time, works_to time, away_from date[], away_to date[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE place AS (
        SELECT r.region_id, r.parent_id FROM elder e JOIN home h USING (home_id)
        JOIN region r ON r.region_id = h.region_id WHERE e.elder_id = elder
        UNION ALL
        SELECT r.region_id, r.parent_id FROM place p JOIN region r ON r.region_id = p.parent_id)
    SELECT s.works_from, s.works_to,
           array(SELECT lower(a.during) FROM absence a WHERE a.staff_id = s.staff_id ORDER BY a.during),
           array(SELECT upper(a.during) FROM absence a WHERE a.staff_id = s.staff_id ORDER BY a.during)
    FROM staff s JOIN place p USING (region_id) WHERE s.role = 'nurse' AND s.on_duty ORDER BY s.staff_id;
END $$;
