import { ApiObject } from './api-objects';

const NAMED = { name: 'reader', namespace: 'reports' };
const LABELS = { app: 'reader' };
const POD_SPEC = { containers: [{ name: 'main', image: 'reader:1' }] };

/** Objects as good as any, by their kinds. */
export const GOOD = {
  ClusterRole: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'system:reader' }, rules: [{ apiGroups: [''], resources: ['serviceaccounts'], verbs: ['get'] }] },
  ClusterRoleBinding: {
    apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'system:reader' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:reader' }, subjects: [{ kind: 'ServiceAccount', ...NAMED }],
  },
  ConfigMap: { apiVersion: 'v1', kind: 'ConfigMap', metadata: NAMED, data: { 'aws-config': '[default]' } },
  CronJob: {
    apiVersion: 'batch/v1', kind: 'CronJob', metadata: NAMED,
    spec: { schedule: '*/15 0-6,22 1 jan-mar mon', timeZone: 'Europe/Berlin', jobTemplate: { spec: { template: { spec: { ...POD_SPEC, restartPolicy: 'OnFailure' } } } } },
  },
  DaemonSet: { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: NAMED, spec: { selector: { matchLabels: LABELS }, template: { metadata: { labels: LABELS }, spec: POD_SPEC } } },
  Deployment: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: NAMED, spec: { selector: { matchLabels: LABELS }, template: { metadata: { labels: LABELS }, spec: POD_SPEC } } },
  Job: { apiVersion: 'batch/v1', kind: 'Job', metadata: NAMED, spec: { template: { spec: { ...POD_SPEC, restartPolicy: 'Never' } } } },
  MutatingWebhookConfiguration: {
    apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: { name: 'reader' },
    webhooks: [{
      name: 'reader.acme.example', admissionReviewVersions: ['v1'], sideEffects: 'None', matchPolicy: 'Equivalent', clientConfig: { service: { name: 'reader', namespace: 'reports', path: '/pods' } },
      rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
    }],
  },
  Namespace: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'reports' } },
  Pod: { apiVersion: 'v1', kind: 'Pod', metadata: NAMED, spec: POD_SPEC },
  PodDisruptionBudget: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: NAMED, spec: { maxUnavailable: '50%', selector: { matchLabels: LABELS } } },
  ReplicationController: { apiVersion: 'v1', kind: 'ReplicationController', metadata: NAMED, spec: { selector: LABELS, template: { metadata: { labels: LABELS }, spec: POD_SPEC } } },
  Secret: { apiVersion: 'v1', kind: 'Secret', metadata: NAMED, type: 'kubernetes.io/tls', data: { 'tls.crt': 'Yw==', 'tls.key': 'aw==' } },
  Service: { apiVersion: 'v1', kind: 'Service', metadata: NAMED, spec: { selector: LABELS, ports: [{ port: 443, targetPort: 'https' }] } },
  ServiceAccount: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: NAMED },
  StatefulSet: { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: NAMED, spec: { serviceName: 'reader', selector: { matchLabels: LABELS }, template: { metadata: { labels: LABELS }, spec: POD_SPEC } } },
  Certificate: {
    apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: NAMED,
    spec: { secretName: 'reader-tls', dnsNames: ['reader.reports.svc'], issuerRef: { group: 'cert-manager.io', kind: 'Issuer', name: 'reader' }, duration: '8760h0m0s', renewBefore: '24h0m0s' },
  },
  Issuer: { apiVersion: 'cert-manager.io/v1', kind: 'Issuer', metadata: NAMED, spec: { selfSigned: {} } },
} satisfies Record<string, ApiObject>;

type GoodKind = keyof typeof GOOD;

/** An object that is good but for its name. */
const called = (kind: GoodKind, name: string): ApiObject => ({ ...GOOD[kind], metadata: { ...GOOD[kind].metadata, name } });
/** An object that is good but for fields. */
const but = (kind: GoodKind, fields: object): ApiObject => ({ ...GOOD[kind], ...fields });
/** An object that is good but for fields of its specification. */
const spec = (kind: 'CronJob' | 'DaemonSet' | 'Deployment' | 'Job' | 'Pod' | 'PodDisruptionBudget' | 'ReplicationController' | 'Service' | 'StatefulSet' | 'Certificate' | 'Issuer', fields: object): ApiObject =>
  ({ ...GOOD[kind], spec: { ...GOOD[kind].spec, ...fields } });
const pod = (fields: object, metadata: object = {}): ApiObject =>
  ({ ...GOOD.Pod, metadata: { ...NAMED, ...metadata }, spec: { ...POD_SPEC, ...fields } });
/** A pod whose container is good but for fields. */
const container = (fields: object, others: object = {}): ApiObject => pod({ containers: [{ name: 'main', image: 'reader:1', ...fields }], ...others });
const env = (...variables: object[]): ApiObject => container({ env: variables });
/** A pod with one volume. */
const volume = (source: object): ApiObject => pod({ volumes: [{ name: 'tokens', ...source }] });
const projected = (...sources: object[]): ApiObject => volume({ projected: { sources } });
const probe = (fields: object): ApiObject => container({ livenessProbe: fields });
/** A webhook that is good but for fields. */
const webhook = (...more: object[]): ApiObject => but('MutatingWebhookConfiguration', { webhooks: more.map(fields => ({ ...GOOD.MutatingWebhookConfiguration.webhooks[0], ...fields })) });
const rule = (fields: object): ApiObject => webhook({ rules: [{ ...GOOD.MutatingWebhookConfiguration.webhooks[0]!.rules[0], ...fields }] });
const client = (clientConfig: object): ApiObject => webhook({ clientConfig });
const inTemplate = (kind: 'Deployment' | 'Job', fields: object): ApiObject =>
  spec(kind, { template: { metadata: { labels: LABELS }, spec: { ...GOOD[kind].spec.template.spec, ...fields } } });

