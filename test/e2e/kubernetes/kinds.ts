import { X509Certificate } from 'node:crypto';
import { ApiObject } from './api-objects';
import {
  isDataKey, isLabel, isLabel1035, isNumberOrShare, isPathSegment, isPort, isPortName, isQualified, isSchedule, isSubdomain, repeated,
} from './forms';
import { ANY_RESTART, checkPod, Restarts } from './pods';
import { checkLabels, checkSelector, Findings, selects } from './rules';

type NameForm = readonly [is: (name: string) => boolean, what: string];

const SUBDOMAIN: NameForm = [isSubdomain, 'is no DNS subdomain'];
const LABEL: NameForm = [isLabel, 'is no DNS label'];
const PATH_SEGMENT: NameForm = [isPathSegment, 'is no path segment'];

/** A name that its own pods or jobs are named after, or labelled with. */
const atMost = (length: number): NameForm => [name => isSubdomain(name) && name.length <= length, `is no DNS subdomain of at most ${length} characters`];

interface Kind {
  readonly apiVersion: string;
  readonly name: NameForm;
  readonly isClusterWide?: boolean;
  /** Whether the schemas of Kubernetes have it: not what others define. */
  readonly isCustom?: boolean;
  readonly check?: (findings: Findings, object: any) => void;
}

/** Every kind that is emitted, or that a user's pods come from; of others there is no rule, and they are refused. */
const KINDS: Readonly<Record<string, Kind>> = {
  Certificate: { apiVersion: 'cert-manager.io/v1', name: SUBDOMAIN, isCustom: true, check: checkCertificate },
  ClusterRole: { apiVersion: 'rbac.authorization.k8s.io/v1', name: PATH_SEGMENT, isClusterWide: true, check: checkClusterRole },
  ClusterRoleBinding: { apiVersion: 'rbac.authorization.k8s.io/v1', name: PATH_SEGMENT, isClusterWide: true, check: checkClusterRoleBinding },
  // https://kubernetes.io/docs/concepts/configuration/configmap/
  ConfigMap: { apiVersion: 'v1', name: SUBDOMAIN, check: checkData },
  // https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/: its Jobs have eleven characters more.
  CronJob: { apiVersion: 'batch/v1', name: atMost(52), check: checkCronJob },
  DaemonSet: { apiVersion: 'apps/v1', name: SUBDOMAIN, check: checkDaemonSet },
  Deployment: { apiVersion: 'apps/v1', name: SUBDOMAIN, check: checkDeployment },
  Issuer: { apiVersion: 'cert-manager.io/v1', name: SUBDOMAIN, isCustom: true, check: checkIssuer },
  // https://kubernetes.io/docs/concepts/workloads/controllers/job/#writing-a-job-spec
  Job: { apiVersion: 'batch/v1', name: atMost(63), check: (findings, { spec }) => checkJob(findings, 'spec', spec) },
  MutatingWebhookConfiguration: { apiVersion: 'admissionregistration.k8s.io/v1', name: SUBDOMAIN, isClusterWide: true, check: checkWebhooks },
  Namespace: { apiVersion: 'v1', name: LABEL, isClusterWide: true },
  Pod: { apiVersion: 'v1', name: SUBDOMAIN, check: (findings, { spec }) => checkPod(findings, 'spec', spec ?? { containers: [] }, ANY_RESTART) },
  PodDisruptionBudget: { apiVersion: 'policy/v1', name: SUBDOMAIN, check: checkDisruption },
  ReplicationController: { apiVersion: 'v1', name: SUBDOMAIN, check: checkReplicationController },
  // https://kubernetes.io/docs/concepts/configuration/secret/
  Secret: { apiVersion: 'v1', name: SUBDOMAIN, check: checkData },
  // https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service
  Service: { apiVersion: 'v1', name: [isLabel1035, 'is no DNS label of RFC 1035'], check: checkService },
  ServiceAccount: { apiVersion: 'v1', name: SUBDOMAIN, check: checkServiceAccount },
  // https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#components: its pods are labelled with a digest of ten characters behind the name.
  StatefulSet: { apiVersion: 'apps/v1', name: [name => isLabel(name) && name.length <= 52, 'is no DNS label of at most 52 characters'], check: checkStatefulSet },
};

