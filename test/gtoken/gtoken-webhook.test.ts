import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '@cdktf/hcl2json';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { TlsProvider } from '@cdktf/provider-tls/lib/provider';
import { App, Lazy, TerraformStack, TerraformVariable, Token } from 'cdktf';
import { CertManagerCertificate } from '../../lib/gtoken/cert-manager-certificate';
import { ControlPlaneFirewall, GtokenWebhook, GtokenWebhookProps } from '../../lib/gtoken/gtoken-webhook';
import { SelfSignedWebhookCertificate } from '../../lib/tls';
import { refusal } from '../refusal';
import { addresses, inFolder, readableAddresses, scratchStack, stackIn, synthStack } from '../synth';

const IMAGES = { image: 'doitintl/gtoken-webhook:0.1.0', gtokenImage: `doitintl/gtoken@sha256:${'0'.repeat(64)}` };
const webhook = (scope: TerraformStack, props: Partial<GtokenWebhookProps> = {}, id = 'Gtoken') => new GtokenWebhook(scope, id, {
  ...IMAGES, certificate: CertManagerCertificate.with(), ...props,
});
const synth = (props: Partial<GtokenWebhookProps> = {}) => readableAddresses(synthStack(scope => webhook(scope, props)));
const selfSigned = (scope: TerraformStack, props: Partial<GtokenWebhookProps> = {}) => {
  new TlsProvider(scope, 'Tls');
  return webhook(scope, { certificate: SelfSignedWebhookCertificate.with(), ...props });
};
const text = (scope: TerraformStack, name = 'text') => new TerraformVariable(scope, name, { type: 'string' }).stringValue;
const number = (scope: TerraformStack, name = 'number') => new TerraformVariable(scope, name, { type: 'number' }).numberValue;

const before = (scope: TerraformStack) => new NamespaceV1(scope, 'Before', { metadata: { name: 'before' } });

const FIREWALL: ControlPlaneFirewall = { network: 'acme', controlPlaneCidr: '172.16.0.0/28', nodeTags: ['gke-apps-1a2b3c4d-node'] };
const SELECTOR = { 'app.kubernetes.io/instance': 'gtoken-webhook', 'app.kubernetes.io/name': 'gtoken-webhook' };
const NAMESPACE = '${kubernetes_namespace_v1.Gtoken_Namespace.metadata[0].name}';
const METADATA = { name: 'gtoken-webhook', namespace: NAMESPACE, labels: SELECTOR };
const PROBE = { http_get: { path: '/healthz', port: '8443', scheme: 'HTTPS' }, timeout_seconds: 3 };

/** What is the same whoever makes the certificate. */
const WITHOUT_CERTIFICATE = {
  'kubernetes_namespace_v1.Gtoken_Namespace': {
    metadata: { name: 'gtoken', labels: { ...SELECTOR, 'admission.gtoken/ignore': 'true', 'pod-security.kubernetes.io/enforce': 'restricted' } },
  },
  'kubernetes_service_account_v1.Gtoken_ServiceAccount': { metadata: METADATA, automount_service_account_token: false },
  'kubernetes_cluster_role_v1.Gtoken_ClusterRole': {
    metadata: { name: 'gtoken-webhook', labels: SELECTOR }, rule: [{ api_groups: [''], resources: ['serviceaccounts'], verbs: ['get'] }],
  },
  'kubernetes_cluster_role_binding_v1.Gtoken_ClusterRoleBinding': {
    metadata: { name: 'gtoken-webhook', labels: SELECTOR },
    role_ref: { api_group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: '${kubernetes_cluster_role_v1.Gtoken_ClusterRole.metadata[0].name}' },
    subject: [{ kind: 'ServiceAccount', name: '${kubernetes_service_account_v1.Gtoken_ServiceAccount.metadata[0].name}', namespace: NAMESPACE }],
  },
  'kubernetes_pod_disruption_budget_v1.Gtoken_PodDisruptionBudget': {
    metadata: METADATA, spec: { max_unavailable: '1', selector: { match_labels: SELECTOR } },
  },
  'kubernetes_service_v1.Gtoken_Service': {
    metadata: METADATA, spec: { selector: SELECTOR, port: [{ name: 'https', port: 443, target_port: '8443' }] },
  },
};