const long = (length: number) => 'a'.repeat(length);

/** Objects that are good to the last character. */
export const EDGES: readonly (readonly [what: string, object: ApiObject])[] = [
  ['a ConfigMap of 253 characters', called('ConfigMap', `${long(126)}.${long(126)}`)],
  ['a Job of 63 characters', called('Job', long(63))],
  ['a CronJob of 52 characters', called('CronJob', long(52))],
  ['a StatefulSet of 52 characters', called('StatefulSet', long(52))],
  ['a Service of 63 characters', called('Service', long(63))],
  ['a ServiceAccount with dots', called('ServiceAccount', 'a.1-b.c')],
  ['a label of 63 characters, and one of none', pod({}, { labels: { [`acme.example/${long(63)}`]: long(63), b: '' } })],
  ['an annotation with capitals', pod({}, { annotations: { 'Acme.example/A_b': '"{}"' } })],
  ['annotations of 256 KiB', pod({}, { annotations: { a: long(256 * 1024 - 1) } })],
  ['a key of 253 characters, and one that begins with a dot', but('ConfigMap', { data: { [long(253)]: '', '.a': '' } })],
  ['data of 1 MiB', but('ConfigMap', { data: { a: long(1024 * 1024) } })],
  ['ids from none to the largest', container({ securityContext: { runAsUser: 2 ** 31 - 1 } }, { securityContext: { runAsUser: 0, fsGroup: 0 } })],
  ['requests as large as limits', container({ resources: { requests: { cpu: '0.1', memory: '1Gi' }, limits: { cpu: '100m', memory: '1024Mi' } } })],
  ['a value of a field', env({ name: 'POD', value: '', valueFrom: { fieldRef: { fieldPath: 'metadata.labels[\'app\']' } } }, { name: '_a.B-1' })],
  ['a token of ten minutes in a folder', projected({ serviceAccountToken: { path: 'aws/token', expirationSeconds: 600 } }, { configMap: { name: 'a', items: [{ key: 'a', path: 'a..b', mode: 0o777 }] } })],
  ['an expression that selects', spec('Deployment', { selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['reader'] }, { key: 'b', operator: 'DoesNotExist' }] } })],
  ...['@hourly', '0 0 1 1 0', '59 23 31 DEC SAT', '*/59 ? * * sun-sat', '0-30/10,45 * * * *'].map((schedule): [string, ApiObject] => [`the schedule ${schedule}`, spec('CronJob', { schedule })]),
  ['a mount at a drive', container({ volumeMounts: [{ name: 'a', mountPath: 'C:/a' }] }, { volumes: [{ name: 'a', emptyDir: {} }] })],
  ['ports with names', spec('Service', { ports: [{ name: 'a', port: 1, protocol: 'TCP' }, { name: 'b', port: 1, protocol: 'UDP', targetPort: 65535 }] })],
  ['a webhook at a URL', client({ url: 'https://acme.example:8443/pods' })],
  ['a user', but('ClusterRoleBinding', { subjects: [{ kind: 'User', name: 'alice@acme.example', apiGroup: 'rbac.authorization.k8s.io' }] })],
];

