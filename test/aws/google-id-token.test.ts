import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { TerraformVariable } from 'cdktf';
import { AwsFederatedRole, AwsFederatedRoleProps, AwsRoleViaGoogle, Cluster, GcpFederatedServiceAccount, GoogleIdTokenSubject, Workload } from 'cdktf-workload-federation';
import { LITERAL_AND_TOKENS } from '../clusters';
import { AUDIENCE, googleStatement } from '../google-statement';
import { refusal } from '../refusal';
import { readableAddresses, scratchStack, StackJson, synthApp, stackIn, synthStack } from '../synth';

const ONE = '104217493062858710001';
const TWO = '104217493062858710002';
const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
const reader = gke.serviceAccount('reports', 'reader');

/** The statement for the reader by its cluster's issuer. */
const cluster = (issuer: string) => ({
  effect: 'Allow',
  actions: ['sts:AssumeRoleWithWebIdentity'],
  principals: [{ type: 'Federated', identifiers: ['${aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps.arn}'] }],
  condition: [
    { test: 'StringEquals', variable: `${issuer}:aud`, values: ['sts.amazonaws.com'] },
    { test: 'StringEquals', variable: `${issuer}:sub`, values: ['system:serviceaccount:reports:reader'] },
  ],
});

type Statement = ReturnType<typeof googleStatement>;

function statementsOf(stack: StackJson): Statement[] {
  const documents = Object.values(stack.data.aws_iam_policy_document!);
  expect(documents).toEqual([{ statement: expect.any(Array) }]);
  return documents[0].statement;
}

const trusting = (googleServiceAccounts: readonly GoogleIdTokenSubject[], props: Partial<AwsFederatedRoleProps> = {}) =>
  statementsOf(synthStack(stack => new AwsFederatedRole(stack, 'Role', { trusts: [], googleServiceAccounts, ...props })));
const roleWith = (props: Partial<AwsFederatedRoleProps>) => new AwsFederatedRole(scratchStack(), 'Role', { trusts: [], ...props });

