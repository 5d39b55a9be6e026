import { join } from 'node:path';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { App, Testing, TerraformStack } from 'cdktf';
import {
  AwsChainedRole, AwsFederatedRole, AwsPodIdentityRole, AwsRoleViaGoogle, ClusterOidcProvider, ClusterWorkloadIdentityPool, EksToAwsFederation,
  GcpFederatedPrincipal, GcpFederatedServiceAccount, ICloudIdentity, ServiceAccountSubject, Workload,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { EntraFederatedApplication } from 'cdktf-workload-federation/entra';
import { NamedIdentity, Subject, trustMatchers, trustOf } from 'cdktf-workload-federation/testing';
import { AKS_ISSUER, Clusters, EKS_ISSUER, GKE_ISSUER, LITERAL_AND_TOKENS } from '../clusters';
import { inFolder, stackIn } from '../synth';

expect.extend(trustMatchers);

const [[, LITERAL], [, TOKENS]] = LITERAL_AND_TOKENS as [[string, Clusters], [string, Clusters]];

/** Every cluster of Google's own pool in the project. */
const GKE_OF_PROJECT = 'https://container.googleapis.com/v1/projects/acme-apps/locations/*/clusters/*';

const WANTED = 'pass what Testing.synth(stack) returns, or the path of a cdktf.out folder';

function stack(): TerraformStack {
  return stackIn(Testing.app());
}

const reader = (cluster: { serviceAccount(namespace: string, name: string): ServiceAccountSubject }) => cluster.serviceAccount('reports', 'reader');

interface Made {
  readonly synthesized: string;
  readonly as: NamedIdentity;
  readonly trusts: readonly ServiceAccountSubject[];
}

type Make = (stack: TerraformStack, clusters: Clusters) => readonly [ICloudIdentity & NamedIdentity, readonly ServiceAccountSubject[]];

const IDENTITIES: readonly [string, Make][] = [
  ['a role', (scope, { eks, gke, aks }) => {
    const trusts = [eks, gke, aks].map(cluster => reader(cluster(scope)));
    return [new AwsFederatedRole(scope, 'Identity', { trusts }), trusts];
  }],
  ['a role at the end of a chain', (scope, { eks }) => {
    const trusts = [reader(eks(scope))];
    return [new AwsChainedRole(scope, 'Identity', { source: new AwsFederatedRole(scope, 'Source', { trusts }) }), trusts];
  }],
  ['a Google service account', (scope, { eks, gkePlain }) => {
    const trusts = [eks, gkePlain].map(cluster => reader(cluster(scope)));
    return [new GcpFederatedServiceAccount(scope, 'Identity', { accountId: 'reports-reader', trusts }), trusts];
  }],
  ['a Google principal', (scope, { eks, aks }) => {
    const trusts = [eks, aks].map(cluster => reader(cluster(scope)));
    return [new GcpFederatedPrincipal(scope, 'Identity', { trusts, projectRoles: ['roles/storage.objectViewer'] }), trusts];
  }],
  ['a managed identity', (scope, { eks, gke, aks }) => {
    const trusts = [eks, gke, aks].map(cluster => reader(cluster(scope)));
    return [new AzureFederatedIdentity(scope, 'Identity', { trusts, identityName: 'reports', resourceGroupName: 'acme', location: 'westeurope' }), trusts];
  }],
  ['an application of Entra ID', (scope, { aks }) => {
    const trusts = [reader(aks(scope))];
    return [new EntraFederatedApplication(scope, 'Identity', { trusts, displayName: 'Reports' }), trusts];
  }],
];

function make(build: Make, clusters: Clusters): Made {
  const scope = stack();
  const [as, trusts] = build(scope, clusters);
  return { synthesized: Testing.synth(scope), as, trusts };
}

/** What an expectation that fails says, or that it does not. */
function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return 'it passes';
}

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  describe.each(IDENTITIES)('%s', (__, build) => {
    const { synthesized, as, trusts } = make(build, clusters);
    const [{ cluster }] = trusts as [ServiceAccountSubject];

    test('admits those who are trusted, and exactly those', () => {
      for (const subject of trusts) {
        expect(synthesized).toAdmit(subject, { as });
        expect(synthesized).toAdmit({ cluster: subject.cluster, namespace: 'reports', serviceAccount: 'reader' }, { as });
      }
      expect(synthesized).toAdmitExactly(trusts, { as });
    });

    test.each<[string, Partial<Record<'namespace' | 'serviceAccount' | 'audience', string>>]>([
      ['another namespace', { namespace: 'report' }],
      ['another service account', { serviceAccount: 'reader-2' }],
      ['another audience', { audience: 'https://kubernetes.default.svc' }],
      ['names that are patterns', { serviceAccount: '*' }],
    ])('refuses %s', (___, change) => {
      expect(synthesized).not.toAdmit({ cluster, namespace: 'reports', serviceAccount: 'reader', ...change }, { as });
    });

    test('is not exactly those where one is missing in the list, or one too many', () => {
      expect(synthesized).not.toAdmitExactly(trusts.slice(1), { as });
      expect(synthesized).not.toAdmitExactly([...trusts, cluster.serviceAccount('reports', 'writer')], { as });
    });
  });

  test('Google\'s own pool admits every cluster of the project, and an expectation has to say so', () => {
    const scope = stack();
    const trusted = reader(clusters.gke(scope));
    const as = new GcpFederatedServiceAccount(scope, 'Account', { accountId: 'reports-reader', trusts: [trusted] });
    const synthesized = Testing.synth(scope);
    expect(synthesized).toAdmit(trusted, { as });
    expect(synthesized).toAdmitExactly([{ issuer: GKE_OF_PROJECT, namespace: 'reports', serviceAccount: 'reader' }], { as });
    expect(synthesized).not.toAdmitExactly([trusted], { as });
  });

  test('a principal of Google\'s own pool is found by its members', () => {
    const scope = stack();
    const trusted = reader(clusters.gke(scope));
    const as = new GcpFederatedPrincipal(scope, 'Principal', { trusts: [trusted], projectRoles: ['roles/storage.objectViewer'] });
    expect(Testing.synth(scope)).toAdmit(trusted, { as });
  });

  test('a role by Google as the issuer admits the service account, and Google\'s token for the one audience', () => {
    const scope = stack();
    const trusted = reader(clusters.gke(scope));
    const googleServiceAccount = new GcpFederatedServiceAccount(scope, 'Account', { accountId: 'reports-reader', trusts: [trusted] });
    const as = new AwsRoleViaGoogle(scope, 'Via', { googleServiceAccount });
    const synthesized = Testing.synth(scope);
    const token = { issuer: 'https://accounts.google.com', subject: googleServiceAccount.uniqueId };
    expect(synthesized).toAdmit(trusted, { as });
    expect(synthesized).toAdmit({ ...token, audience: 'gtoken/sts/assume-role-with-web-identity' }, { as });
    expect(synthesized).not.toAdmit({ ...token, audience: 'https://other.example' }, { as });
    expect(synthesized).not.toAdmit({ cluster: trusted.cluster, namespace: 'reports', serviceAccount: 'writer' }, { as });
  });
});

