import {
  isDataKey, isLabel, isPathInVolume, isPort, isPortName, isQualified, isSubdomain, isVariable, quantity, repeated,
} from './forms';
import { checkLabels, checkSelector, Findings } from './rules';

/** What an owner lets its pods do when their containers end. */
export type Restarts = readonly string[];

export const ANY_RESTART: Restarts = ['Always', 'OnFailure', 'Never'];

const PODS = [
  'activeDeadlineSeconds', 'automountServiceAccountToken', 'containers', 'dnsPolicy', 'enableServiceLinks', 'hostIPC', 'hostNetwork', 'hostPID', 'imagePullSecrets',
  'initContainers', 'nodeSelector', 'os', 'priorityClassName', 'restartPolicy', 'securityContext', 'serviceAccountName', 'shareProcessNamespace',
  'terminationGracePeriodSeconds', 'tolerations', 'topologySpreadConstraints', 'volumes',
];

/**
 * What the API server refuses of a pod, or of the template of pods.
 *
 * @param restarts the policies that its owner lets it have
 * @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
 */
export function checkPod(findings: Findings, path: string, spec: any, restarts: Restarts): void {
  const { volumes = [], containers, initContainers = [] } = spec;
  findings.mustKnow(path, spec, ...PODS);
  // Pods restart where nothing is said, which those of a Job must not.
  const restartPolicy = spec.restartPolicy ?? 'Always';
  findings.must(restarts.includes(restartPolicy), `${path}.restartPolicy is ${restartPolicy}, and not ${restarts.join(' or ')}`);
  findings.mustBeOneOf(`${path}.os.name`, spec.os?.name, 'linux', 'windows');
  findings.mustBeFrom(`${path}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, 1);
  findings.mustBeFrom(`${path}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds, 0);
  findings.must(spec.hostPID !== true || spec.shareProcessNamespace !== true, `${path} has hostPID and shareProcessNamespace`);
  for (const field of ['serviceAccountName', 'priorityClassName']) {
    findings.must(spec[field] === undefined || isSubdomain(spec[field]), `${path}.${field} ${spec[field]} is no DNS subdomain`);
  }
  checkLabels(findings, `${path}.nodeSelector`, spec.nodeSelector);
  checkTolerations(findings, path, spec.tolerations ?? []);
  checkSpread(findings, path, spec.topologySpreadConstraints ?? []);
  checkPodSecurity(findings, `${path}.securityContext`, spec.securityContext);
  checkVolumes(findings, path, volumes);

  const all: readonly any[] = [...initContainers, ...containers];
  findings.must(containers.length > 0, `${path}.containers is empty`);
  repeated(all.map(({ name }) => name)).forEach(name => findings.must(false, `container ${name} is there twice`));
  containers.forEach((container: any) => checkContainer(findings, container, spec));
  for (const container of initContainers) {
    checkContainer(findings, container, spec);
    const probes = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'].filter(field => container[field] !== undefined);
    findings.must(probes.length === 0, `container ${container.name} runs before the others, and has ${probes.join(', ')}`);
  }
  const ports: readonly any[] = all.flatMap(container => container.ports ?? []);
  repeated(ports.flatMap(({ name }) => name ?? [])).forEach(name => findings.must(false, `port ${name} is there twice`));
  repeated(ports.flatMap(({ hostPort, protocol = 'TCP' }) => hostPort === undefined ? [] : `${protocol} ${hostPort}`)).forEach(port => findings.must(false, `hostPort ${port} is there twice`));
  findings.must(spec.hostNetwork !== true || ports.every(({ hostPort, containerPort }) => hostPort === undefined || hostPort === containerPort),
    `${path} has the host's network, and a hostPort that is not the containerPort`);
}

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
function checkTolerations(findings: Findings, path: string, tolerations: readonly any[]): void {
  for (const { key, operator = 'Equal', value, effect, tolerationSeconds } of tolerations) {
    findings.must(key === undefined ? operator === 'Exists' : isQualified(key), `${path}.tolerations has a bad key ${key}`);
    findings.must(operator !== 'Exists' || (value ?? '') === '', `${path}.tolerations has a value for Exists`);
    findings.must(tolerationSeconds === undefined || effect === 'NoExecute', `${path}.tolerations has tolerationSeconds for ${effect}`);
  }
}

