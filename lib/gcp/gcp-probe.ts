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
 * of an account is, the node's too, and nothing of one that is a principal's own: there the exchange itself is the answer. The metadata server takes no token of anybody's,
 * so that there is none to be refused.
 */
const SCRIPT = `
field() {
  awk -F '"' -v name="$1" '{ for (i = 1; i < NF; i++) if ($i == name) { print $(i + 2); exit } }' "$out"
}
metadata() {
  curl -qsSf --noproxy '*' --max-time 20 -H 'Metadata-Flavor: Google' "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/$1" 2> "$err"
}
ask() {
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
    if ! curl -qsS --max-time 20 --data-urlencode "access_token@$HOME/access" https://oauth2.googleapis.com/tokeninfo > "$out" 2> "$err"; then
      problem="Google cannot be asked: $(tidy "$err")"
      return 1
    fi
    email=$(field email)
    id=$(field azp)
  fi
  if [ -n "$PROBE_AUDIENCE" ] && [ -z "$PROBE_ACCOUNT$email$id" ]; then
    identity="a principal of $PROBE_POOL, whom Google does not name"
    return 0
  fi
  expected="$PROBE_ACCOUNT"
  if [ -z "$expected" ]; then expected="$PROBE_POOL"; fi
  if [ "$email" = "$expected" ] || { [ -z "$email" ] && [ -n "$PROBE_UNIQUE_ID" ] && [ "$id" = "$PROBE_UNIQUE_ID" ]; }; then
    identity="$expected"
    return 0
  fi
  if [ -z "$email$id" ]; then
    problem="Google does not say whose the access token is: $(tidy "$out")"
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
  if ! curl -qsS --max-time 20 --data-urlencode "audience=$PROBE_AUDIENCE" --data-urlencode "subject_token@$PROBE_TOKEN_FILE" --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:token-exchange --data-urlencode requested_token_type=urn:ietf:params:oauth:token-type:access_token --data-urlencode subject_token_type=urn:ietf:params:oauth:token-type:jwt --data-urlencode scope=https://www.googleapis.com/auth/cloud-platform https://sts.googleapis.com/v1/token > "$out" 2> "$err"; then
    problem="Google cannot be asked: $(tidy "$err")"
    return 2
  fi
  if grep -q access_token "$out"; then
    rm -f "$out"
    return 1
  fi
  refusal=$(field error)
  if [ "$refusal" = invalid_grant ]; then return 0; fi
  problem=$(tidy "$out")
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