const deployment = (annotations: Record<string, string>, secretName: string, ready: string) => ({
  metadata: METADATA,
  spec: {
    replicas: '2',
    selector: { match_labels: SELECTOR },
    template: {
      metadata: { labels: SELECTOR, annotations },
      spec: {
        service_account_name: '${kubernetes_service_account_v1.Gtoken_ServiceAccount.metadata[0].name}',
        automount_service_account_token: true,
        enable_service_links: false,
        security_context: {
          run_as_non_root: true, run_as_user: '65532', run_as_group: '65532', fs_group: '65532', seccomp_profile: { type: 'RuntimeDefault' },
        },
        topology_spread_constraint: [
          {
            max_skew: 1, topology_key: 'kubernetes.io/hostname', when_unsatisfiable: 'ScheduleAnyway', label_selector: [{ match_labels: SELECTOR }],
          },
          {
            max_skew: 1, topology_key: 'topology.kubernetes.io/zone', when_unsatisfiable: 'ScheduleAnyway', label_selector: [{ match_labels: SELECTOR }],
          },
        ],
        container: [{
          name: 'gtoken-webhook',
          image: IMAGES.image,
          image_pull_policy: 'IfNotPresent',
          args: [
            '--log-level=warning',
            'server',
            '--tls-cert-file=/etc/webhook/certs/tls.crt',
            '--tls-private-key-file=/etc/webhook/certs/tls.key',
            `--image=${IMAGES.gtokenImage}`,
            '--pull-policy=IfNotPresent',
          ],
          port: [{ name: 'https', container_port: 8443 }],
          resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
          security_context: {
            run_as_non_root: true, privileged: false, allow_privilege_escalation: false, read_only_root_filesystem: true, capabilities: { drop: ['ALL'] },
          },
          readiness_probe: { ...PROBE, period_seconds: 5 },
          liveness_probe: { ...PROBE, period_seconds: 10 },
          volume_mount: [{ name: 'certificate', mount_path: '/etc/webhook/certs', read_only: true }],
        }],
        volume: [{ name: 'certificate', secret: { secret_name: secretName, default_mode: '0440' } }],
      },
    },
  },
  depends_on: ['kubernetes_cluster_role_binding_v1.Gtoken_ClusterRoleBinding', ready],
});