describe('the trust policy', () => {
  test('names the account twice and the audience once, of an account whose unique id is known', () => {
    const stack = synthStack(scope => new AwsFederatedRole(scope, 'Role', { trusts: [], googleServiceAccounts: [{ uniqueId: ONE, audience: AUDIENCE }] }));
    expect(readableAddresses(stack)).toEqual({
      'aws_iam_role.Role': { assume_role_policy: '${data.aws_iam_policy_document.Role_Trust.json}' },
      'data.aws_iam_policy_document.Role_Trust': {
        statement: [{
          effect: 'Allow',
          actions: ['sts:AssumeRoleWithWebIdentity'],
          principals: [{ type: 'Federated', identifiers: ['accounts.google.com'] }],
          condition: [
            { test: 'StringEquals', variable: 'accounts.google.com:aud', values: ['104217493062858710001'] },
            { test: 'StringEquals', variable: 'accounts.google.com:oaud', values: ['gtoken/sts/assume-role-with-web-identity'] },
            { test: 'StringEquals', variable: 'accounts.google.com:sub', values: ['104217493062858710001'] },
          ],
        }],
      },
    });
  });

  test('refers to the unique id that only Terraform knows, of accounts that are created, looked up or made elsewhere', () => {
    const statements = statementsOf(synthStack(stack => {
      const created = new GcpFederatedServiceAccount(stack, 'Created', { trusts: [reader], accountId: 'reports-reader' });
      const found = new GcpFederatedServiceAccount(stack, 'Found', { trusts: [reader], email: 'reader@acme-apps.iam.gserviceaccount.com' });
      const other = new ServiceAccount(stack, 'Other', { accountId: 'other-account' });
      const variable = new TerraformVariable(stack, 'account', { type: 'string' });
      const ids = [created.uniqueId, found.uniqueId, other.uniqueId, variable.stringValue];
      new AwsFederatedRole(stack, 'Role', { trusts: [], googleServiceAccounts: ids.map(uniqueId => ({ uniqueId, audience: AUDIENCE })) });
    }));
    expect(statements).toHaveLength(4);
    expect(statements).toEqual(expect.arrayContaining([
      googleStatement('${google_service_account.Created.unique_id}'),
      googleStatement('${data.google_service_account.Found.unique_id}'),
      googleStatement('${google_service_account.Other.unique_id}'),
      googleStatement('${var.account}'),
    ]));
  });

  test('has an audience that only Terraform knows', () => {
    expect(statementsOf(synthStack(stack => new AwsFederatedRole(stack, 'Role', {
      trusts: [], googleServiceAccounts: [{ uniqueId: ONE, audience: new TerraformVariable(stack, 'audience', { type: 'string' }).stringValue }],
    })))).toEqual([googleStatement(ONE, '${var.audience}')]);
  });

  test('has a statement of its own for each account: in one, each could come with the other\'s id as azp', () => {
    expect(trusting([{ uniqueId: ONE, audience: AUDIENCE }, { uniqueId: TWO, audience: AUDIENCE }]))
      .toEqual([googleStatement(ONE), googleStatement(TWO)]);
  });

  test('has a statement of its own for each audience of the same account', () => {
    expect(trusting([{ uniqueId: ONE, audience: 'one' }, { uniqueId: ONE, audience: 'two' }]))
      .toEqual([googleStatement(ONE, 'one'), googleStatement(ONE, 'two')]);
  });

  test('means the same in whatever order and however often the accounts are listed', () => {
    const subjects = [{ uniqueId: ONE, audience: 'one' }, { uniqueId: ONE, audience: 'two' }, { uniqueId: TWO, audience: 'one' }];
    const expected = [googleStatement(ONE, 'one'), googleStatement(ONE, 'two'), googleStatement(TWO, 'one')];
    expect(trusting(subjects)).toEqual(expected);
    expect(trusting([...subjects].reverse())).toEqual(expected);
    expect(trusting([...subjects, ...subjects.map(subject => ({ ...subject }))])).toEqual(expected);
  });

  test('means the same for Terraform\'s unique ids, which are another token at each read', () => {
    const listed = (order: (ids: string[]) => string[]) => statementsOf(synthStack(stack => {
      const [one, two] = ['One', 'Two'].map(id => new ServiceAccount(stack, id, { accountId: `account-${id.toLowerCase()}` }));
      const ids = [one!.uniqueId, two!.uniqueId, one!.uniqueId];
      expect(ids[0]).not.toBe(ids[2]);
      new AwsFederatedRole(stack, 'Role', { trusts: [], googleServiceAccounts: order(ids).map(uniqueId => ({ uniqueId, audience: AUDIENCE })) });
    }));
    const expected = [googleStatement('${google_service_account.One.unique_id}'), googleStatement('${google_service_account.Two.unique_id}')];
    expect(listed(ids => ids)).toEqual(expected);
    expect(listed(ids => [...ids].reverse())).toEqual(expected);
    expect(listed(([one, two]) => [two!, one!])).toEqual(expected);
  });

  test('tells accounts of two stacks apart, though they have the same address', () => {
    const { user } = synthApp(app => {
      const accounts = ['one', 'two'].map(id => new ServiceAccount(stackIn(app, id), 'Account', { accountId: 'reports-reader' }));
      new AwsFederatedRole(stackIn(app, 'user'), 'Role', { trusts: [], googleServiceAccounts: accounts.map(({ uniqueId }) => ({ uniqueId, audience: AUDIENCE })) });
    });
    const output = (stack: string) => googleStatement(`\${data.terraform_remote_state.cross-stack-reference-input-${stack}.outputs.cross-stack-output-google_service_accountAccountunique_id}`);
    expect(statementsOf(user!)).toEqual([output('one'), output('two')]);
  });

  test('of a role without accounts of Google is what it was, and an empty list is none', () => {
    const statements = (props: Partial<AwsFederatedRoleProps>) =>
      statementsOf(synthStack(stack => new AwsFederatedRole(stack, 'Role', { trusts: [reader], ...props })));
    const expected = [cluster('container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps')];
    expect(statements({})).toEqual(expected);
    expect(statements({ googleServiceAccounts: [] })).toEqual(expected);
  });
});

