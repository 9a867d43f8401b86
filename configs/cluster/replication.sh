#!/bin/sh
# Once, when the primary's database is made: the role that the replica comes with.
set -eu
psql --set=ON_ERROR_STOP=1 --set=word="$REPLICATION_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE replicator WITH REPLICATION LOGIN PASSWORD :'word';
SQL
echo "host replication replicator 10.89.0.0/24 scram-sha-256" >> "$PGDATA/pg_hba.conf"