/** The kinds that the schemas of Kubernetes have. */
export const KINDS_OF_KUBERNETES = Object.entries(KINDS).filter(([, { isCustom }]) => isCustom !== true)
  .map(([kind, { apiVersion }]) => ({ apiVersion, kind }));

/** Whether the schemas of Kubernetes have an object. */
export function isOfKubernetes({ apiVersion, kind }: ApiObject): boolean {
  return KINDS_OF_KUBERNETES.some(known => known.apiVersion === apiVersion && known.kind === kind);
}

/** What the API server refuses of an object beyond its schema: names, sizes, limits, and what one field says of another. */
export function ruleErrors(object: ApiObject): string[] {
  const findings = new Findings();
  const { apiVersion, kind, metadata } = object;
  const known = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (known?.apiVersion !== apiVersion) {
    return [`there are no rules for ${kind} of ${apiVersion} here`];
  }
  const [is, what] = known.name;
  findings.must(is(metadata?.name ?? ''), `metadata.name ${metadata?.name} ${what}`);
  if (known.isClusterWide) {
    findings.must(metadata?.namespace === undefined, `metadata.namespace is ${metadata?.namespace}, and there is none`);
  } else {
    // Terraform and kubectl take the namespace `default`, or that of the context: nobody's pods are meant to run there.
    findings.must(metadata?.namespace !== undefined, 'metadata.namespace is missing');
    findings.must(metadata?.namespace === undefined || isLabel(metadata.namespace), `metadata.namespace ${metadata?.namespace} is no DNS label`);
  }
  checkMetadata(findings, 'metadata', metadata ?? {});
  known.check?.(findings, object);
  return findings.texts;
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/#syntax-and-character-set */
function checkMetadata(findings: Findings, path: string, { labels, annotations = {} }: any): void {
  checkLabels(findings, `${path}.labels`, labels);
  Object.keys(annotations).forEach(key => findings.must(isQualified(key.toLowerCase()), `${path}.annotations has the key ${key}`));
  // https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
  findings.must(Buffer.byteLength(Object.entries(annotations).flat().join('')) <= 256 * 1024, `${path}.annotations is longer than 256 KiB`);
}

/** https://kubernetes.io/docs/concepts/configuration/configmap/#motivation and https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size */
function checkData(findings: Findings, { kind, type, data = {}, binaryData = {} }: any): void {
  Object.keys({ ...data, ...binaryData }).forEach(key => findings.must(isDataKey(key), `data has the key ${key}`));
  Object.keys(binaryData).filter(key => key in data).forEach(key => findings.must(false, `data has the key ${key}, and binaryData too`));
  const bytes = Object.values<string>(data).reduce((sum, text) => sum + Buffer.byteLength(text), 0) + Object.values<string>(binaryData).reduce((sum, text) => sum + Buffer.from(text, 'base64').length, 0);
  findings.must(bytes <= 1024 * 1024, 'data is longer than 1 MiB');
  if (kind === 'Secret' && type === 'kubernetes.io/tls') {
    ['tls.crt', 'tls.key'].forEach(key => findings.must(key in data, `data has no ${key}`));
  }
}

/** https://kubernetes.io/docs/concepts/security/service-accounts/; nothing here hands out a token that lives on in a Secret. */
function checkServiceAccount(findings: Findings, { secrets }: any): void {
  findings.must((secrets ?? []).length === 0, 'secrets has tokens that do not expire');
}

/** The template of pods that an owner has. */
function checkTemplate(findings: Findings, path: string, template: any, restarts: Restarts): void {
  checkMetadata(findings, `${path}.metadata`, template?.metadata ?? {});
  checkPod(findings, `${path}.spec`, template?.spec ?? { containers: [] }, restarts);
}

const FOREVER: Restarts = ['Always'];

/** Pods that are kept running, and are found by their labels. */
function checkKept(findings: Findings, { selector, template, ...spec }: any): void {
  checkSelector(findings, 'spec.selector', selector ?? {});
  const labels = template?.metadata?.labels ?? {};
  const isEmpty = Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions ?? []).length === 0;
  findings.must(!isEmpty, 'spec.selector is empty');
  findings.must(isEmpty || selects(selector, labels), `spec.selector does not select the labels of its own template, ${JSON.stringify(labels)}`);
  ['replicas', 'minReadySeconds', 'revisionHistoryLimit'].forEach(field => findings.mustBeFrom(`spec.${field}`, spec[field], 0));
  checkTemplate(findings, 'spec.template', template, FOREVER);
  findings.must(template?.spec?.activeDeadlineSeconds === undefined, 'spec.template.spec.activeDeadlineSeconds is for pods that end');
}

