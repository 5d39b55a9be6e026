import { env, told } from './resources';
import { check, explainRefusals, explainToken, kubernetesToken, makeReport, readModel, readRefusal } from '../../../lib/trust';
import { Model } from '../../../lib/trust/read';

type Json = Record<string, any>;

const ISSUER = 'https://oidc.eks.eu-west-1.amazonaws.com/id/APPS';
const OTHER = 'https://oidc.eks.eu-west-1.amazonaws.com/id/OTHER';
const ROLE = 'arn:aws:iam::111122223333:role/pods';
const TARGET = 'arn:aws:iam::444455556666:role/target';

const tagged = (tags: Json) => JSON.stringify({
  Version: '2012-10-17',
  Statement: [{
    Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' }, Action: ['sts:AssumeRole', 'sts:TagSession'],
    Condition: { StringEquals: Object.fromEntries(Object.entries(tags).map(([tag, value]) => [`aws:RequestTag/kubernetes-${tag}`, value])) },
  }],
});

/** A cluster with an association for reports/reader, its role, and a workload of that name. */
function world(change: (resource: Json) => void = () => undefined, provider: Json = {}): Model {
  const resource: Json = {
    aws_eks_cluster: {
      Apps: { name: 'apps', arn: 'arn:aws:eks:eu-west-1:111122223333:cluster/apps', identity: [{ oidc: [{ issuer: ISSUER }] }] },
      Other: { name: 'other', arn: 'arn:aws:eks:eu-west-1:111122223333:cluster/other', identity: [{ oidc: [{ issuer: OTHER }] }] },
    },
    google_container_cluster: { Gke: { name: 'apps', location: 'europe-west1', project: 'acme' } },
    aws_eks_pod_identity_association: { Reader: { cluster_name: 'apps', namespace: 'reports', service_account: 'reader', role_arn: '${aws_iam_role.Pods.arn}' } },
    aws_iam_role: { Pods: { name: 'pods', assume_role_policy: tagged({ 'namespace': 'reports', 'service-account': 'reader' }) } },
    kubernetes_service_account_v1: { Reader: { metadata: { name: 'reader', namespace: 'reports' } } },
    kubernetes_pod_v1: { Reader: { metadata: { name: 'reader', namespace: 'reports' }, spec: { service_account_name: 'reader', container: [{ name: 'main' }, { name: 'side' }] } } },
  };
  change(resource);
  return readModel([{ file: 'cdk.tf.json', stack: 'apps', json: { provider: { aws: [{ region: 'eu-west-1', allowed_account_ids: ['111122223333'] }], ...provider }, resource } }]);
}

const attempts = ({ workloads }: Model) => workloads.flatMap(workload => workload.attempts.map(told));
const findings = (model: Model) => check(model).findings.filter(({ rule }) => rule.includes('wiring')).map(({ rule, where, message }) => [rule, where.address, message]);
const inEach = (variables: Record<string, string>) => (resource: Json) =>
  resource.kubernetes_pod_v1.Reader.spec.container.forEach((container: Json) => { container.env = env(variables); });
const mainOf = (resource: Json) => resource.kubernetes_pod_v1.Reader.spec.container[0];
const kubernetes = (host: string) => ({ kubernetes: [{ host }] });
const [ON_APPS, ON_OTHER, ON_GKE] = [kubernetes('${aws_eks_cluster.Apps.endpoint}'), kubernetes('${aws_eks_cluster.Other.endpoint}'), kubernetes('${google_container_cluster.Gke.endpoint}')];
const PODS = {
  mechanism: 'aws-pod-identity', identity: ROLE, audience: 'pods.eks.amazonaws.com', where: 'kubernetes_pod_v1.Reader spec.service_account_name',
  passed: ['pod-service-account', 'pod-environment'], stopped: [],
};

