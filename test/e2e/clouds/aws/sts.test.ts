import type { AppliedResource } from '../../model';
import { forge, rsaKey, SIGNINGS } from '../forgery';
import { ACCOUNT, AKS, EKS, GOOGLE, NOW, OTHER_ACCOUNT, ROLE, SUB, aws, keyOf, policy, provider, resource, role, token, trusts } from './fixture';
import { Aws, AwsError } from './index';
import type { WebIdentityRequest } from './index';

const NOT_A_JWT = 'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)';
const NO_KEY = 'Couldn\'t retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements';
const INVALID = 'The web identity token that was passed could not be validated by AWS. Get a new identity token from the identity provider and then retry the request.';
const UNREACHABLE = 'The request could not be fulfilled because the identity provider (IDP) that was asked to verify the incoming identity token could not be reached.';
const NOT_TRUSTED = '403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity';
const WRONG_AUDIENCE = '400 InvalidIdentityToken: Incorrect token audience';

const WORLD = [provider(EKS), provider(AKS), role('reader', [trusts(EKS), trusts(AKS)])];

/** The session's ARN, or the whole refusal. */
async function outcome(cloud: Aws, request: Partial<WebIdentityRequest> & { readonly token: string }): Promise<string> {
  const answer = await cloud.assumeRoleWithWebIdentity({ roleArn: ROLE, roleSessionName: 'pod', ...request });
  return answer instanceof AwsError ? `${answer.status} ${answer.code}: ${answer.message}` : answer.arn;
}