/** https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#writing-a-deployment-spec */
function checkDeployment(findings: Findings, { spec }: any): void {
  findings.mustKnow('spec', spec, 'selector', 'template', 'replicas', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds', 'paused', 'strategy');
  checkKept(findings, spec);
  findings.must((spec.progressDeadlineSeconds ?? 600) > (spec.minReadySeconds ?? 0), 'spec.progressDeadlineSeconds is no longer than minReadySeconds');
  checkRolling(findings, 'spec.strategy', spec.strategy);
}

function checkRolling(findings: Findings, path: string, strategy: any): void {
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy?.rollingUpdate ?? {};
  findings.must(strategy?.rollingUpdate === undefined || (strategy.type ?? 'RollingUpdate') === 'RollingUpdate', `${path}.rollingUpdate is for RollingUpdate, and not for ${strategy?.type}`);
  for (const [field, value] of Object.entries({ maxSurge, maxUnavailable })) {
    findings.must(isNumberOrShare(value), `${path}.rollingUpdate.${field} is ${String(value)}`);
  }
  findings.must(Number.parseInt(String(maxUnavailable), 10) !== 0 || Number.parseInt(String(maxSurge), 10) !== 0, `${path}.rollingUpdate can neither add a pod nor take one away`);
}

/** https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#writing-a-daemonset-spec */
function checkDaemonSet(findings: Findings, { spec }: any): void {
  findings.mustKnow('spec', spec, 'selector', 'template', 'minReadySeconds', 'revisionHistoryLimit');
  checkKept(findings, spec);
}

/** https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/ */
function checkStatefulSet(findings: Findings, { spec }: any): void {
  findings.mustKnow('spec', spec, 'selector', 'template', 'replicas', 'minReadySeconds', 'revisionHistoryLimit', 'podManagementPolicy', 'serviceName');
  checkKept(findings, spec);
  findings.must((spec.serviceName ?? '') === '' || isLabel1035(spec.serviceName), `spec.serviceName ${spec.serviceName} is no name of a Service`);
}

/** https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/#writing-a-replicationcontroller-manifest */
function checkReplicationController(findings: Findings, { spec }: any): void {
  findings.mustKnow('spec', spec, 'selector', 'template', 'replicas', 'minReadySeconds');
  checkKept(findings, { ...spec, selector: { matchLabels: spec.selector ?? spec.template?.metadata?.labels } });
}

/** https://kubernetes.io/docs/concepts/workloads/controllers/job/ */
function checkJob(findings: Findings, path: string, spec: any): void {
  findings.mustKnow(path, spec, 'activeDeadlineSeconds', 'backoffLimit', 'completionMode', 'completions', 'parallelism', 'suspend', 'template', 'ttlSecondsAfterFinished');
  ['activeDeadlineSeconds', 'backoffLimit', 'completions', 'parallelism', 'ttlSecondsAfterFinished'].forEach(field => findings.mustBeFrom(`${path}.${field}`, spec?.[field], 0));
  checkTemplate(findings, `${path}.template`, spec?.template, ['OnFailure', 'Never']);
}

/** https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#writing-a-cronjob-spec */
function checkCronJob(findings: Findings, { spec }: any): void {
  findings.mustKnow('spec', spec, 'concurrencyPolicy', 'failedJobsHistoryLimit', 'jobTemplate', 'schedule', 'startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'suspend', 'timeZone');
  findings.must(isSchedule(spec.schedule), `spec.schedule ${JSON.stringify(spec.schedule)} is none`);
  findings.must(spec.timeZone === undefined || isTimeZone(spec.timeZone), `spec.timeZone ${spec.timeZone} is none`);
  ['failedJobsHistoryLimit', 'startingDeadlineSeconds', 'successfulJobsHistoryLimit'].forEach(field => findings.mustBeFrom(`spec.${field}`, spec[field], 0));
  checkMetadata(findings, 'spec.jobTemplate.metadata', spec.jobTemplate.metadata ?? {});
  checkJob(findings, 'spec.jobTemplate.spec', spec.jobTemplate.spec);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return /^[A-Za-z]/.test(name) && name.toLowerCase() !== 'local';
  } catch {
    return false;
  }
}

/** https://kubernetes.io/docs/concepts/services-networking/service/#multi-port-services and https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/ */
function checkService(findings: Findings, { spec = {} }: any): void {
  const { ports = [], type = 'ClusterIP', clusterIP } = spec;
  findings.mustKnow('spec', spec, 'clusterIP', 'ports', 'selector', 'type');
  checkLabels(findings, 'spec.selector', spec.selector);
  findings.must(type !== 'ExternalName', 'spec.type ExternalName has no rule here');
  findings.must(ports.length > 0 || clusterIP === 'None', 'spec.ports is empty');
  for (const { name, port, targetPort, nodePort } of ports) {
    findings.must(isPort(port), `spec.ports has the port ${port}`);
    findings.must(name === undefined ? ports.length === 1 : isLabel(name), name === undefined ? 'spec.ports has a port without a name beside others' : `spec.ports has a port named ${name}`);
    findings.must(targetPort === undefined || (typeof targetPort === 'string' ? isPortName(targetPort) : isPort(targetPort)), `spec.ports has the targetPort ${targetPort}`);
    findings.must(nodePort === undefined || isPort(nodePort) && type !== 'ClusterIP', `spec.ports has the nodePort ${nodePort} for ${type}`);
  }
  repeated(ports.flatMap(({ name }: any) => name ?? [])).forEach(name => findings.must(false, `spec.ports has the name ${String(name)} twice`));
  repeated(ports.map(({ port, protocol = 'TCP' }: any) => `${protocol} ${port}`)).forEach(port => findings.must(false, `spec.ports has ${String(port)} twice`));
}

/** https://kubernetes.io/docs/tasks/run-application/configure-pdb/#specifying-a-poddisruptionbudget */
function checkDisruption(findings: Findings, { spec = {} }: any): void {
  const { minAvailable, maxUnavailable, selector, ...others } = spec;
  findings.mustKnow('spec', others, 'unhealthyPodEvictionPolicy');
  findings.must(minAvailable === undefined || maxUnavailable === undefined, 'spec has minAvailable and maxUnavailable');
  for (const [field, value] of Object.entries({ minAvailable, maxUnavailable })) {
    findings.must(value === undefined || isNumberOrShare(value), `spec.${field} is ${String(value)}`);
  }
  checkSelector(findings, 'spec.selector', selector ?? {});
}

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/#role-and-clusterrole */
function checkClusterRole(findings: Findings, { rules = [], aggregationRule }: any): void {
  findings.must(aggregationRule === undefined, 'aggregationRule has no rule here');
  for (const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } of rules) {
    findings.must((verbs ?? []).length > 0, 'rules has no verbs');
    const [ofResources, ofUrls] = [apiGroups.length + resources.length + resourceNames.length > 0, nonResourceURLs.length > 0];
    findings.must(ofResources !== ofUrls, `rules has ${ofUrls ? 'resources and URLs' : 'neither resources nor URLs'} in one`);
    findings.must(!ofResources || apiGroups.length > 0 && resources.length > 0, 'rules has no apiGroups or no resources');
  }
}

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/#rolebinding-and-clusterrolebinding */
function checkClusterRoleBinding(findings: Findings, { roleRef, subjects = [] }: any): void {
  findings.must(roleRef.apiGroup === 'rbac.authorization.k8s.io' && roleRef.kind === 'ClusterRole' && isPathSegment(roleRef.name),
    `roleRef is ${roleRef.kind} ${roleRef.name} of ${roleRef.apiGroup}, and no ClusterRole`);
  for (const { kind, name, namespace, apiGroup = kind === 'ServiceAccount' ? '' : 'rbac.authorization.k8s.io' } of subjects) {
    const isAccount = kind === 'ServiceAccount';
    findings.must(isAccount || kind === 'User' || kind === 'Group', `subjects has the kind ${kind}`);
    findings.must(apiGroup === (isAccount ? '' : 'rbac.authorization.k8s.io'), `subjects has ${kind} of ${apiGroup}`);
    findings.must(isAccount ? isSubdomain(name) : name !== '', `subjects has the ${kind} ${JSON.stringify(name)}`);
    findings.must(isAccount ? isLabel(namespace ?? '') : namespace === undefined, `subjects has a ${kind} in the namespace ${namespace}`);
  }
}

