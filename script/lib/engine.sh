# shellcheck shell=bash
# A Docker Engine that answers: the one that runs already, or the one of this machine started, or one installed first.

: "${cache:?source common.sh first}" "${newer_suite:?source debian.sh first}"

# From API 1.43 (Engine 24) on, logs can be resumed exactly; see ARCHITECTURE.
readonly engine_api_wanted=1.43
readonly engine_version_wanted=24
readonly engine_default_host=unix:///var/run/docker.sock

engine_host() { echo "${DOCKER_HOST:-$engine_default_host}"; }

# engine_api: the API version of the engine; empty when none answers.
engine_api() { bounded 10 docker --host "$(engine_host)" version --format '{{.Server.APIVersion}}' 2>/dev/null || true; }

engine_answers() {
  local host
  host=$(engine_host)
  if ! have docker; then
    # Without a socket there is nobody to ask, and no client is needed to know it.
    [[ $host != unix://* || -S ${host#unix://} ]] || return 1
    install_docker_cli
  fi
  [[ -n $(engine_api) ]]
}

ensure_engine() {
  if ! engine_answers; then
    [[ -z ${DOCKER_HOST:-} || $DOCKER_HOST == "$engine_default_host" ]] ||
      die "no Docker Engine answers at DOCKER_HOST=$DOCKER_HOST" "start that engine, or unset DOCKER_HOST to use this machine's own"
    is_root || die "no Docker Engine answers at $(engine_host) for this user" \
      "start one and add the user to its group (usermod -aG docker $(id -un)), or set DOCKER_HOST, or run script/bootstrap once as root"
    have dockerd || install_engine
    have docker || install_docker_cli
    start_machine_engine
  fi
  local api
  api=$(engine_api)
  version_at_least "$api" "$engine_api_wanted" ||
    warn "the Docker Engine speaks API $api; before $engine_api_wanted (Engine $engine_version_wanted) a log resumed after a restart can miss lines"
}

install_engine() {
  is_debian_like || die "no Docker Engine is installed" "install Docker Engine $engine_version_wanted or later: see the guide of this system"
  say "installing the package docker.io: no Docker Engine is on this machine, and training runs in containers"
  logged apt-update apt-get update || true
  local candidate packages=(docker.io) archives
  candidate=$(LC_ALL=C apt-cache policy docker.io | sed -n 's/^ *Candidate: //p')
  if version_at_least "${candidate:-0}" "$engine_version_wanted"; then
    # Where the command line is a package of its own, it is only a recommendation.
    [[ -z $(apt-cache --names-only search '^docker-cli$') ]] || packages+=(docker-cli)
    apt_install "${packages[@]}" || die "docker.io could not be installed" "install Docker Engine $engine_version_wanted or later by hand"
    return
  fi
  say "this system has only docker.io $candidate; taking that one package from Debian $newer_suite, what it depends on from this system"
  have docker || packages+=(docker-cli)
  archives=$(scratch debs)
  if ! newer_download "$archives" "${packages[@]}" || ! apt_install "$archives"/*.deb; then
    remove_tree "$archives"
    die "docker.io of Debian $newer_suite could not be installed" "install Docker Engine $engine_version_wanted or later by hand"
  fi
  remove_tree "$archives"
}

# Only the client, into the cache: for a machine whose engine runs elsewhere, and for users who are not root.
install_docker_cli() {
  say "fetching the docker command line into $cache/bin: an engine is here, its command line is not"
  local folder="$cache/docker-cli"
  newer_unpack "$folder" docker-cli || die "the docker command line is missing" "install the package docker-cli (or docker.io)"
  mkdir -p "$cache/bin"
  ln -sf "$folder/usr/bin/docker" "$cache/bin/docker"
}

start_machine_engine() {
  if [[ -d /run/systemd/system ]]; then
    say "starting docker.service"
    logged engine-start systemctl start docker || die "docker.service does not start" "look at: journalctl -u docker"
    wait_for_engine
    return
  fi
  say "starting dockerd by hand, since no init does it here (log: $cache/engine/main/dockerd.log)"
  engine_start main
}

# engine_start NAME [FLAG…]: starts an engine and waits until it answers. "main" is the machine's own engine at the
# usual place; any other name is a second engine beside it, with its own data, at unix:///run/trainyard/NAME.sock.
engine_start() {
  local name=$1 folder="$cache/engine/$1" DOCKER_HOST
  shift
  DOCKER_HOST=$(engine_host_of "$name")
  engine_is_ours "$name" && { [[ -n $(engine_api) ]] || wait_for_engine "$name"; return; }
  ensure_cgroups
  mkdir -p "$folder" /run/trainyard
  local flags=(--host "$DOCKER_HOST")
  # No storage driver is named: the engine itself takes overlay2 where it works and the next best elsewhere.
  # The engine refuses a setting that is in its file and on its command line.
  if [[ $name == main ]]; then
    grep -qs '"live-restore"' /etc/docker/daemon.json || flags+=(--live-restore)
  else
    # Two engines cannot share a bridge: on a second one, containers have no network or the host's.
    echo '{}' >"$folder/daemon.json"
    flags+=(--live-restore --config-file "$folder/daemon.json" --data-root "$folder/data" --exec-root "/run/trainyard/$name"
      --pidfile "/run/trainyard/$name.pid" --bridge none --iptables=false --ip6tables=false)
  fi
  # 9 is the bootstrap's lock: an engine that inherits it would keep it for ever.
  setsid dockerd "${flags[@]}" "$@" >>"$folder/dockerd.log" 2>&1 </dev/null 9>&- &
  printf '%s %s\n' "$!" "$(started_at "$!")" >"$folder/started"
  wait_for_engine "$name"
}

engine_host_of() { if [[ $1 == main ]]; then echo "$engine_default_host"; else echo "unix:///run/trainyard/$1.sock"; fi; }

# wait_for_engine [NAME]: until it answers; gives up when the process we started is gone.
wait_for_engine() {
  local deadline=$((SECONDS + 60)) log="$cache/engine/${1:-}/dockerd.log"
  until [[ -n $(engine_api) ]]; do
    if [[ $SECONDS -ge $deadline ]] || { [[ -n ${1:-} ]] && ! engine_is_ours "$1"; }; then
      [[ ! -f $log ]] || tail -n 10 "$log" | sed 's/^/  | /' >&2
      die "the Docker Engine does not come up" "${1:+see $log; }in a container of its own, it needs --privileged"
    fi
    sleep 0.2
  done
}

# started_at PID: with the pid it names one process for good, also after the pid is used again. Empty for one that has ended,
# also where its parent has not yet asked for its exit code.
started_at() { sed -n '/) [ZX] /!s/.*) //p' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

# engine_is_ours NAME: whether the engine that we started under this name still runs.
engine_is_ours() {
  local pid start
  read -r pid start 2>/dev/null <"$cache/engine/$1/started" || return 1
  [[ -n $start && $(started_at "$pid") == "$start" ]]
}

# engine_stop_if_started_by_us [NAME]: stops exactly the process we started. Its containers go on (live-restore).
engine_stop_if_started_by_us() {
  local name=${1:-main} pid _
  engine_is_ours "$name" || return 0
  read -r pid _ <"$cache/engine/$name/started"
  kill -TERM "$pid"
  local deadline=$((SECONDS + 30))
  while engine_is_ours "$name"; do
    [[ $SECONDS -lt $deadline ]] || die "dockerd (pid $pid) does not stop" "see $cache/engine/$name/dockerd.log"
    sleep 0.1
  done
  rm -f "$cache/engine/$name/started"
}

# A bare machine without init has no cgroups; an engine cannot start containers then.
ensure_cgroups() {
  if grep -qE '^[^ ]+ /sys/fs/cgroup[^ ]* cgroup2? ' /proc/mounts; then return; fi
  say "mounting cgroup2 at /sys/fs/cgroup: nothing has mounted control groups here, and containers need them"
  mount -t cgroup2 cgroup2 /sys/fs/cgroup ||
    die "control groups cannot be mounted" "run on a machine with cgroups, or in a container with --privileged"
}