const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/reader/pod`;

describe('AssumeRoleWithWebIdentity', () => {
  const { aws: cloud } = aws(WORLD);

  test.each([['EKS', EKS], ['AKS, whose issuer ends with a slash', AKS]])('lets in a service account of %s', async (_, issuer) => {
    await expect(cloud.assumeRoleWithWebIdentity({ roleArn: ROLE, roleSessionName: 'pod', token: token(issuer) })).resolves.toMatchObject({
      arn: SESSION,
      roleArn: ROLE,
      provider: `arn:aws:iam::${ACCOUNT}:oidc-provider/${issuer.replace('https://', '')}`,
      audience: 'sts.amazonaws.com',
      subject: SUB,
      credentials: { accessKeyId: expect.stringMatching(/^ASIA[0-9A-F]{16}$/), expiration: NOW + 3600 },
    });
  });

  test('lets in with the audience as text', async () => {
    expect(await outcome(cloud, { token: token(EKS, { aud: 'sts.amazonaws.com' }) })).toBe(SESSION);
  });

  describe('refuses by subject', () => {
    test.each<unknown>([
      'system:serviceaccount:reports:reader2', 'system:serviceaccount:reports:reade', 'system:serviceaccount:other:reader', 'system:serviceaccount:reports:Reader',
      'system:serviceaccount:reports:reader ', 'system:serviceaccount:reports:rеader', 'system:serviceaccount:reports:reader\u0000', 'system:serviceaccount:reports:*',
      'x:system:serviceaccount:reports:reader', 'SYSTEM:serviceaccount:reports:reader',
    ])('%j', async sub => {
      expect(await outcome(cloud, { token: token(EKS, { sub }) })).toBe(NOT_TRUSTED);
    });

    test.each<[unknown, string]>([
      [undefined, 'Missing a required claim: sub'], [[SUB], INVALID], [[SUB, 'system:serviceaccount:a:b'], INVALID], [null, INVALID], [{ sub: SUB }, INVALID], [1, INVALID],
      ['', INVALID], ['short', INVALID], [SUB.padEnd(256, 'r'), INVALID],
    ])('%j', async (sub, message) => {
      expect(await outcome(cloud, { token: token(EKS, { sub }) })).toBe(`400 InvalidIdentityToken: ${message}`);
    });
  });

  describe('refuses by audience', () => {
    test.each<unknown>([
      'other', ['other'], 'STS.amazonaws.com', 'sts.amazonaws.com.', ['sts.amazonaws.com', 'other'], ['other', 'sts.amazonaws.com'], ['sts.amazonaws.com', 'sts.amazonaws.com'],
      [], [['sts.amazonaws.com']], null, '', [''], 1, { aud: 'sts.amazonaws.com' },
    ])('%j', async aud => {
      expect(await outcome(cloud, { token: token(EKS, { aud }) })).toBe(WRONG_AUDIENCE);
    });

    test.each([undefined])('%j', async aud => {
      expect(await outcome(cloud, { token: token(EKS, { aud }) })).toBe('400 InvalidIdentityToken: Missing a required claim: aud');
    });

    test.each<[unknown, unknown]>([
      ['other', 'sts.amazonaws.com'], ['sts.amazonaws.com', 'other'], [null, 'sts.amazonaws.com'], ['', 'sts.amazonaws.com'], [['sts.amazonaws.com'], 'sts.amazonaws.com'],
    ])('an authorized party %j with the audience %j', async (azp, aud) => {
      expect(await outcome(cloud, { token: token(EKS, { azp, aud }) })).toBe(WRONG_AUDIENCE);
    });

    test('that the provider knows and the role does not', async () => {
      const wide = aws([provider(EKS, ACCOUNT, ['sts.amazonaws.com', 'vault']), role('reader', trusts(EKS))]).aws;
      expect(await outcome(wide, { token: token(EKS, { aud: 'vault' }) })).toBe(NOT_TRUSTED);
      // With several audiences the authorized party says which one counts.
      expect(await outcome(wide, { token: token(EKS, { aud: ['vault', 'sts.amazonaws.com'], azp: 'vault' }) })).toBe(NOT_TRUSTED);
      expect(await outcome(wide, { token: token(EKS, { aud: ['vault', 'sts.amazonaws.com'], azp: 'sts.amazonaws.com' }) })).toBe(SESSION);
    });

    test('that the role knows and the provider does not', async () => {
      const narrow = aws([provider(EKS, ACCOUNT, []), role('reader', trusts(EKS))]).aws;
      expect(await outcome(narrow, { token: token(EKS) })).toBe(WRONG_AUDIENCE);
    });
  });

  describe('refuses by time', () => {
    test.each<[object, string]>([
      [{ exp: NOW - 300 }, `ExpiredTokenException: Token expired: current date/time ${NOW} must be before the expiration date/time ${NOW - 300}`],
      [{ exp: NOW - 301 }, `ExpiredTokenException: Token expired: current date/time ${NOW} must be before the expiration date/time ${NOW - 301}`],
      [{ exp: 0 }, `ExpiredTokenException: Token expired: current date/time ${NOW} must be before the expiration date/time 0`],
      [{ exp: undefined }, 'InvalidIdentityToken: Missing a required claim: exp'],
      [{ iat: undefined }, 'InvalidIdentityToken: Missing a required claim: iat'],
      [{ exp: String(NOW + 60) }, `InvalidIdentityToken: ${INVALID}`],
      [{ exp: null }, `InvalidIdentityToken: ${INVALID}`],
      [{ exp: [NOW + 60] }, `InvalidIdentityToken: ${INVALID}`],
      [{ exp: -1 }, `InvalidIdentityToken: ${INVALID}`],
      [{ iat: NOW + 1 }, `InvalidIdentityToken: ${INVALID}`],
      [{ iat: true }, `InvalidIdentityToken: ${INVALID}`],
      [{ nbf: NOW + 1 }, `InvalidIdentityToken: ${INVALID}`],
      [{ nbf: '0' }, `InvalidIdentityToken: ${INVALID}`],
      [{ iat: NOW - 86401 }, 'ExpiredTokenException: Token too old: 86401'],
    ])('%j', async (claims, message) => {
      expect(await outcome(cloud, { token: token(EKS, { ...claims }) })).toBe(`400 ${message}`);
    });

    test('a number that is too large for one', async () => {
      const claims = `{"iss":"${EKS}","sub":"${SUB}","aud":"sts.amazonaws.com","iat":${NOW},"exp":1e999}`;
      expect(await outcome(cloud, { token: forge(keyOf(EKS), claims) })).toBe(`400 InvalidIdentityToken: ${INVALID}`);
    });

    test.each<object>([{ exp: NOW + 1 }, { exp: NOW + 0.5 }, { exp: NOW }, { exp: NOW - 299 }, { iat: NOW }, { nbf: NOW }, { nbf: undefined }, { iat: NOW - 86400 }])('nothing within it: %j', async claims => {
      expect(await outcome(cloud, { token: token(EKS, { ...claims }) })).toBe(SESSION);
    });
  });

  describe('refuses by signature and key', () => {
    const stranger = rsaKey(`kid-of-${EKS}`);
    test.each<[string, string, string]>([
      ['another key of the same name', forge(stranger, { iss: EKS, sub: SUB, aud: 'sts.amazonaws.com', iat: NOW, exp: NOW + 60 }), NO_KEY],
      ['an unknown key', token(EKS, {}, { alg: 'RS256', kid: 'other' }), NO_KEY],
      ['no key', token(EKS, {}, { alg: 'RS256' }), NO_KEY],
      ['the key of another cluster', token(EKS, {}, undefined, keyOf(AKS)), NO_KEY],
      ['no algorithm', token(EKS, {}, { alg: 'none', kid: `kid-of-${EKS}` }), NOT_A_JWT],
      ['an HMAC with the public key', forge(keyOf(EKS), { iss: EKS, sub: SUB }, { alg: 'HS256', kid: `kid-of-${EKS}` }, SIGNINGS.HMAC_OF_PEM), NOT_A_JWT],
      ['another hash', forge(keyOf(EKS), { iss: EKS, sub: SUB }, { alg: 'RS512', kid: `kid-of-${EKS}` }, SIGNINGS.RS512), NOT_A_JWT],
      ['no token', 'a-token-of-no-kind', NOT_A_JWT],
      ['two subjects', forge(keyOf(EKS), `{"iss":"${EKS}","sub":"${SUB}","sub":"${SUB}","aud":"sts.amazonaws.com","iat":${NOW},"exp":${NOW + 60}}`), NOT_A_JWT],
      ['two issuers', token(EKS, { iss: [EKS] }), NOT_A_JWT],
    ])('%s', async (_, web, message) => {
      expect(await outcome(cloud, { token: web })).toBe(`400 InvalidIdentityToken: ${message}`);
    });
  });

  describe('refuses by issuer', () => {
    test.each([`${EKS}/`, EKS.toLowerCase(), EKS.replace('https', 'http'), EKS.replace('.com/', '.com:443/'), `${EKS}?a`, EKS.replace('https://', ''), AKS.slice(0, -1), `${AKS}/`])('%s', async iss => {
      for (const key of [keyOf(EKS), keyOf(AKS)]) {
        expect(await outcome(cloud, { token: token(EKS, { iss }, undefined, key) })).toBe(`400 InvalidIdentityToken: No OpenIDConnect provider found in your account for ${iss}`);
      }
    });

    test('that the account of the role does not know', async () => {
      const { aws: apart } = aws([provider(EKS), provider(EKS, OTHER_ACCOUNT), role('reader', trusts(EKS, OTHER_ACCOUNT), {}, OTHER_ACCOUNT)]);
      apart.apply({ resources: [provider(EKS), role('reader', trusts(EKS, OTHER_ACCOUNT), {}, OTHER_ACCOUNT)], outputs: {} });
      expect(await outcome(apart, { token: token(EKS), roleArn: ROLE.replace(ACCOUNT, OTHER_ACCOUNT) }))
        .toBe(`400 InvalidIdentityToken: No OpenIDConnect provider found in your account for ${EKS}`);
    });

    test('that the account knows and the role does not', async () => {
      const { aws: apart } = aws([provider(EKS), provider(AKS), role('reader', trusts(AKS))]);
      expect(await outcome(apart, { token: token(EKS) })).toBe(NOT_TRUSTED);
    });

    test('whose provider was applied without its slash', async () => {
      const { aws: apart } = aws([provider(AKS.slice(0, -1)), role('reader', trusts(AKS.slice(0, -1)))]);
      expect(await outcome(apart, { token: token(AKS) })).toBe(`400 InvalidIdentityToken: No OpenIDConnect provider found in your account for ${AKS}`);
      expect(await outcome(apart, { token: token(AKS, { iss: AKS.slice(0, -1) }) })).toBe(`400 InvalidIdentityToken: ${NO_KEY}`);
    });

    test('that cannot be reached', async () => {
      const { aws: apart } = aws([provider('https://gone.example.com'), role('reader', trusts('https://gone.example.com'))]);
      expect(await outcome(apart, { token: token('https://gone.example.com') })).toBe(`400 IDPCommunicationError: ${UNREACHABLE}`);
    });
  });

  describe('refuses by parameters', () => {
    const constraint = (value: string, name: string, text: string) => `400 ValidationError: 1 validation error detected: Value '${value}' at '${name}' failed to satisfy constraint: ${text}`;
    test.each<[Partial<WebIdentityRequest>, string]>([
      [{ roleArn: `arn:aws:iam::${ACCOUNT}:user/reader` }, '400 ValidationError: Request ARN is invalid'],
      [{ roleArn: ROLE.replace('reader', '*') }, '400 ValidationError: Request ARN is invalid'],
      [{ roleArn: 'reader' }, constraint('reader', 'roleArn', 'Member must have length greater than or equal to 20')],
      [{ roleArn: ROLE.replace('reader', 'other') }, NOT_TRUSTED],
      [{ roleArn: ROLE.replace('reader', 'Reader') }, NOT_TRUSTED],
      [{ roleArn: ROLE.replace('reader', 'path/reader') }, NOT_TRUSTED],
      [{ roleArn: ROLE.replace('arn:aws:', 'arn:aws-cn:') }, NOT_TRUSTED],
      [{ roleSessionName: 'a' }, constraint('a', 'roleSessionName', 'Member must have length greater than or equal to 2')],
      [{ roleSessionName: 'a b' }, constraint('a b', 'roleSessionName', 'Member must satisfy regular expression pattern: [\\w+=,.@-]*')],
      [{ roleSessionName: 'a'.repeat(65) }, constraint('a'.repeat(65), 'roleSessionName', 'Member must have length less than or equal to 64')],
      [{ durationSeconds: 899 }, constraint('899', 'durationSeconds', 'Member must have value greater than or equal to 900')],
      [{ durationSeconds: 43201 }, constraint('43201', 'durationSeconds', 'Member must have value less than or equal to 43200')],
      [{ durationSeconds: 3601 }, '400 ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.'],
      [{ token: 'a' }, constraint('a', 'webIdentityToken', 'Member must have length greater than or equal to 4')],
      [{ token: 'a'.repeat(20001) }, constraint(`${'a'.repeat(20)}...`, 'webIdentityToken', 'Member must have length less than or equal to 20000')],
    ])('%j', async (request, message) => {
      expect(await outcome(cloud, { token: token(EKS), ...request })).toBe(message);
    });

    test.each<object>([{ tags: { principal_tags: { team: ['a'] } } }, { 'tags/principal_tags/team': 'a' }, { source_identity: 'reader' }])('a token that brings tags: %j', async claims => {
      const named = Object.fromEntries(Object.entries(claims).map(([name, value]) => [`https://aws.amazon.com/${name}`, value]));
      expect(await outcome(cloud, { token: token(EKS, named) })).toBe('403 AccessDenied: Not authorized to perform sts:TagSession');
    });

    test('a token that names other roles', async () => {
      const other = ROLE.replace(/[^/]*$/, 'other');
      const outcomes = [ROLE, [other, ROLE], other, [other], []].map(roles => outcome(cloud, { token: token(EKS, { 'https://aws.amazon.com/roles': roles }) }));
      const refused = '400 InvalidIdentityToken: The target role ARN is not present in the roles claim of the identity token';
      expect(await Promise.all(outcomes)).toEqual([SESSION, SESSION, refused, refused, refused]);
    });
  });

  test('a longer session, where the role has it', async () => {
    const { aws: long } = aws([provider(EKS), role('reader', trusts(EKS), { max_session_duration: 7200 })]);
    await expect(long.assumeRoleWithWebIdentity({ roleArn: ROLE, roleSessionName: 'pod', token: token(EKS), durationSeconds: 7200 }))
      .resolves.toMatchObject({ credentials: { expiration: NOW + 7200 } });
  });

  test('the condition keys of a request', async () => {
    const name = EKS.replace('https://', '');
    const seen = async (Condition: object, claims: Readonly<Record<string, unknown>> = {}) =>
      await outcome(aws([provider(EKS), role('reader', { ...trusts(EKS), Condition })]).aws, { token: token(EKS, claims) }) === SESSION;
    expect(await seen({ StringEquals: { 'sts:RoleSessionName': 'pod', 'aws:RequestedRegion': 'us-east-1' }, Bool: { 'aws:SecureTransport': true } })).toBe(true);
    expect(await seen({ 'ForAnyValue:StringEquals': { [`${name}:amr`]: 'mfa' } }, { amr: ['pwd', 'mfa'] })).toBe(true);
    expect(await seen({ StringEquals: { [`${name}:amr`]: 'mfa' } }, { amr: ['pwd', 'mfa'] })).toBe(false);
    expect(await seen({ Null: { [`${name}:oaud`]: true, [`${name}:azp`]: true, [`${name}:email`]: true, 'aws:PrincipalArn': true, 'sts:ExternalId': true } }, { email: 'a@b.c' })).toBe(true);
    const bySlash = aws([provider(AKS), role('reader', { ...trusts(AKS), Condition: { Null: { [`${AKS.replace('https://', '')}:oaud`]: true } } })]).aws;
    expect(await outcome(bySlash, { token: token(AKS) })).toBe(SESSION);
    expect(await seen({ StringEquals: { [`${AKS.replace('https://', '')}:sub`]: SUB } })).toBe(false);
    expect(await seen({ 'ForAllValues:StringEquals': { [`${AKS.replace('https://', '')}:sub`]: 'nobody' } })).toBe(true);
  });

  test('lets nobody in once the role is gone', async () => {
    const { aws: living } = aws(WORLD);
    expect(await outcome(living, { token: token(EKS) })).toBe(SESSION);
    living.apply({ resources: [provider(EKS)], outputs: {} });
    expect(await outcome(living, { token: token(EKS) })).toBe(NOT_TRUSTED);
    const again = [role('reader', trusts(EKS))];
    living.apply({ resources: [provider(EKS), ...again], outputs: {} });
    expect(await outcome(living, { token: token(EKS) })).toBe(SESSION);
    // "Deleting an IAM OIDC provider resource does not update any roles": https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteOpenIDConnectProvider.html
    living.apply({ resources: again, outputs: {} });
    expect(await outcome(living, { token: token(EKS) })).toBe(`400 InvalidIdentityToken: No OpenIDConnect provider found in your account for ${EKS}`);
  });
});

