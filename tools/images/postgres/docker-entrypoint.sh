#!/bin/sh
# Starts PostgreSQL; on an empty data directory makes the cluster, its master user and its first database.
#   POSTGRES_PASSWORD  password of the master user (required on first start)
#   POSTGRES_USER      master user, a superuser (default: postgres)
#   POSTGRES_DB        first database (default: the master user's name)
#   POSTGRES_FORCE_SSL 1 refuses connections without TLS, as rds.force_ssl does
#   POSTGRES_SETTINGS  lines of postgresql.conf for the new cluster
#   PGPORT             port to listen on (default: 5432)
set -eu

: "${PGDATA:=/var/lib/postgresql/data}"
export PGDATA

quote_identifier() {
    printf '"%s"' "$(printf '%s' "$1" | sed 's/"/""/g')"
}

make_certificate() {
    openssl req -new -x509 -days 3650 -nodes -subj "/CN=$(hostname)" \
        -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
        -keyout "$PGDATA/server.key" -out "$PGDATA/server.crt" 2>/dev/null
    chmod 600 "$PGDATA/server.key"
}

make_cluster() {
    user="${POSTGRES_USER:-postgres}"
    database="${POSTGRES_DB:-$user}"
    if [ -z "${POSTGRES_PASSWORD:-}" ]; then
        echo "docker-entrypoint.sh: set POSTGRES_PASSWORD to make the database of an empty $PGDATA" >&2
        exit 64
    fi
    # A first start that was killed leaves half a cluster, which initdb refuses.
    find "$PGDATA" -mindepth 1 -delete
    password_file="$(mktemp)"
    printf '%s\n' "$POSTGRES_PASSWORD" > "$password_file"
    initdb --pgdata="$PGDATA" --username="$user" --pwfile="$password_file" --no-sync \
        --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >/dev/null
    rm -f "$password_file"
    make_certificate
    kind=host
    [ "${POSTGRES_FORCE_SSL:-0}" = 1 ] && kind=hostssl
    printf '%s all all all scram-sha-256\n' "$kind" >> "$PGDATA/pg_hba.conf"
    printf "listen_addresses = '*'\nssl = on\n%s\n" "${POSTGRES_SETTINGS:-}" >> "$PGDATA/postgresql.conf"
    {
        # The roles that RDS has in every PostgreSQL.
        echo 'CREATE ROLE rds_superuser'
        echo 'CREATE ROLE rds_iam'
        [ "$database" = postgres ] || echo "CREATE DATABASE $(quote_identifier "$database")"
    } | postgres --single -D "$PGDATA" postgres >/dev/null
    touch "$PGDATA/.fastbreak-complete"
}

if [ "${1:-}" = postgres ] && [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA" /var/run/postgresql
    chown -R postgres:postgres "$PGDATA" /var/run/postgresql
    chmod 700 "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

if [ "${1:-}" = postgres ] && [ ! -e "$PGDATA/.fastbreak-complete" ]; then
    make_cluster
fi

exec "$@"