test('EKS Pod Identity asks for its own audience', () => {
  const scope = stack();
  const trusted = reader(TOKENS.eks(scope));
  const as = new AwsPodIdentityRole(scope, 'Role', { trusts: [trusted] });
  const synthesized = Testing.synth(scope);
  expect(synthesized).toAdmit(trusted, { as });
  expect(synthesized).toAdmitExactly([trusted], { as });
  expect(synthesized).not.toAdmit({ cluster: trusted.cluster, namespace: 'reports', serviceAccount: 'reader', audience: 'sts.amazonaws.com' }, { as });
});

describe('an audience that nobody says', () => {
  const build = (wired: boolean) => {
    const scope = stack();
    const trusted = reader(LITERAL.eks(scope));
    new ClusterOidcProvider(scope, 'Registration', { cluster: trusted.cluster, audience: 'acme', clientIdList: ['acme', 'sts.amazonaws.com'] });
    new ClusterWorkloadIdentityPool(scope, 'Pool', { cluster: trusted.cluster, allowedAudiences: ['acme-google'] });
    const role = new AwsFederatedRole(scope, 'Role', { trusts: [trusted] });
    const account = new GcpFederatedServiceAccount(scope, 'Account', { accountId: 'reports-reader', trusts: [trusted] });
    if (wired) {
      const workload = new Workload(scope, 'Workload', { serviceAccount: trusted, identities: [role, account] });
      new PodV1(scope, 'Pod', workload.podTemplate({ metadata: { name: 'reports' }, spec: { container: [{ name: 'app', image: 'app' }] } }));
    }
    return { synthesized: Testing.synth(scope), trusted, role, account };
  };

  test('is what the wiring of the workload presents, where it is there', () => {
    const { synthesized, trusted, role, account } = build(true);
    expect(synthesized).toAdmit(trusted, { as: role });
    expect(synthesized).toAdmit(trusted, { as: account });
  });

  test('is the mechanism\'s own otherwise, and not what the identity happens to take', () => {
    const { synthesized, trusted, role, account } = build(false);
    expect(synthesized).not.toAdmit(trusted, { as: role });
    expect(synthesized).not.toAdmit(trusted, { as: account });
    expect(synthesized).toAdmit({ cluster: trusted.cluster, namespace: 'reports', serviceAccount: 'reader', audience: 'acme' }, { as: role });
    expect(synthesized).toAdmit({ cluster: trusted.cluster, namespace: 'reports', serviceAccount: 'reader', audience: 'acme-google' }, { as: account });
  });
});