/** https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#webhook-configuration */
function checkWebhooks(findings: Findings, { webhooks = [] }: any): void {
  repeated(webhooks.map(({ name }: any) => name)).forEach(name => findings.must(false, `webhooks has ${String(name)} twice`));
  for (const webhook of webhooks) {
    const { name, admissionReviewVersions, sideEffects, timeoutSeconds, rules = [], clientConfig } = webhook;
    const where = `webhook ${name}`;
    findings.mustKnow(where, webhook, 'admissionReviewVersions', 'clientConfig', 'failurePolicy', 'matchPolicy', 'name', 'namespaceSelector', 'objectSelector', 'reinvocationPolicy', 'rules',
      'sideEffects', 'timeoutSeconds');
    findings.must(isSubdomain(name) && name.split('.').length >= 3, `${where} is no name of three labels`);
    findings.must(['None', 'NoneOnDryRun'].includes(sideEffects), `${where} has the sideEffects ${sideEffects}, and not None or NoneOnDryRun`);
    findings.must(admissionReviewVersions.some((version: string) => ['v1', 'v1beta1'].includes(version)), `${where} has no admissionReviewVersions that there are`);
    findings.must(admissionReviewVersions.every(isLabel1035) && repeated(admissionReviewVersions).length === 0, `${where} has the admissionReviewVersions ${admissionReviewVersions}`);
    findings.mustBeFrom(`${where}.timeoutSeconds`, timeoutSeconds, 1, 30);
    for (const selector of ['namespaceSelector', 'objectSelector']) {
      checkSelector(findings, `${where}.${selector}`, webhook[selector] ?? {});
    }
    for (const { operations = [], apiGroups = [], apiVersions = [], resources = [] } of rules) {
      findings.must([operations, apiGroups, apiVersions, resources].every(list => list.length > 0), `${where} has a rule that is for nothing`);
      for (const list of [operations, apiGroups, apiVersions]) {
        findings.must(!list.includes('*') || list.length === 1, `${where} has ${list}, where * is all of them`);
      }
      findings.must(resources.every((one: string) => /^(?:\*|[a-z]+)(?:\/(?:\*|[a-z]+))?$/.test(one)), `${where} has the resources ${resources}`);
    }
    checkWebhookClient(findings, where, clientConfig);
  }
}

