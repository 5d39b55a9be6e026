import { Door, Grant, Identity, Mechanism, Registration, TextValue, Unknown, Where, Who, WorkloadUse, text, ReportModel } from 'cdktf-workload-federation/trust';

export const at = (address: string, more: Partial<Where> = {}): Where => ({ address, file: 'cdk.tf.json', ...more });

export const who = (issuer: TextValue | undefined, subject: TextValue | undefined, more: Partial<Who> = {}): Who =>
  ({ issuer, subject, wildcards: false, conditions: [], where: at('aws_iam_role.Role'), ...more });

export const door = (mechanism: Mechanism, whos: readonly Who[], more: Partial<Door> = {}): Door =>
  ({ mechanism, where: at('aws_iam_role.Role'), who: whos, judge: () => [], atoms: [], ...more });

export const grant = (permission: TextValue, on?: TextValue, more: Partial<Grant> = {}): Grant =>
  ({ permission, on, statements: [], where: at('aws_iam_role_policy.Policy'), ...more });

const unknown = (symbol: string) => new Unknown(`platform/${symbol}`);
export const account = (namespace: TextValue, name: TextValue) => text('system:serviceaccount:', namespace, ':', name);

const EKS = unknown('aws_eks_cluster.apps.identity[0].oidc[0].issuer');
const EKS_LIVE = 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204';
const GKE = 'https://container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps';
const AKS = 'https://westeurope.oic.prod-aks.azure.com/0a1b2c3d-0000-4000-8000-000000000001/0a1b2c3d-0000-4000-8000-000000000002/';
const GITHUB = 'https://token.actions.githubusercontent.com';
const STS = ['sts.amazonaws.com'];

const registration: Registration = {
  cloud: 'aws', name: 'arn:aws:iam::111122223333:oidc-provider/container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps',
  issuer: GKE, audiences: STS, where: at('aws_iam_openid_connect_provider.gke-apps', { constructPath: 'platform/gke-apps/Provider', stack: 'platform' }),
};

const reader: Identity = {
  cloud: 'aws', kind: 'role', name: 'arn:aws:iam::111122223333:role/reports-reader',
  where: at('aws_iam_role.Reader_Role', { constructPath: 'platform/Reader/Role', stack: 'platform' }),
  doors: [
    door('aws-oidc', [who(GKE, account('reports', 'reader'), { audiences: STS, where: at('aws_iam_role.Reader_Role', { constructPath: 'platform/Reader/Role' }) })], { registration }),
    door('aws-oidc', [who(EKS, account('reports', 'reader'), { audiences: STS, where: at('aws_iam_role.Reader_Role', { constructPath: 'platform/Reader/Role' }) })]),
  ],
  grants: [
    grant('arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'),
    grant('reports-queue', undefined, {
      statements: [new Map<string, string | string[] | Unknown>([
        ['Effect', 'Allow'], ['Action', ['sqs:ReceiveMessage', 'sqs:DeleteMessage']], ['Resource', unknown('aws_sqs_queue.reports.arn')],
      ])],
    }),
  ],
};

const hub: Identity = {
  cloud: 'aws', kind: 'role', name: unknown('aws_iam_role.Hub.arn'), where: at('aws_iam_role.Hub', { constructPath: 'platform/Hub/Role' }),
  doors: [door('aws-pod-identity', [who(undefined, account('billing', 'worker'), {
    conditions: ['aws:RequestTag/eks-cluster-arn = arn:aws:eks:eu-west-1:111122223333:cluster/apps'], where: at('aws_eks_pod_identity_association.Hub'),
  })])],
  grants: [grant('assume-spoke')],
};

