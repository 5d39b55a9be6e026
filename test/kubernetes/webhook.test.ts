import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { TerraformStack, TerraformVariable } from 'cdktf';
import {
  AwsChainedRole, AwsFederatedRole, AwsPodIdentityRole, AwsRoleViaGoogle, ClusterWorkloadIdentityPool, GcpFederatedPrincipal,
  GcpFederatedServiceAccount, GkeToAwsFederation, GoogleIdTokenSource, ICloudIdentity, ServiceAccountSubject, Workload, WorkloadOptions,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity, AzureFederatedIdentityProps } from 'cdktf-workload-federation/azure';
import { trustMatchers } from 'cdktf-workload-federation/testing';
import { check, readModel } from 'cdktf-workload-federation/trust';
import { Clusters, LITERAL_AND_TOKENS } from '../clusters';
import { refusal } from '../refusal';
import { addresses, scratchStack, synthStack } from '../synth';

expect.extend(trustMatchers);

const ROLE_ARN = 'arn:aws:iam::123456789012:role/reports';
const EMAIL = 'reports@acme-apps.iam.gserviceaccount.com';
const PROVIDER = 'projects/123456789012/locations/global/workloadIdentityPools/apps/providers/apps';
const AZURE = { identityName: 'reports-reader', resourceGroupName: 'reports', location: 'westeurope' };
const POD = { spec: { container: [{ name: 'app', image: 'app:1' }], initContainer: [{ name: 'init', image: 'app:1' }] } };
const RULE = 'which no webhook brings, got "webhook"';

const roleFor = (stack: TerraformStack, subject: ServiceAccountSubject, audience?: string) =>
  AwsFederatedRole.fromRoleArn(stack, 'Role', { roleArn: ROLE_ARN, region: 'eu-west-1', trusts: [subject], audience });
const poolFor = (stack: TerraformStack, { cluster }: ServiceAccountSubject, audience?: string) =>
  ClusterWorkloadIdentityPool.fromProviderName(stack, 'Pool', { cluster, providerName: PROVIDER, audience });
const googleFor = (stack: TerraformStack, subject: ServiceAccountSubject, props: { tokenLifetimeSeconds?: number; audience?: string } = {}) => {
  const { audience, ...more } = props;
  const pools = subject.cluster.workloadPool === undefined ? [poolFor(stack, subject, audience)] : undefined;
  return new GcpFederatedServiceAccount(stack, 'Account', { email: EMAIL, project: 'acme-apps', trusts: [subject], pools, ...more });
};
const azureFor = (stack: TerraformStack, subject: ServiceAccountSubject, props: Partial<AzureFederatedIdentityProps> = {}) =>
  new AzureFederatedIdentity(stack, 'Identity', { ...AZURE, trusts: [subject], ...props });

type IdentityOf = (stack: TerraformStack, subject: ServiceAccountSubject) => ICloudIdentity;
type Source = 'eks' | 'gke' | 'gkePlain' | 'aks' | 'oidc';

/** The ServiceAccount's annotations, and what stands in the pods besides what their author wrote. */
function wiringOf(
  clusters: Clusters, source: Source, identityOf: IdentityOf, options: WorkloadOptions = {},
) {
  const all = addresses(synthStack(stack => {
    const serviceAccount = clusters[source](stack).serviceAccount('reports', 'reader');
    const workload = new Workload(stack, 'Workload', { serviceAccount, identities: [identityOf(stack, serviceAccount)], wiring: 'webhook', ...options });
    new DeploymentV1(stack, 'App', {
      metadata: { name: 'app', namespace: workload.namespace }, spec: { selector: { matchLabels: { app: 'app' } }, template: workload.podTemplate(POD) },
    });
  })) as Record<string, any>;
  expect(Object.keys(all).filter(address => address.startsWith('kubernetes_config_map'))).toEqual([]);
  const { metadata, spec } = all['kubernetes_deployment_v1.App'].spec.template;
  expect(spec.volume).toBeUndefined();
  const [own, init] = [spec.container, spec.init_container].map(([{ name, image, env, ...rest }]) => ({ env, rest }));
  expect(init).toEqual(own);
  expect(own!.rest).toEqual({});
  return { annotations: all['kubernetes_service_account_v1.Workload'].metadata.annotations, labels: metadata.labels, env: own!.env };
}

