import { diffTrust, show } from 'cdktf-workload-federation/trust';
import {
  ACCOUNT, admits, AKS, EKS, EKS_HOST, eksStatement, iamArn, identity, outline, PARTITION, Plain, policy, provider, read, READER, resource, role,
  text, token, Unknown,
} from './terraform';

const ISSUER = new Unknown('apps/aws_eks_cluster.Apps.identity[0].oidc[0].issuer');
const HOST = new Unknown(`host(${ISSUER.symbol})`);

/** The answer of a role with these statements, beside the provider of the EKS cluster. */
function answer(statements: readonly Plain[], claims: { readonly [claim: string]: Plain } = {}, at?: number) {
  return admits(identity(read(provider('Eks', EKS), role('Reader', policy(...statements))), 'Reader'), token(claims), at);
}

function conditioned(condition: Plain) {
  return eksStatement(READER, { Condition: condition });
}

describe('the trust policy of a federated role', () => {
  const part = read(provider('Eks', EKS), role('Reader', policy(eksStatement([READER, 'system:serviceaccount:reports:writer']))));
  const [door] = identity(part, 'Reader').doors;

  test('has a row for each service account', () => {
    const where = { address: 'aws_iam_role.Reader', file: 'apps/cdk.tf.json', stack: 'apps', attribute: 'assume_role_policy' };
    expect(identity(part, 'Reader').doors).toHaveLength(1);
    expect(door!.mechanism).toBe('aws-oidc');
    expect(door!.registration).toBe(part.registrations[0]);
    expect(door!.who).toEqual([READER, 'system:serviceaccount:reports:writer'].map(subject => (
      { issuer: EKS, subject, wildcards: false, audiences: ['sts.amazonaws.com'], conditions: [], where }
    )));
    expect(door!.atoms).toEqual([
      { claim: ['iss'], pattern: EKS, wildcards: false },
      { claim: ['aud'], pattern: 'sts.amazonaws.com', wildcards: false },
      { claim: ['azp'], pattern: 'sts.amazonaws.com', wildcards: false },
      { claim: ['sub'], pattern: READER, wildcards: false },
      { claim: ['sub'], pattern: 'system:serviceaccount:reports:writer', wildcards: false },
      { claim: ['sub'], pattern: '??????*', wildcards: true },
    ]);
    expect(part.notes).toEqual([]);
  });

  test('lets its service account in through all gates', () => {
    expect(outline(door!.judge(token(), 1000))).toEqual([
      'token-time yes', 'aws-provider yes', 'aws-client-id yes', 'aws-principal yes', 'aws-action yes', 'aws-condition yes', 'aws-condition yes',
    ]);
  });

  test('refuses another service account, and says what would let it in', () => {
    const gate = door!.judge(token({ sub: 'system:serviceaccount:reports:other' })).find(({ verdict }) => verdict === 'no');
    expect(gate).toEqual({
      gate: 'aws-condition', verdict: 'no',
      want: `StringEquals ${EKS_HOST}:sub ${READER} or system:serviceaccount:reports:writer`,
      have: `${EKS_HOST}:sub: system:serviceaccount:reports:other`,
      where: { address: 'aws_iam_role.Reader', file: 'apps/cdk.tf.json', stack: 'apps', attribute: 'assume_role_policy' },
      remedy: `add "system:serviceaccount:reports:other" to the values of StringEquals ${EKS_HOST}:sub of aws_iam_role.Reader`,
    });
  });

  test.each<[string, { readonly [claim: string]: Plain }, string]>([
    ['an audience as a text', { aud: 'sts.amazonaws.com' }, 'yes'],
    ['another audience', { aud: ['https://kubernetes.default.svc'] }, 'no'],
    ['an audience in another case', { aud: ['STS.amazonaws.com'] }, 'no'],
    ['no audience', { aud: undefined }, 'no'],
    ['an empty list of audiences', { aud: [] }, 'no'],
    ['an audience that is no text', { aud: [1] }, 'no'],
    ['several audiences, of which one is right', { aud: ['sts.amazonaws.com', 'other'] }, 'unknown'],
    ['several audiences, of which none is right', { aud: ['one', 'other'] }, 'no'],
    ['an authorized party that is right', { azp: 'sts.amazonaws.com' }, 'yes'],
    ['an authorized party that is right, beside another audience', { azp: 'sts.amazonaws.com', aud: 'other' }, 'unknown'],
    ['an authorized party that is empty', { azp: '' }, 'unknown'],
    ['an authorized party that is null', { azp: null }, 'unknown'],
    ['another authorized party', { azp: 'other' }, 'no'],
    ['a subject in another case', { sub: 'system:serviceaccount:reports:Reader' }, 'no'],
    ['a subject with more after it', { sub: `${READER}2` }, 'no'],
    ['a subject that is a list', { sub: [READER] }, 'no'],
    ['no subject', { sub: undefined }, 'no'],
    ['an audience that is listed twice', { aud: ['sts.amazonaws.com', 'sts.amazonaws.com'] }, 'unknown'],
    ['an unknown subject', { sub: new Unknown('sub') }, 'unknown'],
    ['another issuer', { iss: AKS }, 'no'],
    ['the issuer with a slash', { iss: `${EKS}/` }, 'no'],
    ['the issuer without its scheme', { iss: EKS_HOST }, 'no'],
    ['the issuer in another case', { iss: EKS.toLowerCase() }, 'no'],
    ['no issuer', { iss: undefined }, 'no'],
    ['an unknown issuer', { iss: ISSUER }, 'unknown'],
    ['an unknown issuer, and another subject', { iss: ISSUER, sub: 'other' }, 'no'],
  ])('answers a token with %s', (_, claims, expected) => {
    expect(answer([eksStatement()], claims)).toBe(expected);
  });

  test.each<[string, { readonly [claim: string]: Plain }, string]>([
    ['before its end', {}, 'yes'],
    ['at its end', { exp: 1000 }, 'yes'],
    ['almost five minutes after its end', { exp: 701 }, 'yes'],
    ['five minutes after its end', { exp: 700 }, 'no'],
    ['without an end', { exp: undefined }, 'no'],
    ['with an end that is a text', { exp: '2000' }, 'no'],
    ['with an unknown end', { exp: new Unknown('exp') }, 'unknown'],
    ['before its beginning', { nbf: 1001 }, 'no'],
    ['issued later', { iat: 1001 }, 'no'],
    ['without a time at which it was issued', { iat: undefined }, 'unknown'],
    ['issued a day ago', { iat: -85_400 }, 'yes'],
    ['issued more than a day ago', { iat: -85_401 }, 'unknown'],
  ])('answers a token %s', (_, claims, expected) => {
    expect(answer([eksStatement()], claims, 1000)).toBe(expected);
  });
});

