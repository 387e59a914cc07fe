#!/bin/sh
# As in the official image: arguments are those of n8n, none starts the server.
if [ "$#" -gt 0 ]; then exec n8n "$@"; fi
exec n8n
