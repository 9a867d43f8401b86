-- Who says whose a measurement was has detection look at whoever lost it too, who may have moved elsewhere meanwhile.
-- A row says no more than that an elder, by their number, has news.

DROP POLICY seen ON detection_due;
CREATE POLICY seen ON detection_due USING ((SELECT web.hears_calls()));
