# shellcheck shell=bash
# A Temporal server for development and tests: the `temporal` command line, which carries one.

: "${cache:?source common.sh first}" "${newer_suite:?source debian.sh first}" "${lib:?the folder of this file}"

readonly temporal_module=github.com/temporalio/cli/cmd/temporal@v1.5.1
# From 1.21 on, Go fetches the toolchain that a module asks for by itself.
readonly go_version_wanted=1.21

ensure_temporal() {
  [[ -z ${TEMPORAL_ADDRESS:-} ]] || return 0
  have temporal || temporal_from_sdk || temporal_from_go ||
    die "no Temporal server can be had: no temporal on PATH, the SDK's download failed, and so did the build with Go" \
      "install the Temporal CLI, or set TEMPORAL_ADDRESS to a server that runs"
}

# The SDK's own download, which needs the internet. Bounded: without a way out it may hang rather than fail.
temporal_from_sdk() {
  [[ -d node_modules/@temporalio/testing ]] || return 1
  say "fetching the Temporal development server as the Temporal SDK does, since no temporal is on PATH"
  local folder status=0
  folder=$(scratch temporal)
  bounded 60 node "$lib/temporal-download.js" "$folder" >"$cache/log/temporal-download.log" 2>&1 </dev/null || status=$?
  if [[ $status -eq 0 ]]; then
    find "$folder" -type f -perm -u+x -exec mv {} "$cache/bin/temporal" \;
  fi
  remove_tree "$folder"
  [[ -x $cache/bin/temporal ]]
}

temporal_from_go() {
  local go folder own='' status=0 settings=()
  if have go && version_at_least "$(go env GOVERSION | sed 's/^go//')" "$go_version_wanted"; then
    go=go
  elif is_debian; then
    say "fetching Go of Debian $newer_suite into the cache, only to build the Temporal CLI"
    own=$(scratch go)
    newer_unpack "$own" golang-1.24-go golang-1.24-src || return 1
    go="$own/usr/lib/go-1.24/bin/go"
    # What this borrowed Go fetches is of no use to anybody afterwards.
    settings=(GOPATH="$own/path" GOCACHE="$own/build")
  else
    return 1
  fi
  say "building the Temporal CLI with Go, since its download is out of reach (a few minutes, once)"
  folder=$(scratch temporal)
  # No C compiler needed; no debug tables, which are a third of the file.
  logged go-install env GOTOOLCHAIN=auto CGO_ENABLED=0 GOBIN="$folder" ${settings[@]+"${settings[@]}"} \
    "$go" install -trimpath -ldflags '-s -w' "$temporal_module" || status=$?
  [[ $status -ne 0 ]] || mv "$folder/temporal" "$cache/bin/temporal"
  remove_tree "$folder"
  remove_tree "$own"
  return "$status"
}
