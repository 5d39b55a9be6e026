import { tokenOf } from './aws';
import { textIn } from './blocks';
import { documentGate, envWhere, expirationGate, gate, nothingBefore, setGate, tokenGate, toToken } from './gates';
import { Account, PodObject } from './objects';
import { Container, File, Pod, shown } from './pods';
import { accountWhere, annotation, best, secondsOf, unsaid, Use, workers } from './use';
import { Attempt, Gate } from '../model';
import { equal, isMap, keyOf, known, show, text, TextValue, Unknown, Verdict } from '../value';

const AUDIENCE = 'api://AzureADTokenExchange';
const TOKEN_FILE = '/var/run/secrets/azure/tokens/azure-identity-token';
const USE = 'azure.workload.identity/use';
const CLIENT_ANNOTATION = 'azure.workload.identity/client-id';
const EXPIRATION_ANNOTATION = 'azure.workload.identity/service-account-token-expiration';
const [CLIENT, TENANT, TOKEN, AUTHORITY] = ['AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_FEDERATED_TOKEN_FILE', 'AZURE_AUTHORITY_HOST'];
/** What the default credentials of Azure's SDKs take first. */
const SECRETS = ['AZURE_CLIENT_SECRET', 'AZURE_CLIENT_CERTIFICATE_PATH', 'AZURE_PASSWORD'];
/** The lifetimes that the webhook takes; it refuses pods that ask for others. */
const EXPIRATION = { min: 3600, max: 86400 };
/** Where each cloud of Azure exchanges tokens of its audience. */
const AUTHORITIES: ReadonlyMap<string, string> = new Map([
  [AUDIENCE, 'login.microsoftonline.com'], [`${AUDIENCE}USGov`, 'login.microsoftonline.us'], [`${AUDIENCE}China`, 'login.chinacloudapi.cn'],
]);

const isForAzure = (audience: string) => audience.startsWith(AUDIENCE);

/** The token that Azure's webhook puts into every container of pods that ask for it. */
export function azureFile({ labels, annotations, where }: PodObject, account: Account | undefined): readonly File[] {
  const label = isMap(labels) ? textIn(labels.get(USE)) : undefined;
  const said = (isMap(annotations) ? textIn(annotations.get(EXPIRATION_ANNOTATION)) : undefined) ?? annotation(account, EXPIRATION_ANNOTATION);
  return label !== 'true' ? [] : [{
    path: TOKEN_FILE,
    source: { kind: 'token', audience: AUDIENCE, expirationSeconds: said === undefined ? 3600 : secondsOf(said), where: account?.annotationsWhere ?? where },
  }];
}

/** Whether pods ask for Azure's webhook. */
function labelled(pod: Pod): Verdict {
  const label = pod.metadata('labels', USE);
  return label === undefined ? 'no' : equal(label, 'true');
}

/**
 * What pods become in Azure by its webhook.
 * @see https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html
 */
export function azureByWebhook(account: Account | undefined, uses: readonly Use[]): readonly Attempt[] {
  const client = annotation(account, CLIENT_ANNOTATION);
  if (client !== undefined && uses.length === 0) {
    return [{
      mechanism: 'azure-federation', identity: client, audience: AUDIENCE, ...expirationOf(annotation(account, EXPIRATION_ANNOTATION)), where: account!.annotationsWhere,
      gates: [gate({
        gate: 'pod-environment', verdict: 'unknown', want: `label ${USE}: "true" of the pods, which the input does not have`, have: 'no pod', where: account!.annotationsWhere,
        remedy: 'read the Terraform that has the pods together with this',
      })],
    }];
  }
  return uses.flatMap(({ pod, gates }) => {
    const label = labelled(pod);
    const containers = webhookContainers(pod);
    // Without annotation and label, nothing says that the pod means Azure.
    if ((client === undefined && label !== 'yes') || containers.length === 0) {
      return [];
    }
    const said = pod.metadata('annotations', EXPIRATION_ANNOTATION) ?? annotation(account, EXPIRATION_ANNOTATION);
    return best(containers.map((container): Attempt => {
      const identity = container.variables.get(CLIENT!) ?? client;
      return {
        mechanism: 'azure-federation', identity: identity ?? unsaid(container, CLIENT!), audience: AUDIENCE, ...expirationOf(said), where: accountWhere(pod),
        gates: [
          ...gates, labelGate(pod, account, label), ...identity === undefined ? [clientGate(pod, account)] : [],
          ...webhookExpirationGate(pod, account, said), nothingFirst(container, pod),
        ],
      };
    }));
  });
}

/** The containers that the webhook wires, and that have no token of their own. */
function webhookContainers(pod: Pod): readonly Container[] {
  const skipped = pod.metadata('annotations', 'azure.workload.identity/skip-containers');
  const names = new Set(typeof skipped === 'string' ? skipped.split(';').map(name => name.trim()) : []);
  return workers(pod).filter(({ name, variables }) => !(typeof name === 'string' && names.has(name)) && variables.has(TOKEN!) !== 'yes');
}

function expirationOf(said: TextValue | undefined): Pick<Attempt, 'expirationSeconds'> {
  const seconds = said === undefined ? 3600 : secondsOf(said);
  return seconds === undefined ? {} : { expirationSeconds: seconds };
}

