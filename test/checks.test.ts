import { Fn, Lazy, TerraformStack, TerraformVariable } from 'cdktf';
import { AwsChainedRole, AwsFederatedRole, Cluster, ClusterOidcProvider, Workload } from 'cdktf-workload-federation';
import { EKS_ISSUER } from './clusters';
import { refusal } from './refusal';
import { scratchStack } from './synth';

const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
const who = eks.serviceAccount('reports', 'reader');

/** A value that only Terraform knows. */
const text = (stack: TerraformStack) => new TerraformVariable(stack, 'text', { type: 'string' }).stringValue;

/** A role by an ARN, with what makes it. */
const roleOf = (stack: TerraformStack, roleArn: string) => AwsFederatedRole.fromRoleArn(stack, 'Role', { roleArn, trusts: [who] });

describe('text beside what only Terraform knows', () => {
  test.each<[string, (stack: TerraformStack, token: string) => unknown]>([
    ['an account', (stack, token) => roleOf(stack, `arn:aws:iam::${token}:root`)],
    ['every role of an account', (stack, token) => roleOf(stack, `arn:aws:iam::${token}:role/*`)],
    ['every role whose name begins so', (stack, token) => AwsChainedRole.fromRoleArn(stack, 'Target', {
      source: roleOf(stack, 'arn:aws:iam::123456789012:role/source'), roleArn: `arn:aws:iam::123456789012:role/${token}*`,
    })],
    ['every bucket whose name begins so', (stack, token) => roleOf(stack, 'arn:aws:iam::123456789012:role/r').grantBucketRead(`arn:aws:s3:::${token}*`)],
    ['a namespace with a wildcard', (_, token) => eks.serviceAccount(`${token}*`, 'reader')],
    ['a name with a variable of IAM', (_, token) => eks.serviceAccount('reports', `x&{aws:PrincipalTag/x}${token}`)],
    ['every cluster of an account', (_, token) => Cluster.eks({ name: 'other', issuer: token, arn: `arn:aws:eks:eu-west-1:${token}:cluster/*` })],
    ['the provider of another issuer', (stack, token) => ClusterOidcProvider.fromArn(stack, 'Provider', {
      cluster: eks, arn: `arn:aws:iam::${token}:oidc-provider/accounts.example.com`,
    })],
  ])('refuses %s', (_, create) => {
    const stack = scratchStack();
    expect(refusal(() => create(stack, text(stack))).code).toMatch(/^Invalid(?:Identifier|Name)$/);
  });

  test('is taken where it could be part of a good value', () => {
    const stack = scratchStack();
    const token = text(stack);
    expect(() => {
      roleOf(stack, `arn:aws:iam::${token}:role/team/${token}`).grantBucketRead(`arn:aws:s3:::acme-${token}`);
      eks.serviceAccount(`team-${token}`, `${token}.reader`);
      Cluster.eks({ name: 'other', issuer: `https://${token}`, arn: `arn:aws:eks:${token}:cluster/other` });
      ClusterOidcProvider.fromArn(stack, 'Provider', { cluster: eks, arn: `arn:aws:iam::${token}:oidc-provider/${EKS_ISSUER.slice('https://'.length)}` });
    }).not.toThrow();
  });

  test('says the rule and what stands around the unknown', () => {
    const stack = scratchStack();
    expect(refusal(() => roleOf(stack, `arn:aws:iam::${text(stack)}:root`))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Role: roleArn must be a role\'s ARN like arn:aws:iam::123456789012:role/reports, got "arn:aws:iam::…:root"; '
        + 'copy it from the IAM console, or create the role',
    });
  });
});

describe('refuses', () => {
  test.each([
    ['a Lazy', () => Lazy.stringValue({ produce: () => 'reader' })],
    ['a Lazy in an expression', () => Fn.join('-', ['a', Lazy.stringValue({ produce: () => 'reader' })])],
    ['a Lazy in an expression of an expression', () => Fn.lower(Fn.join('-', ['a', Lazy.stringValue({ produce: () => 'reader' })]))],
  ])('%s, as what it will hold cannot be seen', (_, value) => {
    expect(refusal(() => eks.serviceAccount('reports', value()))).toEqual({
      code: 'UnresolvedValue',
      message: 'Cluster eks-apps: serviceAccount must be a literal or a value of Terraform, got "a Lazy"; pass what it would produce: it is checked here',
    });
  });

  test('a number that only Terraform knows, and takes it as text', () => {
    const number = new TerraformVariable(scratchStack(), 'number', { type: 'number' });
    expect(refusal(() => Cluster.oidc({ name: 'k3s', issuer: `https://oidc.acme.example/${number.numberValue}` }))).toEqual({
      code: 'UnresolvedValue',
      message: 'Cluster.oidc: issuer must hold no number that only Terraform knows, got "a number"; pass a text: Terraform turns a number into one by Fn.tostring',
    });
    expect(() => Cluster.oidc({ name: 'k3s', issuer: `https://oidc.acme.example/${number.stringValue}` })).not.toThrow();
  });

  test.each(['team.a', 'team a', 'team/a', 'tëam', ''])('the construct id %p, of which an address would leave something out', id => {
    const stack = scratchStack();
    expect(refusal(() => new AwsFederatedRole(stack, id, { trusts: [who] }))).toEqual({
      code: 'InvalidName',
      message: `stack: id must be letters, digits, "-" and "_", got ${JSON.stringify(id)}; `
        + 'cdktf leaves the others out of addresses, where two constructs could then become one',
    });
  });

  test.each(['k3s', 'rke2', 'https://apps-x1.hcp.westeurope.azmk8s.io', 'kubernetes', 'https://kubernetes.default.svc.cluster.local'])(
    'the audience %s, which the tokens of the Kubernetes API have', audience => {
      expect(refusal(() => new ClusterOidcProvider(scratchStack(), 'Provider', { cluster: eks, audience }))).toEqual({
        code: 'InvalidIdentifier',
        message: 'stack/Provider: audience must not be an audience of the Kubernetes API, which tokens have that pods get without asking, '
          + `got ${JSON.stringify(audience)}; leave it out for the cloud's own audience`,
      });
    });

  test('an identity of another app', () => {
    const [stack, other] = [scratchStack(), scratchStack()];
    const role = new AwsFederatedRole(other, 'Role', { trusts: [who] });
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount: who, identities: [role] }))).toEqual({
      code: 'WrongCluster', message: 'stack/Workload: identities must hold identities of this app, got "stack/Role of another"; bring it in by its ARN or name',
    });
  });

  test('two clusters of one id and issuer, but another name', () => {
    const stack = scratchStack();
    const again = Cluster.eks({ id: 'eks-apps', name: 'renamed', issuer: EKS_ISSUER });
    expect(refusal(() => new AwsFederatedRole(stack, 'Role', { trusts: [who, again.serviceAccount('reports', 'writer')] }))).toEqual({
      code: 'DuplicateRegistration',
      message: 'stack/Role: cluster must have an id of its own (another cluster of the app is "eks-apps", with another name or ARN), got "renamed"; '
        + 'pass `id` where the cluster is defined',
    });
  });
});
