# shellcheck shell=bash
# The images: a base with Python that needs no hub, and the digits recipe on top of it.
# Each carries a digest of what it was made from as a label; an archive in the cache saves the work on a new engine.

: "${cache:?source common.sh first}" "${lib:?the folder of this file}"

readonly base_image=trainyard/base:bookworm
readonly base_suite=bookworm
readonly digits_image=trainyard/digits:1
readonly test_image=trainyard/test:1
readonly source_label=trainyard.source

ensure_images() {
  local base digits
  base=$({ echo "${BASE_IMAGE:-}"; declare -f make_base_archive slim_base_image; } | digest)
  digits=$({ echo "$base"; cd recipes/digits && find Dockerfile ./*.py -print0 | digest_of_files; } | digest)
  image_is "$base_image" "$base" || make_base_image "$base"
  image_is "$digits_image" "$digits" || make_digits_image "$digits"
}

# The tests' image is the base under a name of its own, so that tests can retag and remove it.
ensure_test_image() {
  docker image inspect "$test_image" >/dev/null 2>&1 || docker tag "$base_image" "$test_image"
}

image_is() {
  [[ $(docker image inspect --format "{{index .Config.Labels \"$source_label\"}}" "$1" 2>/dev/null || true) == "$2" ]]
}

make_base_image() {
  local archive
  archive="$cache/images/base-$1.tar.$(compression)"
  if [[ -n ${BASE_IMAGE:-} ]]; then
    base_image_from_hub "$1" "$BASE_IMAGE"
  elif [[ -f $archive ]]; then
    say "loading the image $base_image from the cache"
    base_image_from_archive "$1" "$archive"
  elif is_debian && is_root; then
    say "building the image $base_image from Debian's packages (a minute, once)"
    have debootstrap || apt_install debootstrap || die "debootstrap is missing" "install it, or set BASE_IMAGE to a Debian image of a hub"
    make_base_archive "$archive"
    base_image_from_archive "$1" "$archive"
  else
    # Unpacking a system takes root's rights, and Debian's packages a Debian mirror.
    base_image_from_hub "$1" "debian:$base_suite-slim"
  fi
}

base_image_from_hub() {
  say "building the image $base_image on $2"
  logged build-base docker_build --build-arg BASE_IMAGE="$2" --label "$source_label=$1" --tag "$base_image" \
    --file "$lib/base.Dockerfile" "$lib" ||
    die "the image $base_image could not be built on $2" \
      "set BASE_IMAGE to a Debian image that the engine can pull, or run script/bootstrap once as root on Debian"
}

base_image_from_archive() {
  expand <"$2" | docker import --change "LABEL $source_label=$1" --change 'CMD ["bash"]' \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' - "$base_image" >/dev/null ||
    die "the engine does not take $2" "remove that file and run script/bootstrap again"
}

# make_base_archive FILE: a small Debian with Python, as a compressed tar.
make_base_archive() {
  local root mirror status=0
  mirror=$(debian_mirror)
  [[ -n $mirror ]] || die "apt has no source of Debian's main suite" "add Debian's mirror to /etc/apt/sources.list.d, or set BASE_IMAGE"
  root=$(scratch base)
  chmod 755 "$root"
  # Without unsafe-io, dpkg waits for the disk after every file of a system that can be made again at any time.
  logged debootstrap env DPKG_FORCE=unsafe-io debootstrap --variant=minbase --include=python3 "$base_suite" "$root" "$mirror" || status=$?
  if [[ $status -eq 0 ]]; then
    slim_base_image "$root" "$mirror"
    # The engine fills /dev itself; what is mounted below belongs to the machine.
    archive_into "$1" tar -C "$root" --one-file-system --exclude './dev/*' -c . || status=$?
  fi
  remove_tree "$root"
  [[ $status -eq 0 ]] || die "the base image could not be built" \
    "see above; with a hub in reach, set BASE_IMAGE=debian:$base_suite-slim"
}

# What a container never reads goes; how the machine reaches its package mirror comes, for builds on top.
slim_base_image() {
  local root=$1
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/cache/debconf/*-old "$root"/var/log/*.log \
    "$root"/var/log/apt/* "$root"/usr/share/man/* "$root"/usr/share/locale/* "$root"/usr/share/info/*
  find "$root/usr/share/doc" -type f ! -name copyright -delete
  printf '%s\n' 'path-exclude /usr/share/man/*' 'path-exclude /usr/share/locale/*' 'path-exclude /usr/share/doc/*' \
    'path-include /usr/share/doc/*/copyright' 'force-unsafe-io' >"$root/etc/dpkg/dpkg.cfg.d/container"
  debian_transport >"$root/etc/apt/apt.conf.d/90machine"
  printf 'deb %s %s main\n' "$2" "$base_suite" >"$root/etc/apt/sources.list"
}

make_digits_image() {
  local archive old
  archive="$cache/images/digits-$1.tar.$(compression)"
  old=$(docker image inspect --format '{{.Id}}' "$digits_image" 2>/dev/null || true)
  if [[ -f $archive ]]; then
    say "loading the image $digits_image from the cache"
    expand <"$archive" | docker load --quiet >/dev/null ||
      die "the engine does not take $archive" "remove that file and run script/bootstrap again"
  else
    say "building the image $digits_image with scikit-learn (two minutes, once)"
    logged build-digits docker_build --build-arg BASE_IMAGE="$base_image" --label "$source_label=$1" --tag "$digits_image" recipes/digits ||
      die "the image $digits_image could not be built" "see above; if the package mirror was away, run script/bootstrap again"
    archive_into "$archive" docker save "$digits_image"
  fi
  # Fails while a container still uses it, which is right.
  [[ -z $old ]] || docker image rm "$old" >/dev/null 2>&1 || true
}

# docker_build ARGUMENT…: with BuildKit or without. The host's network, because the machine's package mirror may be
# reachable from the host alone; the default builder, because another one does not see the engine's images.
docker_build() {
  local proxies=() name
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [[ -z ${!name:-} ]] || proxies+=(--build-arg "$name")
  done
  BUILDX_BUILDER=default docker build --network host ${proxies[@]+"${proxies[@]}"} "$@"
}

compression() { if have zstd; then echo zst; else echo gz; fi; }

expand() { if have zstd; then zstd -dc; else gzip -dc; fi; }

# archive_into FILE COMMAND…: keeps the command's output, compressed fast, in place of older files of that kind.
archive_into() {
  local file=$1 kind
  kind=$(basename "$file")
  kind=${kind%%-*}
  shift
  mkdir -p "$cache/images"
  "$@" | if have zstd; then zstd -1 -T0 -q; else gzip -1; fi >"$file.new" || { rm -f "$file.new"; return 1; }
  mv "$file.new" "$file"
  find "$cache/images" -name "$kind-*" ! -name "$(basename "$file")" -delete
}
