#!/bin/sh
# Creates the two databases of Temporal where they are missing and brings their tables up to this version's. Safe to repeat.
# The connection comes from SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD, which the tool reads itself.
set -eu

schema=/etc/temporal/schema/postgresql/v12

prepare() {
  echo "database $1"
  temporal-sql-tool --db "$1" create
  temporal-sql-tool --db "$1" setup-schema --version 0.0
  temporal-sql-tool --db "$1" update-schema --schema-dir "$schema/$2/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility
