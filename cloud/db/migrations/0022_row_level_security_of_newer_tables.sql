-- What 0018 says of the tables before it, of those that came with 0014 and since.

-- A link is the elder's own, or that of somebody of their family: the page decides what that one is shown.
CREATE OR REPLACE FUNCTION web.link_elder() RETURNS integer LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
DECLARE
    link bytea;
BEGIN
    IF web.role() <> 'link' THEN
        RETURN NULL;
    END IF;
    link := decode(nullif(current_setting('doorstep.link', true), ''), 'hex');
    RETURN coalesce(nullif(current_setting('doorstep.elder_id', true), '')::integer,
                    (SELECT elder_id FROM public.elder WHERE link_hash = link),
                    (SELECT elder_id FROM public.relative WHERE link_hash = link AND ended_at IS NULL));
END $$;

ALTER TABLE prove_report ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON prove_report USING (web.sees_gateway(gateway_id));
ALTER VIEW proven_gateway SET (security_invoker = true);

ALTER TABLE gateway_configuration ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS seen ON gateway_configuration;
CREATE POLICY seen ON gateway_configuration USING (
    (SELECT web.role()) IN ('administrator', 'centre') AND web.sees_gateway(gateway_id));

ALTER TABLE relative ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON relative USING (web.sees_elder(elder_id));

ALTER TABLE consent ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON consent USING (web.sees_elder(elder_id));

ALTER TABLE privacy_request ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON privacy_request USING (web.sees_elder(elder_id));

ALTER TABLE link_session ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON link_session USING ((SELECT web.role()) IN ('', 'centre') OR web.sees_elder(elder_id));

ALTER TABLE oidc_binding ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON oidc_binding USING (
    (SELECT web.role()) IN ('', 'centre') OR staff_id = (SELECT web.staff_id()));