const REGION_ENV = [
  { name: 'AWS_REGION', value: 'eu-west-1' }, { name: 'AWS_DEFAULT_REGION', value: 'eu-west-1' }, { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
];
const GOOGLE_ENV = [
  { name: 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', value: '/var/run/secrets/gcloud/config/federation.json' },
  { name: 'GOOGLE_CLOUD_PROJECT', value: 'acme-apps' }, { name: 'CLOUDSDK_CORE_PROJECT', value: 'acme-apps' },
];

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  test.each<Source>(['gke', 'gkePlain', 'aks', 'oidc'])('a role is annotated for EKS\'s webhook on %s, and the pods say the region, which the webhook may not', source => {
    expect(wiringOf(clusters, source, roleFor, { tokenExpirationSeconds: 600 })).toEqual({
      annotations: {
        'eks.amazonaws.com/role-arn': ROLE_ARN,
        'eks.amazonaws.com/audience': 'sts.amazonaws.com',
        'eks.amazonaws.com/sts-regional-endpoints': 'true',
        'eks.amazonaws.com/token-expiration': '600',
      },
      labels: {},
      env: REGION_ENV,
    });
  });

  test('on EKS the webhook of the platform says the region', () => {
    expect(wiringOf(clusters, 'eks', roleFor).env).toBeUndefined();
  });

  test.each<Source>(['eks', 'gke', 'aks', 'oidc'])('a managed identity is annotated for Azure\'s webhook on %s, and the pods are labelled', source => {
    expect(wiringOf(clusters, source, azureFor, { tokenExpirationSeconds: 7200 })).toEqual({
      annotations: {
        'azure.workload.identity/client-id': '${azurerm_user_assigned_identity.Identity.client_id}',
        'azure.workload.identity/tenant-id': '${azurerm_user_assigned_identity.Identity.tenant_id}',
        'azure.workload.identity/service-account-token-expiration': '7200',
      },
      labels: { 'azure.workload.identity/use': 'true' },
      env: undefined,
    });
  });

  test.each<Source>(['eks', 'gkePlain', 'aks', 'oidc'])('a Google service account is annotated for the webhook of pfnet on %s', source => {
    expect(wiringOf(clusters, source, (stack, subject) => googleFor(stack, subject, { audience: 'sts.googleapis.com' }))).toEqual({
      annotations: {
        'cloud.google.com/workload-identity-provider': PROVIDER,
        'cloud.google.com/service-account-email': '${data.google_service_account.Account.email}',
        'cloud.google.com/audience': 'sts.googleapis.com',
        'cloud.google.com/token-expiration': '3600',
        'cloud.google.com/injection-mode': 'direct',
      },
      labels: {},
      env: GOOGLE_ENV,
    });
  });

  test('a service account that has the roles itself is annotated for direct access, with the audience of the provider', () => {
    expect(wiringOf(clusters, 'oidc', (stack, subject) => new GcpFederatedPrincipal(stack, 'Principal', {
      trusts: [subject], project: 'acme-apps', pools: [poolFor(stack, subject)],
    }))).toEqual({
      annotations: {
        'cloud.google.com/workload-identity-provider': PROVIDER,
        'cloud.google.com/audience': `https://iam.googleapis.com/${PROVIDER}`,
        'cloud.google.com/token-expiration': '3600',
        'cloud.google.com/injection-mode': 'direct',
        'cloud.google.com/token-exchange-mode': 'direct-access',
      },
      labels: {},
      env: GOOGLE_ENV,
    });
  });

  test('Google\'s own pool needs no webhook, beside one for another cloud', () => {
    expect(wiringOf(clusters, 'gke', googleFor)).toEqual({
      annotations: { 'iam.gke.io/gcp-service-account': '${data.google_service_account.Account.email}' }, labels: {}, env: undefined,
    });
  });

  test('the tokens that the webhooks ask for are those that the clouds take', () => {
    const synthesized = synthStack(stack => {
      const serviceAccount = clusters.oidc(stack).serviceAccount('reports', 'reader');
      const account = new GcpFederatedServiceAccount(stack, 'Account', { accountId: 'reports', trusts: [serviceAccount] });
      const identities = [new AwsFederatedRole(stack, 'Role', { trusts: [serviceAccount] }), account, azureFor(stack, serviceAccount)];
      const workload = new Workload(stack, 'Workload', { serviceAccount, identities, wiring: 'webhook' });
      new DeploymentV1(stack, 'App', {
        metadata: { name: 'app', namespace: workload.namespace }, spec: { selector: { matchLabels: { app: 'app' } }, template: workload.podTemplate(POD) },
      });
    });
    const json = JSON.stringify(synthesized);
    const subject = { issuer: clusters.oidcIssuer, namespace: 'reports', serviceAccount: 'reader' };
    for (const as of ['aws_iam_role.Role', 'google_service_account.Account', 'azurerm_user_assigned_identity.Identity']) {
      expect(json).toAdmit(subject, { as });
      expect(json).not.toAdmit({ ...subject, serviceAccount: 'writer' }, { as });
    }
  });
});

