#!/bin/sh
# As the official image: a first argument that is a flag or a file means "redis-server with it".
set -e
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
  set -- redis-server "$@"
fi
umask 0077
# The official image listens for other containers; without a password Redis would otherwise answer itself alone.
if [ "$1" = redis-server ] && [ $# -eq 1 ]; then
  set -- redis-server --protected-mode no
fi
exec "$@"