function labelGate(pod: Pod, account: Account | undefined, verdict: Verdict): Gate {
  const label = pod.metadata('labels', USE);
  const onAccount = isMap(account?.labels) ? textIn(account.labels.get(USE)) : undefined;
  const labels = `${pod.object.path.slice(0, -'spec'.length)}metadata.labels`;
  return gate({
    gate: 'pod-environment', verdict, want: `label ${USE}: "true" of the pods`,
    have: label !== undefined ? show(label) : onAccount !== undefined ? 'the label on the ServiceAccount alone' : 'no label', where: { ...pod.where, attribute: labels },
    remedy: onAccount !== undefined ? `move the label ${USE} from ${account!.where.address} to ${labels} of ${pod.where.address}` : `add ${USE} = "true" to ${labels} of ${pod.where.address}`,
  });
}

function clientGate(pod: Pod, account: Account | undefined): Gate {
  return gate({
    gate: 'pod-service-account', verdict: account === undefined || account.open ? 'unknown' : 'no', want: `annotation ${CLIENT_ANNOTATION} of the ServiceAccount`,
    have: account === undefined ? 'a ServiceAccount that is not in the input' : 'none', where: account?.annotationsWhere ?? accountWhere(pod),
    remedy: `annotate ${account?.where.address ?? `ServiceAccount ${show(pod.object.serviceAccount)}`} with ${CLIENT_ANNOTATION}`,
  });
}

function webhookExpirationGate(pod: Pod, account: Account | undefined, said: TextValue | undefined): readonly Gate[] {
  if (said === undefined) {
    return [];
  }
  const seconds = secondsOf(said);
  const verdict = said instanceof Unknown || typeof said !== 'string' ? 'unknown' : known(seconds !== undefined && seconds >= EXPIRATION.min && seconds <= EXPIRATION.max);
  return [gate({
    gate: 'pod-token', verdict, want: `${EXPIRATION_ANNOTATION} of ${EXPIRATION.min} to ${EXPIRATION.max} seconds`, have: show(said),
    where: account?.annotationsWhere ?? pod.where, remedy: `set ${EXPIRATION_ANNOTATION} to "3600"`,
  })];
}

function nothingFirst(container: Container, pod: Pod): Gate {
  return nothingBefore(container, pod, SECRETS, [], 'Azure\'s default credentials take before the token');
}

/**
 * What containers become in Azure by their variables.
 * @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation
 */
export function azureByVariables(use: Use): readonly Attempt[] {
  const { pod } = use;
  return workers(pod).flatMap(container => {
    const { variables } = container;
    return variables.has(TOKEN!) === 'yes' || isMeant(pod, container) ? [byVariables(use, container)] : [];
  });
}

/** Whether a container has all but the variable that names the token. */
function isMeant(pod: Pod, container: Container): boolean {
  const { variables } = container;
  return variables.has(TOKEN!) === 'no' && variables.has(CLIENT!) === 'yes' && SECRETS.every(name => variables.has(name) === 'no') && labelled(pod) === 'no'
    && pod.filesOf(container).some(({ source }) => source.kind === 'token' && [...AUTHORITIES.keys()].some(audience => keyOf(audience) === keyOf(source.audience)));
}

function byVariables(use: Use, container: Container): Attempt {
  const { pod } = use;
  const { variables } = container;
  const path = variables.get(TOKEN!);
  const found = path === undefined ? undefined : pod.find(container, path);
  const isWebhook = labelled(pod) === 'yes';
  const client = variables.get(CLIENT!) ?? (isWebhook ? annotation(use.account, CLIENT_ANNOTATION) : undefined);
  // The webhook fills in what is not set.
  const wanted = [...client === undefined || !isWebhook ? [CLIENT!] : [], ...isWebhook ? [] : [TENANT!], TOKEN!];
  return {
    mechanism: 'azure-federation', identity: client ?? unsaid(container, CLIENT!), ...tokenOf(found, container, TOKEN!), where: envWhere(container, pod),
    gates: [
      ...use.gates,
      setGate(container, pod, wanted, path === undefined ? toToken(pod, container, isForAzure) : 'to those of the identity'),
      nothingFirst(container, pod),
      ...found?.kind === 'token' ? authorityGate(container, pod, found.audience) : [],
      ...path === undefined || found === undefined ? [] : [tokenGate(pod, container, path, TOKEN!, found, isForAzure), ...found.kind === 'token' ? [expirationGate(found)] : []],
    ],
  };
}

/** Whether the token goes to the cloud that it is for; without a host SDKs take the global cloud's. */
function authorityGate(container: Container, pod: Pod, audience: TextValue): readonly Gate[] {
  const host = typeof audience === 'string' ? AUTHORITIES.get(audience) : undefined;
  if (host === undefined) {
    return [];
  }
  const value = container.variables.get(AUTHORITY!);
  const isSet = container.variables.has(AUTHORITY!);
  const isDefault = host === AUTHORITIES.get(AUDIENCE);
  const said = value === undefined ? undefined : [text('https://', host, '/'), text('https://', host), host].map(want => equal(value, want));
  const verdict: Verdict = said === undefined ? isSet === 'unknown' ? 'unknown' : known(isDefault) : said.includes('yes') ? 'yes' : said.includes('unknown') ? 'unknown' : 'no';
  return [documentGate(verdict, `${AUTHORITY} https://${host}/, where tokens for ${show(audience)} are exchanged`,
    value === undefined ? isSet === 'unknown' ? 'variables that are not known' : 'nothing, which is the global cloud' : show(value), envWhere(container, pod),
    `set ${AUTHORITY} of container ${shown(container)} to https://${host}/`)];
}
