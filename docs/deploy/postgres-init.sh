#!/bin/bash
# One database per service, with an owner for migrations and an application role that gets rights by grants only.
set -euo pipefail
for service in accounts inventory orders payments; do
  variable="${service^^}_DB_PASSWORD"
  psql -v ON_ERROR_STOP=1 -U postgres -v password="${!variable}" <<SQL
create role ${service}_owner login password :'password';
create role ${service}_app login password :'password';
create database ${service} owner ${service}_owner;
revoke connect on database ${service} from public;
grant connect on database ${service} to ${service}_app;
SQL
done
