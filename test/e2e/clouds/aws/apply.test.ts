import type { AppliedResource } from '../../model';
import { ApplyError } from '../apply';
import { ACCOUNT, AKS, EKS, OTHER_ACCOUNT, ROLE, aws, policy, provider, resource, role, trusts } from './fixture';
import type { AwsOptions } from './index';

const refused = (resources: readonly AppliedResource[], options: Partial<AwsOptions> = {}): string => {
  try {
    aws(resources, options);
    return 'applied';
  } catch (error) {
    if (!(error instanceof ApplyError)) throw error;
    expect(error.message).toBe(`${error.address} cannot be applied: ${error.code}: ${error.reason}`);
    return `${error.code}: ${error.reason}`;
  }
};

const short = (value: string, parameter: string, least: number) =>
  `ValidationError: 1 validation error detected: Value '${value}' at '${parameter}' failed to satisfy constraint: Member must have length greater than or equal to ${least}`;
const long = (value: string, parameter: string, greatest: number) =>
  `ValidationError: 1 validation error detected: Value '${value}' at '${parameter}' failed to satisfy constraint: Member must have length less than or equal to ${greatest}`;
const many = (count: number) => Array.from({ length: count }, (_, index) => `client-${index}`);
const NAMES = 'It must contain only alphanumeric characters and/or the following: +=,.@_-';
const PATH = 'ValidationError: The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.';

describe('a provider of OpenID Connect', () => {
  const of = (values: object) => [resource('aws_iam_openid_connect_provider', { url: EKS, client_id_list: ['sts.amazonaws.com'], ...values })];

  test.each<[string, readonly AppliedResource[]]>([
    ['as the library has it', of({})],
    ['with a slash at the end', [provider(AKS)]],
    ['with nothing but a host', [provider('https://issuer.example.com')]],
    ['of 100 client ids, of 255 characters', of({ client_id_list: many(100).map(id => id.padEnd(255, '-')) })],
    ['of five thumbprints', of({ thumbprint_list: Array(5).fill('9e99a48a9960b14926bb7f3b02e22da2b0ab7280') })],
    ['of an issuer that another account has too', [provider(EKS), provider(EKS, OTHER_ACCOUNT)]],
    ['of an issuer with a slash, and of one without', [provider(AKS), provider(AKS.slice(0, -1))]],
  ])('applies %s', (_, resources) => expect(refused(resources)).toBe('applied'));

  test.each<[string, readonly AppliedResource[], string]>([
    ...['http://a.example.com', 'a.example.com', 'https://a.example.com:8443', 'https://a.example.com/b?c', 'https://a.example.com/b#c', 'https://a@b.example.com', 'https://a.example.com/b c', 'https://', 'https:///a',
      `https://a.example.com/${'b'.repeat(234)}`].map((url): [string, AppliedResource[], string] => [`the URL ${url}`, of({ url }), `ValidationError: Invalid Open ID Connect Provider URL: ${url}`]),
    ['two of one issuer in an account', [provider(EKS), provider(EKS)], `EntityAlreadyExists: Provider with url ${EKS} already exists.`],
    ['101 client ids', of({ client_id_list: many(101) }), 'LimitExceeded: Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100'],
    ['a client id of 256 characters', of({ client_id_list: ['a'.repeat(256)] }), long('a'.repeat(256), 'clientIDList', 255)],
    ['an empty client id', of({ client_id_list: [''] }), short('', 'clientIDList', 1)],
    ['six thumbprints', of({ thumbprint_list: Array(6).fill('9e99a48a9960b14926bb7f3b02e22da2b0ab7280') }), 'InvalidInput: Thumbprint list must contain fewer than 5 entries.'],
    ['a short thumbprint', of({ thumbprint_list: ['zz'] }), short('zz', 'thumbprintList', 40)],
    ['a long thumbprint', of({ thumbprint_list: ['a'.repeat(41)] }), long('a'.repeat(41), 'thumbprintList', 40)],
    ['a thumbprint that is not in hexadecimal', of({ thumbprint_list: ['z'.repeat(40)] }), `InvalidInput: Invalid thumbprint: ${'z'.repeat(40)}`],
    ['51 tags', of({ tags: Object.fromEntries(many(51).map(key => [key, ''])) }), 'InvalidInput: The number of tags has reached the maximum limit.'],
    ['a tag of AWS\'s own', of({ tags: { 'aws:team': 'a' } }), 'InvalidInput: The tags are not valid.'],
    ['two tags that differ in case', of({ tags: { team: 'a', Team: 'a' } }), 'InvalidInput: The tags are not valid.'],
    ['a tag of 257 characters', of({ tags: { team: 'a'.repeat(257) } }), 'InvalidInput: The tags are not valid.'],
  ])('refuses %s', (_, resources, message) => expect(refused(resources)).toBe(message));
});

