# shellcheck shell=bash
# An image registry for the tests of pulling: only the program; the tests start it themselves.

: "${cache:?source common.sh first}"

# Unpacked rather than installed, because the installed package would start a service on port 5000.
ensure_registry() {
  local folder="$cache/registry"
  if ! have docker-registry; then
    say "fetching docker-registry into the cache: tests of pulling need a registry of their own"
    newer_unpack "$folder" docker-registry ||
      die "docker-registry cannot be had" "put the program docker-registry on PATH, or run the tests without those of pulling"
    ln -sf "$folder/usr/bin/docker-registry" "$cache/bin/docker-registry"
  fi
  remember TRAINYARD_REGISTRY_BIN "$(command -v docker-registry)"
}