describe('Google as the identity provider', () => {
  const ID = '104857600000000000001';
  const statement = {
    Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal: { Federated: 'accounts.google.com' },
    Condition: { StringEquals: { 'accounts.google.com:sub': ID, 'accounts.google.com:aud': ID, 'accounts.google.com:oaud': 'https://sts.amazonaws.com/reader' } },
  };
  const { aws: cloud } = aws([role('reader', statement), provider(EKS)]);
  const claims = { sub: ID, azp: ID, aud: 'https://sts.amazonaws.com/reader', nbf: undefined };

  test.each([GOOGLE, 'accounts.google.com'])('lets in a token of the account for the audience, issued by %s', async iss => {
    await expect(cloud.assumeRoleWithWebIdentity({ roleArn: ROLE, roleSessionName: 'pod', token: token(GOOGLE, { ...claims, iss }) }))
      .resolves.toMatchObject({ arn: SESSION, provider: 'accounts.google.com', audience: ID, subject: ID });
  });

  test.each<[object, string]>([
    [{ aud: 'https://elsewhere.example.com' }, NOT_TRUSTED],
    [{ azp: undefined }, NOT_TRUSTED],
    [{ azp: undefined, aud: ID }, NOT_TRUSTED],
    [{ azp: '1', aud: 'https://sts.amazonaws.com/reader' }, NOT_TRUSTED],
    [{ sub: '104857600000000000002' }, NOT_TRUSTED],
    [{ aud: ['https://sts.amazonaws.com/reader', 'https://elsewhere.example.com'] }, WRONG_AUDIENCE],
    [{ iss: 'https://accounts.google.com/' }, '400 InvalidIdentityToken: No OpenIDConnect provider found in your account for https://accounts.google.com/'],
    [{ exp: NOW - 300 }, `400 ExpiredTokenException: Token expired: current date/time ${NOW} must be before the expiration date/time ${NOW - 300}`],
  ])('refuses %j', async (difference, message) => {
    expect(await outcome(cloud, { token: token(GOOGLE, { ...claims, ...difference }) })).toBe(message);
  });

  test('refuses a token that a cluster signed in Google\'s name', async () => {
    expect(await outcome(cloud, { token: token(GOOGLE, claims, undefined, keyOf(EKS)) })).toBe(`400 InvalidIdentityToken: ${NO_KEY}`);
  });

  test('refuses a token of a cluster, where the role trusts Google', async () => {
    expect(await outcome(cloud, { token: token(EKS, { sub: ID, aud: 'sts.amazonaws.com' }) })).toBe(NOT_TRUSTED);
  });

  test('has no audience that was asked for without an authorized party of its own', async () => {
    const loose = aws([role('reader', { ...statement, Condition: { StringEquals: { 'accounts.google.com:aud': 'a', 'accounts.google.com:oaud': 'a' } } })]).aws;
    expect(await outcome(loose, { token: token(GOOGLE, { sub: ID, aud: 'a' }) })).toBe(SESSION);
    expect(await outcome(loose, { token: token(GOOGLE, { sub: ID, aud: 'a', azp: 'b' }) })).toBe(NOT_TRUSTED);
  });
});