const configuration = (annotations: Record<string, string> | undefined, caBundle: string | undefined, more = {}) => ({
  metadata: { name: 'gtoken-webhook', labels: SELECTOR, ...(annotations && { annotations }) },
  webhook: [{
    name: 'gtoken.doit-intl.com',
    client_config: {
      service: { name: '${kubernetes_service_v1.Gtoken_Service.metadata[0].name}', namespace: NAMESPACE, path: '/pods', port: 443 },
      ...(caBundle && { ca_bundle: caBundle }),
    },
    rule: [{ api_groups: [''], api_versions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' }],
    namespace_selector: {
      match_expressions: [
        { key: 'admission.gtoken/ignore', operator: 'DoesNotExist' },
        { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', NAMESPACE] },
      ],
    },
    admission_review_versions: ['v1', 'v1beta1'],
    side_effects: 'None',
    reinvocation_policy: 'Never',
    match_policy: 'Equivalent',
    failure_policy: 'Ignore',
    timeout_seconds: 10,
  }],
  depends_on: ['kubernetes_deployment_v1.Gtoken_Deployment'],
  ...more,
});

const manifest = (kind: string, name: string, spec: object) => ({
  manifest: { apiVersion: 'cert-manager.io/v1', kind, metadata: { name, namespace: NAMESPACE, labels: SELECTOR }, spec },
});
const READY = { wait: { condition: [{ type: 'Ready', status: 'True' }] } };

test('with cert-manager, the webhook has an authority of its own, and the keys stay in the cluster', () => {
  expect(synth()).toEqual({
    ...WITHOUT_CERTIFICATE,
    'kubernetes_manifest.Gtoken_Certificate_SelfSigned': manifest('Issuer', 'gtoken-webhook-self-signed', { selfSigned: {} }),
    'kubernetes_manifest.Gtoken_Certificate_AuthorityCertificate': {
      ...manifest('Certificate', 'gtoken-webhook-authority', {
        isCA: true,
        commonName: 'webhook-authority',
        secretName: 'gtoken-webhook-authority',
        duration: '87600h0m0s',
        usages: '${tolist(["cert sign", "crl sign"])}',
        privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Never' },
        issuerRef: { group: 'cert-manager.io', kind: 'Issuer', name: 'gtoken-webhook-self-signed' },
      }),
      ...READY,
      depends_on: ['kubernetes_manifest.Gtoken_Certificate_SelfSigned'],
    },
    'kubernetes_manifest.Gtoken_Certificate_Authority': {
      ...manifest('Issuer', 'gtoken-webhook-authority', { ca: { secretName: 'gtoken-webhook-authority' } }),
      depends_on: ['kubernetes_manifest.Gtoken_Certificate_AuthorityCertificate'],
    },
    'kubernetes_manifest.Gtoken_Certificate': {
      ...manifest('Certificate', 'gtoken-webhook', {
        secretName: 'gtoken-webhook-tls',
        dnsNames: `\${tolist(["gtoken-webhook.${NAMESPACE}.svc"])}`,
        duration: '8760h0m0s',
        renewBefore: '2904h0m0s',
        usages: '${tolist(["digital signature", "server auth"])}',
        privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
        issuerRef: { group: 'cert-manager.io', kind: 'Issuer', name: 'gtoken-webhook-authority' },
      }),
      ...READY,
      depends_on: ['kubernetes_manifest.Gtoken_Certificate_Authority'],
    },
    'data.kubernetes_resource.Gtoken_Certificate_Issued': {
      api_version: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'gtoken-webhook', namespace: NAMESPACE },
      depends_on: ['kubernetes_manifest.Gtoken_Certificate'],
    },
    'kubernetes_deployment_v1.Gtoken_Deployment': deployment(
      { 'cert-manager.io/certificate-revision': '${data.kubernetes_resource.Gtoken_Certificate_Issued.object.status.revision}' },
      'gtoken-webhook-tls', 'kubernetes_manifest.Gtoken_Certificate'),
    'kubernetes_mutating_webhook_configuration_v1.Gtoken': configuration({ 'cert-manager.io/inject-ca-from': `${NAMESPACE}/gtoken-webhook` }, undefined, {
      lifecycle: { ignore_changes: ['webhook[0].client_config[0].ca_bundle'] },
    }),
  });
});

test('with Terraform, an authority in the state signs the certificate, and the pods start again with a new one', () => {
  const AUTHORITY_KEY = '${tls_private_key.Gtoken_Certificate_AuthorityKey.private_key_pem}';
  const AUTHORITY = '${tls_self_signed_cert.Gtoken_Certificate_Authority.cert_pem}';
  const KEY = '${tls_private_key.Gtoken_Certificate_Key.private_key_pem}';
  expect(readableAddresses(synthStack(scope => selfSigned(scope)))).toEqual({
    ...WITHOUT_CERTIFICATE,
    'tls_private_key.Gtoken_Certificate_AuthorityKey': { algorithm: 'ECDSA', ecdsa_curve: 'P256' },
    'tls_self_signed_cert.Gtoken_Certificate_Authority': {
      private_key_pem: AUTHORITY_KEY,
      subject: [{ common_name: 'webhook-authority' }],
      is_ca_certificate: true,
      set_subject_key_id: true,
      allowed_uses: ['cert_signing', 'crl_signing'],
      validity_period_hours: 87600,
      early_renewal_hours: 8760,
    },
    'tls_private_key.Gtoken_Certificate_Key': { algorithm: 'ECDSA', ecdsa_curve: 'P256' },
    'tls_cert_request.Gtoken_Certificate_Request': {
      private_key_pem: KEY, subject: [{ common_name: 'webhook' }], dns_names: [`gtoken-webhook.${NAMESPACE}.svc`],
    },
    'tls_locally_signed_cert.Gtoken_Certificate': {
      cert_request_pem: '${tls_cert_request.Gtoken_Certificate_Request.cert_request_pem}',
      ca_private_key_pem: AUTHORITY_KEY,
      ca_cert_pem: AUTHORITY,
      allowed_uses: ['digital_signature', 'server_auth'],
      validity_period_hours: 8760,
      early_renewal_hours: 2904,
    },
    'kubernetes_secret_v1.Gtoken_Certificate': {
      metadata: { name: 'gtoken-webhook-tls', namespace: NAMESPACE, labels: SELECTOR },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': '${tls_locally_signed_cert.Gtoken_Certificate.cert_pem}', 'tls.key': KEY },
    },
    'kubernetes_deployment_v1.Gtoken_Deployment': deployment(
      { 'checksum/webhook-certificate': '${sha256(tls_locally_signed_cert.Gtoken_Certificate.cert_pem)}' },
      '${kubernetes_secret_v1.Gtoken_Certificate.metadata[0].name}', 'kubernetes_secret_v1.Gtoken_Certificate'),
    'kubernetes_mutating_webhook_configuration_v1.Gtoken': configuration(undefined, AUTHORITY),
  });
});

const DEPLOYMENT = 'kubernetes_deployment_v1.Gtoken_Deployment';
const CONFIGURATION = 'kubernetes_mutating_webhook_configuration_v1.Gtoken';
const podOf = (all: Record<string, any>) => all[DEPLOYMENT].spec.template.spec;

test('the options of the server become its flags', () => {
  const all = synth({
    logLevel: 'info', imagePullPolicy: 'Always', volumeName: 'token', volumePath: '/var/run/token', tokenFile: 'id-token', resources: { requests: { cpu: '50m' } },
  });
  const [container] = podOf(all).container;
  expect(container.args).toEqual([
    '--log-level=info',
    'server',
    '--tls-cert-file=/etc/webhook/certs/tls.crt',
    '--tls-private-key-file=/etc/webhook/certs/tls.key',
    `--image=${IMAGES.gtokenImage}`,
    '--pull-policy=Always',
    '--volume-name=token',
    '--volume-path=/var/run/token',
    '--token-file=id-token',
  ]);
  expect(container.image_pull_policy).toBe('Always');
  expect(container.resources).toEqual({ requests: { cpu: '50m' }, limits: {} });
});

test('the options of the configuration become its fields', () => {
  const all = synth({ failurePolicy: 'Fail', timeoutSeconds: 5, admissionReviewVersions: ['v1beta1'], excludedNamespaces: ['cert-manager'] });
  const [hook] = all[CONFIGURATION].webhook;
  expect(hook).toMatchObject({ failure_policy: 'Fail', timeout_seconds: 5, admission_review_versions: ['v1beta1'] });
  expect(hook.namespace_selector.match_expressions[1].values).toEqual(['kube-system', NAMESPACE, 'cert-manager']);
});

test('a namespace that exists is labelled, and not created', () => {
  const all = synth({ namespace: 'platform', existingNamespace: true });
  expect(all['kubernetes_labels.Gtoken_NamespaceLabels']).toEqual({
    api_version: 'v1', kind: 'Namespace', metadata: { name: 'platform' }, labels: { 'admission.gtoken/ignore': 'true' },
  });
  expect(Object.keys(all).filter(address => address.startsWith('kubernetes_namespace'))).toEqual([]);
  const namespace = '${kubernetes_labels.Gtoken_NamespaceLabels.metadata[0].name}';
  expect(all[DEPLOYMENT].metadata.namespace).toBe(namespace);
  expect(all[CONFIGURATION].webhook[0].client_config.service.namespace).toBe(namespace);
});

test('another name names everything, and labels go everywhere but into the selectors', () => {
  const all = synth({ name: 'gtoken-eu', labels: { 'team': 'platform', 'app.kubernetes.io/name': 'mine' } });
  const selector = { 'app.kubernetes.io/name': 'gtoken-webhook', 'app.kubernetes.io/instance': 'gtoken-eu' };
  expect(all[DEPLOYMENT].metadata).toEqual({ name: 'gtoken-eu', namespace: NAMESPACE, labels: { team: 'platform', ...selector } });
  expect(all[DEPLOYMENT].spec.selector.match_labels).toEqual(selector);
  expect(all['kubernetes_service_v1.Gtoken_Service'].spec.selector).toEqual(selector);
  expect(all[CONFIGURATION].metadata.name).toBe('gtoken-eu');
  expect(podOf(all).volume[0].secret.secret_name).toBe('gtoken-eu-tls');
});

test('a single pod has no budget, which would keep a node from being drained', () => {
  const budgets = (props: Partial<GtokenWebhookProps>) => Object.keys(synth(props)).filter(address => address.includes('disruption'));
  expect(budgets({ replicas: 1 })).toEqual([]);
  expect(budgets({ replicas: 3 })).toHaveLength(1);
  const unknown = readableAddresses(synthStack(scope => webhook(scope, { replicas: number(scope) })));
  expect(unknown[DEPLOYMENT].spec.replicas).toBe('${var.number}');
  expect(unknown['kubernetes_pod_disruption_budget_v1.Gtoken_PodDisruptionBudget'].spec.max_unavailable).toBe('1');
});

test('cert-manager takes an issuer that exists, and other days', () => {
  const all = synth({ certificate: CertManagerCertificate.with({ issuerRef: { name: 'acme-ca' }, validityDays: 90, renewBeforeDays: 60 }) });
  expect(Object.keys(all).filter(address => address.startsWith('kubernetes_manifest.'))).toEqual(['kubernetes_manifest.Gtoken_Certificate']);
  const certificate = all['kubernetes_manifest.Gtoken_Certificate'];
  expect(certificate.manifest.spec).toMatchObject({
    duration: '2160h0m0s', renewBefore: '1440h0m0s', issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'acme-ca' },
  });
  expect(certificate.depends_on).toBeUndefined();
  const other = synth({ certificate: CertManagerCertificate.with({ issuerRef: { name: 'vault', kind: 'Issuer', group: 'issuers.acme.example' } }) });
  expect(other['kubernetes_manifest.Gtoken_Certificate'].manifest.spec.issuerRef).toEqual({ group: 'issuers.acme.example', kind: 'Issuer', name: 'vault' });
});

test('Terraform renews its authority before what that signed would outlive it', () => {
  const certificate = SelfSignedWebhookCertificate.with({ validityDays: 1825, renewBeforeDays: 30 });
  const all = readableAddresses(synthStack(scope => selfSigned(scope, { certificate })));
  expect(all['tls_self_signed_cert.Gtoken_Certificate_Authority']).toMatchObject({ validity_period_hours: 87600, early_renewal_hours: 43800 });
  expect(all['tls_locally_signed_cert.Gtoken_Certificate']).toMatchObject({ validity_period_hours: 43800, early_renewal_hours: 720 });
});

test('the firewall opens one port of the nodes to the control plane, before the API server asks', () => {
  const all = synth({ controlPlaneFirewall: FIREWALL });
  expect(all['google_compute_firewall.Gtoken_Firewall']).toEqual({
    name: 'gtoken-webhook-control-plane',
    description: 'The control plane of GKE calls gtoken-webhook',
    network: 'acme',
    direction: 'INGRESS',
    source_ranges: ['172.16.0.0/28'],
    allow: [{ protocol: 'tcp', ports: ['8443'] }],
    target_tags: ['gke-apps-1a2b3c4d-node'],
  });
  expect(all[CONFIGURATION].depends_on).toEqual([DEPLOYMENT, 'google_compute_firewall.Gtoken_Firewall']);
  const nodes = 'nodes@acme-apps.iam.gserviceaccount.com';
  const other = synth({
    controlPlaneFirewall: {
      network: 'projects/acme-host/global/networks/shared', controlPlaneCidr: '10.0.0.16/28', nodeServiceAccounts: [nodes], nodeTags: [], ruleName: 'apps-gtoken',
      project: 'acme-host',
    },
  });
  expect(other['google_compute_firewall.Gtoken_Firewall']).toMatchObject({
    name: 'apps-gtoken', network: 'projects/acme-host/global/networks/shared', project: 'acme-host', source_ranges: ['10.0.0.16/28'], target_service_accounts: [nodes],
  });
  expect(other['google_compute_firewall.Gtoken_Firewall']).not.toHaveProperty('target_tags');
});

test('each cluster has its webhook, made with the providers that are given and no other', () => {
  const stack = synthStack(scope => ['blue', 'green'].forEach(alias => webhook(scope, {
    kubernetesProvider: new KubernetesProvider(scope, `Kubernetes-${alias}`, { alias, configPath: '~/.kube/config' }),
    googleProvider: new GoogleProvider(scope, `Google-${alias}`, { alias }),
    certificate: SelfSignedWebhookCertificate.with({ tlsProvider: new TlsProvider(scope, `Tls-${alias}`, { alias }) }),
    controlPlaneFirewall: { ...FIREWALL, ruleName: `gtoken-${alias}` },
  }, alias)));
  const all = Object.entries(addresses(stack)) as [string, any][];
  expect(all).toHaveLength(30);
  for (const [address, { provider }] of all) {
    const alias = address.split('.')[1]!.split('_')[0];
    expect([address, provider]).toEqual([address, `${address.split('_')[0]}.${alias}`]);
  }
});

test('what must exist before is waited for by what stands alone', () => {
  const waiting = (props: Partial<GtokenWebhookProps>) => {
    const all = readableAddresses(synthStack(scope => webhook(scope, { ...props, dependsOn: [before(scope)] })));
    return Object.entries(all).filter(([, { depends_on }]) => depends_on?.includes('kubernetes_namespace_v1.Before')).map(([address]) => address.split('.')[0]);
  };
  expect(waiting({})).toEqual(['kubernetes_cluster_role_v1', 'kubernetes_namespace_v1']);
  expect(waiting({ existingNamespace: true })).toEqual(['kubernetes_cluster_role_v1', 'kubernetes_labels']);
});

test('it may get service accounts and nothing else, and nothing in it is a wildcard or runs as root', () => {
  for (const certificate of [CertManagerCertificate.with(), SelfSignedWebhookCertificate.with()]) {
    const stack = synthStack(scope => selfSigned(scope, { certificate, controlPlaneFirewall: FIREWALL }));
    expect(Object.values(stack.resource.kubernetes_cluster_role_v1!).map(({ rule }) => rule)).toEqual([[{ api_groups: [''], resources: ['serviceaccounts'], verbs: ['get'] }]]);
    expect(Object.keys(stack.resource).filter(type => /role/.test(type)).sort()).toEqual(['kubernetes_cluster_role_binding_v1', 'kubernetes_cluster_role_v1']);
    expect(JSON.stringify(addresses(stack))).not.toMatch(/\*|0\.0\.0\.0|privileged":true|"run_as_user":"0"|"latest"/);
    const pod = podOf(readableAddresses(stack));
    expect([pod, ...pod.container].map(({ security_context }: any) => security_context.run_as_non_root)).toEqual([true, true]);
    expect(pod.host_network ?? pod.host_pid ?? pod.host_ipc).toBeUndefined();
  }
});

test('everything that only Terraform knows is passed on', () => {
  const all = readableAddresses(synthStack(scope => {
    const value = text(scope);
    webhook(scope, {
      image: `${value}/gtoken-webhook:0.1.0`, gtokenImage: value, name: value, namespace: value, excludedNamespaces: [value], timeoutSeconds: number(scope), failurePolicy: value,
      logLevel: value, imagePullPolicy: value, admissionReviewVersions: [value], volumeName: value, volumePath: value, tokenFile: value,
      certificate: CertManagerCertificate.with({ issuerRef: { name: value, kind: value, group: value } }),
      controlPlaneFirewall: { network: value, controlPlaneCidr: value, nodeServiceAccounts: [value], ruleName: value, project: value },
    });
  }));
  const [container] = podOf(all).container;
  expect(container.image).toBe('${var.text}/gtoken-webhook:0.1.0');
  expect(container.args).toEqual([
    '--log-level=${var.text}', 'server', '--tls-cert-file=/etc/webhook/certs/tls.crt', '--tls-private-key-file=/etc/webhook/certs/tls.key', '--image=${var.text}',
    '--pull-policy=${var.text}', '--volume-name=${var.text}', '--volume-path=${var.text}', '--token-file=${var.text}',
  ]);
  expect(all[CONFIGURATION].webhook[0]).toMatchObject({ failure_policy: '${var.text}', timeout_seconds: '${var.number}' });
  expect(all['google_compute_firewall.Gtoken_Firewall'].source_ranges).toEqual(['${var.text}']);
});

test('the children are there for whoever needs more', () => {
  const stack = scratchStack();
  const built = webhook(stack, { controlPlaneFirewall: FIREWALL });
  for (const child of [
    built.resource, built.namespaceResource, built.serviceAccount, built.clusterRole, built.clusterRoleBinding, built.deployment,
    built.podDisruptionBudget, built.service, built.firewall,
  ]) {
    expect(child!.node.scope).toBe(built);
  }
  expect(built.certificate.secretName).toBe('gtoken-webhook-tls');
  expect(Token.isUnresolved(built.namespace)).toBe(true);
});

/** Blocks of HCL are lists, where JSON has them as lists or objects; white space in expressions has no meaning, and references need no "${}" everywhere. */
function comparable(value: any): any {
  if (typeof value === 'string') {
    return value.replace(/^\$\{([^{}]*)\}$/, '$1').replace(/\s+/g, '');
  }
  if (Array.isArray(value)) {
    return value.length === 1 && typeof value[0] === 'object' ? comparable(value[0]) : value.map(comparable);
  }
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, comparable(entry)])) : value;
}