/** https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#contacting-the-webhook */
function checkWebhookClient(findings: Findings, where: string, { url, service, caBundle }: any): void {
  findings.must((url === undefined) !== (service === undefined), `${where} has ${url === undefined ? 'neither a url nor a service' : 'a url and a service'}`);
  if (url !== undefined) {
    const { protocol, username, hash, search, host } = URL.canParse(url) ? new URL(url) : {};
    findings.must(protocol === 'https:' && host !== '' && username === '' && hash === '' && search === '', `${where} has the url ${url}`);
  }
  if (service !== undefined) {
    const { name, namespace, path = '/', port = 443 } = service;
    findings.must(isLabel1035(name) && isLabel(namespace), `${where} has the service ${namespace}/${name}`);
    findings.must(path === '/' || /^(?:\/[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)+\/?$/.test(path), `${where} has the path ${path}`);
    findings.must(isPort(port), `${where} has the port ${port}`);
  }
  findings.must(caBundle === undefined || isBundle(caBundle), `${where} has a caBundle that is none`);
}

/** Certificates of PEM in base64. */
function isBundle(text: string): boolean {
  const pem = Buffer.from(text, 'base64').toString();
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    certificates.forEach(certificate => new X509Certificate(certificate));
    return certificates.length > 0;
  } catch {
    return false;
  }
}