test('a role that trusts Google\'s accounts alone can be nobody\'s in a workload', () => {
  const stack = scratchStack();
  const role = new AwsFederatedRole(stack, 'Role', { trusts: [], googleServiceAccounts: [{ uniqueId: ONE, audience: AUDIENCE }] });
  expect(role.trusts).toEqual([]);
  expect(role.oidcProviders).toEqual([]);
  expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount: reader, identities: [role] }))).toEqual({
    code: 'NotTrusted',
    message: 'stack/Role: trusts must hold the service account that uses the identity, system:serviceaccount:reports:reader of cluster gke-apps, got ""; '
      + 'add it to `trusts` where the identity is defined, or give the workload another identity',
  });
  const both = new AwsFederatedRole(stack, 'Both', { trusts: [reader], googleServiceAccounts: [{ uniqueId: ONE, audience: AUDIENCE }] });
  expect(new Workload(stack, 'Workload', { serviceAccount: reader, identities: [both] }).identities).toEqual([both]);
});

describe.each(LITERAL_AND_TOKENS)('the migration from Google\'s issuer to the cluster\'s, with %s', (_, clusters) => {
  const step = (trusted: { google: boolean; cluster: boolean }) => readableAddresses(synthStack(stack => {
    const subject = clusters.gke(stack).serviceAccount('reports', 'reader');
    const account = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [subject], accountId: 'reports-reader' });
    const role = new AwsFederatedRole(stack, 'Role', {
      roleName: 'reports-reader',
      trusts: trusted.cluster ? [subject] : [],
      googleServiceAccounts: trusted.google ? [{ uniqueId: account.uniqueId, audience: AUDIENCE }] : [],
    });
    if (trusted.google) {
      new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount: account, role });
    }
  }));
  const steps = [step({ google: true, cluster: false }), step({ google: true, cluster: true }), step({ google: false, cluster: true })] as const;
  const ofGoogle = googleStatement('${google_service_account.Account.unique_id}');
  const ofCluster = cluster(clusters.gkeIssuerWithoutScheme);

  /** What a plan would show between two steps. */
  function difference(before: Record<string, any>, after: Record<string, any>) {
    const of = (left: Record<string, any>, right: Record<string, any>) => Object.keys(left).filter(address => !(address in right));
    const changed = Object.keys(before).filter(address => address in after && JSON.stringify(before[address]) !== JSON.stringify(after[address]));
    return { added: of(after, before), removed: of(before, after), changed };
  }

  test('begins with the statement of Google alone', () => {
    expect(steps[0]['data.aws_iam_policy_document.Role_Trust']).toEqual({ statement: [ofGoogle] });
    expect(steps[0]).not.toHaveProperty(['aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps']);
  });

  test('adds the cluster\'s registration and statement, and leaves all else as it is', () => {
    expect(difference(steps[0], steps[1])).toEqual({
      added: ['aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps'], removed: [], changed: ['data.aws_iam_policy_document.Role_Trust'],
    });
    expect(steps[1]['aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps']).toEqual({ url: clusters.gkeIssuer, client_id_list: ['sts.amazonaws.com'] });
    expect(steps[1]['data.aws_iam_policy_document.Role_Trust']).toEqual({ statement: [ofCluster, ofGoogle] });
  });

  test('drops the statement of Google and the right to make tokens, and leaves all else as it is', () => {
    expect(difference(steps[1], steps[2])).toEqual({
      added: [], removed: ['google_service_account_iam_member.ViaGoogle_TokenCreator'], changed: ['data.aws_iam_policy_document.Role_Trust'],
    });
    expect(steps[2]['data.aws_iam_policy_document.Role_Trust']).toEqual({ statement: [ofCluster] });
  });
});

