# shellcheck shell=bash
# Sourced by install and configure: reads this host's settings and stops with one clear line when something is wrong.

readonly settings_file=/etc/tablesleuth/settings.env
program="$(basename "$0")"

fail() {
  echo "$program: $*" >&2
  trap - ERR
  exit 1
}

# A command that fails unforeseen still ends with a line that names it.
trap 'fail "\"$BASH_COMMAND\" failed with exit code $? (line $LINENO), see the lines above"' ERR
set -o errtrace

# Reads the settings file and names every one of the given keys that is missing or empty, all at once.
require_settings() {
  [[ -r "$settings_file" ]] || fail "$settings_file is missing: the user data of the instance writes it"
  set -o allexport
  # shellcheck source=/dev/null
  source "$settings_file"
  set +o allexport
  local key missing=()
  for key in "$@"; do
    [[ -n "${!key:-}" ]] || missing+=("$key")
  done
  [[ ${#missing[@]} -eq 0 ]] || fail "$settings_file has no value for: ${missing[*]}"
}