/** https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */
function checkSpread(findings: Findings, path: string, constraints: readonly any[]): void {
  for (const { maxSkew, topologyKey, whenUnsatisfiable, labelSelector, ...others } of constraints) {
    findings.mustKnow(`${path}.topologySpreadConstraints`, others);
    findings.mustBeFrom(`${path}.topologySpreadConstraints.maxSkew`, maxSkew, 1);
    findings.must(isQualified(topologyKey), `${path}.topologySpreadConstraints has a bad key ${topologyKey}`);
    checkSelector(findings, `${path}.topologySpreadConstraints.labelSelector`, labelSelector ?? {});
  }
  repeated(constraints.map(({ topologyKey, whenUnsatisfiable }) => `${topologyKey} ${whenUnsatisfiable}`))
    .forEach(pair => findings.must(false, `${path}.topologySpreadConstraints has ${pair} twice`));
}

const IDS = ['runAsUser', 'runAsGroup', 'fsGroup'];

function checkSeccomp(findings: Findings, path: string, { type, localhostProfile }: any = {}): void {
  findings.must((type === 'Localhost') === (localhostProfile !== undefined), `${path}.seccompProfile of ${type} has ${localhostProfile === undefined ? 'no' : 'a'} localhostProfile`);
}

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#security-context; ids are those of Linux, which has 31 bits of them. */
function checkPodSecurity(findings: Findings, path: string, security: any): void {
  findings.mustKnow(path, security, ...IDS, 'fsGroupChangePolicy', 'runAsNonRoot', 'seccompProfile', 'supplementalGroups');
  IDS.forEach(id => findings.mustBeFrom(`${path}.${id}`, security?.[id], 0));
  (security?.supplementalGroups ?? []).forEach((group: unknown) => findings.mustBeFrom(`${path}.supplementalGroups`, group, 0));
  checkSeccomp(findings, path, security?.seccompProfile);
}

/** What kinds of volumes there are rules for here, and for what is in them. https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume/ */
const SOURCES: Readonly<Record<string, (findings: Findings, where: string, source: any) => void>> = {
  configMap: (findings, where, { name, items, defaultMode, ...others }) => {
    findings.mustKnow(`${where}.configMap`, others, 'optional');
    findings.must((name ?? '') !== '', `${where} names no ConfigMap`);
    checkMode(findings, where, defaultMode);
    checkItems(findings, where, items);
  },
  emptyDir: (findings, where, { medium = '', sizeLimit }) => {
    findings.must(['', 'Memory'].includes(medium) || /^HugePages(?:-|$)/.test(medium), `${where} has the medium ${medium}`);
    findings.must(sizeLimit === undefined || (quantity(sizeLimit) ?? -1) >= 0, `${where} has the sizeLimit ${sizeLimit}`);
  },
  projected: (findings, where, { sources = [], defaultMode }) => {
    checkMode(findings, where, defaultMode);
    for (const source of sources) {
      findings.mustKnow(`${where}.projected.sources`, source, 'serviceAccountToken', 'configMap', 'secret');
      const { serviceAccountToken: token, configMap, secret } = source;
      findings.must(Object.keys(source).length === 1, `${where} has ${Object.keys(source).length} sources in one: ${Object.keys(source).join(', ')}`);
      [configMap, secret].filter(of => of !== undefined).forEach(of => {
        findings.must((of.name ?? '') !== '', `${where} names no ConfigMap or Secret`);
        checkItems(findings, where, of.items);
      });
      if (token !== undefined) {
        // https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken
        findings.must((token.expirationSeconds ?? 3600) >= 600, `${where} has a token that lives less than 600 s`);
        findings.must((token.expirationSeconds ?? 3600) <= 2 ** 32, `${where} has a token that lives more than 2^32 s`);
        findings.must(isPathInVolume(token.path), `${where} has the path ${token.path}`);
      }
    }
    const files = sources.flatMap((of: any) => [of.serviceAccountToken ?? [], of.configMap?.items ?? [], of.secret?.items ?? []].flat());
    const paths = files.map(({ path }: any) => path);
    repeated(paths).forEach(path => findings.must(false, `${where} has the path ${String(path)} twice`));
  },
  secret: (findings, where, { secretName, items, defaultMode, ...others }) => {
    findings.mustKnow(`${where}.secret`, others, 'optional');
    findings.must((secretName ?? '') !== '', `${where} names no Secret`);
    checkMode(findings, where, defaultMode);
    checkItems(findings, where, items);
  },
};

function checkMode(findings: Findings, where: string, mode: number | undefined): void {
  findings.must(mode === undefined || mode >= 0 && mode <= 0o777, `${where} has the mode ${mode}, and not 0 to 511`);
}

