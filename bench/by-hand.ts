// The same resources written by hand with care: every attribute is read once, and what the federations share is made once.
import { DataAwsIamPolicyDocument } from '@cdktf/provider-aws/lib/data-aws-iam-policy-document';
import { DataAwsRegion } from '@cdktf/provider-aws/lib/data-aws-region';
import { IamOpenidConnectProvider } from '@cdktf/provider-aws/lib/iam-openid-connect-provider';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { IamWorkloadIdentityPool } from '@cdktf/provider-google/lib/iam-workload-identity-pool';
import { IamWorkloadIdentityPoolProvider } from '@cdktf/provider-google/lib/iam-workload-identity-pool-provider';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { ServiceAccountV1 } from '@cdktf/provider-kubernetes/lib/service-account-v1';
import { Fn, TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { CLUSTER, CONTAINER, EKS_ISSUER, Kubernetes, LOCATION, Names, namesOf, NAMESPACE, PROJECT, surroundings } from './article';

const EKS_ID = `eks-${CLUSTER}`;
const GKE_ID = `gke-${CLUSTER}`;
const GKE_ISSUER = `https://container.googleapis.com/v1/projects/${PROJECT}/locations/${LOCATION}/clusters/${CLUSTER}`;
const MOUNT_PATH = '/var/run/secrets/workload-federation';
const VOLUME = 'workload-federation';
const VOLUME_MOUNTS = [{ name: VOLUME, mountPath: MOUNT_PATH, readOnly: true }];
const CREDENTIALS = 'credential-configuration.json';

export function federations(stack: TerraformStack, count: number): void {
  const { s3, gcs, onEks, onGke } = surroundings(stack);
  const pool = new IamWorkloadIdentityPool(new Construct(stack, 'Pool'), 'Default', {
    workloadIdentityPoolId: EKS_ID, lifecycle: { preventDestroy: true },
  });
  const poolProvider = new IamWorkloadIdentityPoolProvider(pool.node.scope!, 'Provider', {
    workloadIdentityPoolId: pool.workloadIdentityPoolId,
    workloadIdentityPoolProviderId: EKS_ID,
    attributeMapping: { 'google.subject': 'assertion.sub' },
    attributeCondition: "assertion.sub.startsWith('system:serviceaccount:')",
    oidc: { issuerUri: EKS_ISSUER },
    lifecycle: { preventDestroy: true },
  });
  const poolProviderName = poolProvider.name;
  const s3Arn = s3.arn;
  const shared: Shared = {
    statements: [oidcProvider(stack, EKS_ID, EKS_ISSUER), oidcProvider(stack, GKE_ID, GKE_ISSUER)],
    permissions: [
      { effect: 'Allow', actions: ['s3:ListBucket'], resources: [s3Arn] },
      { effect: 'Allow', actions: ['s3:GetObject'], resources: [`${s3Arn}/*`] },
    ],
    gcsName: gcs.name,
    poolName: pool.name,
    poolAudience: `https://iam.googleapis.com/${poolProviderName}`,
    credentialAudience: Fn.join('', ['//iam.googleapis.com/', poolProviderName]),
    region: new DataAwsRegion(stack, 'AwsRegion').region,
    onEks,
    onGke,
  };
  for (let index = 0; index < count; index++) {
    new Federation(stack, `Federation-${index}`, namesOf(index), shared);
  }
}

/** An issuer as trust policies name it. */
interface Issuer {
  readonly arn: string;
  readonly aud: string;
  readonly sub: string;
}

interface Shared {
  readonly statements: Issuer[];
  readonly permissions: { effect: string; actions: string[]; resources: string[] }[];
  readonly gcsName: string;
  readonly poolName: string;
  readonly poolAudience: string;
  readonly credentialAudience: string;
  readonly region: string;
  readonly onEks: Kubernetes;
  readonly onGke: Kubernetes;
}

interface Account {
  readonly email: string;
  readonly project: string;
  readonly federated: ServiceAccountIamMember;
  readonly native: ServiceAccountIamMember;
}

function oidcProvider(stack: TerraformStack, id: string, issuer: string): Issuer {
  const provider = new IamOpenidConnectProvider(new Construct(stack, `ClusterOidcProvider-${id}`), 'Default', {
    url: issuer, clientIdList: ['sts.amazonaws.com'],
  });
  const host = issuer.slice('https://'.length);
  return { arn: provider.arn, aud: `${host}:aud`, sub: `${host}:sub` };
}

class Federation extends Construct {
  constructor(scope: Construct, id: string, names: Names, shared: Shared) {
    super(scope, id);
    const roleArn = this.role(names, shared);
    const account = this.account(names, shared);
    this.onEks(names.app, roleArn, account, shared);
    this.onGke(names.app, roleArn, account, shared);
  }

  private role({ app }: Names, shared: Shared): string {
    const scope = new Construct(this, 'Role');
    const subject = `system:serviceaccount:${NAMESPACE}:${app}`;
    const trust = new DataAwsIamPolicyDocument(scope, 'Trust', {
      statement: shared.statements.map(({ arn, aud, sub }) => ({
        effect: 'Allow',
        actions: ['sts:AssumeRoleWithWebIdentity'],
        principals: [{ type: 'Federated', identifiers: [arn] }],
        condition: [
          { test: 'StringEquals', variable: aud, values: ['sts.amazonaws.com'] },
          { test: 'StringEquals', variable: sub, values: [subject] },
        ],
      })),
    });
    const role = new IamRole(scope, 'Default', { name: app, assumeRolePolicy: trust.json });
    const permissions = new DataAwsIamPolicyDocument(scope, 'Permissions', { statement: shared.permissions });
    new IamRolePolicy(scope, 'InlinePolicy', { name: 'workload-federation', role: role.name, policy: permissions.json });
    return role.arn;
  }

  private account({ app, accountId }: Names, shared: Shared): Account {
    const scope = new Construct(this, 'Account');
    const account = new ServiceAccount(scope, 'Default', { accountId });
    const serviceAccountId = account.name;
    const federated = new ServiceAccountIamMember(scope, `Federated_${EKS_ID}_${NAMESPACE}_${app}`, {
      serviceAccountId,
      role: 'roles/iam.workloadIdentityUser',
      member: `principal://iam.googleapis.com/${shared.poolName}/subject/system:serviceaccount:${NAMESPACE}:${app}`,
    });
    const native = new ServiceAccountIamMember(scope, `Native_${PROJECT}_${NAMESPACE}_${app}`, {
      serviceAccountId,
      role: 'roles/iam.workloadIdentityUser',
      member: `serviceAccount:${PROJECT}.svc.id.goog[${NAMESPACE}/${app}]`,
    });
    new StorageBucketIamMember(scope, 'Bucket_Gcs_storage_objectViewer', {
      bucket: shared.gcsName, role: 'roles/storage.objectViewer', member: account.member,
    });
    return { email: account.email, project: account.project, federated, native };
  }

  private onEks(app: string, roleArn: string, { email, project, federated }: Account, shared: Shared): void {
    const { provider, namespace } = shared.onEks;
    const scope = new Construct(this, 'EksWorkload');
    const serviceAccount = new ServiceAccountV1(scope, 'Default', {
      metadata: {
        name: app,
        namespace: NAMESPACE,
        annotations: {
          'eks.amazonaws.com/role-arn': roleArn,
          'eks.amazonaws.com/audience': 'sts.amazonaws.com',
          'eks.amazonaws.com/sts-regional-endpoints': 'true',
          'eks.amazonaws.com/token-expiration': '3600',
        },
      },
      automountServiceAccountToken: false,
      dependsOn: [namespace, federated],
      provider,
    }).metadata;
    const configMap = new ConfigMapV1(scope, 'ConfigMap', {
      metadata: { name: `${app}-workload-federation`, namespace: NAMESPACE },
      data: {
        [`gcp-${CREDENTIALS}`]: Fn.jsonencode({
          type: 'external_account',
          audience: shared.credentialAudience,
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
          token_url: 'https://sts.googleapis.com/v1/token',
          credential_source: { file: `${MOUNT_PATH}/gcp/token`, format: { type: 'text' } },
          service_account_impersonation_url: Fn.join('', [
            'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/', email, ':generateAccessToken',
          ]),
        }),
      },
      dependsOn: [namespace],
      provider,
    });
    new PodV1(this, 'EksPod', {
      metadata: {
        name: app,
        namespace: serviceAccount.namespace,
        annotations: { 'checksum/workload-federation': Fn.sha256(Fn.jsonencode(configMap.data)) },
      },
      spec: {
        serviceAccountName: serviceAccount.name,
        automountServiceAccountToken: false,
        container: [{
          ...CONTAINER,
          env: [
            { name: 'GOOGLE_APPLICATION_CREDENTIALS', value: `${MOUNT_PATH}/gcp/${CREDENTIALS}` },
            { name: 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', value: `${MOUNT_PATH}/gcp/${CREDENTIALS}` },
            { name: 'GOOGLE_CLOUD_PROJECT', value: project },
            { name: 'CLOUDSDK_CORE_PROJECT', value: project },
          ],
          volumeMount: VOLUME_MOUNTS,
        }],
        volume: [{
          name: VOLUME,
          projected: [{
            sources: [
              { serviceAccountToken: { path: 'gcp/token', audience: shared.poolAudience, expirationSeconds: 3600 } },
              { configMap: [{ name: configMap.metadata.name, items: [{ key: `gcp-${CREDENTIALS}`, path: `gcp/${CREDENTIALS}` }] }] },
            ],
          }],
        }],
      },
      provider,
    });
  }

  private onGke(app: string, roleArn: string, { email, native }: Account, shared: Shared): void {
    const { provider, namespace } = shared.onGke;
    const serviceAccount = new ServiceAccountV1(new Construct(this, 'GkeWorkload'), 'Default', {
      metadata: { name: app, namespace: NAMESPACE, annotations: { 'iam.gke.io/gcp-service-account': email } },
      automountServiceAccountToken: false,
      dependsOn: [namespace, native],
      provider,
    }).metadata;
    new PodV1(this, 'GkePod', {
      metadata: { name: app, namespace: serviceAccount.namespace },
      spec: {
        serviceAccountName: serviceAccount.name,
        automountServiceAccountToken: false,
        container: [{
          ...CONTAINER,
          env: [
            { name: 'AWS_ROLE_ARN', value: roleArn },
            { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${MOUNT_PATH}/aws/token` },
            { name: 'AWS_REGION', value: shared.region },
            { name: 'AWS_DEFAULT_REGION', value: shared.region },
            { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
          ],
          volumeMount: VOLUME_MOUNTS,
        }],
        volume: [{
          name: VOLUME,
          projected: [{ sources: [{ serviceAccountToken: { path: 'aws/token', audience: 'sts.amazonaws.com', expirationSeconds: 3600 } }] }],
        }],
      },
      provider,
    });
  }
}
