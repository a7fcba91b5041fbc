# shellcheck shell=bash
# What every part of the bootstrap needs: words to the user, the cache folder, small tests.
# Source it first; it runs nothing but the few settings below.

cache="${TRAINYARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/trainyard}"

# What was installed for the user alone lies in the cache; what root needs lies in sbin. Both come last: the user's own tools win.
PATH="$PATH:/usr/sbin:/sbin:$cache/bin"

say() { printf 'trainyard: %s\n' "$*"; }

warn() { printf 'trainyard: warning: %s\n' "$*" >&2; }

# die FAULT MEND: one sentence on what is wrong, one on what to do about it.
die() {
  printf 'trainyard: error: %s\n' "$1" >&2
  [[ -z ${2:-} ]] || printf '  mend: %s\n' "$2" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

is_root() { [[ $(id -u) -eq 0 ]]; }

# version_at_least VERSION WANTED: compares dotted versions as numbers, so that 1.9 is less than 1.43.
version_at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

# bounded SECONDS COMMAND…: macOS has no timeout(1); there the command runs unbounded.
bounded() {
  local seconds=$1
  shift
  if have timeout; then timeout "$seconds" "$@"; else "$@"; fi
}

digest() { if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -c 1-16; }

# digest_of_files: reads NUL-separated paths, answers one digest over their names and contents.
digest_of_files() {
  LC_ALL=C sort -z | while IFS= read -r -d '' file; do
    printf '%s\0' "$file"
    cat -- "$file"
  done | digest
}

# logged NAME COMMAND…: quiet while it goes well; shows the end of the log when it does not.
logged() {
  local log="$cache/log/$1.log"
  shift
  mkdir -p "$cache/log"
  "$@" >"$log" 2>&1 </dev/null || {
    local status=$?
    printf 'trainyard: "%s" failed (exit code %s); the end of %s:\n' "$*" "$status" "$log" >&2
    tail -n 15 "$log" | sed 's/^/  | /' >&2
    return "$status"
  }
}

# remember NAME VALUE: keeps a fact in the cache's env file, where the server, the demo and the tests look for it.
remember() {
  local file="$cache/env" line
  printf -v line '%s=%q' "$1" "$2"
  grep -qxF -- "$line" "$file" 2>/dev/null && return
  mkdir -p "$cache"
  { grep -v "^$1=" "$file" 2>/dev/null || true; printf '%s\n' "$line"; } >"$file.new"
  mv "$file.new" "$file"
}

# only_one_at_a_time: a second bootstrap waits for the first, then finds nothing left to do.
only_one_at_a_time() {
  mkdir -p "$cache/log"
  have flock || return 0 # macOS has none
  exec 9>"$cache/lock"
  flock --nonblock 9 && return
  say "waiting for another bootstrap that holds $cache/lock"
  flock 9
}

# scratch NAME: a new folder for work in progress. What an interrupted bootstrap left is removed by the next one.
scratch() {
  mkdir -p "$cache/scratch"
  mktemp -d "$cache/scratch/$1.XXXXXX"
}

# remove_tree FOLDER: first takes off what is mounted below it, such as the /proc of a debootstrap that failed;
# what cannot be taken off stays, and the folder with it, rather than that the machine's own files are removed through it.
remove_tree() {
  [[ -d $1 ]] || return 0
  local mounts
  mounts=$(awk -v below="$1/" 'index($2, below) == 1 { print $2 }' /proc/mounts 2>/dev/null | sort -r)
  for mount in $mounts; do
    umount "$mount" || { warn "$mount is still mounted; unmount it and remove $1"; return 0; }
  done
  chmod -R u+w "$1" 2>/dev/null || true # Go's module cache is read-only
  rm -rf "$1"
}