function checkItems(findings: Findings, where: string, items: readonly any[] = []): void {
  for (const { key, path, mode } of items) {
    findings.must(isDataKey(key), `${where} has the key ${key}`);
    findings.must(isPathInVolume(path), `${where} has the path ${path}`);
    checkMode(findings, where, mode);
  }
}

function checkVolumes(findings: Findings, path: string, volumes: readonly any[]): void {
  repeated(volumes.map(({ name }) => name)).forEach(name => findings.must(false, `volume ${String(name)} is there twice`));
  for (const { name, ...sources } of volumes) {
    const kinds = Object.keys(sources);
    findings.must(isLabel(name), `volume ${name} is no DNS label`);
    findings.must(kinds.length === 1, `volume ${name} has ${kinds.length} sources${kinds.length === 0 ? '' : `: ${kinds.join(', ')}`}`);
    findings.mustKnow(`${path}.volumes`, sources, ...Object.keys(SOURCES));
    kinds.forEach(kind => SOURCES[kind]?.(findings, `volume ${name}`, sources[kind]));
  }
}

const CONTAINERS = [
  'args', 'command', 'env', 'envFrom', 'image', 'imagePullPolicy', 'lifecycle', 'livenessProbe', 'name', 'ports', 'readinessProbe', 'resources', 'securityContext', 'startupProbe',
  'terminationMessagePath', 'terminationMessagePolicy', 'volumeMounts', 'workingDir',
];

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Container */
function checkContainer(findings: Findings, container: any, pod: any): void {
  const { name, image, volumeMounts = [], ports = [], resources, securityContext } = container;
  const where = `container ${name}`;
  findings.mustKnow(where, container, ...CONTAINERS);
  findings.must(isLabel(name), `${where} is no DNS label`);
  findings.must(typeof image === 'string' && image !== '' && image.trim() === image, `${where} has the image ${JSON.stringify(image)}`);
  checkEnvironment(findings, where, container);
  for (const { name: volume, mountPath, subPath, ...others } of volumeMounts) {
    findings.mustKnow(`${where}.volumeMounts`, others, 'readOnly');
    findings.must((pod.volumes ?? []).some((one: any) => one.name === volume), `${where} mounts the volume ${volume}, which is not there`);
    // A drive of Windows has a colon, and nothing else may.
    findings.must(mountPath !== '' && !mountPath.replace(/^[A-Za-z]:(?=[/\\])/, '').includes(':'), `${where} mounts at ${JSON.stringify(mountPath)}`);
    findings.must(subPath === undefined || isPathInVolume(subPath), `${where} mounts the path ${subPath}`);
  }
  repeated(volumeMounts.map(({ mountPath }: any) => mountPath)).forEach(path => findings.must(false, `${where} mounts ${String(path)} twice`));
  for (const port of ports) {
    findings.must(isPort(port.containerPort), `${where} has the containerPort ${port.containerPort}`);
    findings.must(port.hostPort === undefined || isPort(port.hostPort), `${where} has the hostPort ${port.hostPort}`);
    findings.must(port.name === undefined || isPortName(port.name), `${where} has a port named ${port.name}`);
  }
  checkResources(findings, where, resources);
  checkContainerSecurity(findings, where, securityContext, pod.securityContext);
  ['livenessProbe', 'readinessProbe', 'startupProbe'].forEach(probe => checkProbe(findings, `${where}.${probe}`, container[probe], probe !== 'readinessProbe'));
}

const ENV_SOURCES = ['configMapKeyRef', 'fieldRef', 'resourceFieldRef', 'secretKeyRef'];

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables; the last of two of one name would count. */
function checkEnvironment(findings: Findings, where: string, { env = [], envFrom = [] }: any): void {
  repeated(env.map(({ name }: any) => name)).forEach(name => findings.must(false, `${where} has the variable ${String(name)} twice`));
  for (const { name, value, valueFrom } of env) {
    findings.must(isVariable(name), `${where} has the variable ${name}`);
    findings.must(valueFrom === undefined || (value ?? '') === '', `${where} has a value and a valueFrom for ${name}`);
    findings.must(valueFrom === undefined || Object.keys(valueFrom).length === 1, `${where} has ${Object.keys(valueFrom ?? {}).length} sources for ${name}`);
    findings.mustKnow(`${where}.env.${name}.valueFrom`, valueFrom, ...ENV_SOURCES);
    [valueFrom?.configMapKeyRef, valueFrom?.secretKeyRef].filter(of => of !== undefined).forEach(of => {
      findings.must((of.name ?? '') !== '' && isDataKey(of.key), `${where} has a bad reference for ${name}`);
    });
    findings.must(valueFrom?.fieldRef === undefined || isFieldOfPod(valueFrom.fieldRef.fieldPath), `${where} has the field ${valueFrom?.fieldRef?.fieldPath} for ${name}`);
  }
  for (const { prefix, ...sources } of envFrom) {
    findings.must(prefix === undefined || isVariable(prefix), `${where}.envFrom has the prefix ${prefix}`);
    findings.must(Object.keys(sources).length === 1, `${where}.envFrom has ${Object.keys(sources).length} sources`);
  }
}