/** What the clouds' readers could make of a fleet: every mechanism, every risk. */
export const FLEET: ReportModel = {
  registrations: [registration],
  identities: [
    reader,
    hub,
    {
      cloud: 'aws', kind: 'role', name: 'arn:aws:iam::444455556666:role/spoke', where: at('aws_iam_role.Spoke', { stack: 'accounts', constructPath: 'accounts/Spoke/Role' }),
      doors: [door('aws-role-chain', [who(undefined, undefined, { where: at('aws_iam_role.Spoke') })], { through: hub })],
      grants: [grant('arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess')],
    },
    {
      cloud: 'aws', kind: 'role', name: 'arn:aws:iam::111122223333:role/deploy', where: at('aws_iam_role.deploy', { file: 'ci.tf.json' }),
      doors: [door('aws-oidc', [who(GITHUB, 'repo:acme/shop:*', { wildcards: true, audiences: undefined, where: at('aws_iam_role.deploy', { file: 'ci.tf.json' }) })])],
      grants: [grant('arn:aws:iam::aws:policy/AdministratorAccess')],
    },
    {
      cloud: 'aws', kind: 'role', name: 'arn:aws:iam::111122223333:role/legacy', where: at('aws_iam_role.legacy'),
      doors: [door('aws-oidc', [who(EKS_LIVE, undefined, { audiences: STS, where: at('aws_iam_role.legacy') })])],
      grants: [grant('arn:aws:iam::aws:policy/AmazonS3FullAccess')],
    },
    {
      cloud: 'gcp', kind: 'service-account', name: 'reports@acme-data.iam.gserviceaccount.com', where: at('google_service_account.Reports'),
      doors: [
        door('gcp-federation', [who(EKS_LIVE, account('reports', 'reader'), {
          audiences: ['https://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/eks-apps/providers/eks-apps'],
          conditions: ["assertion['kubernetes.io']['namespace'] in ['billing', 'reports']"], where: at('google_service_account_iam_member.Reports_Trust_0'),
        })]),
        door('gcp-native', [who(undefined, account('reports', 'reader'), { where: at('google_service_account_iam_member.Reports_Trust_1') })]),
      ],
      grants: [grant('roles/storage.objectViewer', 'acme-reports'), grant('roles/bigquery.jobUser', 'projects/acme-data')],
    },
    {
      cloud: 'gcp', kind: 'principal',
      name: text('principal://iam.googleapis.com/', unknown('google_iam_workload_identity_pool.Pool.name'), '/subject/system:serviceaccount:jobs:nightly'),
      where: at('google_storage_bucket_iam_member.Nightly'),
      doors: [door('gcp-federation', [who(EKS, account('jobs', 'nightly'), {
        audiences: [text('https://iam.googleapis.com/', unknown('google_iam_workload_identity_pool_provider.Provider.name'))],
        where: at('google_storage_bucket_iam_member.Nightly'),
      })])],
      grants: [grant('roles/storage.objectCreator', 'acme-nightly')],
    },
    {
      cloud: 'gcp', kind: 'principal', name: 'principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/eks-apps/attribute.namespace/billing',
      where: at('google_project_iam_member.Billing'),
      doors: [door('gcp-federation', [who(EKS_LIVE, undefined, {
        audiences: ['https://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/eks-apps/providers/eks-apps'],
        conditions: ["attribute.namespace = 'billing'"], where: at('google_project_iam_member.Billing'),
      })])],
      grants: [grant('roles/pubsub.publisher', 'projects/acme-data')],
    },
    {
      cloud: 'azure', kind: 'managed-identity', name: unknown('azurerm_user_assigned_identity.Reports.client_id'), where: at('azurerm_user_assigned_identity.Reports'),
      doors: [door('azure-federation', [
        who(AKS, account('reports', 'reader'), { audiences: ['api://AzureADTokenExchange'], where: at('azurerm_federated_identity_credential.Aks') }),
        who(GKE, account('reports', 'reader'), { audiences: ['api://AzureADTokenExchange'], where: at('azurerm_federated_identity_credential.Gke') }),
      ])],
      grants: [grant('Storage Blob Data Reader', unknown('azurerm_storage_account.reports.id'))],
    },
    {
      cloud: 'aws', kind: 'role', name: 'arn:aws:iam::111122223333:role/jobs', where: at('aws_iam_role.jobs'),
      doors: [door('aws-oidc', [who(GKE, account('jobs', '*'), { wildcards: true, audiences: STS, where: at('aws_iam_role.jobs') })], { registration })],
      grants: [],
    },
    {
      cloud: 'azure', kind: 'application', name: 'nobody', where: at('azuread_application.nobody'), doors: [], grants: [],
    },
  ],
  workloads: [
    { namespace: 'reports', serviceAccount: 'reader', where: at('kubernetes_service_account_v1.Reader'), users: [at('kubernetes_deployment_v1.Reports')], attempts: [] },
    { namespace: 'other', serviceAccount: 'reader', where: at('kubernetes_service_account_v1.Other'), users: [], attempts: [] },
  ],
  notes: [{ message: 'A module is not read, as its source is not here.', where: at('module.network') }, { message: 'No state was given.' }],
};

