# shellcheck shell=bash
# Packages of a newer Debian without changing the machine's own package sources.
#
# The mirror and its key come from the sources that the machine has already, so that a private mirror keeps
# working and no host is written down here. Lists and archives of the newer suite live in the cache folder.

: "${cache:?source common.sh first}"
readonly newer_suite=trixie

is_debian_like() { have apt-get && have dpkg; }

is_debian() { is_debian_like && [[ $(. /etc/os-release && echo "$ID") == debian ]]; }

# debian_mirror: the URI that the machine's main suite comes from.
debian_mirror() {
  local codename
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
  apt-get --print-uris update 2>/dev/null |
    sed -n -E "s#^'(.*)/dists/($codename|stable|oldstable|testing)/InRelease'.*#\1#p" | sed -n 1p
}

# debian_key MIRROR: the keyring that the machine trusts for that mirror; empty when it is apt's default.
debian_key() {
  local files=()
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [[ -f $file ]] && files+=("$file")
  done
  [[ ${#files[@]} -gt 0 ]] || return 0
  awk -v mirror="${1%/}" '
    # One-line form.
    /^deb / && index($0, mirror) && match($0, /signed-by=[^] ]+/) { print substr($0, RSTART + 10, RLENGTH - 10); exit }
    # Stanza form: the two fields come in any order.
    FNR == 1 || /^[ \t]*$/ { here = ""; key = "" }
    tolower($1) == "uris:" && index($0, mirror) { here = 1 }
    tolower($1) == "signed-by:" && $2 ~ /^\// { key = $2 }
    here && key { print key; exit }
  ' "${files[@]}"
}

# debian_transport: apt settings of this machine that reaching the mirror may depend on, as lines of an apt.conf.
debian_transport() {
  apt-config dump --no-empty --format '%F "%v";%n' | grep -E '^Acquire::(Check-|Retries|https?::(Proxy|Verify))' || true
}

apt_for_newer() {
  local state="$cache/apt-$newer_suite"
  apt-get \
    -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State::lists="$state/lists" -o Dir::Cache="$state/cache" \
    -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
    -o APT::Sandbox::User=root "$@"
}

# newer_download FOLDER PACKAGE…: fetches exactly these packages of the newer suite, nothing they depend on.
newer_download() (
  local folder=$1 state="$cache/apt-$newer_suite" mirror key
  shift
  is_debian || die "packages of Debian are needed ($*), but this machine is not a Debian" "install $* in this system's own way"
  mirror=$(debian_mirror)
  [[ -n $mirror ]] || die "apt has no source of Debian's main suite" "add Debian's mirror to /etc/apt/sources.list.d"
  key=$(debian_key "$mirror")
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$folder"
  printf 'deb %s%s %s main\n' "${key:+[signed-by=$key] }" "$mirror" "$newer_suite" >"$state/sources.list"
  logged "apt-$newer_suite-update" apt_for_newer update || return 1
  cd "$folder" || return 1
  logged "apt-$newer_suite-download" apt_for_newer download "$@"
)

# newer_unpack FOLDER PACKAGE…: unpacks packages of the newer suite into a folder; installs and starts nothing.
newer_unpack() {
  local folder=$1 archives status=0
  shift
  archives=$(scratch debs)
  mkdir -p "$folder"
  if newer_download "$archives" "$@"; then
    for deb in "$archives"/*.deb; do dpkg -x "$deb" "$folder" || status=$?; done
  else
    status=1
  fi
  remove_tree "$archives"
  return "$status"
}

# apt_install PACKAGE…: from the machine's own sources.
# RUNLEVEL=1 keeps packages from starting services where no systemd runs; we start what we need ourselves.
apt_install() {
  is_root || die "only root can install $*" "run as root: apt-get install $*"
  logged apt-update apt-get update &&
    logged apt-install env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install --yes --no-install-recommends "$@"
}
