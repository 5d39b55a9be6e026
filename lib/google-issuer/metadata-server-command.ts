/** A command that brings ID tokens from GKE's metadata server, for `/bin/sh` of POSIX with curl or wget. */
export type MetadataServerCommand = readonly string[];

/*
 * The scripts hold no "${" and "%{", which Terraform would evaluate, no "$$", which Kubernetes would shorten, and no backslash, which HCL would.
 */

/** Asks for a token, and puts it where the old one was once it is known to be one: an error page never replaces a token. */
const FETCH = `
fetch() {
  new="$ID_TOKEN_FILE.new"
  rm -f "$new"
  if command -v curl > /dev/null; then
    curl -qsSf --noproxy '*' --connect-timeout 5 --max-time 20 -H 'Metadata-Flavor: Google' -o "$new" "$ID_TOKEN_URL" || return 1
  else
    http_proxy= HTTP_PROXY= wget -q -t 1 -T 20 --header 'Metadata-Flavor: Google' -O "$new" "$ID_TOKEN_URL" || return 1
  fi
  token=
  IFS= read -r token < "$new" || true
  case "$token" in
    *[!A-Za-z0-9._-]*) ;;
    ?*.?*.?*) chmod 0444 "$new" && mv -f "$new" "$ID_TOKEN_FILE" && return 0 ;;
  esac
  echo 'The metadata server answered with something that is no ID token.' >&2
  return 1
}`;

/** A pause that ends at once when the container shall stop. */
const PAUSE = `
trap 'exit 0' TERM INT
pause() {
  sleep "$1" &
  wait "$!"
}`;

/** GKE's metadata server takes some seconds until it knows a new pod. */
const START = `
tries=0
until fetch; do
  tries=$((tries + 1))
  if [ "$tries" -ge 30 ]; then
    echo 'No ID token after 30 tries: is the service account annotated with iam.gke.io/gcp-service-account, and may it become that account?' >&2
    exit 1
  fi
  pause 2
done`;

const REFRESH = `
while :; do
  pause "$ID_TOKEN_REFRESH_SECONDS"
  until fetch; do
    echo 'The token of before stays; the next try is in 10 seconds.' >&2
    pause 10
  done
done`;

/**
 * Refreshes while a process of another container has the volume of the token mounted; it knows the volume by its device, which is the same in all of
 * them. Other containers' processes count only by that, so that neither the pod's own nor those that others inject (a mesh, a proxy) keep it waiting.
 */
const WATCH = `
read -r self rest < /proc/self/stat
folder=$(cd "$(dirname "$ID_TOKEN_FILE")" && pwd -P)
volume=
while read -r id parent device root point rest; do
  if [ "$point" = "$folder" ]; then volume=$device; fi
done < /proc/self/mountinfo
if [ -z "$volume" ]; then
  echo 'The volume of the token is not among the mounts; the token is not refreshed.' >&2
  exit 0
fi
used() {
  for process in /proc/[0-9]*; do
    if [ "$process" = "/proc/$self" ]; then continue; fi
    while read -r id parent device rest; do
      if [ "$device" = "$volume" ]; then return 0; fi
    done < "$process/mountinfo"
  done 2> /dev/null
  return 1
}
left=$ID_TOKEN_REFRESH_SECONDS
unused=0
patience=30
while [ "$unused" -lt "$patience" ]; do
  pause 1
  if used; then
    unused=0
    patience=5
  else
    unused=$((unused + 1))
  fi
  left=$((left - 1))
  if [ "$left" -le 0 ]; then
    left=10
    if fetch; then left=$ID_TOKEN_REFRESH_SECONDS; fi
  fi
done
echo 'The other containers have ended.'`;

const command = (...parts: readonly string[]): MetadataServerCommand => ['/bin/sh', '-c', parts.join('\n').trim()];

/** Brings the first token, and fails where there is none within a minute. */
export const STARTING_COMMAND = command(FETCH, PAUSE, START);
/** Keeps the token fresh until the pod is stopped. */
export const REFRESHING_COMMAND = command(FETCH, PAUSE, REFRESH);
/** Keeps the token fresh until the other containers have ended. */
export const WATCHING_COMMAND = command(FETCH, PAUSE, WATCH);
