-- What 0018 says of the tables before it, of those that came with 0022_detection.

ALTER TABLE limit_override ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON limit_override USING (web.sees_elder(elder_id));
ALTER TABLE measure_again ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON measure_again USING (web.sees_elder(elder_id));
ALTER TABLE detection_timer ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON detection_timer USING (web.sees_elder(elder_id));