test('an annotation that was changed by hand is found, with the audience to ask for', () => {
  const json = synthStack(stack => {
    const serviceAccount = LITERAL_AND_TOKENS[0]![1].oidc(stack).serviceAccount('reports', 'reader');
    const account = new GcpFederatedServiceAccount(stack, 'Account', { accountId: 'reports', trusts: [serviceAccount] });
    new Workload(stack, 'Workload', { serviceAccount, identities: [account], wiring: 'webhook' });
  });
  json.resource.kubernetes_service_account_v1!.Workload.metadata.annotations['cloud.google.com/audience'] = 'sts.googleapis.com';
  const { findings } = check(readModel([{ file: 'cdk.tf.json', stack: 'stack', json }]));
  const audience = 'https://iam.googleapis.com/projects/${project_number("acme-apps")}/locations/global/workloadIdentityPools/oidc-onprem/providers/oidc-onprem';
  expect(findings.filter(({ level }) => level === 'error').map(({ rule, message, remedy }) => ({ rule, message, remedy }))).toEqual([{
    rule: 'wiring-not-trusted',
    message: expect.stringContaining(`present a token for sts.googleapis.com to ${EMAIL}, which never takes it`),
    remedy: expect.stringContaining(`ask for a token with the audience ${audience}`),
  }]);
});

test('a named direction passes the wiring on', () => {
  const all = addresses(synthStack(stack => {
    new GkeToAwsFederation(stack, 'F', { cluster: LITERAL_AND_TOKENS[0]![1].gke(stack), namespace: 'reports', serviceAccountName: 'reader', wiring: 'webhook' });
  })) as Record<string, any>;
  const [, account] = Object.entries(all).find(([address]) => address.startsWith('kubernetes_service_account_v1'))!;
  expect(Object.keys(account.metadata.annotations)).toContain('eks.amazonaws.com/role-arn');
});

test('annotations carry what only Terraform knows', () => {
  const { annotations } = wiringOf(LITERAL_AND_TOKENS[0]![1], 'oidc', (stack, subject) => {
    const text = (id: string) => new TerraformVariable(stack, id, { type: 'string' }).stringValue;
    return new GcpFederatedServiceAccount(stack, 'Account', {
      accountId: 'reports', trusts: [subject],
      pools: [ClusterWorkloadIdentityPool.fromProviderName(stack, 'Pool', { cluster: subject.cluster, providerName: text('provider'), audience: text('audience') })],
    });
  });
  expect(annotations).toMatchObject({
    'cloud.google.com/workload-identity-provider': '${var.provider}', 'cloud.google.com/audience': '${var.audience}',
    'cloud.google.com/service-account-email': '${google_service_account.Account.email}',
  });
});

