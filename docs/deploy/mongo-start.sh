#!/bin/bash
# A replica set of one member: transactions and change streams need one. The key file lets members trust each other.
set -euo pipefail
key=/data/db/replica-set.key
if [ ! -f "$key" ]; then head -c 512 /dev/urandom | base64 -w0 > "$key"; fi
chmod 400 "$key" && chown mongodb:mongodb "$key"
exec docker-entrypoint.sh mongod --replSet rs0 --bind_ip_all --keyFile "$key"
