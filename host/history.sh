# shellcheck shell=sh
# Read by login shells: the history of bash is on the workspace, and written there at each prompt.
if [ -n "${BASH_VERSION:-}" ] && [ -d /workspace/history ]; then
  HISTFILE="/workspace/history/$(id -un)"
  PROMPT_COMMAND="history -a${PROMPT_COMMAND:+; $PROMPT_COMMAND}"
fi
