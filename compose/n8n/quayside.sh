#!/bin/sh
# `import`: credentials out of the environment's secrets and the workflows, published; n8n must not run meanwhile.
# `serve`: n8n, with its owner set up from the environment's secret.
set -eu
case "$1" in
  import)
    node /quayside/credentials.cjs /tmp/credentials.json
    n8n import:credentials --input=/tmp/credentials.json
    rm /tmp/credentials.json
    n8n import:workflow --separate --input=/quayside/workflows
    # An import leaves each one unpublished, so also those that were in use before.
    for workflow in /quayside/workflows/*.json; do
      n8n publish:workflow --id="$(node -p 'require(process.argv[1]).id' "$workflow")"
    done
    ;;
  serve)
    N8N_INSTANCE_OWNER_PASSWORD_HASH=$(node /quayside/owner.cjs)
    export N8N_INSTANCE_OWNER_PASSWORD_HASH
    exec n8n start
    ;;
  *)
    echo "quayside.sh: import or serve, not $1" >&2
    exit 2
    ;;
esac