describe('a workload with an association', () => {
  test('tries to become its role', () => expect(attempts(world())).toEqual([PODS]));

  test('tries to become the target by its role', () => {
    expect(attempts(world(resource => { resource.aws_eks_pod_identity_association.Reader.target_role_arn = TARGET; })))
      .toEqual([PODS, { ...PODS, mechanism: 'aws-role-chain', identity: TARGET }]);
  });

  test('tries it before a pod is there, and where the ServiceAccount is made elsewhere', () => {
    expect(attempts(world(resource => { delete resource.kubernetes_pod_v1; }))).toEqual([{ ...PODS, where: 'kubernetes_service_account_v1.Reader undefined', passed: [] }]);
    expect(attempts(world(resource => { delete resource.kubernetes_service_account_v1; }))).toMatchObject([{ identity: ROLE, stopped: [{ gate: 'pod-service-account', verdict: 'unknown' }] }]);
  });

  test.each<[string, (association: Json) => void]>([
    ['of another namespace', association => { association.namespace = 'billing'; }], ['of another service account', association => { association.service_account = 'writer'; }],
  ])('%s tries nothing', (_, change) => {
    expect(attempts(world(resource => change(resource.aws_eks_pod_identity_association.Reader)))).toEqual([]);
  });

  test('of its own cluster tries it, and of another one nothing', () => {
    expect(attempts(world(undefined, ON_APPS))).toEqual([PODS]);
    expect([ON_OTHER, ON_GKE].map(provider => attempts(world(undefined, provider)))).toEqual([[], []]);
    expect(attempts(world(undefined, kubernetes('${var.host}')))).toEqual([PODS]);
  });

  test('of a cluster whose name only Terraform knows may be its own', () => {
    expect(attempts(world(resource => { resource.aws_eks_pod_identity_association.Reader.cluster_name = '${var.cluster}'; }, ON_OTHER))).toEqual([PODS]);
  });
});

