import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { TlsProvider } from '@cdktf/provider-tls/lib/provider';
import { TerraformStack, TerraformVariable } from 'cdktf';
import {
  AwsChainedRole, AwsFederatedRole, AwsPodIdentityRole, AwsRoleViaGoogle, Cluster, ClusterOidcProvider, GcpFederatedServiceAccount, GcsHostedIssuer,
  GoogleIdTokenSource, S3HostedIssuer, ServiceAccountSubject,
} from 'cdktf-workload-federation';
import { AzureBlobHostedIssuer } from 'cdktf-workload-federation/azure';
import { GtokenWebhook } from 'cdktf-workload-federation/gtoken';
import { SelfSignedWebhookCertificate } from 'cdktf-workload-federation/tls';
import { Clusters, LITERAL_AND_TOKENS } from '../../clusters';
import { MECHANISMS } from '../../mechanisms';
import { EXAMPLES, stackIn } from '../../synth';
import { mechanismStacks } from '../kubernetes/workloads';
import { appStacks } from '../shadow';
import type { StacksOfApp } from './real';

/** The stacks of every mechanism, with literals and with what only Terraform knows: pods, and where they end a smoke test. */
export function mechanisms(): StacksOfApp[] {
  return MECHANISMS.flatMap(row => LITERAL_AND_TOKENS.map(([known, clusters]) => ({
    title: `${row.from} to ${row.to}: ${row.by} with ${known}`, stacks: mechanismStacks(row, clusters, ['Deployment', 'CronJob']),
  })));
}

const ROLE = {
  path: '/teams/reports/',
  description: 'Reads the reports, and "nothing" else: <b>&amp;</b>',
  permissionsBoundary: 'arn:aws:iam::123456789012:policy/boundary',
  maxSessionDuration: 43200,
  tags: { 'team': 'reports', 'acme:cost-center': '42' },
  policyArns: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess', 'arn:aws:iam::123456789012:policy/teams/Reports'],
  policyStatements: [
    { sid: 'Tables', actions: ['dynamodb:GetItem'], resources: ['arn:aws:dynamodb:eu-west-1:123456789012:table/reports'] },
    { effect: 'Deny', notActions: ['s3:*'], resources: ['*'], condition: [{ test: 'Bool', variable: 'aws:SecureTransport', values: ['false'] }] },
  ],
};

/** What a role may be given that no mechanism has, by what is special about it. */
const OPTIONS: Readonly<Record<string, (stack: TerraformStack, clusters: Clusters) => void>> = {
  'a role with every option': (stack, clusters) => {
    const trusts = readers(stack, clusters, 2);
    const other = new AwsProvider(stack, 'Other', { alias: 'other', region: 'eu-central-1' });
    const oidcProviders = trusts.map(({ cluster }) => new ClusterOidcProvider(stack, `Known-${cluster.id}`, {
      cluster, awsProvider: other, audience: 'reports', clientIdList: ['reports', 'sts.amazonaws.com'], tags: { team: 'reports' },
    }));
    const role = new AwsFederatedRole(stack, 'Role', { ...ROLE, roleNamePrefix: 'reports-reader-', trusts, oidcProviders, awsProvider: other, trustPolicyQuota: 4096, region: 'eu-central-1' });
    ['arn:aws:s3:::acme-reports', 'arn:aws:s3:::acme-archive'].forEach(bucket => role.grantBucketRead(bucket, { prefix: 'reports/' }));
    role.grantBucketWrite('arn:aws:s3:::acme-reports');
  },
  'as many subjects as a quota takes': (stack, clusters) => {
    new AwsFederatedRole(stack, 'Role', { trusts: readers(stack, clusters, 12), trustPolicyQuota: 8192 });
  },
  'registrations that are looked up, or known by their ARN': (stack, clusters) => {
    const [reader, , other] = readers(stack, clusters, 3);
    const found = ClusterOidcProvider.fromLookup(stack, 'Found', { cluster: reader!.cluster });
    const named = ClusterOidcProvider.fromArn(stack, 'Named', { cluster: other!.cluster, arn: `arn:aws:iam::123456789012:oidc-provider/${other!.cluster.issuer.slice('https://'.length)}` });
    new AwsFederatedRole(stack, 'Role', { trusts: [reader!, other!], oidcProviders: [found, named], roleName: 'reports-reader' });
  },
  'roles that exist already': (stack, clusters) => {
    const trusts = readers(stack, clusters, 1);
    const role = AwsFederatedRole.fromRoleArn(stack, 'Role', { trusts, roleArn: 'arn:aws:iam::123456789012:role/teams/reader', policyArns: ROLE.policyArns, policyStatements: ROLE.policyStatements });
    role.grantBucketPut('arn:aws:s3:::acme-reports', { prefix: 'in/' });
    AwsChainedRole.fromRoleArn(stack, 'Target', { source: role, roleArn: 'arn:aws:iam::210987654321:role/reader', externalId: 'acme:reports/42' });
  },
  'a namespace, and subjects that are trusted by a pattern': (stack, clusters) => {
    new AwsFederatedRole(stack, 'Role', { trusts: [clusters.eks(stack).unsafeEveryServiceAccountOfNamespace('reports')] });
  },
  'EKS Pod Identity with every option': (stack, clusters) => {
    const eks = clusters.eks(stack);
    const trusts = ['reader', 'writer'].map(name => eks.serviceAccount('reports', name));
    const role = new AwsPodIdentityRole(stack, 'Role', { ...ROLE, roleName: 'reports-reader', trusts, sourceConditions: true });
    role.grantBucketRead('arn:aws:s3:::acme-reports');
    const other = new AwsProvider(stack, 'Other', { alias: 'other', region: 'eu-west-1' });
    const target = new AwsChainedRole(stack, 'Target', { ...ROLE, source: role, roleName: 'reports-target', awsProvider: other });
    target.grantBucketRead('arn:aws:s3:::acme-archive');
  },
  'EKS Pod Identity without session tags': (stack, clusters) => {
    new AwsPodIdentityRole(stack, 'Role', { trusts: [clusters.eks(stack).serviceAccount('reports', 'reader')], disableSessionTags: true });
  },
  'ID tokens of Google service accounts': (stack, clusters) => {
    const trusts = [clusters.gke(stack).serviceAccount('reports', 'reader')];
    const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', { accountId: 'reports-reader', trusts });
    new AwsRoleViaGoogle(stack, 'Role', { ...ROLE, roleName: 'reports-reader', googleServiceAccount, idTokenSource: GoogleIdTokenSource.metadataServer({ image: 'curl:8' }), audience: 'reports' });
  },
};

