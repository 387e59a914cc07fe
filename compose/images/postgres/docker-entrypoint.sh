#!/usr/bin/env bash
# The official image's contract for its first start: POSTGRES_USER, _PASSWORD, _DB and _INITDB_ARGS (each also as
# _FILE), POSTGRES_HOST_AUTH_METHOD, /docker-entrypoint-initdb.d, PGDATA; runs under any uid.
set -Eeuo pipefail

from_file() {
  local name=$1 default=${2:-} file_name="${1}_FILE"
  if [[ -n ${!name:-} && -n ${!file_name:-} ]]; then
    echo >&2 "error: both $name and $file_name are set, but only one may be"
    exit 1
  fi
  if [[ -n ${!file_name:-} ]]; then
    printf -v "$name" '%s' "$(<"${!file_name}")"
  else
    printf -v "$name" '%s' "${!name:-$default}"
  fi
  unset "$file_name"
}

# initdb refuses to run as a user without a name. The name it invents here lives in this process tree only.
name_this_user() {
  getent passwd "$(id -u)" >/dev/null && return
  local library
  for library in /usr/lib/*/libnss_wrapper.so; do [[ -e $library ]] && break; done
  NSS_WRAPPER_PASSWD=$(mktemp) NSS_WRAPPER_GROUP=$(mktemp)
  echo "postgres:x:$(id -u):$(id -g):PostgreSQL:$PGDATA:/bin/false" >"$NSS_WRAPPER_PASSWD"
  echo "postgres:x:$(id -g):" >"$NSS_WRAPPER_GROUP"
  export LD_PRELOAD=$library NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
}

forget_this_user() {
  [[ -n ${NSS_WRAPPER_PASSWD:-} ]] || return 0
  rm -f "$NSS_WRAPPER_PASSWD" "$NSS_WRAPPER_GROUP"
  unset LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
}

run_sql() {
  PGHOST= PGHOSTADDR= psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --no-password "$@"
}

initialise() {
  if [[ -z $POSTGRES_PASSWORD && $POSTGRES_HOST_AUTH_METHOD != trust ]]; then
    echo >&2 'error: the database is new and no password for its superuser is given: set POSTGRES_PASSWORD_FILE'
    exit 1
  fi
  name_this_user
  eval "initdb --username=\"\$POSTGRES_USER\" --pwfile=<(printf '%s\n' \"\$POSTGRES_PASSWORD\") $POSTGRES_INITDB_ARGS"
  forget_this_user
  printf '\nhost all all all %s\n' "$POSTGRES_HOST_AUTH_METHOD" >>"$PGDATA/pg_hba.conf"

  # For set-up it answers on its socket only, so that nobody takes it for ready.
  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
  if [[ $POSTGRES_DB != postgres ]]; then
    run_sql --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
  fi
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) if [[ -x $file ]]; then "$file"; else . "$file"; fi ;;
      *.sql) run_sql --dbname "$POSTGRES_DB" -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | run_sql --dbname "$POSTGRES_DB" ;;
    esac
  done
  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -m fast -w stop
  echo 'PostgreSQL init process complete; ready for start up.'
}

[[ ${1:-} == -* ]] && set -- postgres "$@"

if [[ ${1:-} == postgres ]]; then
  from_file POSTGRES_PASSWORD
  from_file POSTGRES_USER postgres
  from_file POSTGRES_DB "$POSTGRES_USER"
  from_file POSTGRES_INITDB_ARGS
  : "${POSTGRES_HOST_AUTH_METHOD:=scram-sha-256}"
  mkdir -p "$PGDATA" && chmod 0700 "$PGDATA" || true
  [[ -s $PGDATA/PG_VERSION ]] || initialise
  unset POSTGRES_PASSWORD
fi

exec "$@"