/** https://kubernetes.io/docs/concepts/workloads/pods/downward-api/#available-fields */
const isFieldOfPod = (path: string) => ['metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.hostIPs',
  'status.podIP', 'status.podIPs'].includes(path) || /^metadata\.(?:labels|annotations)\['[^']+'\]$/.test(path);

/** https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ */
function checkResources(findings: Findings, where: string, { requests = {}, limits = {}, ...others }: any = {}): void {
  findings.mustKnow(`${where}.resources`, others);
  for (const [kind, amounts] of [['requests', requests], ['limits', limits]] as const) {
    for (const [name, amount] of Object.entries<string>(amounts)) {
      findings.must(['cpu', 'memory', 'ephemeral-storage'].includes(name) || name.includes('/') && isQualified(name), `${where} ${kind} ${name}, which is no resource`);
      const value = quantity(amount);
      findings.must(value !== undefined && value >= 0, `${where} ${kind} ${amount} of ${name}`);
      findings.must(name !== 'cpu' || value === undefined || Math.abs(value * 1000 - Math.round(value * 1000)) < 1e-6, `${where} ${kind} ${amount} of ${name}, which is finer than 1m`);
    }
  }
  for (const [name, amount] of Object.entries<string>(requests)) {
    const limit = limits[name];
    findings.must(limit === undefined || !((quantity(amount) ?? 0) > (quantity(limit) ?? 0)), `${where} requests ${amount} of ${name}, more than its limit ${limit}`);
  }
}

/** https://kubernetes.io/docs/tasks/configure-pod-container/security-context/ */
function checkContainerSecurity(findings: Findings, where: string, security: any, ofPod: any): void {
  findings.mustKnow(`${where}.securityContext`, security, 'allowPrivilegeEscalation', 'capabilities', 'privileged', 'readOnlyRootFilesystem', 'runAsGroup', 'runAsNonRoot', 'runAsUser', 'seccompProfile');
  ['runAsUser', 'runAsGroup'].forEach(id => findings.mustBeFrom(`${where}.securityContext.${id}`, security?.[id], 0));
  checkSeccomp(findings, `${where}.securityContext`, security?.seccompProfile);
  const privileges = [security?.privileged === true ? 'privileged' : [], (security?.capabilities?.add ?? []).filter((name: string) => /^(?:CAP_)?SYS_ADMIN$/.test(name))].flat();
  findings.must(security?.allowPrivilegeEscalation !== false || privileges.length === 0, `${where} is ${privileges.join(', ')}, and may not escalate`);
  // The kubelet refuses to start it.
  const [user, nonRoot] = [security?.runAsUser ?? ofPod?.runAsUser, security?.runAsNonRoot ?? ofPod?.runAsNonRoot];
  findings.must(user !== 0 || nonRoot !== true, `${where} runs as root, and must not`);
}

/** https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/ */
function checkProbe(findings: Findings, where: string, probe: any, succeedsOnce: boolean): void {
  if (probe === undefined) {
    return;
  }
  const handlers = ['exec', 'grpc', 'httpGet', 'tcpSocket'].filter(kind => probe[kind] !== undefined);
  findings.must(handlers.length === 1, `${where} has ${handlers.length} handlers`);
  ['periodSeconds', 'timeoutSeconds', 'successThreshold', 'failureThreshold'].forEach(field => findings.mustBeFrom(`${where}.${field}`, probe[field], 1));
  findings.mustBeFrom(`${where}.initialDelaySeconds`, probe.initialDelaySeconds, 0);
  findings.must(!succeedsOnce || (probe.successThreshold ?? 1) === 1, `${where}.successThreshold is ${probe.successThreshold}, and not 1`);
  for (const { port } of [probe.httpGet, probe.tcpSocket, probe.grpc].filter(handler => handler !== undefined)) {
    findings.must(typeof port === 'string' ? isPortName(port) : isPort(port), `${where} asks the port ${port}`);
  }
}