test.each([
  ['cert-manager', () => CertManagerCertificate.with()],
  ['Terraform', () => SelfSignedWebhookCertificate.with()],
])('the webhook with a certificate of %s says the same as HCL and as JSON', async (_, certificate) => {
  const synthesize = <T>(read: (stack: string) => T) => inFolder(folder => {
    const app = new App({ outdir: folder });
    const stack = stackIn(app);
    selfSigned(stack, { certificate: certificate(), controlPlaneFirewall: FIREWALL, failurePolicy: text(stack) });
    app.synth();
    expect(readdirSync(join(folder, 'stacks'))).toEqual(['stack']);
    return read(join(folder, 'stacks', 'stack'));
  });
  const json = synthesize(stack => JSON.parse(readFileSync(join(stack, 'cdk.tf.json'), 'utf8'), (key, value) => key === '//' ? undefined : value));
  process.env.SYNTH_HCL_OUTPUT = 'true';
  let source: string;
  try {
    source = synthesize(stack => readFileSync(join(stack, 'cdk.tf'), 'utf8'));
  } finally {
    delete process.env.SYNTH_HCL_OUTPUT;
  }
  const hcl = await parse('cdk.tf', source) as Record<string, unknown>;
  const blocks = ({ resource, data }: any) => comparable({ resource, data: data ?? {} });
  expect(blocks(hcl)).toEqual(blocks(json));
});