describe('the size of the trust policy', () => {
  /** What IAM would count: the document as Terraform writes it for such statements, without white space. */
  const policy = (count: number) => JSON.stringify({
    Version: '2012-10-17',
    Statement: Array.from({ length: count }, (_, index) => ({
      Effect: 'Allow',
      Principal: { Federated: 'accounts.google.com' },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: {
          'accounts.google.com:aud': `1042174930628587100${10 + index}`,
          'accounts.google.com:oaud': AUDIENCE,
          'accounts.google.com:sub': `1042174930628587100${10 + index}`,
        },
      },
    })),
  });
  const accounts = (count: number) => Array.from({ length: count }, (_, index) => ({ uniqueId: `1042174930628587100${10 + index}`, audience: AUDIENCE }));
  const message = (size: number, holding: string, quota = 2048) =>
    `stack/Role: trusts must fit a trust policy of ${quota} characters, got "${size} characters for ${holding}"; `
    + 'split them over several roles, or have AWS raise "Role trust policy length" (up to 8192) and say so by `trustPolicyQuota`';

  test('is computed: six accounts fit, and seven are refused with the figure', () => {
    expect([policy(6).length, policy(7).length]).toEqual([1892, 2201]);
    expect(statementsOf(synthStack(stack => new AwsFederatedRole(stack, 'Role', { trusts: [], googleServiceAccounts: accounts(6) })))).toHaveLength(6);
    expect(refusal(() => roleWith({ googleServiceAccounts: accounts(7) }))).toEqual({
      code: 'LimitExceeded', message: message(2201, '0 service accounts of 0 clusters and 7 of Google'),
    });
    expect(roleWith({ googleServiceAccounts: accounts(7), trustPolicyQuota: 2201 }).trusts).toEqual([]);
    expect(refusal(() => roleWith({ googleServiceAccounts: accounts(8), trustPolicyQuota: policy(8).length - 1 })).message)
      .toBe(message(policy(8).length, '0 service accounts of 0 clusters and 8 of Google', policy(8).length - 1));
  });

  test('counts a unique id that only Terraform knows as long as it will be', () => {
    const ofTerraform = (count: number, quota?: number) => {
      const stack = scratchStack();
      const googleServiceAccounts = Array.from({ length: count }, (_, index) => ({
        uniqueId: new ServiceAccount(stack, `Account${index}`, { accountId: `account-${index}` }).uniqueId, audience: AUDIENCE,
      }));
      return new AwsFederatedRole(stack, 'Role', { trusts: [], googleServiceAccounts, trustPolicyQuota: quota });
    };
    expect(ofTerraform(6).trusts).toEqual([]);
    expect(refusal(() => ofTerraform(7))).toEqual({ code: 'LimitExceeded', message: message(2201, '0 service accounts of 0 clusters and 7 of Google') });
    expect(ofTerraform(7, 2201).trusts).toEqual([]);
  });

  test('counts an account once, however often it is listed', () => {
    expect(roleWith({ googleServiceAccounts: [...accounts(6), ...accounts(6)] }).trusts).toEqual([]);
  });

  test('counts clusters and Google together', () => {
    const issuer = 'container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps';
    const own = JSON.stringify({
      Effect: 'Allow',
      Principal: { Federated: `arn:aws:iam::123456789012:oidc-provider/${issuer}` },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [`${issuer}:aud`]: 'sts.amazonaws.com', [`${issuer}:sub`]: 'system:serviceaccount:reports:reader' } },
    });
    expect(refusal(() => roleWith({ trusts: [reader], googleServiceAccounts: accounts(6) }))).toEqual({
      code: 'LimitExceeded', message: message(1892 + 1 + own.length, '1 service accounts of 1 cluster and 6 of Google'),
    });
    expect(roleWith({ trusts: [reader], googleServiceAccounts: accounts(4) }).trusts).toEqual([reader]);
  });
});

/** An ID token of Google, as far as IAM looks at it. */
interface IdToken {
  readonly azp?: string;
  readonly aud: string;
  readonly sub: string;
}

/**
 * The condition keys that IAM makes of an ID token: `aud` is azp where the token has one, and `oaud` is then the audience.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
 */
const keysOf = ({ azp, aud, sub }: IdToken): Record<string, string> => ({
  'accounts.google.com:aud': azp ?? aud,
  ...(azp !== undefined && { 'accounts.google.com:oaud': aud }),
  'accounts.google.com:sub': sub,
});

/** Whether IAM lets the bearer in: a statement of the principal all of whose conditions hold; a key that is missing equals nothing. */
function allows(statements: readonly Statement[], token: IdToken | { keys: Record<string, string> }): boolean {
  const keys = 'keys' in token ? token.keys : keysOf(token);
  return statements.some(({ effect, actions, principals, condition }) => {
    expect({ effect, actions, principals }).toEqual({
      effect: 'Allow', actions: ['sts:AssumeRoleWithWebIdentity'], principals: [{ type: 'Federated', identifiers: ['accounts.google.com'] }],
    });
    return condition.every(({ test: operator, variable, values }) => {
      expect(operator).toBe('StringEquals');
      const value = keys[variable];
      return value !== undefined && values.includes(value);
    });
  });
}

