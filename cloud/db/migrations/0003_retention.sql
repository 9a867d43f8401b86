-- What retention leaves of a metric's rows: its hourly and daily figures. All before `through` lies here, the rest
-- in the live figures; `through` never goes back.

CREATE TABLE retained (
    metric      text PRIMARY KEY,
    through     timestamptz NOT NULL               -- a week's beginning: no bucket lies on both sides
);

CREATE TABLE reading_hourly_kept (
    elder_id    integer,
    metric      text NOT NULL,
    bucket      timestamptz NOT NULL,
    count       bigint NOT NULL,
    mean        double precision NOT NULL,
    low         double precision NOT NULL,
    high        double precision NOT NULL,
    UNIQUE NULLS NOT DISTINCT (elder_id, metric, bucket)
);

CREATE TABLE reading_daily_kept (LIKE reading_hourly_kept INCLUDING ALL);
