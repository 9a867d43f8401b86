-- Staff who sign in by an OpenID provider, and what was refused.

CREATE TABLE oidc_binding (                        -- who is who: made by an administrator, never by an e-mail address
    issuer      text NOT NULL,
    subject     text NOT NULL,
    staff_id    integer NOT NULL REFERENCES staff ON DELETE CASCADE,
    bound_at    timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX oidc_binding_by_staff ON oidc_binding (staff_id);

ALTER TABLE session ADD COLUMN by_provider boolean NOT NULL DEFAULT false;  -- signing out leads to the provider too

CREATE TABLE refusal (                             -- how often something was refused; whose or by whom stands nowhere
    process     text NOT NULL,
    kind        text NOT NULL CHECK (kind ~ '^[a-z0-9_]{1,40}$'),
    hour        timestamptz NOT NULL,
    times       bigint NOT NULL CHECK (times > 0),
    last_at     timestamptz NOT NULL,
    PRIMARY KEY (hour, kind, process)
);