describe('AssumeRole', () => {
  const SOURCE = `arn:aws:iam::${ACCOUNT}:role/source`;
  const byRole = (Principal: unknown, Condition: object = {}) => ({ Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Principal, Condition });
  const mayAssume = (account: string, actions: readonly string[] = ['sts:AssumeRole', 'sts:TagSession']) =>
    resource('aws_iam_role_policy', { name: 'assume', role: 'source', policy: policy({ Effect: 'Allow', Action: actions, Resource: `arn:aws:iam::${account}:role/target` }) });

  /** What comes of the source's session assuming the target. */
  async function chained(resources: readonly AppliedResource[], account = ACCOUNT, request = {}): Promise<string> {
    const { aws: cloud } = aws([provider(EKS), role('source', trusts(EKS)), ...resources]);
    const session = await cloud.sts.assumeRoleWithWebIdentity({ roleArn: SOURCE, roleSessionName: 'pod', token: token(EKS) });
    try {
      return cloud.sts.assumeRole(session, { roleArn: `arn:aws:iam::${account}:role/target`, roleSessionName: 'next', ...request }).arn;
    } catch (error) {
      const { status, code, message } = error as AwsError;
      return `${status} ${code}: ${message}`;
    }
  }
  const denied = (action: string, account = ACCOUNT) =>
    `403 AccessDenied: User: arn:aws:sts::${ACCOUNT}:assumed-role/source/pod is not authorized to perform: ${action} on resource: arn:aws:iam::${account}:role/target`;
  const target = (account = ACCOUNT) => `arn:aws:sts::${account}:assumed-role/target/next`;

  test('within an account it is enough that the target names the role', async () => {
    expect(await chained([role('target', byRole({ AWS: SOURCE }))])).toBe(target());
    expect(await chained([role('target', byRole({ AWS: ACCOUNT }))])).toBe(denied('sts:AssumeRole'));
    expect(await chained([role('target', byRole({ AWS: ACCOUNT })), mayAssume(ACCOUNT)])).toBe(target());
  });

  test('across accounts both have to allow it', async () => {
    const trusting = role('target', byRole({ AWS: SOURCE }), {}, OTHER_ACCOUNT);
    expect(await chained([trusting], OTHER_ACCOUNT)).toBe(denied('sts:AssumeRole', OTHER_ACCOUNT));
    expect(await chained([trusting, mayAssume(OTHER_ACCOUNT)], OTHER_ACCOUNT)).toBe(target(OTHER_ACCOUNT));
    expect(await chained([role('target', byRole({ AWS: ACCOUNT }), {}, OTHER_ACCOUNT), mayAssume(OTHER_ACCOUNT)], OTHER_ACCOUNT)).toBe(target(OTHER_ACCOUNT));
    expect(await chained([role('target', byRole({ AWS: OTHER_ACCOUNT }), {}, OTHER_ACCOUNT), mayAssume(OTHER_ACCOUNT)], OTHER_ACCOUNT)).toBe(denied('sts:AssumeRole', OTHER_ACCOUNT));
  });

  test('a denial of the role\'s own wins', async () => {
    const never = resource('aws_iam_role_policy', { name: 'never', role: 'source', policy: policy({ Effect: 'Deny', Action: 'sts:*', Resource: '*' }) });
    expect(await chained([role('target', byRole({ AWS: SOURCE })), never])).toBe(denied('sts:AssumeRole'));
  });

  test.each<[object, object, string]>([
    [{ StringEquals: { 'sts:ExternalId': 'a' } }, { externalId: 'a' }, target()],
    [{ StringEquals: { 'sts:ExternalId': 'a' } }, { externalId: 'b' }, denied('sts:AssumeRole')],
    [{ StringEquals: { 'sts:ExternalId': 'a' } }, {}, denied('sts:AssumeRole')],
    [{ StringEquals: { 'aws:PrincipalArn': SOURCE } }, {}, target()],
    [{ ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/other' } }, {}, denied('sts:AssumeRole')],
    [{ 'StringEquals': { 'aws:RequestTag/team': 'a' }, 'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] } }, { tags: new Map([['team', 'a']]) }, target()],
    [{ StringEquals: { 'aws:RequestTag/team': 'a' } }, { tags: new Map([['team', 'b']]) }, denied('sts:AssumeRole')],
    [{ StringEquals: { [`${EKS.replace('https://', '')}:sub`]: SUB, 'aws:FederatedProvider': `arn:aws:iam::${ACCOUNT}:oidc-provider/${EKS.replace('https://', '')}` } }, {}, target()],
    [{}, { durationSeconds: 3601 }, '400 ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.'],
    [{}, { tags: new Map([['aws:team', 'a']]) }, '400 ValidationError: The session tags are not valid.'],
    [{}, { sourceIdentity: 'somebody' }, denied('sts:SetSourceIdentity')],
  ])('with the condition %j and %j', async (Condition, request, expected) => {
    expect(await chained([role('target', byRole({ AWS: SOURCE }, Condition))], ACCOUNT, request)).toBe(expected);
  });

  test('tags need the permission to tag', async () => {
    const untagged = role('target', { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: SOURCE } });
    expect(await chained([untagged])).toBe(target());
    expect(await chained([untagged], ACCOUNT, { tags: new Map([['team', 'a']]) })).toBe(denied('sts:TagSession'));
    const across = [role('target', byRole({ AWS: SOURCE }), {}, OTHER_ACCOUNT), mayAssume(OTHER_ACCOUNT, ['sts:AssumeRole'])];
    expect(await chained(across, OTHER_ACCOUNT, { tags: new Map([['team', 'a']]) })).toBe(denied('sts:TagSession', OTHER_ACCOUNT));
  });

  test('tags that go on need the permission to tag, and cannot be set again', () => {
    const service = (Action: string[]) => ({ Effect: 'Allow', Action, Principal: { Service: 'pods.eks.amazonaws.com' } });
    const next = (actions: string[], tags = new Map<string, string>()) => {
      const { aws: cloud } = aws([role('source', service(['sts:AssumeRole', 'sts:TagSession'])), role('target', { Effect: 'Allow', Action: actions, Principal: { AWS: SOURCE } })]);
      const request = { roleArn: SOURCE, roleSessionName: 'pod', tags: new Map([['team', 'a']]), transitiveTagKeys: ['team'] };
      const session = cloud.sts.assumeRoleForService('pods.eks.amazonaws.com', request);
      return cloud.sts.assumeRole(session, { roleArn: SOURCE.replace('source', 'target'), roleSessionName: 'next', tags });
    };
    expect(next(['sts:AssumeRole', 'sts:TagSession'])).toMatchObject({ arn: target(), tags: new Map([['team', 'a']]), transitiveTags: new Map([['team', 'a']]) });
    expect(() => next(['sts:AssumeRole'])).toThrow(denied('sts:TagSession').replace('403 AccessDenied: ', ''));
    expect(() => next(['sts:AssumeRole', 'sts:TagSession'], new Map([['team', 'b']])))
      .toThrow('One of the specified transitive tag keys can\'t be set because it conflicts with a transitive tag key from the calling session.');
  });

  test('a role with a boundary needs the permission itself', async () => {
    const bounded = role('source', trusts(EKS), { permissions_boundary: `arn:aws:iam::${ACCOUNT}:policy/own` });
    const own = resource('aws_iam_policy', { name: 'own', path: '/', policy: policy({ Effect: 'Allow', Action: 's3:*', Resource: '*' }) });
    const { aws: cloud } = aws([provider(EKS), own, bounded, role('target', byRole({ AWS: SOURCE }))]);
    const session = await cloud.sts.assumeRoleWithWebIdentity({ roleArn: SOURCE, roleSessionName: 'pod', token: token(EKS) });
    expect(() => cloud.sts.assumeRole(session, { roleArn: SOURCE.replace('source', 'target'), roleSessionName: 'next' }))
      .toThrow(denied('sts:AssumeRole').replace('403 AccessDenied: ', ''));
  });

  test('a service account is no role: it cannot use a trust of its role\'s', async () => {
    const { aws: cloud } = aws([provider(EKS), role('source', trusts(EKS)), role('target', byRole({ AWS: SOURCE }))]);
    expect(await outcome(cloud, { token: token(EKS), roleArn: SOURCE.replace('source', 'target') })).toBe(NOT_TRUSTED);
  });
});

test('ten thousand tokens take seconds', async () => {
  const { aws: cloud } = aws(WORLD);
  const tokens = [token(EKS), token(EKS, { sub: 'system:serviceaccount:other:reader' })];
  const started = process.cpuUsage();
  for (let index = 0; index < 10_000; index += 1) {
    expect(await cloud.assumeRoleWithWebIdentity({ roleArn: ROLE, roleSessionName: 'pod', token: tokens[index % 2]! }) instanceof AwsError).toBe(index % 2 === 1);
  }
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1e6).toBeLessThan(20);
});