describe('an ID token of Google', () => {
  const GOOD: IdToken = { azp: ONE, aud: AUDIENCE, sub: ONE };
  /** What the same account sends to any service that asks for its identity, such as one behind Cloud Run; whoever runs that service holds it. */
  const ELSEWHERE: IdToken = { azp: ONE, aud: 'https://reports.example.com', sub: ONE };
  const condition = (...keys: ('aud' | 'sub')[]) => keys.map(key => ({ test: 'StringEquals', variable: `accounts.google.com:${key}`, values: [ONE] }));
  const subAlone: Statement[] = [{ ...googleStatement(ONE), condition: condition('sub') }];
  const subAndAud: Statement[] = [{ ...googleStatement(ONE), condition: condition('aud', 'sub') }];
  const ours = trusting([{ uniqueId: ONE, audience: AUDIENCE }]);
  /** Ours of an account that is created, once Terraform knows its id. */
  const applied: Statement[] = JSON.parse(JSON.stringify(statementsOf(synthStack(stack => new AwsRoleViaGoogle(stack, 'ViaGoogle', {
    googleServiceAccount: new GcpFederatedServiceAccount(stack, 'Account', { trusts: [reader], accountId: 'reports-reader' }),
  })))).replaceAll('${google_service_account.Account.unique_id}', ONE));

  test('that was minted for another audience is accepted by the article\'s trust, with or without `aud`', () => {
    expect(allows(subAlone, GOOD)).toBe(true);
    expect(allows(subAlone, ELSEWHERE)).toBe(true);
    expect(allows(subAndAud, GOOD)).toBe(true);
    expect(allows(subAndAud, ELSEWHERE)).toBe(true);
  });

  describe.each([['a literal unique id', ours], ['a unique id of Terraform', applied]])('of a role with %s', (_, statements) => {
    test('is accepted for this account and this audience', () => {
      expect(allows(statements, GOOD)).toBe(true);
    });

    test.each<[string, IdToken]>([
      ['minted for another audience', ELSEWHERE],
      ['minted for the audience of AWS itself', { ...GOOD, aud: 'sts.amazonaws.com' }],
      ['of another account, for our audience', { azp: TWO, aud: AUDIENCE, sub: TWO }],
      ['of another account that this one asked for', { azp: ONE, aud: AUDIENCE, sub: TWO }],
      ['of this account that another one asked for', { azp: TWO, aud: AUDIENCE, sub: ONE }],
      ['without azp', { aud: AUDIENCE, sub: ONE }],
      ['without azp, whose audience is the account', { aud: ONE, sub: ONE }],
      ['with azp and audience the other way around', { azp: AUDIENCE, aud: ONE, sub: ONE }],
      ['with an audience in another case', { ...GOOD, aud: AUDIENCE.toUpperCase() }],
      ['with an audience that only begins like ours', { ...GOOD, aud: `${AUDIENCE}/` }],
      ['with an audience that ours begins with', { ...GOOD, aud: 'gtoken' }],
      ['with an account that only begins like ours', { azp: `${ONE}0`, aud: AUDIENCE, sub: `${ONE}0` }],
      ['with wildcards in its claims', { azp: '*', aud: '*', sub: '*' }],
      ['with empty claims', { azp: '', aud: '', sub: '' }],
    ])('is refused %s', (__, token) => {
      expect(allows(statements, token)).toBe(false);
    });

    test.each(['accounts.google.com:aud', 'accounts.google.com:oaud', 'accounts.google.com:sub'])('is refused without %s', missing => {
      const { [missing]: _missing, ...keys } = keysOf(GOOD);
      expect(allows(statements, { keys: keysOf(GOOD) })).toBe(true);
      expect(allows(statements, { keys })).toBe(false);
    });
  });

  test('of two accounts with two audiences is accepted for the pairs that were said, and for no mixture', () => {
    const statements = trusting([{ uniqueId: ONE, audience: 'one' }, { uniqueId: TWO, audience: 'two' }]);
    const accepted: string[] = [];
    for (const azp of [ONE, TWO]) {
      for (const sub of [ONE, TWO]) {
        for (const aud of ['one', 'two']) {
          if (allows(statements, { azp, aud, sub })) {
            accepted.push(`${azp} ${aud} ${sub}`);
          }
        }
      }
    }
    expect(accepted).toEqual([`${ONE} one ${ONE}`, `${TWO} two ${TWO}`]);
  });
});