/** A duration as Go has it, in seconds. */
function seconds(text: string): number {
  const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? [];
  return [3600, 60, 1].reduce((sum, unit, index) => sum + unit * Number(parts[index + 1] ?? 0), 0);
}

/** https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.CertificateSpec */
function checkCertificate(findings: Findings, { spec }: any): void {
  const { secretName, issuerRef, privateKey, duration, renewBefore, dnsNames = [], commonName } = spec;
  findings.mustKnow('spec', spec, 'commonName', 'dnsNames', 'duration', 'isCA', 'issuerRef', 'privateKey', 'renewBefore', 'secretName', 'usages');
  findings.must(isSubdomain(secretName ?? ''), `spec.secretName ${secretName} is no DNS subdomain`);
  findings.must(issuerRef?.group === 'cert-manager.io' && issuerRef.kind === 'Issuer' && isSubdomain(issuerRef.name), 'spec.issuerRef names no Issuer');
  findings.must(dnsNames.length > 0 || (commonName ?? '') !== '', 'spec names nobody');
  findings.must((commonName ?? '').length <= 64, 'spec.commonName is longer than 64 characters');
  findings.must(dnsNames.every(isSubdomain), `spec.dnsNames has ${dnsNames}`);
  findings.must(privateKey === undefined || privateKey.algorithm === 'ECDSA' && [256, 384, 521].includes(privateKey.size) && ['Always', 'Never'].includes(privateKey.rotationPolicy),
    `spec.privateKey is ${JSON.stringify(privateKey)}`);
  findings.must(duration === undefined || seconds(duration) >= 3600, `spec.duration is ${duration}`);
  findings.must(renewBefore === undefined || seconds(renewBefore) >= 300 && seconds(renewBefore) < seconds(duration ?? '2160h'), `spec.renewBefore is ${renewBefore} of ${duration}`);
}

/** https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.IssuerSpec */
function checkIssuer(findings: Findings, { spec }: any): void {
  findings.mustKnow('spec', spec, 'ca', 'selfSigned');
  findings.must(Object.keys(spec).length === 1, `spec has ${Object.keys(spec).length} kinds of issuers`);
  findings.must(spec.ca === undefined || isSubdomain(spec.ca.secretName ?? ''), 'spec.ca names no Secret');
}

/** What may not change once an object is there. */
const FIXED: Readonly<Record<string, readonly string[]>> = {
  DaemonSet: ['selector'], Deployment: ['selector'], Job: ['completions', 'selector', 'template'], StatefulSet: ['podManagementPolicy', 'selector', 'serviceName'],
};

/**
 * What the API server refuses of a change of one object.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/configmap/#configmap-immutable
 */
export function changeErrors(old: ApiObject, now: ApiObject): string[] {
  const findings = new Findings();
  if (old.immutable === true) {
    findings.must(now.immutable === true, 'immutable cannot be taken back');
    for (const field of ['data', 'binaryData']) {
      findings.must(JSON.stringify(old[field]) === JSON.stringify(now[field]), `${field} is immutable`);
    }
  }
  for (const field of FIXED[now.kind] ?? []) {
    findings.must(JSON.stringify(old.spec?.[field]) === JSON.stringify(now.spec?.[field]), `spec.${field} is immutable`);
  }
  return findings.texts;
}