describe('refuses', () => {
  const [, clusters] = LITERAL_AND_TOKENS[0]!;
  const workload = (source: Source, identityOf: IdentityOf, options: WorkloadOptions = {}) => {
    const stack = scratchStack();
    const serviceAccount = clusters[source](stack).serviceAccount('reports', 'reader');
    const identity = identityOf(stack, serviceAccount);
    return refusal(() => new Workload(stack, 'W', { serviceAccount, identities: [identity], wiring: 'webhook', ...options }));
  };

  test.each<[string, Source, IdentityOf, string]>([
    ['a role of EKS Pod Identity', 'eks', (stack, subject) => new AwsPodIdentityRole(stack, 'Role', { trusts: [subject] }),
      `stack/Role: wiring must be another one for EKS Pod Identity, ${RULE}; leave it out where the workload is defined: the association and EKS's agent bring the role`],
    ['a target role of EKS Pod Identity', 'eks', (stack, subject) => new AwsChainedRole(stack, 'Target', { source: new AwsPodIdentityRole(stack, 'Role', { trusts: [subject] }) }),
      `stack/Role: wiring must be another one for EKS Pod Identity, ${RULE}; leave it out where the workload is defined: the association and EKS's agent bring the role`],
    ['a chain of roles', 'oidc', (stack, subject) => new AwsChainedRole(stack, 'Target', { source: roleFor(stack, subject) }),
      `stack/Target: wiring must be another one for a chain of roles, whose config file, ${RULE}; give the workload \`wiring: "explicit"\`, or the first role of the chain`],
    ['ID tokens of Google that containers bring', 'gke', (stack, subject) => new AwsRoleViaGoogle(stack, 'Via', {
      googleServiceAccount: googleFor(stack, subject), idTokenSource: GoogleIdTokenSource.metadataServer({ image: 'curlimages/curl:8.10.1' }),
    }), `stack/Via: wiring must be another one for ID tokens that containers of the pod ask for, ${RULE}; `
      + 'leave it out, or give the identity `idTokenSource: GoogleIdTokenSource.webhook()`'],
    ['an audience that Azure\'s webhook does not ask for', 'oidc', (stack, subject) => azureFor(stack, subject, { audience: 'acme' }),
      'stack/Identity: audience must be left out where Azure\'s webhook brings the token: it asks for "api://AzureADTokenExchange", got "acme"; give the workload `wiring: "explicit"`'],
    ['another cloud of Azure', 'aks', (stack, subject) => azureFor(stack, subject, { azureCloud: 'usgovernment' }),
      'stack/Identity: azureCloud must be left out where Azure\'s webhook brings the token: it asks for "api://AzureADTokenExchange", got "usgovernment"; '
      + 'give the workload `wiring: "explicit"`'],
    ['a lifetime that the document of pfnet\'s webhook does not say', 'oidc', (stack, subject) => googleFor(stack, subject, { tokenLifetimeSeconds: 900 }),
      'stack/Account: tokenLifetimeSeconds must be left out where the webhook writes the credential configuration, which says none, got 900; '
      + 'leave it out for one hour, or give the workload `wiring: "explicit"`'],
  ])('%s', (_, source, identityOf, message) => {
    expect(workload(source, identityOf)).toEqual({ code: 'ClashingWiring', message });
  });

  test.each<[string, IdentityOf, string]>([
    ['Azure', azureFor, 'stack/Identity: tokenExpirationSeconds must be a whole number from 3600 to 86400, got 3599; Azure\'s webhook takes no other; give the workload `wiring: "explicit"` for shorter tokens'],
    ['pfnet', googleFor, 'stack/Account: tokenExpirationSeconds must be a whole number from 3600 to 86400, got 3599; the webhook makes shorter ones an hour long; give the workload `wiring: "explicit"` for them'],
  ])('tokens that are shorter than the webhook of %s makes them', (_, identityOf, message) => {
    expect(workload('oidc', identityOf, { tokenExpirationSeconds: 3599 })).toEqual({ code: 'OutOfRange', message });
  });

  test('a refused workload leaves a role of EKS Pod Identity free for a target', () => {
    const stack = scratchStack();
    const serviceAccount = clusters.eks(stack).serviceAccount('reports', 'reader');
    const source = new AwsPodIdentityRole(stack, 'Role', { trusts: [serviceAccount] });
    expect(() => new Workload(stack, 'W', { serviceAccount, identities: [source], wiring: 'webhook' })).toThrow();
    expect(() => new AwsChainedRole(stack, 'Target', { source })).not.toThrow();
  });

  test('an identity that does not trust the service account', () => {
    expect(workload('oidc', (stack, subject) => roleFor(stack, subject.cluster.serviceAccount('reports', 'writer'))).code).toBe('NotTrusted');
  });
});
