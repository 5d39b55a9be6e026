import { bothGate, documentGate, envWhere, expirationGate, gate, nothingBefore, setGate, tokenGate, toToken } from './gates';
import { Account } from './objects';
import { joined, normal } from './paths';
import { Container, File, Found, Pod, shown } from './pods';
import { chainOf, Profiles, readSharedConfig } from './shared-config';
import { accountWhere, annotation, best, secondsOf, unsaid, Use, workers } from './use';
import { Attempt, Gate } from '../model';
import { equal, keyOf, known, partsOf, show, TextValue, Unknown } from '../value';

const STS = 'sts.amazonaws.com';
/** What gtoken asks Google for. */
const GTOKEN = 'gtoken/sts/assume-role-with-web-identity';
const EKS_TOKEN = '/var/run/secrets/eks.amazonaws.com/serviceaccount/token';
const [ROLE, TOKEN] = ['AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE'];
const REGION = ['AWS_REGION', 'AWS_DEFAULT_REGION'] as const;
/** What all SDKs take before a token, and what some do. */
const [KEYS, PROFILES] = [['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'], ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']];
/** The label that keeps EKS's webhook away. */
const SKIP = 'eks.amazonaws.com/skip-pod-identity-webhook';
const GOOGLE_ACCOUNT = 'iam.gke.io/gcp-service-account';

const isForAws = (audience: string) => audience.startsWith(STS);

/** What EKS's webhook is told. */
interface Webhook {
  readonly role: TextValue;
  readonly audience: TextValue;
  readonly expirationSeconds?: number;
}

/** What EKS's webhook does for a ServiceAccount: the lifetime is at least ten minutes whatever is said. */
export function webhookOf(account: Account | undefined, pod?: Pod): Webhook | undefined {
  const role = annotation(account, 'eks.amazonaws.com/role-arn');
  if (role === undefined) {
    return undefined;
  }
  const said = pod?.metadata('annotations', 'eks.amazonaws.com/token-expiration') ?? annotation(account, 'eks.amazonaws.com/token-expiration');
  const expirationSeconds = said === undefined ? 86400 : secondsOf(said);
  return {
    role, audience: annotation(account, 'eks.amazonaws.com/audience') ?? STS,
    ...expirationSeconds === undefined ? {} : { expirationSeconds: Math.max(600, expirationSeconds) },
  };
}

/** The token that EKS's webhook puts into every container. */
export function eksFile(account: Account | undefined): readonly File[] {
  const webhook = webhookOf(account);
  return webhook === undefined ? [] : [{
    path: EKS_TOKEN,
    source: { kind: 'token', audience: webhook.audience, expirationSeconds: webhook.expirationSeconds, where: account!.annotationsWhere },
  }];
}

/**
 * What pods become in AWS by annotations of their ServiceAccount: by EKS's webhook, or by that of gtoken with Google's ID tokens.
 * @see https://github.com/aws/amazon-eks-pod-identity-webhook
 */
export function awsByAnnotations(account: Account, uses: readonly Use[]): readonly Attempt[] {
  const gtoken = annotation(account, 'amazonaws.com/role-arn');
  return [...byEks(account, uses), ...gtoken === undefined ? [] : byGtoken(account, gtoken, uses)];
}

function byEks(account: Account, uses: readonly Use[]): readonly Attempt[] {
  const attempt = (gates: readonly Gate[], pod?: Pod): Attempt => {
    const { role, ...token } = webhookOf(account, pod)!;
    return { mechanism: 'aws-oidc', identity: role, ...token, gates, where: pod === undefined ? account.annotationsWhere : accountWhere(pod) };
  };
  if (webhookOf(account) === undefined) {
    return [];
  }
  return uses.length === 0 ? [attempt([])] : uses.flatMap(({ pod, gates }) => {
    const skip = pod.metadata('labels', SKIP);
    const skipped = documentGate(skip === undefined ? 'yes' : skip instanceof Unknown ? 'unknown' : 'no', 'no label that keeps EKS\'s webhook away',
      skip === undefined ? 'none' : `${SKIP}: ${show(skip)}`, pod.where, 'remove the label from the pods');
    return best(webhookContainers(pod, 'eks.amazonaws.com/skip-containers', ',').map(container => attempt([...gates, skipped, nothingFirst(container, pod)], pod)));
  });
}

/** Whether EKS's webhook is kept away from a pod for certain. */
export function isSkipped(pod: Pod): boolean {
  const skip = pod.metadata('labels', SKIP);
  return skip !== undefined && !(skip instanceof Unknown);
}

/** The containers that a webhook wires: it leaves alone those that are wired already. */
function webhookContainers(pod: Pod, annotationName: string, separator: string): readonly Container[] {
  const skipped = pod.metadata('annotations', annotationName);
  const names = new Set(typeof skipped === 'string' ? skipped.split(separator).map(name => name.trim()) : []);
  return workers(pod).filter(({ name, variables }) => !(typeof name === 'string' && names.has(name))
    && variables.has(ROLE!) !== 'yes' && variables.has(TOKEN!) !== 'yes');
}

function byGtoken(account: Account, role: TextValue, uses: readonly Use[]): readonly Attempt[] {
  const google = googleGate(account, account.annotationsWhere.address);
  const attempt = { mechanism: 'aws-google' as const, identity: role, audience: GTOKEN };
  return uses.length === 0 ? [{ ...attempt, gates: [google], where: account.annotationsWhere }]
    : uses.flatMap(({ pod, gates }) => best(workers(pod).filter(({ variables }) => variables.has(TOKEN!) !== 'yes').map(container => ({
      ...attempt, gates: [...gates, google, nothingFirst(container, pod), regionGate(container, pod)], where: accountWhere(pod),
    }))));
}

/** Whether pods become a Google service account, whose ID tokens are asked for. */
function googleGate(account: Account | undefined, address: string): Gate {
  const email = annotation(account, GOOGLE_ACCOUNT);
  return gate({
    gate: 'pod-service-account', verdict: email !== undefined ? 'yes' : account === undefined || account.open ? 'unknown' : 'no',
    want: `annotation ${GOOGLE_ACCOUNT} of the ServiceAccount, whose ID tokens are asked for`, have: show(email),
    where: account?.annotationsWhere ?? { file: '', address }, remedy: `annotate ${address} with ${GOOGLE_ACCOUNT} and the Google service account's email`,
  });
}

function nothingFirst(container: Container, pod: Pod): Gate {
  return awsFirst(container, pod, [], 'the token');
}

/** Whether nothing is set that AWS's SDKs take before something else. */
export function awsFirst(container: Container, pod: Pod, possible: readonly string[], before: string): Gate {
  return nothingBefore(container, pod, KEYS!, [...PROFILES!, ...possible], `AWS's SDKs take before ${before}`);
}

function regionGate(container: Container, pod: Pod): Gate {
  return bothGate(container, pod, REGION, 'the SDK for JavaScript reads the first and boto3 the second; outside of AWS nothing else says a region', 'the region');
}

/**
 * What containers become in AWS by their variables.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
 */
export function awsByVariables(use: Use): readonly Attempt[] {
  return workers(use.pod).flatMap(container => {
    const { variables } = container;
    if (variables.has(ROLE!) === 'yes' || variables.has(TOKEN!) === 'yes') {
      return [byWebIdentity(use, container)];
    }
    return variables.has('AWS_CONFIG_FILE') === 'yes' ? byProfiles(use, container) : [];
  });
}

function byWebIdentity(use: Use, container: Container): Attempt {
  const { pod } = use;
  const { variables } = container;
  const [role, path] = [variables.get(ROLE!), variables.get(TOKEN!)];
  const found = path === undefined ? undefined : pod.find(container, path);
  const writer = path !== undefined && found?.kind === 'written' ? writerOf(pod, path, found.volume) : undefined;
  const set = setGate(container, pod, [ROLE!, TOKEN!], path === undefined ? toToken(pod, container, isForAws) : 'to the role\'s ARN');
  // Where EKS's webhook is at work, it sets the region whatever else is set.
  const environment = [set, nothingFirst(container, pod), ...webhookOf(use.account) === undefined ? [regionGate(container, pod)] : []];
  const identity = role ?? unsaid(container, ROLE!);
  const where = envWhere(container, pod);
  if (writer !== undefined) {
    return {
      mechanism: 'aws-google', identity, audience: writer.audience, where,
      gates: [...use.gates, googleGate(use.account, use.account?.annotationsWhere.address ?? accountAddress(pod)), ...environment, writer.gate],
    };
  }
  return { mechanism: 'aws-oidc', identity, ...tokenOf(found, container, TOKEN!), where, gates: [...use.gates, ...environment, ...tokenGates(pod, container, path, TOKEN!, found)] };
}

function accountAddress(pod: Pod): string {
  return `ServiceAccount ${show(pod.object.namespace)}/${show(pod.object.serviceAccount)}`;
}

/** What is known of the token that a file holds. */
export function tokenOf(found: Found | undefined, container: Container, said: string): Pick<Attempt, 'audience' | 'expirationSeconds'> {
  return found?.kind !== 'token' ? { audience: unsaid(container, `the audience of ${said}`) }
    : { audience: found.audience, ...found.expirationSeconds === undefined ? {} : { expirationSeconds: found.expirationSeconds } };
}

function tokenGates(pod: Pod, container: Container, path: TextValue | undefined, said: string, found: Found | undefined): readonly Gate[] {
  return path === undefined || found === undefined ? []
    : [tokenGate(pod, container, path, said, found, isForAws), ...found.kind === 'token' ? [expirationGate(found)] : []];
}

/** The container that writes Google's ID token into a file, and the audience that it asks for. */
function writerOf(pod: Pod, path: TextValue, volume: TextValue): { readonly audience: TextValue; readonly gate: Gate } | undefined {
  for (const container of pod.containers) {
    const mounted = container.mounts.some(({ name, readOnly }) => equal(name, volume) === 'yes' && readOnly !== 'yes');
    const said = mounted ? writtenBy(container) : undefined;
    if (said !== undefined) {
      const same = equal(normal(said.file), normal(path));
      return {
        audience: said.audience,
        gate: gate({
          gate: 'pod-token', verdict: same, want: `an ID token of Google at ${show(path)}, as ${TOKEN} says`, have: `container ${shown(container)} writes ${show(said.file)}`,
          where: container.where, remedy: `let ${TOKEN} and container ${shown(container)} name the same file`,
        }),
      };
    }
  }
  return undefined;
}

/** The file that a container brings Google's ID token to: by a command that is told the URL, or gtoken's own. */
function writtenBy({ variables, command }: Container): { readonly file: TextValue; readonly audience: TextValue } | undefined {
  const [url, file] = [variables.get('ID_TOKEN_URL'), variables.get('ID_TOKEN_FILE')];
  if (url !== undefined && file !== undefined) {
    return { file, audience: audienceIn(url) };
  }
  const flags = ['--file=', '-file='];
  const argument = command.find((word): word is string => typeof word === 'string' && flags.some(flag => word.startsWith(flag)));
  const isGtoken = command.some(word => typeof word === 'string' && /(?:^|\/)gtoken$/.test(word));
  return argument === undefined || !isGtoken ? undefined : { file: argument.slice(argument.indexOf('=') + 1), audience: GTOKEN };
}

/** The audience that a URL of GKE's metadata server names. */
function audienceIn(url: TextValue): TextValue {
  const parts = partsOf(url);
  const first = parts[0];
  const start = typeof first === 'string' ? /[?&]audience=/.exec(first) : null;
  if (typeof first !== 'string' || start === null) {
    return new Unknown(`/the audience in ${keyOf(url)}`);
  }
  const rest = [first.slice(start.index + start[0].length), ...parts.slice(1)];
  const pieces: TextValue[] = [];
  for (const part of rest) {
    if (typeof part !== 'string') {
      pieces.push(new Unknown(/^urlencode\(([^"(),]+)\)$/.exec(part.symbol)?.[1] ?? part.symbol));
      continue;
    }
    const end = part.search(/[&#]/);
    pieces.push(decoded(end < 0 ? part : part.slice(0, end)));
    if (end >= 0) {
      break;
    }
  }
  return joined(pieces);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return value;
  }
}

/** What a container becomes by an AWS shared config file: one role, or a chain of them. */
function byProfiles(use: Use, container: Container): readonly Attempt[] {
  const { pod } = use;
  const { variables } = container;
  const path = variables.get('AWS_CONFIG_FILE')!;
  const found = pod.find(container, path);
  const candidates = found.kind === 'content' ? [{ path, content: found.content }]
    : pod.filesOf(container).flatMap(file => file.source.kind === 'content' ? [{ path: file.path, content: file.source.content }] : []);
  const profile = variables.get('AWS_PROFILE') ?? variables.get('AWS_DEFAULT_PROFILE') ?? 'default';
  const config = candidates.map(({ path: at, content }) => ({ path: at, profiles: readSharedConfig(content) }))
    .find(({ profiles }) => hasRoles(profiles));
  if (config?.profiles === undefined || typeof profile !== 'string') {
    return [];
  }
  const said = `web_identity_token_file of ${show(config.path)}`;
  const { steps, tokenFile, problem } = chainOf(config.profiles, profile);
  const token = tokenFile === undefined ? undefined : pod.find(container, tokenFile);
  const gates = [
    ...use.gates,
    documentGate(found.kind === 'content' ? 'yes' : found.kind === 'unknown' ? 'unknown' : 'no', `a config file at ${show(path)}, as AWS_CONFIG_FILE says`,
      'have' in found ? found.have : found.kind === 'content' ? 'a file of a ConfigMap' : 'something else',
      envWhere(container, pod), `set AWS_CONFIG_FILE of container ${shown(container)} to ${show(config.path)}`),
    nothingBefore(container, pod, KEYS!, ['AWS_SHARED_CREDENTIALS_FILE'], 'AWS\'s SDKs take before the config file'),
    regionGate(container, pod),
    documentGate(known(problem === undefined), `a chain of profiles from ${profile} to one with a token`, problem ?? 'such a chain', container.where,
      `mend the profiles in ${show(config.path)}`),
    ...tokenGates(pod, container, tokenFile, said, token),
  ];
  return steps.map(({ roleArn }, index): Attempt => ({
    mechanism: index === 0 ? 'aws-oidc' : 'aws-role-chain', identity: roleArn, ...tokenOf(token, container, said), gates, where: envWhere(container, pod),
  }));
}

function hasRoles(profiles: Profiles | undefined): boolean {
  return [...profiles?.values() ?? []].some(settings => settings.has('role_arn'));
}