/** Many identities, of which each hundredth should be looked at. */
export function many(size: number): ReportModel {
  const identities: Identity[] = [];
  const workloads: WorkloadUse[] = [];
  for (let index = 0; index < size; index++) {
    const issuer = `https://container.googleapis.com/v1/projects/acme/locations/europe-west1/clusters/c${index % 40}`;
    const risky = index % 100 === 7;
    identities.push({
      cloud: 'aws', kind: 'role', name: `arn:aws:iam::111122223333:role/team-${index}`, where: at(`aws_iam_role.Team${index}_Role`, { constructPath: `app/Team${index}/Role` }),
      doors: [door('aws-oidc', [who(issuer, risky ? undefined : account(`team-${index}`, 'worker'), { audiences: STS, where: at(`aws_iam_role.Team${index}_Role`) })])],
      grants: [grant(`arn:aws:iam::111122223333:policy/team-${index}`), grant('inline', undefined, {
        statements: [new Map<string, string>([['Effect', 'Allow'], ['Action', 's3:GetObject'], ['Resource', `arn:aws:s3:::team-${index}/*`]])],
      })],
    });
    workloads.push({ namespace: `team-${index}`, serviceAccount: 'worker', where: at(`kubernetes_service_account_v1.Team${index}`), users: [], attempts: [] });
  }
  return { registrations: [], identities, workloads, notes: [] };
}

/** Everything that a name could do to a terminal, a page, a table or a diagram. */
export const EVIL = '\u001b[31mred\u001b]8;;http://x\u0007</title></style></script><script>alert(1)</script><img src=x onerror=alert(1)>'
  + '|`"\'\n\r\n# h\\| --> n1["x"]; end; %%{init}%% style n0:#f00; \u202egnp.exe\u2066\u200b\u0085\u2028 &lt; @acme #1 ]]> ${x} __proto__';

/** A model with such a name wherever there is a name. */
export const HOSTILE: ReportModel = {
  registrations: [{ cloud: 'aws', name: EVIL, issuer: EVIL, audiences: [EVIL], where: evilWhere() }],
  identities: [EVIL, `${EVIL}2`].map((name): Identity => ({
    cloud: 'gcp', kind: 'service-account', name, where: evilWhere(),
    doors: [door('gcp-federation', [
      who(EVIL, `system:serviceaccount:${EVIL.replaceAll(':', '')}:${EVIL.replaceAll(':', '')}`, { audiences: [EVIL], conditions: [EVIL, EVIL], where: evilWhere() }),
      who(new Unknown(`s/${EVIL}`), EVIL, { audiences: undefined, where: evilWhere() }),
    ])],
    grants: [grant(EVIL, EVIL, { statements: [new Map([['__proto__', new Map([[EVIL, EVIL]])]])], where: evilWhere() })],
  })),
  workloads: [{ namespace: EVIL.replaceAll(':', ''), serviceAccount: EVIL.replaceAll(':', ''), where: evilWhere(), users: [evilWhere()], attempts: [] }],
  notes: [{ message: EVIL, where: evilWhere() }],
};

function evilWhere(): Where {
  return { address: EVIL, constructPath: EVIL, attribute: EVIL, stack: EVIL, file: EVIL };
}
