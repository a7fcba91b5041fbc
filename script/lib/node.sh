# shellcheck shell=bash
# Node, the packages of package-lock.json, and the build.

: "${cache:?source common.sh first}" "${lib:?the folder of this file}"

readonly node_version_wanted=20.19

ensure_node() {
  have node || die "Node.js is missing; Trainyard needs version $node_version_wanted or later" "install Node.js $node_version_wanted or later with npm"
  local version
  version=$(node --version)
  version_at_least "${version#v}" "$node_version_wanted" ||
    die "Node.js is ${version#v}, Trainyard needs $node_version_wanted or later" "install a newer Node.js, or put one first on PATH"
  have npm || die "npm is missing" "install npm; it comes with Node.js, on some systems as a package of its own"
}

ensure_packages() {
  [[ -f package-lock.json ]] || return 0
  local stamp=node_modules/.trainyard-lock lock
  lock=$(printf 'package-lock.json\0' | digest_of_files)
  [[ -f $stamp && $(<"$stamp") == "$lock" ]] && return
  # npm ci removes node_modules first, also under the feet of what runs from it: not when it holds the right packages.
  if ! node "$lib/packages-agree.js"; then
    say "installing the npm packages of package-lock.json into node_modules"
    logged npm-ci npm ci --no-audit --no-fund --loglevel=error ||
      die "npm ci failed; its log is $cache/log/npm-ci.log" \
        "run script/bootstrap again if the registry was away; npm install if package.json and package-lock.json disagree"
  fi
  echo "$lock" >"$stamp"
}

# What the build reads: code and its settings. Tests, guides and recipes do not change it.
build_sources() {
  find . \( -name node_modules -o -name '.?*' -o -path ./dist -o -path ./data -o -path ./test -o -path ./docs -o -path ./bench \
    -o -path ./recipes -o -path ./deploy -o -path ./coverage \) -prune -o \
    -type f \( -name '*.ts' -o -name '*.tsx' -o -name '*.js' -o -name '*.mjs' -o -name '*.cjs' -o -name '*.json' \
    -o -name '*.html' -o -name '*.css' -o -name '*.svg' -o -name '*.sql' \) -print0
}

ensure_build() {
  [[ -f package.json ]] && grep -q '"build":' package.json || return 0
  local stamp=dist/.trainyard-build sources
  sources=$(build_sources | digest_of_files)
  [[ -f $stamp && $(<"$stamp") == "$sources" ]] && return
  say "building dist/ from the sources"
  logged build npm run build || die "the build failed" "see above"
  echo "$sources" >"$stamp"
}
