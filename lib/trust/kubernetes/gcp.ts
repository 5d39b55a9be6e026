import { tokenOf } from './aws';
import { isTrue } from './blocks';
import { CredentialConfig, isProvider, readCredentialConfig } from './credential-config';
import { bothGate, documentGate, envWhere, expirationGate, gate, nothingBefore, tokenGate } from './gates';
import { Account } from './objects';
import { withoutPrefix } from './paths';
import { Container, File, Found, Pod, shown } from './pods';
import { accountWhere, annotation, best, secondsOf, unsaid, Use, workers } from './use';
import { Attempt, Gate } from '../model';
import { distinct, equal, keyOf, show, TextValue } from '../value';

const [LIBRARIES, GCLOUD] = ['GOOGLE_APPLICATION_CREDENTIALS', 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE'];
const FILES: readonly [string, string] = [LIBRARIES!, GCLOUD!];
const PROJECTS = ['GOOGLE_CLOUD_PROJECT', 'CLOUDSDK_CORE_PROJECT'] as const;
const READERS = 'Google\'s libraries read the first and gcloud the second';

const isForGoogle = (audience: string) => audience.includes('iam.googleapis.com');

/** What the webhook of pfnet reads at ServiceAccounts, each below this prefix. */
const PFNET = 'cloud.google.com/';
const [PROVIDER, EMAIL, EXPIRATION, EXCHANGE] = [`${PFNET}workload-identity-provider`, `${PFNET}service-account-email`, `${PFNET}token-expiration`, `${PFNET}token-exchange-mode`];
/** What it asks for where nothing else is said. */
const PFNET_AUDIENCE = 'sts.googleapis.com';
/** The lifetime that it asks for where none is said, and the shortest that it asks for whatever is said. */
const PFNET_EXPIRATION = { default: 86400, min: 3600 };
const PFNET_TOKEN = '/var/run/secrets/sts.googleapis.com/serviceaccount/token';
const PFNET_CONFIG = '/var/run/secrets/gcloud/config/federation.json';

/** What the webhook of pfnet is told; undefined where it leaves pods alone. */
function pfnetOf(account: Account | undefined, pod?: Pod) {
  const [provider, email, exchange] = [annotation(account, PROVIDER!), annotation(account, EMAIL!), annotation(account, EXCHANGE!)];
  if (provider === undefined && email === undefined) {
    return undefined;
  }
  const said = pod?.metadata('annotations', EXPIRATION!) ?? annotation(account, EXPIRATION!);
  const seconds = said === undefined ? PFNET_EXPIRATION.default : secondsOf(said);
  const isDirect = exchange === undefined ? 'no' as const : typeof exchange === 'string' ? equal(exchange.toLowerCase(), 'direct-access') : 'unknown' as const;
  return {
    provider, email, isDirect,
    token: {
      audience: annotation(account, `${PFNET}audience`) ?? PFNET_AUDIENCE,
      ...seconds === undefined ? {} : { expirationSeconds: Math.max(PFNET_EXPIRATION.min, seconds) },
    },
  };
}

/** The token that the webhook of pfnet puts into every container. */
export function gcpFile(account: Account | undefined): readonly File[] {
  const webhook = pfnetOf(account);
  return webhook === undefined ? [] : [{ path: PFNET_TOKEN, source: { kind: 'token', ...webhook.token, where: account!.annotationsWhere } }];
}

/**
 * What pods become in Google Cloud as the annotations of their ServiceAccount say: by GKE's metadata server, or by the webhook of pfnet elsewhere.
 * @see https://cloud.google.com/kubernetes-engine/docs/concepts/workload-identity
 * @see https://github.com/pfnet-research/gcp-workload-identity-federation-webhook
 */
export function gcpByAnnotations(account: Account, uses: readonly Use[]): readonly Attempt[] {
  return [...byMetadataServer(account, uses), ...byPfnet(account, uses)];
}

function byPfnet(account: Account, uses: readonly Use[]): readonly Attempt[] {
  const attempt = (gates: readonly Gate[], pod?: Pod): Attempt => {
    const { provider, email, isDirect, token } = pfnetOf(account, pod)!;
    const where = account.annotationsWhere;
    return {
      mechanism: 'gcp-federation',
      // Where it is the principal itself, the webhook ignores the account.
      ...isDirect === 'yes' || email === undefined ? {} : { identity: email },
      ...provider === undefined ? {} : { registration: provider },
      ...token,
      where: pod === undefined ? where : accountWhere(pod),
      gates: [
        ...gates,
        documentGate(provider === undefined ? 'no' : isProvider(provider), `annotation ${PROVIDER} of projects/…/locations/global/workloadIdentityPools/…/providers/…`, show(provider), where,
          `set ${PROVIDER} of ${where.address} to the name of the provider`),
        documentGate(email !== undefined ? 'yes' : isDirect, `annotation ${EMAIL}, or ${EXCHANGE}: direct-access`, email === undefined ? 'neither' : show(email), where,
          `annotate ${where.address} with ${EMAIL}, or with ${EXCHANGE} = "direct-access" where the service account itself has the roles`),
      ],
    };
  };
  if (pfnetOf(account) === undefined) {
    return [];
  }
  return uses.length === 0 ? [attempt([])] : uses.flatMap(({ pod, gates }) => best(pfnetContainers(pod).map(container => {
    const other = container.variables.get(GCLOUD!);
    const before = other === undefined || equal(other, PFNET_CONFIG) === 'yes' ? [] : [GCLOUD!];
    return attempt([...gates, nothingBefore(container, pod, [], before, 'gcloud takes before what the webhook sets')], pod);
  })));
}

/** The containers that the webhook of pfnet wires. */
function pfnetContainers(pod: Pod): readonly Container[] {
  const skipped = pod.metadata('annotations', `${PFNET}skip-containers`);
  const names = new Set(typeof skipped === 'string' ? skipped.split(',').map(name => name.trim()) : []);
  return workers(pod).filter(({ name }) => !(typeof name === 'string' && names.has(name)));
}

function byMetadataServer(account: Account, uses: readonly Use[]): readonly Attempt[] {
  const email = annotation(account, 'iam.gke.io/gcp-service-account');
  if (email === undefined) {
    return [];
  }
  const attempt = { mechanism: 'gcp-native' as const, identity: email };
  return uses.length === 0 ? [{ ...attempt, gates: [], where: account.annotationsWhere }] : uses.flatMap(({ pod, gates }) => {
    const host = isTrue(pod.spec('hostNetwork'));
    const network = gate({
      gate: 'pod-environment', verdict: host === 'yes' ? 'no' : host === 'no' ? 'yes' : 'unknown', want: 'a pod with a network of its own, which GKE\'s metadata server answers',
      have: host === 'yes' ? 'the network of the node, where the node\'s account answers' : host === 'no' ? 'its own' : 'one that only Terraform knows',
      where: pod.at('hostNetwork'), remedy: `remove ${pod.spelled('hostNetwork')}`,
    });
    return best(workers(pod).map(container => ({
      ...attempt, where: accountWhere(pod),
      gates: [...gates, network, nothingBefore(container, pod, [LIBRARIES!], [GCLOUD!], 'Google\'s clients take before the metadata server')],
    })));
  });
}

/**
 * What containers become in Google Cloud by a credential configuration that their variables name.
 * @see https://google.aip.dev/auth/4117
 */
export function gcpByVariables(use: Use): readonly Attempt[] {
  const { pod } = use;
  const attempts = workers(pod).flatMap(container => {
    // What the webhook puts there is not in the input.
    const injected = pfnetOf(use.account) !== undefined;
    const paths = FILES.flatMap(name => container.variables.get(name) ?? []).filter(path => !injected || equal(path, PFNET_CONFIG) !== 'yes');
    return distinct(paths).flatMap(path => byFile(use, container, path));
  });
  const named = workers(pod).some(({ variables }) => FILES.some(name => variables.has(name) !== 'no'));
  return named ? attempts : workers(pod).flatMap(container => byForgotten(use, container));
}

function byFile(use: Use, container: Container, path: TextValue): readonly Attempt[] {
  const { pod } = use;
  const found = pod.find(container, path);
  const name = FILES.find(variable => keyOf(container.variables.get(variable) ?? '') === keyOf(path))!;
  const config = found.kind === 'content' ? readCredentialConfig(found.content) : undefined;
  if (config !== undefined) {
    return [attemptOf(use, container, path, config, pathGates(container, pod, found, path, name))];
  }
  // What the variable should have named, or a token that shows what an unknown document is for.
  const [other] = configsIn(pod, container);
  if (found.kind === 'missing' || (found.kind === 'unknown' && typeof path === 'string' && !path.startsWith('/'))) {
    return other === undefined ? [] : [attemptOf(use, container, other.path, other.config, pathGates(container, pod, found, path, name, other.path))];
  }
  return found.kind === 'token' || found.kind === 'written' ? [] : byTokenAlone(use, container, path, found);
}

/** A credential configuration that is not in the input, beside a token whose audience names a provider. */
function byTokenAlone(use: Use, container: Container, path: TextValue, found: Found): readonly Attempt[] {
  const { pod } = use;
  for (const { source } of pod.filesOf(container)) {
    const registration = source.kind === 'token' ? withoutPrefix(source.audience, 'https://iam.googleapis.com/') ?? withoutPrefix(source.audience, '//iam.googleapis.com/') : undefined;
    if (source.kind === 'token' && registration !== undefined) {
      const isOther = found.kind === 'content' && typeof found.content === 'string';
      const content = documentGate(isOther ? 'no' : 'unknown', `a credential configuration at ${show(path)}`,
        isOther ? 'a document that is none' : 'have' in found ? found.have : 'a document that is not known', found.kind === 'content' ? found.where : envWhere(container, pod),
        isOther ? `write the credential configuration to ${show(path)}` : 'read the Terraform that has the ConfigMap together with this');
      return [{
        mechanism: 'gcp-federation', identity: unsaid(container, 'the account of the credential configuration'), registration,
        ...tokenOf(source, container, 'the credential configuration'), where: envWhere(container, pod), gates: [...use.gates, content, expirationGate(source)],
      }];
    }
  }
  return [];
}

/** A credential configuration that is mounted, and that no variable of the pod names. */
function byForgotten(use: Use, container: Container): readonly Attempt[] {
  const { pod } = use;
  return configsIn(pod, container).filter(({ path }) => !container.command.some(word => show(word).includes(show(path)))).map(({ path, config }) => {
    const unset = bothGate(container, pod, FILES, READERS, show(path));
    return attemptOf(use, container, path, config, [unset]);
  });
}

function configsIn(pod: Pod, container: Container): readonly { readonly path: TextValue; readonly config: CredentialConfig }[] {
  return pod.filesOf(container).flatMap(({ path, source }) => {
    const config = source.kind === 'content' ? readCredentialConfig(source.content) : undefined;
    return config === undefined ? [] : [{ path, config }];
  });
}

function pathGates(container: Container, pod: Pod, found: Found, path: TextValue, name: string, right: TextValue = path): readonly Gate[] {
  return [
    documentGate(found.kind === 'content' ? 'yes' : found.kind === 'unknown' ? 'unknown' : 'no', `a credential configuration at ${show(path)}, as ${name} says`,
      'have' in found ? found.have : 'a file of a ConfigMap', envWhere(container, pod), `set ${name} of container ${shown(container)} to ${show(right)}`),
    bothGate(container, pod, FILES, READERS, show(right)),
  ];
}

function attemptOf(use: Use, container: Container, path: TextValue, config: CredentialConfig, gates: readonly Gate[]): Attempt {
  const { pod } = use;
  const { registration, identity, file, findings } = config;
  const said = `credential_source.file of ${show(path)}`;
  const found = file === undefined ? undefined : pod.find(container, file);
  const document = (pod.filesOf(container).find(other => keyOf(other.path) === keyOf(path))?.source ?? container).where;
  return {
    mechanism: 'gcp-federation',
    ...identity === undefined ? {} : { identity },
    registration,
    ...tokenOf(found, container, said),
    where: envWhere(container, pod),
    gates: [
      ...use.gates,
      ...gates,
      bothGate(container, pod, PROJECTS, READERS, 'the project', 'unknown'),
      ...findings.map(finding => documentGate(finding.verdict, `${finding.field} ${finding.want}`, finding.have, document, `set ${finding.field} of ${show(path)} to ${finding.want}`)),
      ...file === undefined || found === undefined
        ? [documentGate('unknown', 'credential_source.file', 'a source that is no file', document, 'let credential_source.file name the path of the projected token')]
        : [tokenGate(pod, container, file, said, found, isForGoogle), ...found.kind === 'token' ? [expirationGate(found)] : []],
    ],
  };
}