describe('refuses', () => {
  const PINNED = 'be an image with a sha256 digest, or a tag other than latest';
  const PIN = 'pin what runs in the cluster, best by its digest';

  test.each(['doitintl/gtoken', 'doitintl/gtoken:latest', 'localhost:5000/gtoken', 'doitintl/gtoken@sha256:abc', '', 'Doit/gtoken:1', 'doitintl/gtoken:0.1.0 --json', '${var.image}'])(
    'the image %p, of which tomorrow another may run', image => {
      for (const prop of ['image', 'gtokenImage']) {
        expect(refusal(() => webhook(scratchStack(), { [prop]: image })))
          .toEqual({ code: 'InvalidIdentifier', message: `stack/Gtoken: ${prop} must ${PINNED}, got ${JSON.stringify(image)}; ${PIN}` });
      }
    });

  test.each(['gtoken:0.1.0', 'localhost:5000/gtoken:0.1.0', `europe-docker.pkg.dev/acme-apps/tools/gtoken:latest@sha256:${'a'.repeat(64)}`])('and not the image %p', image => {
    expect(() => webhook(scratchStack(), { image, gtokenImage: image })).not.toThrow();
  });

  test('an image without a tag of a registry that only Terraform knows', () => {
    const stack = scratchStack();
    const registry = text(stack);
    for (const image of ['/gtoken', ':latest', '/gtoken:latest']) {
      expect(refusal(() => webhook(stack, { image: `${registry}${image}` })).message).toBe(`stack/Gtoken: image must ${PINNED}, got "…${image}"; ${PIN}`);
    }
    expect(refusal(() => webhook(stack, { image: Lazy.stringValue({ produce: () => 'gtoken' }) })).code).toBe('UnresolvedValue');
    expect(stack.node.tryFindChild('Gtoken')).toBeUndefined();
    expect(() => webhook(stack, { image: `${registry}/gtoken:${text(stack, 'tag')}`, gtokenImage: registry })).not.toThrow();
  });

  const LABEL = 'be 1 to 63 lower-case letters, digits and "-", beginning with a letter';
  const SECONDS = 'must be a whole number from 1 to 30';
  const DNS = 'must be a DNS label (lower-case letters, digits and "-", 1 to 63 characters)';
  const WILDCARDS = 'write the namespace as Kubernetes knows it; wildcards are not accepted, list the service accounts instead';
  test.each([
    [{ certificate: undefined }, 'InvalidIdentifier',
      'certificate must say where the certificate comes from, got undefined; pass CertManagerCertificate.with(), or SelfSignedWebhookCertificate.with() of cdktf-workload-federation/tls'],
    [{ name: '1gtoken' }, 'InvalidName', `name must ${LABEL}, got "1gtoken"; choose a name that Kubernetes takes for a Service`],
    [{ name: 'a'.repeat(64) }, 'InvalidName', `name must ${LABEL}, got "${'a'.repeat(64)}"; choose a name that Kubernetes takes for a Service`],
    [{ namespace: 'Gtoken' }, 'InvalidName', `namespace ${DNS}, got "Gtoken"; ${WILDCARDS}`],
    ...['default', 'kube-system'].map(namespace => [{ namespace, existingNamespace: true }, 'InvalidName',
      `namespace must be none that every cluster begins with, got "${namespace}"; give the webhook a namespace of its own: no pod in it gets a token`]),
    [{ excludedNamespaces: ['*'] }, 'InvalidName', `excludedNamespaces ${DNS}, got "*"; ${WILDCARDS}`],
    [{ replicas: 0 }, 'OutOfRange', 'replicas must be a whole number from 1 to 10, got 0; leave it out for 2'],
    [{ replicas: 11 }, 'OutOfRange', 'replicas must be a whole number from 1 to 10, got 11; leave it out for 2'],
    [{ timeoutSeconds: 0 }, 'OutOfRange', `timeoutSeconds ${SECONDS}, got 0; leave it out for 10`],
    [{ timeoutSeconds: 31 }, 'OutOfRange', `timeoutSeconds ${SECONDS}, got 31; leave it out for 10`],
    [{ failurePolicy: 'fail' }, 'InvalidIdentifier', 'failurePolicy must be "Ignore" or "Fail", got "fail"; leave it out for "Ignore"'],
    [{ imagePullPolicy: 'Sometimes' }, 'InvalidIdentifier',
      'imagePullPolicy must be "IfNotPresent", "Always" or "Never", got "Sometimes"; leave it out for "IfNotPresent"'],
    [{ logLevel: 'trace' }, 'InvalidIdentifier',
      'logLevel must be "debug", "info", "warning", "error", "fatal" or "panic", got "trace"; leave it out for "warning"'],
    [{ admissionReviewVersions: [] }, 'InvalidIdentifier', 'admissionReviewVersions must hold a version, got []; leave it out for v1 and v1beta1'],
    [{ admissionReviewVersions: ['v2'] }, 'InvalidIdentifier', 'admissionReviewVersions must be "v1" and "v1beta1", or one of them, got "v2"; leave it out for both'],
    [{ volumeName: 'A' }, 'InvalidName', 'volumeName must be 1 to 63 lower-case letters, digits and "-", got "A"; leave it out for "gtoken-volume"'],
    ...['token', '/token/', '/var/../etc'].map(volumePath => [{ volumePath }, 'InvalidIdentifier',
      `volumePath must be an absolute path of letters, digits and "._-", without ".." or a slash at its end, got "${volumePath}"; leave it out for "/var/run/secrets/aws/token"`]),
    ...['..', 'a/b'].map(tokenFile => [{ tokenFile }, 'InvalidIdentifier',
      `tokenFile must be the name of a file: letters, digits and "._-", got "${tokenFile}"; leave it out for "gtoken"`]),
  ] as [Partial<GtokenWebhookProps>, string, string][])('%p', (props, code, message) => {
    const stack = scratchStack();
    expect(refusal(() => webhook(stack, props))).toEqual({ code, message: `stack/Gtoken: ${message}` });
    expect(stack.node.tryFindChild('Gtoken')).toBeUndefined();
  });

  const RANGE = 'must be an IPv4 range of at most 256 addresses that begins with its first, such as 172.16.0.0/28';
  const BLOCK = 'copy it from the cluster\'s privateClusterConfig.masterIpv4CidrBlock';
  const TARGETS = 'nodeTags must be given, or `nodeServiceAccounts`, and not both';
  const NODES = 'name the nodes by one of the two: without, the rule would open every machine of the network';
  test.each([
    [{ network: 'Acme' }, 'InvalidIdentifier', 'network must be the name or self link of a network, got "Acme"; pass the network of the cluster\'s nodes'],
    ...['0.0.0.0/0', '172.16.0.0/23', '172.16.0.1/28', '172.16.0.8/28', '172.16.0.0', '256.0.0.0/28', '172.16.00.0/28', 'fd00::/124'].map(controlPlaneCidr => [
      { controlPlaneCidr }, 'InvalidIdentifier', `controlPlaneCidr ${RANGE}, got "${controlPlaneCidr}"; ${BLOCK}`,
    ]),
    [{ nodeTags: undefined }, 'InvalidIdentifier', `${TARGETS}, got "neither"; ${NODES}`],
    [{ nodeTags: [], nodeServiceAccounts: [] }, 'InvalidIdentifier', `${TARGETS}, got "neither"; ${NODES}`],
    [{ nodeServiceAccounts: ['n@acme-apps.iam.gserviceaccount.com'] }, 'InvalidIdentifier', `${TARGETS}, got "both"; ${NODES}`],
    [{ nodeTags: ['Node'] }, 'InvalidName', 'nodeTags must be network tags: lower-case letters, digits and "-", beginning with a letter, got "Node"; copy them from a node'],
    [{ nodeTags: [], nodeServiceAccounts: ['nodes'] }, 'InvalidIdentifier', 'nodeServiceAccounts must be emails of service accounts, got "nodes"; copy them from a node pool'],
    [{ ruleName: 'Rule' }, 'InvalidName', `ruleName must ${LABEL}, got "Rule"; choose a name that Google Cloud takes`],
    [{ project: '1' }, 'InvalidName',
      'project must be a project id (6 to 30 lower-case letters, digits and "-", starting with a letter), got "1"; pass the project\'s id, not its number or name'],
  ] as [Partial<ControlPlaneFirewall>, string, string][])('a firewall with %p', (props, code, message) => {
    expect(refusal(() => webhook(scratchStack(), { controlPlaneFirewall: { ...FIREWALL, ...props } }))).toEqual({ code, message: `stack/Gtoken: controlPlaneFirewall.${message}` });
  });

  test('a name that leaves no room for that of the firewall rule', () => {
    const name = 'a'.repeat(50);
    expect(refusal(() => webhook(scratchStack(), { name, controlPlaneFirewall: FIREWALL })).message)
      .toBe(`stack/Gtoken: controlPlaneFirewall.ruleName must ${LABEL}, got "${name}-control-plane"; choose a name that Google Cloud takes`);
    expect(() => webhook(scratchStack(), { name, controlPlaneFirewall: { ...FIREWALL, ruleName: 'gtoken' } })).not.toThrow();
  });

  test('a second webhook in a cluster, which would put a second gtoken into every pod', () => {
    const stack = scratchStack();
    webhook(stack);
    const rule = 'kubernetesProvider must lead to a cluster without the webhook (stack/Gtoken is it)';
    const remedy = 'have one in a cluster, and give each cluster a KubernetesProvider with an alias';
    expect(refusal(() => webhook(stack, {}, 'Other'))).toEqual({
      code: 'DuplicateRegistration', message: `stack/Other: ${rule}, got "the provider without an alias"; ${remedy}`,
    });
    expect(stack.node.tryFindChild('Other')).toBeUndefined();
    const kubernetesProvider = new KubernetesProvider(stack, 'Blue', { alias: 'blue', configPath: '~/.kube/config' });
    webhook(stack, { kubernetesProvider }, 'Other');
    expect(refusal(() => webhook(stack, { kubernetesProvider }, 'Third')).message)
      .toBe(`stack/Third: ${rule.replace('Gtoken', 'Other')}, got "blue"; ${remedy}`);
  });

  test('to wait for what is in another stack', () => {
    const [stack, other] = [scratchStack(), scratchStack()];
    expect(refusal(() => webhook(stack, { dependsOn: [before(other)] })).code).toBe('UnresolvedValue');
  });

  const CERTIFICATES: [string, (options: object) => unknown][] = [
    ['CertManagerCertificate', options => CertManagerCertificate.with(options)], ['SelfSignedWebhookCertificate', options => SelfSignedWebhookCertificate.with(options)],
  ];
  describe.each(CERTIFICATES)('with %s', (type, create) => {
    test.each([
      [{ validityDays: 1 }, 'validityDays must be a whole number from 2 to 1825, got 1; leave it out for a year'],
      [{ validityDays: 1826 }, 'validityDays must be a whole number from 2 to 1825, got 1826; leave it out for a year'],
      ...[0, 90, 1.5].map(renewBeforeDays => [{ validityDays: 90, renewBeforeDays },
        `renewBeforeDays must be a whole number from 1 to 89, got ${renewBeforeDays}; renew after the certificate began and before it ends, or leave it out for a third of \`validityDays\``]),
    ] as [object, string][])('%p', (options, message) => {
      expect(refusal(() => create(options))).toEqual({ code: 'OutOfRange', message: `${type}.with: ${message}` });
    });

    test('days that only Terraform knows', () => {
      const days = Token.asNumber(number(scratchStack()));
      for (const prop of ['validityDays', 'renewBeforeDays']) {
        expect(refusal(() => create({ [prop]: days }))).toEqual({
          code: 'UnresolvedValue', message: `${type}.with: ${prop} must be literal, got "a value that only Terraform knows"; write it out: hours are computed from it`,
        });
      }
    });
  });

  test('the same where a certificate is made without a webhook', () => {
    const request = { namespace: 'gtoken', serviceName: 'gtoken', labels: {}, validityDays: 1 };
    const message = 'stack/Certificate: validityDays must be a whole number from 2 to 1825, got 1; leave it out for a year';
    expect(refusal(() => new CertManagerCertificate(scratchStack(), 'Certificate', request)).message).toBe(message);
    expect(refusal(() => new SelfSignedWebhookCertificate(scratchStack(), 'Certificate', request)).message).toBe(message);
  });

  test.each([
    [{ name: 'Acme' }, 'issuerRef.name'], [{ name: '' }, 'issuerRef.name'], [{ name: 'acme', kind: 'issuer' }, 'issuerRef.kind'],
    [{ name: 'acme', group: 'Acme' }, 'issuerRef.group'],
  ])('the issuer %p', (issuerRef, prop) => {
    const { code, message } = refusal(() => CertManagerCertificate.with({ issuerRef }));
    expect([code, message.split(' must ')[0]]).toEqual(['InvalidName', `CertManagerCertificate.with: ${prop}`]);
  });
});