describe('conditions', () => {
  const [aud, sub] = [`${EKS_HOST}:aud`, `${EKS_HOST}:sub`];

  test.each<[string, Plain, { readonly [claim: string]: Plain }, string]>([
    ['keys and operators in any case', { STRINGequals: { [sub.toUpperCase()]: READER } }, {}, 'yes'],
    ['no condition on the subject', { StringEquals: { [aud]: 'sts.amazonaws.com' } }, { sub: 'anyone' }, 'yes'],
    ['a wildcard that is none', { StringEquals: { [sub]: 'system:serviceaccount:reports:*' } }, {}, 'no'],
    ['a wildcard', { StringLike: { [sub]: 'system:serviceaccount:reports:*' } }, {}, 'yes'],
    ['ForAllValues, and no subject', { 'ForAllValues:StringEquals': { [sub]: READER } }, { sub: undefined }, 'unknown'],
    ['IfExists, and no subject', { StringEqualsIfExists: { [sub]: READER } }, { sub: undefined }, 'unknown'],
    ['the key of another issuer', { StringEquals: { 'other.example.com:sub': READER } }, {}, 'no'],
    ['a negated key of another issuer', { StringNotEquals: { 'other.example.com:sub': READER } }, {}, 'yes'],
    ['a claim that never becomes a key', { StringEquals: { [`${EKS_HOST}:repository`]: 'acme' } }, { repository: 'acme' }, 'no'],
    ['the address of the caller', { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } }, {}, 'unknown'],
    ['the address of the caller, and another subject', { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' }, StringEquals: { [sub]: 'other' } }, {}, 'no'],
    ['an external id', { StringEquals: { 'sts:ExternalId': 'x' } }, {}, 'no'],
    ['tags that the token does not have', { StringEquals: { 'aws:RequestTag/a': 'x' } }, {}, 'no'],
    ['the name of the session', { StringEquals: { 'sts:RoleSessionName': 'x' } }, {}, 'unknown'],
    ['the e-mail address', { StringEquals: { [`${EKS_HOST}:email`]: 'a@example.com' } }, { email: 'a@example.com' }, 'yes'],
    ['an operator that IAM does not have', { StringMatches: { [sub]: READER } }, {}, 'unknown'],
    ['a condition that is known after apply', new Unknown('apps/var.condition'), {}, 'unknown'],
    ['values that are known after apply', { StringEquals: { [sub]: new Unknown('apps/var.subjects') } }, {}, 'unknown'],
    ['a value that cannot be read', { StringEquals: { [sub]: { a: 1 } } }, {}, 'unknown'],
    ['a condition that is a text', 'StringEquals', {}, 'unknown'],
  ])('answers %s', (_, condition, claims, expected) => {
    expect(answer([conditioned(condition)], claims)).toBe(expected);
  });

  test('compare the time where it is given', () => {
    const condition = { DateLessThan: { 'aws:CurrentTime': '1970-01-01T00:20:00Z' }, NumericGreaterThan: { 'aws:EpochTime': '10' } };
    expect([answer([conditioned(condition)], {}, 1000), answer([conditioned(condition)], {}, 1300), answer([conditioned(condition)])]).toEqual(['yes', 'no', 'unknown']);
  });

  test('know the claims of GitHub that AWS lists', () => {
    const github = 'https://token.actions.githubusercontent.com';
    const statement = (claim: string) => ({
      Effect: 'Allow', Principal: { Federated: iamArn('oidc-provider/token.actions.githubusercontent.com') }, Action: ['sts:AssumeRoleWithWebIdentity'],
      Condition: { StringEquals: { [`token.actions.githubusercontent.com:${claim}`]: 'x' } },
    });
    const admitted = (claim: string, claims: Plain) => admits(
      identity(read(provider('GitHub', github), role('Reader', policy(statement(claim)))), 'Reader'), token({ iss: github, ...claims as object }),
    );
    expect([
      admitted('repository_id', { repository_id: 'x' }), admitted('repository_id', { repository_id: 'y' }),
      admitted('run_id', { run_id: 'x' }), admitted('run_id', { run_id: 'y' }), admitted('run_id', {}),
    ]).toEqual(['yes', 'no', 'unknown', 'no', 'no']);
  });
});

describe('the limits of STS', () => {
  const anyone = [conditioned({ StringLike: { [`${EKS_HOST}:sub`]: '*' } })];
  const gateOf = (claims: { readonly [claim: string]: Plain }) =>
    identity(read(provider('Eks', EKS), role('Reader', policy(...anyone))), 'Reader').doors[0]!.judge(token(claims))[0];
  const where = { address: 'aws_iam_openid_connect_provider.Eks', file: 'apps/cdk.tf.json', stack: 'apps' };

  test.each<[string, Plain, string]>([
    ['of 6 characters', 'sixsix', 'yes'], ['of 5 characters', 'fiver', 'unknown'], ['without characters', '', 'unknown'],
    ['of 255 characters', 'x'.repeat(255), 'yes'], ['of 256 characters', 'x'.repeat(256), 'unknown'], ['of 255 characters that take two each', '\u{1D42B}'.repeat(255), 'yes'],
    ['that is known in part', text('system:serviceaccount:', new Unknown('namespace')), 'yes'], ['that is short as far as it is known', text('a', new Unknown('b')), 'yes'],
    ['that is too long as far as it is known', text('x'.repeat(256), new Unknown('b')), 'unknown'], ['that is not there', undefined, 'no'],
  ])('a subject %s', (_, sub, expected) => {
    expect(answer(anyone, { sub })).toBe(expected);
  });

  test('a subject that has no room in the answer of STS is told', () => {
    const sub = `system:serviceaccount:reports:${'r'.repeat(226)}`;
    expect(gateOf({ sub })).toEqual({
      gate: 'aws-provider', verdict: 'unknown', want: 'a sub of 6 to 255 characters', fault: 'form',
      have: `256 characters: ${sub}`, where,
      remedy: 'give namespace and service account names that make a sub of 6 to 255 characters: STS\'s answer has room for no other, and AWS does not say what becomes of it',
    });
  });

  test('refuses a subject that is too long and that the trust policy does not name', () => {
    expect(answer([eksStatement()], { sub: 'x'.repeat(256) })).toBe('no');
  });

  test('refuses a token whose claims alone take more than 20,000 characters', () => {
    // All claims but the filling take some hundred characters.
    expect(['x'.repeat(14_000), 'x'.repeat(15_000), Array.from({ length: 8000 }, () => 1), { a: { b: ['x'.repeat(15_000)] } }].map(fill => answer([eksStatement()], { fill })))
      .toEqual(['yes', 'no', 'no', 'no']);
    expect(gateOf({ fill: 'x'.repeat(15_000) })).toEqual({
      gate: 'aws-provider', verdict: 'no', want: 'a token of at most 20000 characters', have: 'claims that take more', where, remedy: 'leave claims out of the token', fault: 'size',
    });
  });
});

describe('what a token has STS do with the session', () => {
  const [TAGS, SOURCE, ROLES] = ['tags', 'source_identity', 'roles'].map(name => `https://aws.amazon.com/${name}`) as [string, string, string];
  const nested = { [TAGS]: { principal_tags: { Team: ['blue'] }, transitive_tag_keys: ['Team'] } };
  const flat = { [`${TAGS}/principal_tags/Team`]: 'blue' };
  const allowing = (...more: readonly string[]) => [eksStatement(READER, { Action: ['sts:AssumeRoleWithWebIdentity', ...more] })];

  test.each<[string, { readonly [claim: string]: Plain }, string, string, string?]>([
    ['tags in one claim', nested, 'sts:TagSession', 'no'], ['tags in a claim each', flat, 'sts:TagSession', 'no'],
    ['no tags in the claim for them', { [TAGS]: { principal_tags: {} } }, 'sts:TagSession', 'unknown'], ['a text in the claim for tags', { [TAGS]: 'blue' }, 'sts:TagSession', 'unknown', 'unknown'],
    ['names of tags alone', { [`${TAGS}/transitive_tag_keys`]: ['Team'] }, 'sts:TagSession', 'unknown'],
    ['a tag that is no text', { [`${TAGS}/principal_tags/Team`]: ['blue'] }, 'sts:TagSession', 'unknown', 'unknown'],
    ['a source identity', { [SOURCE]: 'reader' }, 'sts:SetSourceIdentity', 'no'], ['an empty source identity', { [SOURCE]: '' }, 'sts:SetSourceIdentity', 'unknown', 'unknown'],
  ])('%s needs an action of its own', (_, claims, action, without, allowed = 'yes') => {
    expect([answer(allowing(), claims), answer(allowing(action), claims)]).toEqual([without, allowed]);
  });

  describe('is not known to be taken beyond what AWS documents', () => {
    const all = allowing('sts:TagSession', 'sts:SetSourceIdentity');
    const tagged = (name: string, value: Plain) => ({ [`${TAGS}/principal_tags/${name}`]: value });
    const inOne = (tags: Plain) => ({ [TAGS]: { principal_tags: tags } });
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, ['x']]));
    const part = new Unknown('apps/var.x');
    test.each<[string, { readonly [claim: string]: Plain }]>([
      ['a source identity with a blank', { [SOURCE]: 'a b' }], ['one of one character', { [SOURCE]: 'a' }], ['one of 65', { [SOURCE]: 'a'.repeat(65) }],
      ['one that begins as those of AWS', { [SOURCE]: 'AWS:x' }], ['one with a blank beside what is not known', { [SOURCE]: text(part, 'a b') }], ['one that is null', { [SOURCE]: null }],
      ['a tag that begins as those of AWS', tagged('aws:x', 'b')], ['a tag without a name', tagged('', 'b')], ['a tag of 129 characters', tagged('a'.repeat(129), 'b')],
      ['a value of 257', tagged('a', 'b'.repeat(257))], ['a value with a comma', tagged('a', 'b,c')], ['51 tags', inOne(many(51))], ['51 tags in two forms', { ...inOne(many(50)), ...tagged('a', 'b') }],
      ['two tags that differ in case', { ...tagged('a', 'b'), ...tagged('A', 'b') }], ['the same in one claim', inOne({ a: ['b'], A: ['b'] })],
      ['two values', inOne({ a: ['b', 'c'] })], ['a value that is no list', inOne({ a: 'b' })], ['no object of tags', inOne(['a'])],
    ])('%s', (_, claims) => {
      const gates = identity(read(provider('Eks', EKS), role('Reader', policy(...all))), 'Reader').doors[0]!.judge(token(claims));
      const open = gates.filter(({ verdict }) => verdict !== 'yes');
      // A cell of Markdown has room for 140 characters.
      expect(open.map(({ gate, verdict, fault, want }) => [gate, verdict, fault, want.length <= 140])).toEqual([['aws-provider', 'unknown', 'form', true]]);
    });

    test.each<[string, { readonly [claim: string]: Plain }]>([
      ['two characters', { [SOURCE]: 'ab' }], ['64', { [SOURCE]: 'a'.repeat(64) }], ['what is not known', { [SOURCE]: part }], ['50 tags', inOne(many(50))],
      ['all that tags may have', tagged('\u00e4 1_.:/=+-@'.padEnd(128, 'x'), '\u{1D400}'.repeat(256))], ['an empty value', tagged('a', '')], ['a value that is not known', inOne({ a: [part] })],
      ['a value that begins as names of AWS', tagged('a', 'aws:x')],
    ])('but up to there: %s', (_, claims) => {
      expect(answer(all, claims)).toBe('yes');
    });

    test('and refuses what is refused anyway', () => {
      expect(answer(all, { [SOURCE]: 'a b', sub: 'another' })).toBe('no');
    });
  });

  test('each action may be allowed by a statement of its own, and any that is denied is enough', () => {
    const tag = eksStatement(READER, { Action: 'sts:TagSession' });
    const deny = { Effect: 'Deny', Principal: '*', Action: 'sts:TagSession' };
    expect([answer([eksStatement(), tag], nested), answer([...allowing('sts:TagSession'), deny], nested), answer([...allowing('sts:TagSession'), deny])]).toEqual(['yes', 'no', 'yes']);
  });

  // Kubernetes puts none of these claims into its tokens.
  test.each<[string, Plain, string]>([
    ['a tag', { StringEquals: { 'aws:RequestTag/Team': 'blue' } }, 'no'], ['no other tag', { StringNotEquals: { 'aws:RequestTag/Team': 'blue' } }, 'yes'],
    ['no tag', { Null: { 'aws:RequestTag/Team': 'true' } }, 'yes'], ['names of tags', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'Team' } }, 'no'],
    ['no other names of tags', { 'ForAllValues:StringEquals': { 'aws:TagKeys': 'Team' } }, 'yes'], ['tags that are handed on', { StringEquals: { 'sts:TransitiveTagKeys': 'Team' } }, 'no'],
    ['a source identity', { StringLike: { 'sts:SourceIdentity': '*' } }, 'no'], ['that the issuer names the role', { Bool: { 'sts:RoleAuthorizedByIdp': 'true' } }, 'no'],
    ['that the issuer does not name the role', { Bool: { 'sts:RoleAuthorizedByIdp': 'false' } }, 'unknown'], ['that it names the role, if it names any', { BoolIfExists: { 'STS:roleauthorizedbyidp': 'true' } }, 'unknown'],
    ['that nothing says whether it names the role', { Null: { 'sts:RoleAuthorizedByIdp': 'true' } }, 'unknown'], ['a tag of the caller, who has no session yet', { StringEquals: { 'aws:PrincipalTag/Team': 'blue' } }, 'unknown'],
  ])('a policy that wants %s answers a token of Kubernetes', (_, condition, expected) => {
    expect(answer([conditioned(condition)])).toBe(expected);
  });

  test.each<[string, { readonly [claim: string]: Plain }, Plain, string]>([
    ['a tag in a claim of its own', flat, { StringEquals: { 'aws:RequestTag/team': 'blue' } }, 'yes'], ['another tag', flat, { StringEquals: { 'aws:RequestTag/Team': 'red' } }, 'no'],
    ['a tag that is not there', flat, { StringEquals: { 'aws:RequestTag/Other': 'blue' } }, 'no'], ['no tag', flat, { Null: { 'aws:RequestTag/Team': 'true' } }, 'no'],
    ['all its tags', flat, { 'ForAllValues:StringEquals': { 'aws:TagKeys': 'Team' } }, 'yes'], ['tags that are handed on', flat, { StringEquals: { 'sts:TransitiveTagKeys': 'Team' } }, 'no'],
    ['a tag among others in one claim', nested, { StringEquals: { 'aws:RequestTag/Team': 'blue' } }, 'unknown'], ['the source identity', { [SOURCE]: 'reader' }, { StringEquals: { 'sts:SourceIdentity': 'reader' } }, 'yes'],
    ['another source identity', { [SOURCE]: 'reader' }, { StringEquals: { 'sts:SourceIdentity': 'writer' } }, 'no'],
  ])('is compared with %s', (_, claims, condition, expected) => {
    expect(answer([eksStatement(READER, { Action: 'sts:*', Condition: condition })], claims)).toBe(expected);
  });

  test.each<[string, Plain, string, string]>([
    ['the role', iamArn('role/Reader'), 'yes', 'yes'], ['the role among others', [iamArn('role/Other'), iamArn('role/Reader')], 'yes', 'yes'],
    ['another role', iamArn('role/Other'), 'unknown', 'unknown'], ['nothing', [], 'unknown', 'unknown'], ['no text', 7, 'unknown', 'unknown'],
    ['a role that is known when Terraform runs', new Unknown('role'), 'unknown', 'unknown'],
  ])('a token for roles of which it names %s', (_, roles, plain, wanted) => {
    const condition = { Bool: { 'sts:RoleAuthorizedByIdp': 'true' } };
    expect([answer([eksStatement()], { [ROLES]: roles }), answer([conditioned(condition)], { [ROLES]: roles })]).toEqual([plain, wanted]);
  });

  test('refuses a token for another role where the policy does not let it in anyway', () => {
    expect(answer([eksStatement()], { [ROLES]: iamArn('role/Other'), sub: 'another' })).toBe('no');
  });

  test('tells tokens apart by what the policy says of it', () => {
    const atomsOf = (...statements: readonly Plain[]) => {
      const [door] = identity(read(role('Reader', policy(...statements))), 'Reader').doors;
      return [door!.atoms.filter(({ claim }) => claim[0]!.startsWith('https://aws')).map(({ claim, pattern, wildcards }) => [claim[0], pattern, wildcards]), door!.opaque];
    };
    expect(atomsOf(eksStatement())).toEqual([[], undefined]);
    expect(atomsOf(...allowing('sts:*'), conditioned({ StringLike: { 'aws:RequestTag/Team': 'b*' }, Bool: { 'sts:RoleAuthorizedByIdp': 'true' } }))).toEqual([[
      [`${TAGS}/principal_tags/any`, 'any', false], [SOURCE, 'any', false], [ROLES, iamArn('role/Reader'), false], [`${TAGS}/principal_tags/team`, 'b*', true],
    ], undefined]);
    expect(atomsOf(conditioned({ 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'Team' } }))).toEqual([[], true]);
    expect(atomsOf(eksStatement(), { Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' }, Action: 'sts:TagSession', Condition: { Bool: { 'aws:TagKeys': 'x' } } })).toEqual([[], undefined]);
  });
});