describe('what is become', () => {
  const scope = stack();
  const trusted = reader(LITERAL.eks(scope));
  const federation = new EksToAwsFederation(scope, 'Reports', { cluster: trusted.cluster, namespace: 'reports', serviceAccountName: 'reader', roleName: 'reports-role' });
  const account = new GcpFederatedServiceAccount(scope, 'Account', { accountId: 'reports-reader', trusts: [trusted] });
  const synthesized = Testing.synth(scope);

  test.each<[string, string | NamedIdentity]>([
    ['a federation', federation],
    ['a construct', federation.role],
    ['an ARN that is a token', federation.role.roleArn],
    ['an ARN as Terraform writes it', '${aws_iam_role.Reports_Role_23AAAD23.arn}'],
    ['the name of a role', 'reports-role'],
    ['the name of an account', 'reports-reader'],
    ['an address', 'aws_iam_role.Reports_Role_23AAAD23'],
    ['an email', 'reports-reader@acme-apps.iam.gserviceaccount.com'],
    ['an object with an email', { email: account.email }],
  ])('may be %s', (_, as) => {
    expect(synthesized).toAdmit(trusted, { as });
  });

  test('may be anything', () => {
    expect(synthesized).toAdmit(trusted);
    expect(synthesized).not.toAdmit(trusted.cluster.serviceAccount('reports', 'writer'));
  });

  test('may be several, each with its own', () => {
    expect(synthesized).toAdmitExactly([federation, account].map(as => ({ cluster: trusted.cluster, namespace: 'reports', serviceAccount: 'reader', as })));
    expect(synthesized).not.toAdmitExactly([{ cluster: trusted.cluster, namespace: 'reports', serviceAccount: 'reader', as: account }]);
  });

  test('refuses a name that is none', () => {
    expect(failure(() => trustOf(synthesized).admits(trusted, { as: 'reports-writer' }))).toBe('reports-writer is no identity of what was synthesized; there is aws_iam_role.Reports_Role_23AAAD23, google_service_account.Account');
  });

  test('refuses a path below which there are two', () => inFolder(outdir => {
    const app = new App({ outdir });
    const other = stackIn(app, 'reports');
    new AwsFederatedRole(other, 'Reader', { trusts: [trusted] });
    new AwsFederatedRole(other, 'Writer', { trusts: [trusted] });
    app.synth();
    expect(failure(() => trustOf(outdir).admits(trusted, { as: 'reports' }))).toBe('reports is more than one identity; name one of aws_iam_role.Reader, aws_iam_role.Writer');
  }));
});

