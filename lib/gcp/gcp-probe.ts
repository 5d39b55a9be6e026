import { EnvironmentVariable, IdentityProbe } from '../cloud-identity';

/** Whom a pod is in Google Cloud, and how it comes to be. */
export interface GcpProbed {
  /** The name of the provider that takes the pod's tokens, as Google's token service has it; none for GKE's metadata server. */
  readonly audience?: string;
  /** The account, with its unique id; none where the service account itself has the roles. */
  readonly account?: { readonly email: string; readonly uniqueId: string };
  /** The pool whose principal the pod is, where it is no account. */
  readonly pool: string;
}

/** The version of gcloud that the probe was written for; any later one will do. It has curl, too. */
const IMAGE = 'gcr.io/google.com/cloudsdktool/google-cloud-cli:525.0.0-slim';

/*
 * Access tokens stay in files that nobody else can read, and go to Google by standard input: others can read command lines. Google says whose an access token
 * of an account is, the node's too, and of one that is a principal's own what it says of one that is none ("Invalid Value"): what is known of that one is that the
 * credential file names the provider, and that the provider takes the token that the file names. The file is read before gcloud reads it, as it says where the
 * token goes. The metadata server takes no token of anybody's, so that there is none to be refused.
 */
const SCRIPT = `
field() {
  awk -F '"' -v name="$1" '{ for (i = 1; i < NF - 1; i++) if ($i == name && $(i + 1) ~ /^ *: *$/) { print $(i + 2); exit } }' "$2" 2> /dev/null
}
twice() {
  awk -F '"' '{ for (i = 1; i <= NF; i++) if ($i ~ /^(audience|token_url|service_account_impersonation_url)$/ && said[$i]++) found = 1 } END { exit !found }' "$1"
}
metadata() {
  curl -qsSf --noproxy '*' --max-time 20 -H 'Metadata-Flavor: Google' "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/$1" 2> "$err"
}
post() {
  : > "$out"
  if ! status=$(curl -qsS --max-time 20 -o "$out" -w '%''{http_code}' "$@" 2> "$err"); then
    problem="Google cannot be asked: $(tidy "$err")"
    return 1
  fi
}
exchange() {
  post --data-urlencode "audience=$PROBE_AUDIENCE" --data-urlencode "subject_token@$1" --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:token-exchange --data-urlencode requested_token_type=urn:ietf:params:oauth:token-type:access_token --data-urlencode subject_token_type=urn:ietf:params:oauth:token-type:jwt --data-urlencode scope=https://www.googleapis.com/auth/cloud-platform https://sts.googleapis.com/v1/token
}
configured() {
  config="$CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"
  if [ ! -s "$config" ]; then
    problem='there is no credential file where CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE says'
    return 1
  fi
  field audience "$config" > "$out"
  if [ "$(cat "$out")" != "$PROBE_AUDIENCE" ]; then
    problem="the credential file names the provider $(named "$out"), and not $PROBE_AUDIENCE"
    return 1
  fi
  if grep -qF '\\' "$config" || twice "$config"; then
    problem='the credential file may be read in two ways: it says a name more than once, or has a backslash'
    return 1
  fi
  field token_url "$config" > "$out"
  if [ "$(cat "$out")" != https://sts.googleapis.com/v1/token ]; then
    problem="the credential file sends the token to $(named "$out"), and not to Google"
    return 1
  fi
  field service_account_impersonation_url "$config" > "$out"
  case "$(cat "$out")" in
    https://iamcredentials.googleapis.com/*) ;;
    *)
      if grep -q '"service_account_impersonation_url"' "$config"; then
        problem="the credential file asks $(named "$out") for an account, and not Google"
        return 1
      fi ;;
  esac
  own=$(field file "$config")
  if [ ! -s "$own" ]; then
    problem='there is no token where the credential file says'
    return 1
  fi
  : > "$out"
}
exchanged() {
  exchange "$own" || return 1
  if [ "$status" != 200 ] || ! grep -q '"access_token"' "$out"; then
    problem="the provider does not take the token of the pod: Google says $status: $(tidy "$out")"
    return 1
  fi
  : > "$out"
}
ask() {
  if [ -n "$PROBE_AUDIENCE" ]; then configured || return 1; fi
  if ! gcloud auth print-access-token 2> "$err" | tr -d '[:space:]' > "$HOME/access" || [ ! -s "$HOME/access" ]; then
    problem="gcloud says: $(tidy "$err")"
    return 1
  fi
  if [ -z "$PROBE_AUDIENCE" ]; then
    if ! metadata email > "$out"; then
      problem="the metadata server says: $(tidy "$err")"
      return 1
    fi
    email=$(tidy "$out")
    id=
  else
    exchanged || return 1
    post --data-urlencode "access_token@$HOME/access" https://oauth2.googleapis.com/tokeninfo || return 1
    email=
    id=
    if [ "$status" = 200 ]; then
      email=$(field email "$out")
      id=$(field azp "$out")
    elif [ "$status" = 400 ] && [ -z "$PROBE_ACCOUNT" ] && [ "$(field error_description "$out")" = 'Invalid Value' ]; then
      identity="a principal of $PROBE_POOL, whom Google does not name"
      return 0
    fi
  fi
  expected="$PROBE_ACCOUNT"
  if [ -z "$expected" ]; then expected="$PROBE_POOL"; fi
  if [ "$email" = "$expected" ] || { [ -z "$email" ] && [ -n "$PROBE_UNIQUE_ID" ] && [ "$id" = "$PROBE_UNIQUE_ID" ]; }; then
    identity="$expected"
    return 0
  fi
  if [ -z "$email$id" ]; then
    problem="Google does not say whose the access token is, but $status: $(tidy "$out")"
    return 1
  fi
  printf '%s' "$email $id" > "$out"
  problem="it is $(tidy "$out"), and not $expected"
  return 1
}
control() {
  if [ -z "$PROBE_AUDIENCE" ]; then
    missing='the metadata server takes no token'
    return 3
  fi
  if [ ! -s "$PROBE_TOKEN_FILE" ]; then
    problem='there is no token for another audience'
    return 2
  fi
  exchange "$PROBE_TOKEN_FILE" || return 2
  if grep -q access_token "$out"; then
    rm -f "$out"
    return 1
  fi
  refusal=$(field error "$out")
  case "$refusal $(field error_description "$out")" in
    'invalid_grant The audience '*) return 0 ;;
  esac
  problem="Google says $status: $(tidy "$out")"
  return 2
}`;

/** How a pod asks Google Cloud who it is. */
export function gcpProbe({ audience, account, pool }: GcpProbed): IdentityProbe {
  const optional = (name: string, value = ''): EnvironmentVariable => ({ name, value });
  return {
    image: IMAGE,
    script: SCRIPT,
    env: [
      { name: 'CLOUDSDK_CORE_DISABLE_PROMPTS', value: '1' },
      optional('PROBE_AUDIENCE', audience), optional('PROBE_ACCOUNT', account?.email), optional('PROBE_UNIQUE_ID', account?.uniqueId), { name: 'PROBE_POOL', value: pool },
    ],
  };
}
