#!/usr/bin/env bash
# As the official image: arguments go to the server, which is PID 1.
cd /qdrant && exec ./qdrant "$@"