describe('refuses', () => {
  test('nobody at all: no trusts, and no accounts of Google', () => {
    for (const googleServiceAccounts of [undefined, []]) {
      expect(refusal(() => roleWith({ trusts: [], googleServiceAccounts }))).toEqual({
        code: 'EmptyTrust',
        message: 'stack/Role: trusts must name at least one service account, got "[]"; '
          + 'pass cluster.serviceAccount(namespace, name); an identity that nobody can become is not created',
      });
    }
    expect(roleWith({ trusts: [], googleServiceAccounts: [{ uniqueId: ONE, audience: AUDIENCE }] }).trusts).toEqual([]);
  });

  test.each([
    'reader@acme-apps.iam.gserviceaccount.com', '*', '', '10421749306285871000?', `${ONE} `, `${ONE}\n`, '12345678901234', '1'.repeat(31), '0x1234567890abcdef',
    ' 104217493062858710001', '１０４２１７４９３０６２８５８７１０００１', 'projects/acme-apps/serviceAccounts/104217493062858710001',
  ])('what is no unique id, %p', uniqueId => {
    expect(refusal(() => roleWith({ googleServiceAccounts: [{ uniqueId, audience: AUDIENCE }] }))).toEqual({
      code: 'InvalidIdentifier',
      message: `stack/Role: googleServiceAccounts must hold unique ids of Google service accounts, which are numbers, got ${JSON.stringify(uniqueId)}; `
        + 'pass the `uniqueId` of the ServiceAccount, and not its email',
    });
    expect(roleWith({ googleServiceAccounts: [{ uniqueId: ONE, audience: AUDIENCE }] }).trusts).toEqual([]);
  });

  test('a unique id that JavaScript passes as a number, which has lost its last digits', () => {
    expect(refusal(() => roleWith({ googleServiceAccounts: [{ uniqueId: 104217493062858 as unknown as string, audience: AUDIENCE }] }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Role: googleServiceAccounts must hold unique ids of Google service accounts, which are numbers, got 104217493062858; '
        + 'pass the `uniqueId` of the ServiceAccount, and not its email',
    });
    expect(roleWith({ googleServiceAccounts: [{ uniqueId: '104217493062858', audience: AUDIENCE }] }).trusts).toEqual([]);
  });

  test.each(['', '*', 'gtoken/*', 'gtok?n', 'of two words', 'line\nbreak', '&{aws:username}', 'a'.repeat(256)])('what is no audience, %p', audience => {
    const got = audience.length > 198 ? `"${audience.slice(0, 199)}… (258 characters)` : JSON.stringify(audience);
    expect(refusal(() => roleWith({ googleServiceAccounts: [{ uniqueId: ONE, audience }] }))).toEqual({
      code: 'InvalidIdentifier',
      message: `stack/Role: googleServiceAccounts must be 1 to 255 characters without white space, wildcards or "&{", got ${got}; leave it out for the cloud's own audience`,
    });
    expect(roleWith({ googleServiceAccounts: [{ uniqueId: ONE, audience: 'a'.repeat(255) }] }).trusts).toEqual([]);
  });

  test('what Terraform would evaluate in an audience', () => {
    expect(refusal(() => roleWith({ googleServiceAccounts: [{ uniqueId: ONE, audience: '${var.audience}' }] }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Role: googleServiceAccounts must hold no "${" or "%{", which Terraform evaluates, got "${var.audience}"; pass the attribute of the resource or variable itself',
    });
    expect(roleWith({ googleServiceAccounts: [{ uniqueId: ONE, audience: '$var.audience' }] }).trusts).toEqual([]);
  });

  test('a bad account among good ones, and leaves nothing in the tree', () => {
    const stack = scratchStack();
    const good = { uniqueId: ONE, audience: AUDIENCE };
    expect(refusal(() => new AwsFederatedRole(stack, 'Role', { trusts: [reader], googleServiceAccounts: [good, { ...good, uniqueId: 'reader' }] })).code).toBe('InvalidIdentifier');
    expect(stack.node.tryFindChild('Role')).toBeUndefined();
    expect(new AwsFederatedRole(stack, 'Role', { trusts: [reader], googleServiceAccounts: [good] }).trusts).toEqual([reader]);
  });
});
