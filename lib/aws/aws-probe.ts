import { IdentityProbe } from '../cloud-identity';

/** What stands for a token that is for somebody else. */
export type AwsControl =
  /** The projected token, presented to STS for the first role. */
  | { readonly kind: 'web-identity'; readonly roleArn: string }
  /** The projected token, presented to EKS's agent. */
  | { readonly kind: 'agent' }
  /** An ID token of Google for another audience, presented to STS. */
  | { readonly kind: 'google'; readonly roleArn: string; readonly url: string };

/** The version of the AWS CLI that the probe was written for; any later one of version 2 will do. */
const IMAGE = 'public.ecr.aws/aws-cli/aws-cli:2.36.43';

/*
 * Whoever has no role of its own becomes that of the node, so that the ARN is compared. What STS answers with holds keys where it lets somebody in:
 * it is never kept. A refusal counts where it is one for the audience: the role takes the pod's own token, so that nothing else is left for its trust policy to refuse.
 */
const SCRIPT = `
ask() {
  if ! aws sts get-caller-identity --query Arn --output text > "$out" 2> "$err"; then
    problem="the AWS CLI says: $(tidy "$err")"
    return 1
  fi
  identity=$(named "$out")
  account=$(printf '%s' "$PROBE_ROLE_ARN" | cut -d : -f 5)
  role=$(printf '%s' "$PROBE_ROLE_ARN" | sed 's|.*/||')
  case "$(cat "$out")" in
    arn:aws*:sts::"$account":assumed-role/"$role"/*) return 0 ;;
  esac
  problem="it is $identity, and not $PROBE_ROLE_ARN"
  return 1
}
control() {
  token="$PROBE_TOKEN_FILE"
  if [ "$PROBE_CONTROL" = google ]; then
    token="$HOME/google"
    if ! curl -qsSf --noproxy '*' --max-time 20 -H 'Metadata-Flavor: Google' -o "$token" "$PROBE_TOKEN_URL" 2> "$err"; then
      problem="no ID token for another audience from the metadata server: $(tidy "$err")"
      return 2
    fi
  fi
  if [ ! -s "$token" ]; then
    problem='there is no token for another audience'
    return 2
  fi
  if [ "$PROBE_CONTROL" = agent ]; then
    if AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="$token" aws sts get-caller-identity > /dev/null 2> "$err"; then return 1; fi
  elif aws sts assume-role-with-web-identity --role-arn "$PROBE_FIRST_ROLE_ARN" --role-session-name smoke-test --duration-seconds 900 --web-identity-token "file://$token" > /dev/null 2> "$err"; then
    return 1
  fi
  if [ "$PROBE_CONTROL" = agent ]; then
    refusal='by the agent of EKS'
    if grep -q 'non 200 response 400 .*InvalidTokenException' "$err"; then return 0; fi
  else
    refusal=InvalidIdentityToken
    if grep -q '(InvalidIdentityToken) .*Incorrect token audience' "$err"; then return 0; fi
    refusal=AccessDenied
    if grep -q '(AccessDenied) .*Not authorized to perform sts:AssumeRoleWithWebIdentity' "$err"; then return 0; fi
  fi
  problem=$(tidy "$err")
  return 2
}`;

/** How a pod asks AWS who it is. */
export function awsProbe(roleArn: string, control: AwsControl): IdentityProbe {
  return {
    image: IMAGE,
    script: SCRIPT,
    env: [
      // The node's role is not the pod's.
      { name: 'AWS_EC2_METADATA_DISABLED', value: 'true' },
      { name: 'AWS_PAGER', value: '' },
      { name: 'PROBE_ROLE_ARN', value: roleArn },
      { name: 'PROBE_CONTROL', value: control.kind },
      ...(control.kind === 'agent' ? [] : [{ name: 'PROBE_FIRST_ROLE_ARN', value: control.roleArn }]),
      ...(control.kind === 'google' ? [{ name: 'PROBE_TOKEN_URL', value: control.url }] : []),
    ],
  };
}
