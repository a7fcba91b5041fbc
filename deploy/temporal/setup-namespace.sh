#!/bin/sh
# Registers the namespace and the search attributes of runs (contract/names.ts) where they are missing. Safe to repeat.
# The server comes from TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, which the command line reads itself.
set -eu

attributes='RunState RunReason RunHost RunName RunRecipe RunSchedule'

tries=0
until temporal operator cluster health; do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || { echo "Temporal at $TEMPORAL_ADDRESS did not become healthy" >&2; exit 1; }
  sleep 2
done

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"

# A namespace that was made a moment ago is not known everywhere at once.
tries=0
until known=$(temporal operator search-attribute list); do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || { echo "namespace $TEMPORAL_NAMESPACE did not appear" >&2; exit 1; }
  sleep 1
done

for name in $attributes; do
  case $known in
    *"$name "*) ;;
    *) temporal operator search-attribute create --name "$name" --type Keyword ;;
  esac
done