describe('what was synthesized', () => {
  test('may be the folder that an app writes, in which constructs are found by their paths and issuers in other stacks', () => inFolder(outdir => {
    const app = new App({ outdir });
    const clusterStack = stackIn(app, 'clusters');
    const scope = stackIn(app, 'reports');
    const trusted = reader(TOKENS.eks(clusterStack));
    const role = new AwsFederatedRole(scope, 'Role', { trusts: [trusted] });
    app.synth();
    expect(outdir).toAdmit(trusted, { as: role });
    expect(outdir).toAdmit(trusted, { as: 'reports/Role' });
    expect(outdir).not.toAdmit(trusted.cluster.serviceAccount('reports', 'writer'), { as: 'reports/Role' });
    expect([join(outdir, 'stacks', 'clusters'), join(outdir, 'stacks', 'reports', 'cdk.tf.json')]).toAdmitExactly([trusted], { as: role });
  }));

  test('may be a document that was parsed, and what trustOf returns', () => {
    const { synthesized, as, trusts } = make(IDENTITIES[0]![1], LITERAL);
    expect(JSON.parse(synthesized)).toAdmit(trusts[0]!, { as });
    expect(trustOf(synthesized)).toAdmitExactly(trusts, { as });
  });

  test.each<[string, unknown, string]>([
    ['a construct', stack(), `cdk.tf.json: it is a construct, and not yet synthesized; ${WANTED}`],
    ['nothing', [], `cdk.tf.json: nothing was passed; ${WANTED}`],
    ['null', null, `cdk.tf.json: it is null; ${WANTED}`],
    ['text that is no JSON', '{', `cdk.tf.json: it is not JSON; ${WANTED}`],
    [
      'a path that leads nowhere', '/nowhere/cdktf.out',
      '/nowhere/cdktf.out: there is no such file or folder; pass a cdktf.out folder, a folder with *.tf.json, one such file, or what `terraform show -json` prints',
    ],
  ])('refuses %s', (_, synthesized, message) => {
    expect(failure(() => trustOf(synthesized as string))).toBe(message);
  });
});