/** Objects that Kubernetes refuses, and what is said of each. */
export const BAD_OBJECTS: readonly (readonly [what: string, object: ApiObject, ...errors: string[]])[] = [
  // Form.
  ['a field that there is not', pod({ serviceAcountName: 'reader' }), 'Pod reports/reader: spec.serviceAcountName is no field'],
  ['a field of Terraform\'s', container({ volume_mount: [] }), 'Pod reports/reader: spec.containers.0.volume_mount is no field'],
  ['a field that is missing', pod({ containers: [{ image: 'reader:1' }] }), 'Pod reports/reader: data/spec/containers/0 must have required property name'],
  ['a text for a number', pod({ securityContext: { fsGroup: '65532' } }), 'Pod reports/reader: data/spec/securityContext/fsGroup must be integer'],
  ['a number for a text', env({ name: 'REGION', value: 1 }), 'Pod reports/reader: data/spec/containers/0/env/0/value must be string'],
  ['a list for an object', volume({ projected: [{ sources: [] }] }), 'Pod reports/reader: data/spec/volumes/0/projected must be object'],
  ['an octal mode that is none', volume({ emptyDir: {}, projected: { defaultMode: '0888', sources: [] } }), 'Pod reports/reader: data/spec/volumes/0/projected/defaultMode must be integer'],
  ['a kind that nobody knows', but('Pod', { kind: 'Ingress' }), 'Ingress reports/reader: there are no rules for Ingress of v1 here'],
  ['a kind of another version', but('Deployment', { apiVersion: 'apps/v1beta1' }), 'Deployment reports/reader: there are no rules for Deployment of apps/v1beta1 here'],
  ['a field of which there is no rule', pod({ nodeName: 'a' }), 'Pod reports/reader: spec.nodeName has no rule here'],

  // Names.
  ['no name', but('Pod', { metadata: { namespace: 'reports' } }), 'Pod reports/undefined: metadata.name undefined is no DNS subdomain'],
  ['a name in capitals', called('Pod', 'Reader'), 'Pod reports/Reader: metadata.name Reader is no DNS subdomain'],
  ['a name of 254 characters', called('ConfigMap', long(254)), `ConfigMap reports/${long(254)}: metadata.name ${long(254)} is no DNS subdomain`],
  ['a name with an empty label', called('ServiceAccount', 'a..b'), 'ServiceAccount reports/a..b: metadata.name a..b is no DNS subdomain'],
  ['a name that ends in a hyphen', called('Secret', 'a-'), 'Secret reports/a-: metadata.name a- is no DNS subdomain'],
  ['a namespace with a dot', pod({}, { namespace: 'a.b' }), 'Pod a.b/reader: metadata.namespace a.b is no DNS label'],
  ['no namespace', but('Deployment', { metadata: { name: 'reader' } }), 'Deployment reader: metadata.namespace is missing'],
  ['a namespace of what has none', but('ClusterRole', { metadata: NAMED }), 'ClusterRole reports/reader: metadata.namespace is reports, and there is none'],
  ['a Namespace with a dot', called('Namespace', 'a.b'), 'Namespace a.b: metadata.name a.b is no DNS label'],
  ['a Namespace of 64 characters', called('Namespace', long(64)), `Namespace ${long(64)}: metadata.name ${long(64)} is no DNS label`],
  ['a Service with a dot', called('Service', 'a.b'), 'Service reports/a.b: metadata.name a.b is no DNS label of RFC 1035'],
  ['a Service that begins with a digit', called('Service', '1b'), 'Service reports/1b: metadata.name 1b is no DNS label of RFC 1035'],
  ['a Job of 64 characters', called('Job', long(64)), `Job reports/${long(64)}: metadata.name ${long(64)} is no DNS subdomain of at most 63 characters`],
  ['a CronJob of 53 characters', called('CronJob', long(53)), `CronJob reports/${long(53)}: metadata.name ${long(53)} is no DNS subdomain of at most 52 characters`],
  ['a StatefulSet of 53 characters', called('StatefulSet', long(53)), `StatefulSet reports/${long(53)}: metadata.name ${long(53)} is no DNS label of at most 52 characters`],
  ['a StatefulSet with a dot', called('StatefulSet', 'a.b'), 'StatefulSet reports/a.b: metadata.name a.b is no DNS label of at most 52 characters'],
  ['a ClusterRole with a slash', called('ClusterRole', 'a/b'), 'ClusterRole a/b: metadata.name a/b is no path segment'],
  ['a ClusterRoleBinding of two dots', called('ClusterRoleBinding', '..'), 'ClusterRoleBinding ..: metadata.name .. is no path segment'],

  // Labels and annotations.
  ['a label that is too long', pod({}, { labels: { app: long(64) } }), `Pod reports/reader: metadata.labels has app=${long(64)}, which has a bad form`],
  ['a label with a blank', pod({}, { labels: { app: 'a b' } }), 'Pod reports/reader: metadata.labels has app=a b, which has a bad form'],
  ['a label\'s name of 64 characters', pod({}, { labels: { [`acme.example/${long(64)}`]: '' } }), `Pod reports/reader: metadata.labels has acme.example/${long(64)}=, which has a bad form`],
  ['a label\'s prefix in capitals', pod({}, { labels: { 'Acme/app': '' } }), 'Pod reports/reader: metadata.labels has Acme/app=, which has a bad form'],
  ['a label without a name', pod({}, { labels: { 'acme.example/': '' } }), 'Pod reports/reader: metadata.labels has acme.example/=, which has a bad form'],
  ['a label of a template', spec('Job', { template: { ...GOOD.Job.spec.template, metadata: { labels: { app: '-' } } } }), 'Job reports/reader: spec.template.metadata.labels has app=-, which has a bad form'],
  ['an annotation with two slashes', pod({}, { annotations: { 'a/b/c': '' } }), 'Pod reports/reader: metadata.annotations has the key a/b/c'],
  ['annotations of more than 256 KiB', pod({}, { annotations: { a: long(128 * 1024), b: long(128 * 1024) } }), 'Pod reports/reader: metadata.annotations is longer than 256 KiB'],

  // Data.
  ['a key with a slash', but('ConfigMap', { data: { 'aws/config': '' } }), 'ConfigMap reports/reader: data has the key aws/config'],
  ['a key that begins with two dots', but('ConfigMap', { data: { '..a': '' } }), 'ConfigMap reports/reader: data has the key ..a'],
  ['a key of 254 characters', but('ConfigMap', { data: { [long(254)]: '' } }), `ConfigMap reports/reader: data has the key ${long(254)}`],
  ['a key twice', but('ConfigMap', { binaryData: { 'aws-config': 'YQ==' } }), 'ConfigMap reports/reader: data has the key aws-config, and binaryData too'],
  ['data of more than 1 MiB', but('ConfigMap', { data: { a: long(1024 * 1024), b: 'b' } }), 'ConfigMap reports/reader: data is longer than 1 MiB'],
  ['a certificate without its key', but('Secret', { data: { 'tls.crt': 'Yw==' } }), 'Secret reports/reader: data has no tls.key'],
  ['a token that does not expire', but('ServiceAccount', { secrets: [{ name: 'reader-token' }] }), 'ServiceAccount reports/reader: secrets has tokens that do not expire'],

  // Pods.
  ['no container', pod({ containers: [] }), 'Pod reports/reader: spec.containers is empty'],
  ['a pod without a specification', but('Pod', { spec: undefined }), 'Pod reports/reader: spec.containers is empty'],
  ['a service account in capitals', pod({ serviceAccountName: 'A_B' }), 'Pod reports/reader: spec.serviceAccountName A_B is no DNS subdomain'],
  ['a selector of nodes with a bad key', pod({ nodeSelector: { 'a b': 'c' } }), 'Pod reports/reader: spec.nodeSelector has a b=c, which has a bad form'],
  ['a selector of nodes with a bad value', pod({ nodeSelector: { a: 'b/c' } }), 'Pod reports/reader: spec.nodeSelector has a=b/c, which has a bad form'],
  ['a user below none', pod({ securityContext: { runAsUser: -1 } }), 'Pod reports/reader: spec.securityContext.runAsUser is -1, and not 0 to 2147483647'],
  ['a group that is too large', pod({ securityContext: { fsGroup: 2 ** 31 } }), 'Pod reports/reader: spec.securityContext.fsGroup is 2147483648, and not 0 to 2147483647'],
  ['a supplemental group below none', pod({ securityContext: { supplementalGroups: [-1] } }), 'Pod reports/reader: spec.securityContext.supplementalGroups is -1, and not 0 to 2147483647'],
  ['a container\'s user below none', container({ securityContext: { runAsUser: -1 } }), 'Pod reports/reader: container main.securityContext.runAsUser is -1, and not 0 to 2147483647'],
  ['root that must not be', container({ securityContext: { runAsUser: 0 } }, { securityContext: { runAsNonRoot: true } }), 'Pod reports/reader: container main runs as root, and must not'],
  ['privileges without escalation', container({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }), 'Pod reports/reader: container main is privileged, and may not escalate'],
  ['a profile of nowhere', pod({ securityContext: { seccompProfile: { type: 'Localhost' } } }), 'Pod reports/reader: spec.securityContext.seccompProfile of Localhost has no localhostProfile'],
  ['a system that there is not', pod({ os: { name: 'plan9' } }), 'Pod reports/reader: spec.os.name is plan9, and not linux or windows'],
  ['an end that there is not', pod({ restartPolicy: 'Sometimes' }), 'Pod reports/reader: data/spec/restartPolicy must be equal to one of the allowed values'],
  ['no time to live', pod({ activeDeadlineSeconds: 0 }), 'Pod reports/reader: spec.activeDeadlineSeconds is 0, and not 1 to 2147483647'],
  ['a toleration of a value that exists', pod({ tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] }), 'Pod reports/reader: spec.tolerations has a value for Exists'],
  ['a spread of nothing', pod({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }] }),
    'Pod reports/reader: spec.topologySpreadConstraints.maxSkew is 0, and not 1 to 2147483647'],
  ['a spread that is there twice', pod({ topologySpreadConstraints: [1, 2].map(maxSkew => ({ maxSkew, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' })) }),
    'Pod reports/reader: spec.topologySpreadConstraints has zone DoNotSchedule twice'],
  ['processes that are shared with the host and the pod', pod({ hostPID: true, shareProcessNamespace: true }), 'Pod reports/reader: spec has hostPID and shareProcessNamespace'],

  // Containers.
  ['a container in capitals', container({ name: 'Main' }), 'Pod reports/reader: container Main is no DNS label'],
  ['a container twice', pod({ initContainers: [{ name: 'main', image: 'first:1' }] }), 'Pod reports/reader: container main is there twice'],
  ['no image', container({ image: '' }), 'Pod reports/reader: container main has the image ""'],
  ['an image with a blank', container({ image: 'reader:1 ' }), 'Pod reports/reader: container main has the image "reader:1 "'],
  ['a probe of an init container', pod({ initContainers: [{ name: 'first', image: 'first:1', readinessProbe: { exec: { command: ['true'] } } }] }),
    'Pod reports/reader: container first runs before the others, and has readinessProbe'],
  ['a probe of nothing', probe({ periodSeconds: 10 }), 'Pod reports/reader: container main.livenessProbe has 0 handlers'],
  ['a probe of two things', probe({ exec: { command: ['true'] }, tcpSocket: { port: 80 } }), 'Pod reports/reader: container main.livenessProbe has 2 handlers'],
  ['a probe of a port that is none', probe({ httpGet: { port: 65536 } }), 'Pod reports/reader: container main.livenessProbe asks the port 65536'],
  ['a probe without a pause', probe({ tcpSocket: { port: 80 }, periodSeconds: 0 }), 'Pod reports/reader: container main.livenessProbe.periodSeconds is 0, and not 1 to 2147483647'],
  ['a probe of life that succeeds twice', probe({ tcpSocket: { port: 80 }, successThreshold: 2 }), 'Pod reports/reader: container main.livenessProbe.successThreshold is 2, and not 1'],
  ['a port that is too large', container({ ports: [{ containerPort: 99999 }] }), 'Pod reports/reader: container main has the containerPort 99999'],
  ['a port named in capitals', container({ ports: [{ containerPort: 80, name: 'HTTP' }] }), 'Pod reports/reader: container main has a port named HTTP'],
  ['a port\'s name of 16 characters', container({ ports: [{ containerPort: 80, name: long(16) }] }), `Pod reports/reader: container main has a port named ${long(16)}`],
  ['a port\'s name without a letter', container({ ports: [{ containerPort: 80, name: '80-81' }] }), 'Pod reports/reader: container main has a port named 80-81'],
  ['a port\'s name twice', container({ ports: [{ containerPort: 80, name: 'http' }, { containerPort: 81, name: 'http' }] }), 'Pod reports/reader: port http is there twice'],
  ['a port of the host twice', container({ ports: [{ containerPort: 80, hostPort: 80 }, { containerPort: 81, hostPort: 80 }] }), 'Pod reports/reader: hostPort TCP 80 is there twice'],
  ['another port of the host in its network', container({ ports: [{ containerPort: 80, hostPort: 81 }] }, { hostNetwork: true }),
    'Pod reports/reader: spec has the host\'s network, and a hostPort that is not the containerPort'],
  ['a variable that begins with a digit', env({ name: '1A', value: '' }), 'Pod reports/reader: container main has the variable 1A'],
  ['a variable with a blank', env({ name: 'A B', value: '' }), 'Pod reports/reader: container main has the variable A B'],
  ['a variable twice', env({ name: 'A', value: '1' }, { name: 'A', value: '2' }), 'Pod reports/reader: container main has the variable A twice'],
  ['a value and a source of it', env({ name: 'A', value: '1', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }), 'Pod reports/reader: container main has a value and a valueFrom for A'],
  ['two sources of a value', env({ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' }, configMapKeyRef: { name: 'a', key: 'b' } } }), 'Pod reports/reader: container main has 2 sources for A'],
  ['a source of nothing', env({ name: 'A', valueFrom: {} }), 'Pod reports/reader: container main has 0 sources for A'],
  ['a field that pods do not have', env({ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.secret' } } }), 'Pod reports/reader: container main has the field spec.secret for A'],
  ['a key that is none', env({ name: 'A', valueFrom: { configMapKeyRef: { name: 'a', key: 'b/c' } } }), 'Pod reports/reader: container main has a bad reference for A'],
  ['requests above limits', container({ resources: { requests: { memory: '1Gi' }, limits: { memory: '512Mi' } } }), 'Pod reports/reader: container main requests 1Gi of memory, more than its limit 512Mi'],
  ['an amount that is none', container({ resources: { limits: { memory: '1 GB' } } }),
    'Pod reports/reader: data/spec/containers/0/resources/limits/memory must be number',
    'Pod reports/reader: data/spec/containers/0/resources/limits/memory must match format "quantity"',
    'Pod reports/reader: data/spec/containers/0/resources/limits/memory must match exactly one schema in "oneOf"'],
  ['an amount below none', container({ resources: { requests: { cpu: '-1' } } }), 'Pod reports/reader: container main requests -1 of cpu'],
  ['an amount that is too fine', container({ resources: { requests: { cpu: '0.5m' } } }), 'Pod reports/reader: container main requests 0.5m of cpu, which is finer than 1m'],
  ['a resource that there is not', container({ resources: { limits: { ram: '1Gi' } } }), 'Pod reports/reader: container main limits ram, which is no resource'],

  // Volumes.
  ['a volume in capitals', pod({ volumes: [{ name: 'Tokens', emptyDir: {} }] }), 'Pod reports/reader: volume Tokens is no DNS label'],
  ['a volume twice', pod({ volumes: [{ name: 'a', emptyDir: {} }, { name: 'a', emptyDir: {} }] }), 'Pod reports/reader: volume a is there twice'],
  ['a volume of two sources', volume({ emptyDir: {}, configMap: { name: 'a' } }), 'Pod reports/reader: volume tokens has 2 sources: emptyDir, configMap'],
  ['a volume of nothing', volume({}), 'Pod reports/reader: volume tokens has 0 sources'],
  ['a volume of which there is no rule', volume({ hostPath: { path: '/' } }), 'Pod reports/reader: spec.volumes.hostPath has no rule here'],
  ['a mount of no volume', container({ volumeMounts: [{ name: 'tokens', mountPath: '/tokens' }] }), 'Pod reports/reader: container main mounts the volume tokens, which is not there'],
  ['a mount twice', container({ volumeMounts: ['a', 'b'].map(name => ({ name, mountPath: '/a' })) }, { volumes: ['a', 'b'].map(name => ({ name, emptyDir: {} })) }),
    'Pod reports/reader: container main mounts /a twice'],
  ['a mount with a colon', container({ volumeMounts: [{ name: 'a', mountPath: '/a:b' }] }, { volumes: [{ name: 'a', emptyDir: {} }] }), 'Pod reports/reader: container main mounts at "/a:b"'],
  ['a mount of a path that leaves the volume', container({ volumeMounts: [{ name: 'a', mountPath: '/a', subPath: '../b' }] }, { volumes: [{ name: 'a', emptyDir: {} }] }),
    'Pod reports/reader: container main mounts the path ../b'],
  ['a mode that is too large', volume({ projected: { defaultMode: 9999, sources: [] } }), 'Pod reports/reader: volume tokens has the mode 9999, and not 0 to 511'],
  ['a mode below none', volume({ configMap: { name: 'a', items: [{ key: 'a', path: 'a', mode: -1 }] } }), 'Pod reports/reader: volume tokens has the mode -1, and not 0 to 511'],
  ['a folder of nowhere', volume({ emptyDir: { medium: 'Disk' } }), 'Pod reports/reader: volume tokens has the medium Disk'],
  ['a folder below nothing', volume({ emptyDir: { sizeLimit: '-1Mi' } }), 'Pod reports/reader: volume tokens has the sizeLimit -1Mi'],
  ['no ConfigMap', volume({ configMap: {} }), 'Pod reports/reader: volume tokens names no ConfigMap'],
  ['no Secret', volume({ secret: {} }), 'Pod reports/reader: volume tokens names no Secret'],
  ['two sources in one', projected({ serviceAccountToken: { path: 'token' }, configMap: { name: 'a' } }), 'Pod reports/reader: volume tokens has 2 sources in one: serviceAccountToken, configMap'],
  ['a source of tokens of which there is no rule', projected({ clusterTrustBundle: { path: 'a' } }), 'Pod reports/reader: volume tokens.projected.sources.clusterTrustBundle has no rule here'],
  ['a token that lives too short', projected({ serviceAccountToken: { path: 'token', expirationSeconds: 599 } }), 'Pod reports/reader: volume tokens has a token that lives less than 600 s'],
  ['a token that lives too long', projected({ serviceAccountToken: { path: 'token', expirationSeconds: 2 ** 32 + 1 } }), 'Pod reports/reader: volume tokens has a token that lives more than 2^32 s'],
  ['a path twice', projected({ serviceAccountToken: { path: 'token' } }, { configMap: { name: 'a', items: [{ key: 'a', path: 'token' }] } }), 'Pod reports/reader: volume tokens has the path token twice'],
  ['a path that leaves the volume', projected({ serviceAccountToken: { path: '../token' } }), 'Pod reports/reader: volume tokens has the path ../token'],
  ['a path that leaves the volume later', projected({ serviceAccountToken: { path: 'aws/../../token' } }), 'Pod reports/reader: volume tokens has the path aws/../../token'],
  ['a path that begins with two dots', projected({ serviceAccountToken: { path: '..token' } }), 'Pod reports/reader: volume tokens has the path ..token'],
  ['a path from the root', projected({ configMap: { name: 'a', items: [{ key: 'a', path: '/a' }] } }), 'Pod reports/reader: volume tokens has the path /a'],
  ['an empty path', projected({ serviceAccountToken: { path: '' } }), 'Pod reports/reader: volume tokens has the path '],

  // What runs pods.
  ['pods of a Job that go on', inTemplate('Job', { restartPolicy: 'Always' }), 'Job reports/reader: spec.template.spec.restartPolicy is Always, and not OnFailure or Never'],
  ['pods of a Job that say nothing of it', inTemplate('Job', { restartPolicy: undefined }), 'Job reports/reader: spec.template.spec.restartPolicy is Always, and not OnFailure or Never'],
  ['pods of a CronJob that go on', spec('CronJob', { jobTemplate: { spec: { template: { spec: POD_SPEC } } } }),
    'CronJob reports/reader: spec.jobTemplate.spec.template.spec.restartPolicy is Always, and not OnFailure or Never'],
  ['pods of a Deployment that end', inTemplate('Deployment', { restartPolicy: 'Never' }), 'Deployment reports/reader: spec.template.spec.restartPolicy is Never, and not Always'],
  ['pods of a Deployment with an end', inTemplate('Deployment', { activeDeadlineSeconds: 60 }), 'Deployment reports/reader: spec.template.spec.activeDeadlineSeconds is for pods that end'],
  ...(['DaemonSet', 'Deployment', 'StatefulSet'] as const).flatMap((kind): [string, ApiObject, string][] => [
    [`a ${kind} that selects others`, spec(kind, { selector: { matchLabels: { app: 'writer' } } }), `${kind} reports/reader: spec.selector does not select the labels of its own template, {"app":"reader"}`],
    [`a ${kind} that selects nothing`, spec(kind, { selector: {} }), `${kind} reports/reader: spec.selector is empty`],
  ]),
  ['an expression that selects others', spec('Deployment', { selector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['reader'] }] } }),
    'Deployment reports/reader: spec.selector does not select the labels of its own template, {"app":"reader"}'],
  ['an expression without values', spec('PodDisruptionBudget', { selector: { matchExpressions: [{ key: 'app', operator: 'In' }] } }),
    'PodDisruptionBudget reports/reader: spec.selector has no values for In of app'],
  ['an expression with values', spec('PodDisruptionBudget', { selector: { matchExpressions: [{ key: 'app', operator: 'Exists', values: ['a'] }] } }),
    'PodDisruptionBudget reports/reader: spec.selector has values for Exists of app'],
  ['an expression of a bad key', spec('PodDisruptionBudget', { selector: { matchExpressions: [{ key: 'a b', operator: 'Exists' }] } }), 'PodDisruptionBudget reports/reader: spec.selector has a bad key a b'],
  ['an expression that is none', spec('PodDisruptionBudget', { selector: { matchExpressions: [{ key: 'app', operator: 'Is', values: ['a'] }] } }),
    'PodDisruptionBudget reports/reader: spec.selector.operator is Is, and not In or NotIn or Exists or DoesNotExist', 'PodDisruptionBudget reports/reader: spec.selector has values for Is of app'],
  ['a ReplicationController that selects others', spec('ReplicationController', { selector: { app: 'writer' } }),
    'ReplicationController reports/reader: spec.selector does not select the labels of its own template, {"app":"reader"}'],
  ['replicas below none', spec('Deployment', { replicas: -1 }), 'Deployment reports/reader: spec.replicas is -1, and not 0 to 2147483647'],
  ['a rollout that cannot go on', spec('Deployment', { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } }), 'Deployment reports/reader: spec.strategy.rollingUpdate can neither add a pod nor take one away'],
  ['a rollout of what is recreated', spec('Deployment', { strategy: { type: 'Recreate', rollingUpdate: {} } }), 'Deployment reports/reader: spec.strategy.rollingUpdate is for RollingUpdate, and not for Recreate'],
  ['a share that is none', spec('Deployment', { strategy: { rollingUpdate: { maxSurge: 'half' } } }), 'Deployment reports/reader: spec.strategy.rollingUpdate.maxSurge is half'],
  ['a deadline before pods are ready', spec('Deployment', { progressDeadlineSeconds: 10, minReadySeconds: 10 }), 'Deployment reports/reader: spec.progressDeadlineSeconds is no longer than minReadySeconds'],
  ['a StatefulSet without a name of its Service', spec('StatefulSet', { serviceName: 'a.b' }), 'StatefulSet reports/reader: spec.serviceName a.b is no name of a Service'],
  ['tries below none', spec('Job', { backoffLimit: -1 }), 'Job reports/reader: spec.backoffLimit is -1, and not 0 to 2147483647'],
  ['a selector of a Job', spec('Job', { selector: { matchLabels: LABELS } }), 'Job reports/reader: spec.selector has no rule here'],
  ...['often', '* * * *', '* * * * * *', '60 * * * *', '* 24 * * *', '* * 0 * *', '* * * 13 *', '* * * * 7', '5-1 * * * *', '*/0 * * * *', '1,,2 * * * *', '@often', 'TZ=UTC 0 3 * * *'].map(
    (schedule): [string, ApiObject, string] => [`the schedule ${schedule}`, spec('CronJob', { schedule }), `CronJob reports/reader: spec.schedule "${schedule}" is none`]),
  ['a time zone that there is not', spec('CronJob', { timeZone: 'Europe/Atlantis' }), 'CronJob reports/reader: spec.timeZone Europe/Atlantis is none'],
  ['history below none', spec('CronJob', { failedJobsHistoryLimit: -1 }), 'CronJob reports/reader: spec.failedJobsHistoryLimit is -1, and not 0 to 2147483647'],

  // Services and budgets.
  ['a Service\'s port that is too large', spec('Service', { ports: [{ port: 99999 }] }), 'Service reports/reader: spec.ports has the port 99999'],
  ['a Service\'s port of none', spec('Service', { ports: [{ port: 0 }] }), 'Service reports/reader: spec.ports has the port 0'],
  ['a Service\'s target that is none', spec('Service', { ports: [{ port: 80, targetPort: 'HTTP' }] }), 'Service reports/reader: spec.ports has the targetPort HTTP'],
  ['a Service without ports', spec('Service', { ports: [] }), 'Service reports/reader: spec.ports is empty'],
  ['two ports without names', spec('Service', { ports: [{ port: 80 }, { port: 81 }] }), ...[1, 2].map(() => 'Service reports/reader: spec.ports has a port without a name beside others')],
  ['two ports of one name', spec('Service', { ports: [{ name: 'a', port: 80 }, { name: 'a', port: 81 }] }), 'Service reports/reader: spec.ports has the name a twice'],
  ['a port twice', spec('Service', { ports: [{ name: 'a', port: 80 }, { name: 'b', port: 80 }] }), 'Service reports/reader: spec.ports has TCP 80 twice'],
  ['a port of nodes that nobody asked for', spec('Service', { ports: [{ port: 80, nodePort: 30080 }] }), 'Service reports/reader: spec.ports has the nodePort 30080 for ClusterIP'],
  ['a Service with a bad selector', spec('Service', { selector: { app: 'a b' } }), 'Service reports/reader: spec.selector has app=a b, which has a bad form'],
  ['a budget that says two things', spec('PodDisruptionBudget', { minAvailable: 1 }), 'PodDisruptionBudget reports/reader: spec has minAvailable and maxUnavailable'],
  ['a budget of a share that is none', spec('PodDisruptionBudget', { maxUnavailable: 'one' }), 'PodDisruptionBudget reports/reader: spec.maxUnavailable is one'],

  // Rights.
  ['a rule without verbs', but('ClusterRole', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: [] }] }), 'ClusterRole system:reader: rules has no verbs'],
  ['a rule of nothing', but('ClusterRole', { rules: [{ verbs: ['get'] }] }), 'ClusterRole system:reader: rules has neither resources nor URLs in one'],
  ['a rule of two things', but('ClusterRole', { rules: [{ apiGroups: [''], resources: ['pods'], nonResourceURLs: ['/healthz'], verbs: ['get'] }] }), 'ClusterRole system:reader: rules has resources and URLs in one'],
  ['a rule without a group', but('ClusterRole', { rules: [{ resources: ['pods'], verbs: ['get'] }] }), 'ClusterRole system:reader: rules has no apiGroups or no resources'],
  ['a binding to a Role', but('ClusterRoleBinding', { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' } }),
    'ClusterRoleBinding system:reader: roleRef is Role reader of rbac.authorization.k8s.io, and no ClusterRole'],
  ['an account without a namespace', but('ClusterRoleBinding', { subjects: [{ kind: 'ServiceAccount', name: 'reader' }] }), 'ClusterRoleBinding system:reader: subjects has a ServiceAccount in the namespace undefined'],
  ['an account of a group', but('ClusterRoleBinding', { subjects: [{ kind: 'ServiceAccount', ...NAMED, apiGroup: 'rbac.authorization.k8s.io' }] }),
    'ClusterRoleBinding system:reader: subjects has ServiceAccount of rbac.authorization.k8s.io'],
  ['a user in a namespace', but('ClusterRoleBinding', { subjects: [{ kind: 'User', ...NAMED }] }), 'ClusterRoleBinding system:reader: subjects has a User in the namespace reports'],
  ['a subject of another kind', but('ClusterRoleBinding', { subjects: [{ kind: 'Pod', name: 'reader' }] }), 'ClusterRoleBinding system:reader: subjects has the kind Pod'],

  // Webhooks.
  ['a webhook of two labels', webhook({ name: 'reader.acme' }), 'MutatingWebhookConfiguration reader: webhook reader.acme is no name of three labels'],
  ['a webhook twice', webhook({}, {}), 'MutatingWebhookConfiguration reader: webhooks has reader.acme.example twice'],
  ['side effects', webhook({ sideEffects: 'Some' }), 'MutatingWebhookConfiguration reader: webhook reader.acme.example has the sideEffects Some, and not None or NoneOnDryRun'],
  ['no version', webhook({ admissionReviewVersions: [] }), 'MutatingWebhookConfiguration reader: webhook reader.acme.example has no admissionReviewVersions that there are'],
  ['a version twice', webhook({ admissionReviewVersions: ['v1', 'v1'] }), 'MutatingWebhookConfiguration reader: webhook reader.acme.example has the admissionReviewVersions v1,v1'],
  ['a policy that there is not', webhook({ matchPolicy: 'Similar' }), 'MutatingWebhookConfiguration reader: data/webhooks/0/matchPolicy must be equal to one of the allowed values'],
  ['a webhook that takes too long', webhook({ timeoutSeconds: 31 }), 'MutatingWebhookConfiguration reader: webhook reader.acme.example.timeoutSeconds is 31, and not 1 to 30'],
  ['a webhook of bad labels', webhook({ objectSelector: { matchLabels: { 'a b': 'c' } } }), 'MutatingWebhookConfiguration reader: webhook reader.acme.example.objectSelector.matchLabels has a b=c, which has a bad form'],
  ['a webhook of which there is no rule', webhook({ matchConditions: [] }), 'MutatingWebhookConfiguration reader: webhook reader.acme.example.matchConditions has no rule here'],
  ['an operation that there is not', rule({ operations: ['READ'] }), 'MutatingWebhookConfiguration reader: data/webhooks/0/rules/0/operations/0 must be equal to one of the allowed values'],
  ['all operations and one', rule({ operations: ['*', 'CREATE'] }), 'MutatingWebhookConfiguration reader: webhook reader.acme.example has *,CREATE, where * is all of them'],
  ['resources of none', rule({ resources: [] }), 'MutatingWebhookConfiguration reader: webhook reader.acme.example has a rule that is for nothing'],
  ['resources in capitals', rule({ resources: ['Pods'] }), 'MutatingWebhookConfiguration reader: webhook reader.acme.example has the resources Pods'],
  ['a webhook of nowhere', client({}), 'MutatingWebhookConfiguration reader: webhook reader.acme.example has neither a url nor a service'],
  ['a webhook of two places', client({ url: 'https://acme.example', service: { name: 'a', namespace: 'b' } }), 'MutatingWebhookConfiguration reader: webhook reader.acme.example has a url and a service'],
  ['a webhook without TLS', client({ url: 'http://acme.example' }), 'MutatingWebhookConfiguration reader: webhook reader.acme.example has the url http://acme.example'],
  ['a webhook of no name of a Service', client({ service: { name: 'a.b', namespace: 'b' } }), 'MutatingWebhookConfiguration reader: webhook reader.acme.example has the service b/a.b'],
  ['a webhook of no path', client({ service: { name: 'a', namespace: 'b', path: 'pods' } }), 'MutatingWebhookConfiguration reader: webhook reader.acme.example has the path pods'],
  ['a webhook of no port', client({ service: { name: 'a', namespace: 'b', port: 65536 } }), 'MutatingWebhookConfiguration reader: webhook reader.acme.example has the port 65536'],
  ['a webhook of no certificate', client({ service: { name: 'a', namespace: 'b' }, caBundle: 'YQ==' }), 'MutatingWebhookConfiguration reader: webhook reader.acme.example has a caBundle that is none'],

  // Of cert-manager.
  ['a certificate of nobody', spec('Certificate', { dnsNames: [] }), 'Certificate reports/reader: spec names nobody'],
  ['a certificate that is renewed before it is there', spec('Certificate', { renewBefore: '8760h' }), 'Certificate reports/reader: spec.renewBefore is 8760h of 8760h0m0s'],
  ['a certificate without an issuer', spec('Certificate', { issuerRef: { name: 'reader' } }), 'Certificate reports/reader: spec.issuerRef names no Issuer'],
  ['an issuer of two kinds', spec('Issuer', { ca: { secretName: 'reader' } }), 'Issuer reports/reader: spec has 2 kinds of issuers'],
];

/** Changes that Kubernetes refuses. */
export const BAD_CHANGES: readonly (readonly [what: string, old: ApiObject, now: ApiObject, ...errors: string[]])[] = [
  ['other data of an immutable ConfigMap', but('ConfigMap', { immutable: true }), but('ConfigMap', { immutable: true, data: {} }), 'ConfigMap reports/reader: data is immutable'],
  ['an immutable ConfigMap that is made mutable', but('ConfigMap', { immutable: true }), GOOD.ConfigMap, 'ConfigMap reports/reader: immutable cannot be taken back'],
  ['another selector of a Deployment', GOOD.Deployment, spec('Deployment', { selector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }), 'Deployment reports/reader: spec.selector is immutable'],
  ['other pods of a Job', GOOD.Job, inTemplate('Job', { priorityClassName: 'high' }), 'Job reports/reader: spec.template is immutable'],
];