/** Service accounts of as many clusters. */
function readers(stack: TerraformStack, clusters: Clusters, count: number): ServiceAccountSubject[] {
  const first = [clusters.eks(stack), clusters.aks(stack)].slice(0, count);
  const others = Array.from({ length: count - first.length }, (_, index) => Cluster.eks({ name: `more-${index}`, issuer: `https://oidc.eks.eu-west-1.amazonaws.com/id/${String(index).padStart(32, 'A')}` }));
  return [...first, ...others].map(cluster => cluster.serviceAccount('reports', 'reader'));
}

/** Stacks with the options that no mechanism and no example has, of identities, registrations and issuers. */
export function options(): StacksOfApp[] {
  const publicKeys = ['current', 'next'].map(key => readFileSync(join(EXAMPLES, 'self-hosted', 'keys', `${key}.pub`), 'utf8'));
  return [
    ...Object.entries(OPTIONS).flatMap(([title, build]) => LITERAL_AND_TOKENS.map(([known, clusters]) => ({
      title: `${title}, with ${known}`, stacks: appStacks(app => build(stackIn(app), clusters)),
    }))),
    {
      title: 'issuers in buckets, and webhooks',
      stacks: appStacks(app => {
        const stack = stackIn(app);
        const china = new AwsProvider(stack, 'China', { alias: 'china', region: 'cn-north-1', allowedAccountIds: ['345678901234'] });
        const jwks = new TerraformVariable(stack, 'jwks', { type: 'string' }).stringValue;
        new S3HostedIssuer(stack, 'S3', { bucketName: 'acme-oidc', region: 'eu-west-1', publicKeys, tags: { team: 'platform' }, preventDestroy: false });
        new S3HostedIssuer(stack, 'S3InChina', { bucketName: 'acme-oidc-cn', region: 'cn-north-1', jwks, awsProvider: china });
        new GcsHostedIssuer(stack, 'Gcs', { bucketName: 'acme-oidc', location: 'EU', publicKeys });
        new AzureBlobHostedIssuer(stack, 'Blob', { storageAccountName: 'acmeoidc', resourceGroupName: 'acme', location: 'westeurope', publicKeys });
        new TlsProvider(stack, 'Tls');
        new GtokenWebhook(stack, 'Gtoken', { image: 'gtoken-webhook:1', gtokenImage: 'gtoken:1', certificate: SelfSignedWebhookCertificate.with() });
      }),
    },
  ];
}