describe('messages', () => {
  const { synthesized, as, trusts } = make(IDENTITIES[0]![1], LITERAL);
  const [trusted] = trusts as [ServiceAccountSubject];

  test('of a token that is refused name the gate, what it wants and has, where, and the remedy', () => {
    expect(failure(() => expect(synthesized).toAdmit(trusted.cluster.serviceAccount('reports', 'writer'), { as }))).toMatchInlineSnapshot(`
"expect(synthesized).toAdmit(…)

reports/writer of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 is refused as stack/Identity

  identity  arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Identity.name} at aws_iam_role.Identity · cdk.tf.json
  token     iss https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204, sub system:serviceaccount:reports:writer, aud sts.amazonaws.com
  way in    OIDC provider, at aws_iam_role.Identity (assume_role_policy) · cdk.tf.json
  gate      aws-condition, at aws_iam_role.Identity (assume_role_policy) · cdk.tf.json
  wants     StringEquals oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:reports:reader
  has       oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub: system:serviceaccount:reports:writer
  remedy    add "system:serviceaccount:reports:writer" to the values of StringEquals oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub of aws_iam_role.Identity
  gates     ✓ aws-provider  ✓ aws-client-id  ✓ aws-principal  ✓ aws-action  ✓ aws-condition  ✗ aws-condition"
`);
  });

  test('of a token that is accepted name the token that gets in', () => {
    expect(failure(() => expect(synthesized).not.toAdmit(trusted, { as }))).toMatchInlineSnapshot(`
"expect(synthesized).not.toAdmit(…)

reports/reader of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 is accepted as stack/Identity

  identity  arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Identity.name} at aws_iam_role.Identity · cdk.tf.json
  token     iss https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204, sub system:serviceaccount:reports:reader, aud sts.amazonaws.com
  way in    OIDC provider, at aws_iam_role.Identity (assume_role_policy) · cdk.tf.json
  gates     ✓ aws-provider  ✓ aws-client-id  ✓ aws-principal  ✓ aws-action  ✓ aws-condition  ✓ aws-condition"
`);
  });

  test('of somebody who is not listed name a token that gets in', () => {
    const scope = stack();
    const cluster = LITERAL.eks(scope);
    const role = new AwsFederatedRole(scope, 'Role', { trusts: [cluster.unsafeEveryServiceAccountOfNamespace('reports')] });
    expect(failure(() => expect(Testing.synth(scope)).toAdmitExactly([reader(cluster)], { as: role }))).toMatchInlineSnapshot(`
"expect(synthesized).toAdmitExactly(…)

somebody who is not listed is accepted as aws_iam_role.Role

  identity  arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Role.name} at aws_iam_role.Role · cdk.tf.json
  token     iss https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204, sub system:serviceaccount:reports:any, aud sts.amazonaws.com
  way in    OIDC provider, at aws_iam_role.Role (assume_role_policy) · cdk.tf.json
  gates     ✓ aws-provider  ✓ aws-client-id  ✓ aws-principal  ✓ aws-action  ✓ aws-condition  ✓ aws-condition"
`);
  });

  test('of somebody who is listed and refused, and of an expectation that holds and should not', () => {
    expect(failure(() => expect(synthesized).toAdmitExactly([...trusts, trusted.cluster.serviceAccount('reports', 'writer')], { as }))).toMatchInlineSnapshot(`
"expect(synthesized).toAdmitExactly(…)

reports/writer of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 is refused as stack/Identity

  identity  arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Identity.name} at aws_iam_role.Identity · cdk.tf.json
  token     iss https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204, sub system:serviceaccount:reports:writer, aud sts.amazonaws.com
  way in    OIDC provider, at aws_iam_role.Identity (assume_role_policy) · cdk.tf.json
  gate      aws-condition, at aws_iam_role.Identity (assume_role_policy) · cdk.tf.json
  wants     StringEquals oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:reports:reader
  has       oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub: system:serviceaccount:reports:writer
  remedy    add "system:serviceaccount:reports:writer" to the values of StringEquals oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub of aws_iam_role.Identity
  gates     ✓ aws-provider  ✓ aws-client-id  ✓ aws-principal  ✓ aws-action  ✓ aws-condition  ✗ aws-condition"
`);
    expect(failure(() => expect(synthesized).not.toAdmitExactly(trusts, { as }))).toMatchInlineSnapshot(`
"expect(synthesized).not.toAdmitExactly(…)

exactly those who are listed become stack/Identity:

reports/reader of https://container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps
  becomes  AWS role arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Identity.name}
  by       OIDC provider
  for      sts.amazonaws.com

reports/reader of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204
  becomes  AWS role arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Identity.name}
  by       OIDC provider
  for      sts.amazonaws.com

reports/reader of https://westeurope.oic.prod-aks.azure.com/0b1f6471-1bf0-4dda-aec3-cb9272f09590/3f6a1c52-9d0e-4a7b-8c15-2e4d6b8f0a91/
  becomes  AWS role arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Identity.name}
  by       OIDC provider
  for      sts.amazonaws.com"
`);
  });

  test('say what is not known, which is neither accepted nor refused', () => {
    const made = make(IDENTITIES[4]![1], TOKENS);
    const subject: Subject = { issuer: EKS_ISSUER, namespace: 'reports', serviceAccount: 'reader' };
    expect(failure(() => expect(made.synthesized).toAdmit(subject, { as: made.as }))).toMatchInlineSnapshot(`
"expect(synthesized).toAdmit(…)

reports/reader of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204 may be accepted or not, which is not known, as stack/Identity

  identity  \${azurerm_user_assigned_identity.Identity.client_id} at azurerm_user_assigned_identity.Identity · cdk.tf.json
  token     iss https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204, sub system:serviceaccount:reports:reader, aud api://AzureADTokenExchange
  way in    federated credential, at azurerm_federated_identity_credential.Identity_Credential_aks-apps_reports_reader_F2370D8F · cdk.tf.json
  gate      azure-issuer, at azurerm_federated_identity_credential.Identity_Credential_aks-apps_reports_reader_F2370D8F (issuer) · cdk.tf.json
  wants     a token of \${data.azurerm_kubernetes_cluster.AksCluster.oidc_issuer_url}
  has       iss https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204
  remedy    set issuer of azurerm_federated_identity_credential.Identity_Credential_aks-apps_reports_reader_F2370D8F to the token's iss, to the letter; a slash at the end counts
  gates     ? azure-issuer  ✓ azure-subject  ✓ azure-audience"
`);
    expect(failure(() => expect(made.synthesized).not.toAdmit(subject, { as: made.as }))).toContain('may be accepted or not, which is not known');
  });

  test('look at times where one is said, with a token that is valid then', () => {
    expect(synthesized).toAdmit({ cluster: trusted.cluster, namespace: 'reports', serviceAccount: 'reader', at: new Date('2026-01-31T02:00:00Z') }, { as });
  });
});