describe('a role', () => {
  const anybody = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: ACCOUNT } };
  const named = (name: string, values: object = {}) => [role(name, anybody, { arn: undefined, ...values })];
  const principal = (Principal: unknown) => [provider(EKS), provider(AKS, OTHER_ACCOUNT), role('source', anybody, { path: '/team/' }), role('reader', { ...anybody, Principal })];
  const invalid = (type: string, value: string) => `MalformedPolicyDocument: Invalid principal in policy: "${type}":"${value}"`;
  const federated = (issuer: string, account = ACCOUNT) => `arn:aws:iam::${account}:oidc-provider/${issuer.replace('https://', '')}`;
  const trustOfSize = (size: number) => policy({ ...anybody, Sid: 'a'.repeat(size - policy({ ...anybody, Sid: '' }).length) });
  const condition = (Condition: object) => [role('reader', { ...anybody, Condition })];
  const SOURCE = `arn:aws:iam::${ACCOUNT}:role/team/source`;

  test.each<[string, readonly AppliedResource[], Partial<AwsOptions>?]>([
    ['of 64 characters', named('a'.repeat(64))],
    ['with every character of a name', named('aZ0+=,.@_-')],
    ['with a path', named('reader', { path: '/teams/reports/' })],
    ['of the same name in two accounts', [...named('reader'), role('reader', anybody, {}, OTHER_ACCOUNT)]],
    ['for an hour', named('reader', { max_session_duration: 3600 })],
    ['for twelve hours', named('reader', { max_session_duration: 43200 })],
    ['that trusts a provider', principal({ Federated: federated(EKS) })],
    ['that trusts Google', principal({ Federated: 'accounts.google.com' })],
    ['that trusts a role, its session, an account, its root and everybody', principal({ AWS: [SOURCE, `arn:aws:sts::${ACCOUNT}:assumed-role/source/pod`, OTHER_ACCOUNT, `arn:aws:iam::${ACCOUNT}:root`, '*'] })],
    ['that trusts a role that Terraform did not make', principal({ AWS: `arn:aws:iam::${OTHER_ACCOUNT}:role/gateway` }), { existing: [ACCOUNT, `arn:aws:iam::${OTHER_ACCOUNT}:role/gateway`] }],
    ['that trusts a role which was found', [
      { ...resource('aws_iam_role', { name: 'found', arn: `arn:aws:iam::${ACCOUNT}:role/found` }), data: true }, role('reader', { ...anybody, Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/found` } }),
    ]],
    ['that trusts services', principal({ Service: ['pods.eks.amazonaws.com', 'ec2.amazonaws.com'] })],
    ['whose trust has 2048 characters and white space', [resource('aws_iam_role', { name: 'reader', assume_role_policy: `${trustOfSize(2048)}${' '.repeat(500)}` })]],
    ['whose trust is longer, with a larger quota', [provider(EKS), role('reader', Array(5).fill(trusts(EKS)))], { trustPolicyQuota: 4096 }],
  ])('is applied %s', (_, resources, options = {}) => expect(refused(resources, options)).toBe('applied'));

  test.each<[string, readonly AppliedResource[], string]>([
    ['of 65 characters', named('a'.repeat(65)), long('a'.repeat(65), 'roleName', 64)],
    ['without a name', named(''), short('', 'roleName', 1)],
    ['with a slash in its name', named('a/b'), `ValidationError: The specified value for roleName is invalid. ${NAMES}`],
    ['with a path that does not end', named('reader', { path: '/teams' }), PATH],
    ['with a path of 513 characters', named('reader', { path: `/${'a'.repeat(511)}/` }), PATH],
    ['whose name differs from another\'s in case alone', [...named('reader'), ...named('Reader')], 'EntityAlreadyExists: Role with name reader already exists.'],
    ['of a name that is there in another path', [role('reader', anybody), role('reader', anybody, { path: '/other/' })], 'EntityAlreadyExists: Role with name reader already exists.'],
    ['with a long description', named('reader', { description: 'a'.repeat(1001) }), long('a'.repeat(1001), 'description', 1000)],
    ['for less than an hour', named('reader', { max_session_duration: 3599 }),
      'ValidationError: 1 validation error detected: Value \'3599\' at \'maxSessionDuration\' failed to satisfy constraint: Member must have value greater than or equal to 3600'],
    ['for more than twelve hours', named('reader', { max_session_duration: 43201 }),
      'ValidationError: 1 validation error detected: Value \'43201\' at \'maxSessionDuration\' failed to satisfy constraint: Member must have value less than or equal to 43200'],
    ['for no time at all', named('reader', { max_session_duration: 'long' }),
      'ValidationError: 1 validation error detected: Value \'long\' at \'maxSessionDuration\' failed to satisfy constraint: Member must have value greater than or equal to 3600'],
    ['with a tag that is too long', named('reader', { tags: { [`a${'b'.repeat(128)}`]: '' } }), 'InvalidInput: The tags are not valid.'],
    ['with a boundary that is not there', named('reader', { permissions_boundary: `arn:aws:iam::${ACCOUNT}:policy/none` }), `NoSuchEntity: Policy arn:aws:iam::${ACCOUNT}:policy/none does not exist or is not attachable.`],
    ['with a policy of AWS that is not there', named('reader', { managed_policy_arns: ['arn:aws:iam::aws:policy/None'] }), 'NoSuchEntity: Policy arn:aws:iam::aws:policy/None does not exist or is not attachable.'],
    // What the policy language does not have; test/e2e/clouds/aws/policy.test.ts has the rest.
    ['with a malformed trust policy', [role('reader', [{ Effect: 'Allow' }])], 'MalformedPolicyDocument: Policy statement must contain actions.'],
    ['with an unknown version', [resource('aws_iam_role', { name: 'reader', assume_role_policy: JSON.stringify({ Version: '2012-10-18', Statement: anybody }) })], 'MalformedPolicyDocument: The policy must contain a valid version string'],
    ['with a trust policy of 2049 characters', [resource('aws_iam_role', { name: 'reader', assume_role_policy: trustOfSize(2049) })], 'LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048'],
    ['with letters of another alphabet in its trust', condition({ StringEquals: { 'sts:ExternalId': 'читатель' } }),
      'ValidationError: The specified value for policyDocument is invalid. It must contain only printable ASCII characters.'],
    ['with a condition on a key of no service', condition({ StringEquals: { sub: 'a' } }), 'MalformedPolicyDocument: Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'],
    ['with a condition without a value', condition({ StringEquals: { 'aws:PrincipalArn': [] } }), 'MalformedPolicyDocument: Syntax errors in policy: [] of "aws:principalarn".'],
    ['that compares a number with text', condition({ NumericLessThan: { 'aws:EpochTime': 'ten' } }), 'MalformedPolicyDocument: Syntax errors in policy: "ten" of "aws:epochtime".'],
    ['that compares a time with text', condition({ DateLessThan: { 'aws:CurrentTime': 'soon' } }), 'MalformedPolicyDocument: Syntax errors in policy: "soon" of "aws:currenttime".'],
    ['that compares an address with what is none', condition({ IpAddress: { 'aws:SourceIp': '203.0.113.0/33' } }), 'MalformedPolicyDocument: Syntax errors in policy: "203.0.113.0/33" of "aws:sourceip".'],
    ['that asks whether a key is missing with text', condition({ Null: { 'aws:SourceIp': 'no' } }), 'MalformedPolicyDocument: Syntax errors in policy: "no" of "aws:sourceip".'],
    ['that compares a truth with text', condition({ Bool: { 'aws:SecureTransport': 'yes' } }), 'MalformedPolicyDocument: Syntax errors in policy: "yes" of "aws:securetransport".'],
    ['that compares an ARN with text', condition({ ArnLike: { 'aws:PrincipalArn': '*' } }), 'MalformedPolicyDocument: Syntax errors in policy: "*" of "aws:principalarn".'],
    ['that trusts a provider which is not there', principal({ Federated: federated(AKS) }), invalid('FEDERATED', federated(AKS))],
    ['that trusts a provider of another account', principal({ Federated: federated(AKS, OTHER_ACCOUNT) }), invalid('FEDERATED', federated(AKS, OTHER_ACCOUNT))],
    ['that trusts a provider without its slash', [provider(AKS), role('reader', trusts(AKS.slice(0, -1)))], invalid('FEDERATED', federated(AKS.slice(0, -1)))],
    ['that trusts a provider of SAML that nobody said is there', principal({ Federated: `arn:aws:iam::${ACCOUNT}:saml-provider/adfs` }), invalid('FEDERATED', `arn:aws:iam::${ACCOUNT}:saml-provider/adfs`)],
    ['that trusts a role which is not there', principal({ AWS: `arn:aws:iam::${ACCOUNT}:role/none` }), invalid('AWS', `arn:aws:iam::${ACCOUNT}:role/none`)],
    ['that trusts a role without its path', principal({ AWS: `arn:aws:iam::${ACCOUNT}:role/source` }), invalid('AWS', `arn:aws:iam::${ACCOUNT}:role/source`)],
    ['that trusts a role of another partition', principal({ AWS: SOURCE.replace('arn:aws:', 'arn:aws-cn:') }), invalid('AWS', SOURCE.replace('arn:aws:', 'arn:aws-cn:'))],
    ['that trusts a session of a role which is not there', principal({ AWS: `arn:aws:sts::${ACCOUNT}:assumed-role/none/pod` }), invalid('AWS', `arn:aws:sts::${ACCOUNT}:assumed-role/none/pod`)],
    ['that trusts a user who is not there', principal({ AWS: `arn:aws:iam::${ACCOUNT}:user/none` }), invalid('AWS', `arn:aws:iam::${ACCOUNT}:user/none`)],
    ['that trusts an account which is not there', principal({ AWS: '000000000000' }), invalid('AWS', '000000000000')],
    ['that trusts the root of an account which is not there', principal({ AWS: 'arn:aws:iam::000000000000:root' }), invalid('AWS', 'arn:aws:iam::000000000000:root')],
    ['that trusts a service which is not there', principal({ Service: 'nobody.amazonaws.com' }), invalid('SERVICE', 'nobody.amazonaws.com')],
  ])('is refused %s', (_, resources, message) => expect(refused(resources)).toBe(message));

  test('has the ARN of its account, path and name, or Terraform was wrong', () => {
    expect(() => aws([role('reader', anybody, { arn: ROLE.replace(ACCOUNT, OTHER_ACCOUNT) })]))
      .toThrow(new Error(`aws_iam_role.reader: the ARN is ${ROLE}, not ${ROLE.replace(ACCOUNT, OTHER_ACCOUNT)}.`));
  });
});

describe('policies of a role', () => {
  const reader = role('reader', { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: ACCOUNT } });
  const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
  const inline = (values: object = {}) => resource('aws_iam_role_policy', { name: 'read', role: 'reader', policy: policy(statement), ...values });
  const managed = (name: string, values: object = {}) => resource('aws_iam_policy', { name, path: '/', policy: policy(statement), ...values });
  const attach = (name: string, values: object = {}) => resource('aws_iam_role_policy_attachment', { role: 'reader', policy_arn: `arn:aws:iam::${ACCOUNT}:policy/${name}`, ...values });
  const eleven = many(11).flatMap(name => [managed(name), attach(name)]);
  /** A policy of so many characters. */
  const ofSize = (size: number) => policy({ ...statement, Sid: 'a'.repeat(size - policy({ ...statement, Sid: '' }).length) });
  const noRole = (name: string) => `NoSuchEntity: The role with name ${name} cannot be found.`;

  test.each<[string, readonly AppliedResource[], Partial<AwsOptions>?]>([
    ['one of each kind', [reader, inline(), managed('own'), attach('own'), attach('', { policy_arn: 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess' })]],
    ['ten that are managed', [reader, ...eleven.slice(0, 20)]],
    ['eleven, where the account may have twenty', [reader, ...eleven], { managedPolicyQuota: 20 }],
    ['inline ones of 10240 characters', [reader, inline({ policy: ofSize(5000) }), inline({ name: 'other', policy: `${ofSize(5240)}${' '.repeat(100)}` })]],
    ['a managed one of 6144 characters', [managed('own', { policy: ofSize(6144) })]],
  ])('are applied: %s', (_, resources, options = {}) => expect(refused(resources, options)).toBe('applied'));

  test.each<[string, readonly AppliedResource[], string]>([
    ['of no role', [inline()], noRole('reader')],
    ['of a role of another account', [role('reader', { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: ACCOUNT } }, {}, OTHER_ACCOUNT), inline()], noRole('reader')],
    ['without a name', [reader, inline({ name: '' })], `ValidationError: The specified value for policyName is invalid. ${NAMES}`],
    ['with a strange name', [reader, inline({ name: 'a b' })], `ValidationError: The specified value for policyName is invalid. ${NAMES}`],
    ['that are malformed', [reader, inline({ policy: policy({ ...statement, Principal: '*' }) })], 'MalformedPolicyDocument: Policy document should not specify a principal.'],
    ['within the role that are malformed', [role('reader', { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: ACCOUNT } }, { inline_policy: [{ name: 'a', policy: '{' }] })],
      expect.stringMatching(/^MalformedPolicyDocument: This policy contains invalid Json/) as unknown as string],
    ['with a condition that compares with nothing', [reader, inline({ policy: policy({ ...statement, Condition: { Bool: { 'aws:SecureTransport': 'no' } } }) })],
      'MalformedPolicyDocument: Syntax errors in policy: "no" of "aws:securetransport".'],
    ['of more than 10240 characters together', [reader, inline({ policy: ofSize(5001) }), inline({ name: 'other', policy: ofSize(5240) })], 'LimitExceeded: Maximum policy size of 10240 bytes exceeded for role reader'],
    ['that are managed, of more than 6144 characters', [managed('own', { policy: ofSize(6145) })], 'LimitExceeded: Cannot exceed quota for PolicySize: 6144'],
    ['that are managed, with a name of 129 characters', [managed('a'.repeat(129))], long('a'.repeat(129), 'policyName', 128)],
    ['that are managed, of one name', [managed('own'), managed('Own', { path: '/team/' })], 'EntityAlreadyExists: A policy called own already exists. Duplicate names are not allowed.'],
    ['that are attached and not there', [reader, attach('none')], `NoSuchEntity: Policy arn:aws:iam::${ACCOUNT}:policy/none does not exist or is not attachable.`],
    ['that are attached to no role', [managed('own'), attach('own')], noRole('reader')],
    ['that a list attaches to no role', [reader, managed('own'), resource('aws_iam_policy_attachment', { name: 'all', roles: ['reader', 'none'], policy_arn: `arn:aws:iam::${ACCOUNT}:policy/own` })], noRole('none')],
    ['that are eleven', [reader, ...eleven], 'LimitExceeded: Cannot exceed quota for PoliciesPerRole: 10'],
  ])('are refused: %s', (_, resources, message) => expect(refused(resources)).toEqual(message));

  test('are not written over by each other, and nothing stands beside them that is not known', () => {
    expect(() => aws([reader, inline(), { ...inline(), address: 'aws_iam_role_policy.other' }])).toThrow('two resources write the policy read of the role reader');
    expect(() => aws([reader, resource('aws_iam_role_policies_exclusive', { role_name: 'reader', policy_names: [] })])).toThrow('the stand-in of AWS knows nothing of aws_iam_role_policies_exclusive');
  });
});

describe('an association of EKS Pod Identity', () => {
  const PODS = `arn:aws:iam::${ACCOUNT}:role/pods`;
  const pods = (statement: object = {}, account = ACCOUNT) =>
    role('pods', { Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Principal: { Service: 'pods.eks.amazonaws.com' }, ...statement }, {}, account);
  const association = (values: object = {}, account = ACCOUNT) =>
    resource('aws_eks_pod_identity_association', { cluster_name: 'apps', namespace: 'reports', service_account: 'reader', role_arn: PODS, ...values }, account);
  const UNTRUSTED = 'InvalidParameterException: Trust policy of the role provided is invalid';

  test.each<[string, readonly AppliedResource[]]>([
    ['as the library has it', [pods(), association({ region: 'eu-west-1' })]],
    ['for each of two clusters', [pods(), association(), association({ cluster_name: 'apps2' })]],
    ['for each of two clusters of one name', [pods(), association({ region: 'eu-west-1' }), association({ region: 'us-east-1' })]],
    ['for each of two service accounts', [pods(), association(), association({ service_account: 'writer' })]],
    ['for each of two namespaces', [pods(), association(), association({ namespace: 'billing' })]],
    ['with a cluster that Terraform made', [pods(), resource('aws_eks_cluster', { name: 'new', arn: `arn:aws:eks:eu-west-1:${ACCOUNT}:cluster/new` }), association({ cluster_name: 'new' })]],
    ['without tags, where the role lets nobody tag', [pods({ Action: 'sts:AssumeRole' }), association({ disable_session_tags: true })]],
    ['where the role allows all of STS', [pods({ Action: 'sts:*' }), association()]],
    ['with a target', [pods(), association({ target_role_arn: `arn:aws:iam::${OTHER_ACCOUNT}:role/target` })]],
  ])('is applied %s', (_, resources) => expect(refused(resources)).toBe('applied'));

  test.each<[string, readonly AppliedResource[], string]>([
    ['of no role', [association()], 'InvalidParameterException: Role provided in the request does not exist.'],
    ['of a role of another account', [pods({}, OTHER_ACCOUNT), association({ role_arn: PODS.replace(ACCOUNT, OTHER_ACCOUNT) })], 'InvalidParameterException: Cross-account pass role is not allowed.'],
    ['of a role that trusts another service', [pods({ Principal: { Service: 'ec2.amazonaws.com' } }), association()], UNTRUSTED],
    ['of a role that trusts the account', [pods({ Principal: { AWS: ACCOUNT } }), association()], UNTRUSTED],
    ['of a role that may not be tagged', [pods({ Action: 'sts:AssumeRole' }), association()], UNTRUSTED],
    ['of a role that may only be tagged', [pods({ Action: 'sts:TagSession' }), association()], UNTRUSTED],
    ['of a role that denies', [pods({ Effect: 'Deny' }), association()], UNTRUSTED],
    ['for a service account that has one', [pods(), association(), association()], 'ResourceInUseException: Association already exists'],
    ['for a service account that has one, by the region of the provider', [pods(), association(), association({ region: 'eu-west-1' })], 'ResourceInUseException: Association already exists'],
    ['with no cluster', [pods(), association({ cluster_name: 'none' })], 'ResourceNotFoundException: No cluster found for name: none.'],
    ['with a cluster of another region', [pods(), association({ region: 'us-west-2' })], 'ResourceNotFoundException: No cluster found for name: apps.'],
    ['with a cluster of another account', [pods({}, OTHER_ACCOUNT), association({ cluster_name: 'apps2', role_arn: PODS.replace(ACCOUNT, OTHER_ACCOUNT) }, OTHER_ACCOUNT)], 'ResourceNotFoundException: No cluster found for name: apps2.'],
    ['for a namespace that Kubernetes does not have', [pods(), association({ namespace: 'a.b' })], 'InvalidParameterException: The namespace a.b is not valid.'],
    ['for a service account that Kubernetes does not have', [pods(), association({ service_account: 'A_B' })], 'InvalidParameterException: The service account A_B is not valid.'],
    ['with a target that is no role', [pods(), association({ target_role_arn: `arn:aws:iam::${ACCOUNT}:user/target` })], `InvalidParameterException: The target role ARN arn:aws:iam::${ACCOUNT}:user/target is not valid.`],
  ])('is refused %s', (_, resources, message) => expect(refused(resources)).toBe(message));

  test('with a policy of its own is nothing that is known', () => {
    expect(() => aws([pods(), association({ policy: policy({}) })])).toThrow('knows nothing of an association\'s policy');
  });
});

describe('what was applied before', () => {
  const reader = role('reader', trusts(EKS));

  test('is not looked at again', () => {
    const { aws: cloud } = aws([provider(EKS), reader]);
    expect(() => cloud.apply({ resources: [reader], outputs: {} })).not.toThrow();
  });

  test('is looked at where it changes, and stays as it was where that is refused', async () => {
    const { aws: cloud } = aws([provider(EKS), reader]);
    cloud.apply({ resources: [reader], outputs: {} });
    expect(() => cloud.apply({ resources: [role('reader', trusts(EKS), { max_session_duration: 7200 })], outputs: {} })).toThrow(ApplyError);
    await expect(cloud.assumeRoleWithWebIdentity({ roleArn: ROLE, roleSessionName: 'pod', token: 'token' })).resolves.toMatchObject({ code: 'InvalidIdentityToken' });
  });
});