test('a change of what tokens may have STS do is seen, and of which', () => {
  const roles = (...statements: readonly Plain[]) => [identity(read(provider('Eks', EKS), role('Reader', policy(...statements))), 'Reader')];
  const changed = (before: Plain, after: Plain) => {
    const [diff] = diffTrust(roles(before), roles(after)).identities;
    return [diff!.change, ...[diff!.gained, diff!.lost].map(found => found && [...found].filter(([claim]) => claim.startsWith('https://aws')).map(([claim, claimed]) => `${claim} ${show(claimed)}`))];
  };
  const tagging = (tag?: string) => eksStatement(READER, {
    Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'], ...tag && { Condition: { StringEquals: { [`${EKS_HOST}:sub`]: READER, 'aws:RequestTag/Team': tag } } },
  });
  const claim = 'https://aws.amazon.com/tags/principal_tags';
  expect([
    changed(eksStatement(), eksStatement(READER, { Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'] })), changed(tagging('blue'), tagging('red')), changed(tagging(), tagging()),
    changed(eksStatement(), eksStatement(READER, { Action: ['sts:AssumeRoleWithWebIdentity', 'sts:GetCallerIdentity'] })),
  ]).toEqual([
    ['widened', [`${claim}/any any`], undefined], ['changed', [`${claim}/team red`], [`${claim}/team blue`]], ['same', undefined, undefined], ['same', undefined, undefined],
  ]);
});

describe('statements', () => {
  test('any of several lets a token in, and the one that comes nearest is shown', () => {
    const other = eksStatement('system:serviceaccount:reports:writer', { Action: 'sts:AssumeRole' });
    const part = read(provider('Eks', EKS), role('Reader', policy(other, eksStatement())));
    expect(admits(identity(part, 'Reader'), token())).toBe('yes');
    expect(outline(identity(part, 'Reader').doors[0]!.judge(token({ sub: 'another' })))).toEqual([
      'aws-provider yes', 'aws-client-id yes', 'aws-principal yes', 'aws-action yes', 'aws-condition yes', 'aws-condition no',
    ]);
  });

  test.each<[string, Plain, string]>([
    ['sts:*', 'sts:*', 'yes'], ['*', ['*'], 'yes'], ['another case', 'STS:assumerolewithwebidentity', 'yes'],
    ['sts:AssumeRole', 'sts:AssumeRole', 'no'], ['nothing', [], 'no'], ['an unknown action', new Unknown('apps/var.action'), 'unknown'],
  ])('answers the action %s', (_, action, expected) => {
    expect(answer([eksStatement(READER, { Action: action })])).toBe(expected);
  });

  test('NotAction is all but those', () => {
    const statement = (action: string) => ({ ...eksStatement(), Action: undefined, NotAction: action });
    expect([answer([statement('sts:AssumeRole')]), answer([statement('sts:*')])]).toEqual(['yes', 'no']);
  });

  test('Deny wins, also for everyone and by NotPrincipal', () => {
    const deny = (more: { readonly [key: string]: Plain }) => ({ Effect: 'Deny', Sid: 'No', Action: '*', ...more });
    const federated = iamArn(`oidc-provider/${EKS_HOST}`);
    expect([
      answer([eksStatement(), deny({ Principal: '*' })]),
      answer([eksStatement(), deny({ Principal: { AWS: '*' } })]),
      answer([eksStatement(), deny({ Principal: { Federated: federated }, Condition: { StringLike: { [`${EKS_HOST}:sub`]: '*:reader' } } })]),
      answer([eksStatement(), deny({ Principal: { Federated: federated }, Condition: { StringLike: { [`${EKS_HOST}:sub`]: '*:writer' } } })]),
      answer([eksStatement(), deny({ Principal: '*', Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } })]),
      answer([eksStatement(), deny({ NotPrincipal: { Federated: federated } })]),
      answer([eksStatement(), deny({ NotPrincipal: { AWS: '111122223333' } })]),
      answer([eksStatement(), deny({ Principal: { Service: 'ec2.amazonaws.com' } })]),
    ]).toEqual(['no', 'no', 'no', 'yes', 'unknown', 'yes', 'no', 'yes']);
  });

  test('a wildcard lets in the tokens of every provider of the account that its conditions take', () => {
    const anyone = { Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRoleWithWebIdentity', Condition: { StringEquals: { [`${EKS_HOST}:sub`]: READER } } };
    expect([
      answer([anyone]), answer([anyone], { sub: 'other' }), answer([anyone], { iss: AKS }), answer([{ ...anyone, Condition: undefined }], { iss: AKS }),
      answer([{ ...anyone, Principal: { Federated: '*' } }]), answer([{ ...anyone, Principal: undefined, NotPrincipal: { AWS: '1' } }]),
    ]).toEqual(['yes', 'no', 'no', 'unknown', 'yes', 'yes']);
  });
});

describe('providers', () => {
  test('a token of another registered provider fails at the principal', () => {
    const part = read(provider('Eks', EKS), provider('Aks', AKS), role('Reader', policy(eksStatement())));
    expect(outline(identity(part, 'Reader').doors[0]!.judge(token({ iss: AKS })))).toEqual([
      'aws-provider yes', 'aws-client-id yes', 'aws-principal no', 'aws-action yes', 'aws-condition no', 'aws-condition no',
    ]);
  });

  test('a provider that the input does not have leaves the answer unknown, but not what the conditions say', () => {
    const part = read(role('Reader', policy(eksStatement(READER, { Principal: { Federated: iamArn(`oidc-provider/${EKS_HOST}`, '111122223333', 'aws') } }))));
    const [door] = identity(part, 'Reader').doors;
    expect(outline(door!.judge(token()))).toEqual([
      'aws-provider unknown', 'aws-client-id unknown', 'aws-principal yes', 'aws-action yes', 'aws-condition yes', 'aws-condition yes',
    ]);
    expect([admits(identity(part, 'Reader'), token({ sub: 'other' })), admits(identity(part, 'Reader'), token({ iss: AKS }))]).toEqual(['no', 'no']);
    expect(door!.who.map(({ issuer, subject }) => [issuer, subject])).toEqual([[EKS, READER]]);
  });

  test('an ARN that is known after apply hides neither subject nor issuer', () => {
    const part = read(role('Reader', policy(eksStatement(READER, { Principal: { Federated: new Unknown('apps/var.provider_arn') } }))));
    expect(identity(part, 'Reader').doors[0]!.who.map(({ issuer, subject }) => [issuer, subject])).toEqual([[EKS, READER]]);
    expect([admits(identity(part, 'Reader'), token()), admits(identity(part, 'Reader'), token({ sub: 'other' }))]).toEqual(['unknown', 'no']);
  });

  test('an issuer that is known after apply is the same as itself', () => {
    const condition = { StringEquals: { '\uFDD0host(apps/aws_eks_cluster.Apps.identity[0].oidc[0].issuer)\uFDD1:sub': READER } };
    const statement = eksStatement(READER, { Principal: { Federated: iamArn(text('oidc-provider/', HOST)) }, Condition: condition });
    const reader = identity(read(provider('Eks', ISSUER), role('Reader', policy(statement))), 'Reader');
    expect([admits(reader, token({ iss: ISSUER })), admits(reader, token({ iss: ISSUER, sub: 'other' })), admits(reader, token()), admits(reader, token({ sub: 'x' }))])
      .toEqual(['yes', 'no', 'unknown', 'no']);
    expect(reader.doors[0]!.who.map(({ issuer }) => issuer)).toEqual([ISSUER]);
  });

  test('refuses a provider of another account', () => {
    const other = (account: string) => read(provider('Eks', EKS, ['sts.amazonaws.com'], account), role('Reader', policy(
      eksStatement(READER, { Principal: { Federated: iamArn(`oidc-provider/${EKS_HOST}`, account) } }),
    ), {}, '111122223333'));
    expect([admits(identity(other('444455556666'), 'Reader'), token()), admits(identity(other('111122223333'), 'Reader'), token())]).toEqual(['no', 'yes']);
  });

  test('does not know whether two accounts that are known after apply are one', () => {
    const part = read(provider('Eks', EKS), role('Reader', policy(eksStatement()), {}, new Unknown('apps/aws.other.account_id')));
    expect(admits(identity(part, 'Reader'), token())).toBe('unknown');
  });

  test('a literal ARN of the account is the provider that the input registers', () => {
    const part = read(provider('Eks', EKS, ['other'], '111122223333'), role('Reader', policy(
      eksStatement(READER, { Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${EKS_HOST}` } }),
    ), {}, '111122223333'));
    expect(outline(identity(part, 'Reader').doors[0]!.judge(token())).slice(0, 2)).toEqual(['aws-provider yes', 'aws-client-id no']);
  });

  test('reads providers that are looked up, and client ids that are known after apply', () => {
    const part = read(
      resource('data.aws_iam_openid_connect_provider.Eks', { url: EKS_HOST, arn: iamArn(`oidc-provider/${EKS_HOST}`), client_id_list: new Unknown('apps/ids') }),
      role('Reader', policy(eksStatement())),
    );
    expect(part.registrations.map(({ issuer, audiences, name }) => ({ issuer, audiences, name }))).toEqual([
      { issuer: EKS, audiences: [], name: text('arn:', PARTITION, ':iam::', ACCOUNT, `:oidc-provider/${EKS_HOST}`) },
    ]);
    expect(outline(identity(part, 'Reader').doors[0]!.judge(token())).slice(0, 2)).toEqual(['aws-provider yes', 'aws-client-id unknown']);
  });

  test('the slash of an issuer stays', () => {
    const host = AKS.slice('https://'.length);
    const statement = {
      Effect: 'Allow', Principal: { Federated: iamArn(`oidc-provider/${host}`) }, Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [`${host}:aud`]: 'sts.amazonaws.com', [`${host}:sub`]: READER } },
    };
    const reader = identity(read(provider('Aks', AKS), role('Reader', policy(statement))), 'Reader');
    expect([admits(reader, token({ iss: AKS })), admits(reader, token({ iss: AKS.slice(0, -1) }))]).toEqual(['yes', 'no']);
  });
});

describe('Google as identity provider', () => {
  const google = (condition: Plain) => identity(read(role('Reader', policy({
    Effect: 'Allow', Principal: { Federated: 'accounts.google.com' }, Action: 'sts:AssumeRoleWithWebIdentity', Condition: { StringEquals: condition },
  }))), 'Reader');
  const ID = '113475438248934895348';
  const exact = google({ 'accounts.google.com:aud': ID, 'accounts.google.com:oaud': 'gtoken', 'accounts.google.com:sub': ID });
  const claims = { iss: 'https://accounts.google.com', sub: ID, azp: ID, aud: 'gtoken' };

  test('takes the token that was asked for this, and no other one of the account', () => {
    expect([
      admits(exact, token(claims)), admits(exact, token({ ...claims, aud: 'https://elsewhere.example.com' })), admits(exact, token({ ...claims, sub: '1' })),
      admits(exact, token({ ...claims, iss: 'accounts.google.com' })), admits(exact, token({ ...claims, iss: 'https://accounts.google.com/' })),
      admits(exact, token()),
    ]).toEqual(['yes', 'no', 'no', 'yes', 'no', 'no']);
    expect(exact.doors.map(({ mechanism, registration }) => [mechanism, registration])).toEqual([['aws-google', undefined]]);
  });

  test('accepts a token that was made for anybody where only the subject is compared', () => {
    expect(admits(google({ 'accounts.google.com:sub': ID }), token({ ...claims, aud: 'https://elsewhere.example.com' }))).toBe('yes');
  });

  test('calls the audience aud where the token has no authorized party', () => {
    const byAudience = google({ 'accounts.google.com:aud': 'gtoken' });
    expect([admits(byAudience, token({ ...claims, azp: undefined })), admits(byAudience, token(claims))]).toEqual(['yes', 'no']);
  });
});