describe('what SDKs take first', () => {
  const irsa = { AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/irsa', AWS_WEB_IDENTITY_TOKEN_FILE: '/token' };
  const tried = (change: (resource: Json) => void) => [...new Set(attempts(world(change)).map(({ mechanism }) => mechanism))];

  test('is IRSA, by variables in every container or by the webhook', () => {
    expect(tried(inEach(irsa))).toEqual(['aws-oidc']);
    expect(tried(resource => { mainOf(resource).env = env(irsa); })).toEqual(['aws-pod-identity', 'aws-oidc']);
    expect(tried(resource => { resource.kubernetes_service_account_v1.Reader.metadata.annotations = { 'eks.amazonaws.com/role-arn': irsa.AWS_ROLE_ARN }; })).toEqual(['aws-oidc']);
    expect(tried(resource => {
      resource.kubernetes_service_account_v1.Reader.metadata.annotations = { 'eks.amazonaws.com/role-arn': irsa.AWS_ROLE_ARN };
      delete resource.kubernetes_pod_v1;
    })).toEqual(['aws-oidc']);
  });

  test('is no webhook that a label keeps away', () => {
    expect(tried(resource => {
      resource.kubernetes_service_account_v1.Reader.metadata.annotations = { 'eks.amazonaws.com/role-arn': irsa.AWS_ROLE_ARN };
      resource.kubernetes_pod_v1.Reader.metadata.labels = { 'eks.amazonaws.com/skip-pod-identity-webhook': 'true' };
    })).toEqual(['aws-oidc', 'aws-pod-identity']);
  });

  test('are keys, for certain, and perhaps a half of IRSA or a profile', () => {
    const stopped = (variables: Record<string, string>) => attempts(world(inEach(variables)))
      .filter(({ mechanism }) => mechanism === 'aws-pod-identity').map(attempt => attempt.stopped.map(({ verdict, want, have, remedy }) => [verdict, want, have, remedy]));
    const want = 'nothing that AWS\'s SDKs take before EKS Pod Identity';
    expect(stopped({ AWS_ACCESS_KEY_ID: 'x' })).toEqual([[['no', want, 'AWS_ACCESS_KEY_ID', 'remove AWS_ACCESS_KEY_ID from container main']]]);
    expect(stopped({ AWS_ROLE_ARN: 'x' })).toEqual([[['unknown', want, 'AWS_ROLE_ARN', 'remove AWS_ROLE_ARN from container main']]]);
    expect(stopped({ AWS_PROFILE: 'x' })).toEqual([[['unknown', want, 'AWS_PROFILE', 'remove AWS_PROFILE from container main']]]);
  });
});

describe('what is made of it', () => {
  const token = kubernetesToken({ namespace: 'reports', serviceAccount: 'reader' });
  const NOT_AUTHORIZED = readRefusal('User: arn:aws:sts::111122223333:assumed-role/x is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/pods');
  const NO_ASSOCIATION = readRefusal('ResourceNotFoundException: No association found for service account');
  const broken = (tags: Json) => world(resource => { resource.aws_iam_role.Pods.assume_role_policy = tagged(tags); });

  test('explain accepts what works, and says who presents it', () => {
    const { outcome, answers: [first] } = explainToken(world(), token, { to: 'aws_iam_role.Pods' });
    expect({ outcome, claims: first?.claims, by: first?.presentedBy?.address }).toMatchObject({ outcome: 'accepted', claims: { iss: ISSUER, aud: ['pods.eks.amazonaws.com'] }, by: 'kubernetes_pod_v1.Reader' });
  });

  test('explain names the condition that keeps the workload out', () => {
    const { outcome, answers: [first] } = explainToken(broken({ namespace: 'billing' }), token, { to: 'aws_iam_role.Pods' });
    expect({ outcome, gate: first?.first?.gate, at: first?.first?.where.address }).toEqual({ outcome: 'refused', gate: 'aws-condition', at: 'aws_iam_role.Pods' });
    expect(NOT_AUTHORIZED.length).toBeGreaterThan(0);
    const [answer] = explainRefusals(broken({ namespace: 'billing' }), NOT_AUTHORIZED).answers;
    expect([answer?.first?.gate, answer?.first?.where.address, answer?.presentedBy?.address]).toEqual(['aws-condition', 'aws_iam_role.Pods', 'kubernetes_pod_v1.Reader']);
  });

  test('explain says of an association with a role that the input does not have that it is unknown', () => {
    const model = world(resource => { resource.aws_eks_pod_identity_association.Reader.role_arn = TARGET; });
    const { outcome, answers: [first] } = explainToken(model, token, { to: TARGET });
    expect({ outcome, first: first?.first }).toMatchObject({
      outcome: 'unknown', first: { gate: 'aws-association', have: TARGET, where: { address: 'aws_eks_pod_identity_association.Reader', attribute: 'role_arn' } },
    });
  });

  test('explain finds what the association misses from the message alone', () => {
    const model = world(resource => { resource.aws_eks_pod_identity_association.Reader.namespace = 'report'; });
    const [answer] = explainRefusals(model, NO_ASSOCIATION).answers;
    expect([answer?.outcome, answer?.first?.gate, answer?.first?.where.address]).toEqual(['refused', 'aws-association', 'aws_eks_pod_identity_association.Reader']);
  });

  test('check finds a role that does not take it, and keys beside it', () => {
    expect(findings(world())).toEqual([]);
    expect(findings(broken({ 'namespace': 'reports', 'service-account': 'writer' }))).toEqual([['wiring-not-trusted', 'kubernetes_pod_v1.Reader', expect.stringContaining(`the pods of reports/reader present a token for pods.eks.amazonaws.com to ${ROLE}, which never takes it`)]]);
    const keys = world(inEach({ AWS_ACCESS_KEY_ID: 'x' }));
    expect(findings(keys)).toEqual([['pod-wiring', 'kubernetes_pod_v1.Reader', `the pods of reports/reader cannot become ${ROLE}: they need nothing that AWS's SDKs take before EKS Pod Identity, and have AWS_ACCESS_KEY_ID`]]);
  });

  test('report has the workload beside the role, where it is in the cluster', () => {
    const workloads = (model: Model) => makeReport(model).rows.map(row => row.workloads);
    expect([{}, ON_APPS, ON_OTHER, ON_GKE].map(provider => workloads(world(undefined, provider)))).toEqual([[[0]], [[0]], [[]], [[]]]);
  });
});