describe('refuses a subject', () => {
  const scope = stack();
  const trusted = reader(LITERAL.eks(scope));
  new AwsFederatedRole(scope, 'Role', { trusts: [trusted] });
  const synthesized = Testing.synth(scope);
  const ask = (subject: unknown) => failure(() => trustOf(synthesized).admits(subject as Subject));
  const account = { namespace: 'reports', serviceAccount: 'reader' };

  test.each<[string, unknown, string]>([
    ['without an issuer', account, 'the subject has no issuer; pass a cluster or an issuer'],
    ['without a name', { issuer: EKS_ISSUER, namespace: 'reports' }, 'the subject has no serviceAccount; pass the name of the service account'],
    ['without anything', { issuer: EKS_ISSUER }, 'the subject has no subject; pass a namespace and a serviceAccount, or a subject'],
    [
      'whose issuer is not in the stack', { ...account, issuer: '${data.aws_eks_cluster.Other.identity[0].oidc[0].issuer}' },
      'issuer is ${data.aws_eks_cluster.Other.identity[0].oidc[0].issuer}, which is not in what was synthesized; pass the stack that has it too, or write the value itself',
    ],
    [
      'whose issuer is a variable that is not there', { ...account, issuer: '${var.issuer}' },
      'issuer is ${var.issuer}, which is not in what was synthesized; pass the stack that has it too, or write the value itself',
    ],
    [
      'whose issuer is a token that nobody knows', { ...account, cluster: { issuer: '${TfToken[TOKEN.987654]}' } },
      'issuer is ${TfToken[TOKEN.987654]}, a token of cdktf whose expression cannot be told; '
        + 'write it as it stands in the synthesized stack, as in "${data.aws_eks_cluster.Apps.identity[0].oidc[0].issuer}"',
    ],
    ['at no time', { ...account, issuer: EKS_ISSUER, at: new Date('tomorrow') }, 'at is no date; pass a Date, as in new Date("2026-01-31T02:00:00Z")'],
  ])('%s', (_, subject, message) => {
    expect(ask(subject)).toBe(message);
  });

  test('that is listed without what it becomes', () => {
    expect(failure(() => trustOf(synthesized).admitsExactly([trusted]))).toBe('an admission does not say what is become; pass `as`, of each or of all');
  });
});

test('an issuer may be written as it stands in the stack', () => {
  const { synthesized, as } = make(IDENTITIES[0]![1], TOKENS);
  const account = { namespace: 'reports', serviceAccount: 'reader' };
  expect(synthesized).toAdmit({ ...account, issuer: TOKENS.eksIssuer }, { as });
  expect(synthesized).toAdmit({ ...account, issuer: TOKENS.gkeIssuer }, { as });
  expect(synthesized).toAdmit({ ...account, issuer: GKE_ISSUER }, { as });
  expect(failure(() => expect(synthesized).toAdmit({ ...account, issuer: AKS_ISSUER }, { as }))).toContain('which is not known');
});

test('somebody of another unknown issuer is not taken for one who is listed, be it that nobody knows whether he gets in', () => {
  const statement = (issuer: string, more: object) => ({
    Effect: 'Allow', Principal: { Federated: `\${aws_iam_openid_connect_provider.${issuer}.arn}` }, Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: {
        [`\${var.${issuer}}:sub`]: 'system:serviceaccount:reports:reader',
        [`\${var.${issuer}}:aud`]: 'sts.amazonaws.com', ...more,
      },
    },
  });
  const world = (more: object) => ({
    variable: { one: {}, two: {}, tenant: {} },
    resource: {
      aws_iam_openid_connect_provider: Object.fromEntries(['one', 'two'].map(name => [name, { url: `https://\${var.${name}}`, client_id_list: ['sts.amazonaws.com'] }])),
      aws_iam_role: { reader: { name: 'reader', assume_role_policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement('one', {}), statement('two', more)] }) } },
    },
  });
  const subject = (issuer: string) => ({ issuer, namespace: 'reports', serviceAccount: 'reader' });
  const of = (more: object, ...issuers: string[]) => trustOf(world(more)).admitsExactly(issuers.map(subject), { as: 'aws_iam_role.reader' }).verdict;
  expect(of({}, 'https://${var.one}', 'https://${var.two}')).toBe('yes');
  expect(of({}, 'https://${var.one}')).toBe('no');
  expect(of({ 'aws:PrincipalTag/tenant': '${var.tenant}' }, 'https://${var.one}')).not.toBe('yes');
  expect(of({ '${var.two}:amr': '${var.tenant}' }, 'https://${var.one}')).not.toBe('yes');
});

test('the matchers do without jest', () => {
  const { synthesized, as, trusts } = make(IDENTITIES[0]![1], LITERAL);
  expect(trustMatchers.toAdmit(synthesized, trusts[0]!, { as }).pass).toBe(true);
  expect(trustMatchers.toAdmit.call({ isNot: true }, synthesized, trusts[0]!.cluster.serviceAccount('reports', 'writer'), { as }).pass).toBe(false);
});
