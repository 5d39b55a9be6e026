import { Fault, GateName, Mechanism } from '../../../lib/trust/model';
import { readRefusal } from '../../../lib/trust/refusals/catalogue';
import { messageFor } from '../../../lib/trust/refusals/messages';
import { text, TextValue, Unknown, Value } from '../../../lib/trust/value';

const ISSUER = 'https://oidc.eks.eu-west-1.amazonaws.com/id/B1385EE544E2FDF612BFF447A32B8C5E';
const SUBJECT = 'system:serviceaccount:reports:reader';
const CLAIMS = new Map<string, Value>([['iss', ISSUER], ['sub', SUBJECT], ['aud', ['vault']], ['exp', 1740319004], ['iat', 1740315404]]);
const ROLE = 'arn:aws:iam::111122223333:role/reader';
const EMAIL = 'reports@acme.iam.gserviceaccount.com';
const SESSION = 'arn:aws:sts::111122223333:assumed-role/first/session';
const context = { claims: CLAIMS, at: 1740387458, principal: SESSION };

const CASES: readonly (readonly [GateName, Mechanism, string])[] = [
  ['pod-service-account', 'aws-oidc', 'error looking up service account reports/reader: serviceaccount "<\u2026>" not found'],
  ['pod-token', 'gcp-federation', 'ENOENT: no such file or directory, open \'<path>token\''],
  ['pod-environment', 'aws-oidc', 'Unable to locate credentials. You can configure credentials by running "aws configure".'],
  ['pod-environment', 'gcp-federation', 'Could not load the default credentials. Browse to https://cloud.google.com/docs/authentication/getting-started for more information.'],
  ['pod-environment', 'gcp-native', 'metadata: GCE metadata "instance/service-accounts/default/token?scopes=<\u2026>" not defined'],
  ['pod-environment', 'azure-federation', 'WorkloadIdentityCredential: no client ID specified. Check pod configuration or set ClientID in the options'],
  ['token-time', 'aws-oidc', 'Token expired: current date/time 1740387458 must be before the expiration date/time 1740319004'],
  ['token-time', 'aws-pod-identity', 'The token included in the request is expired: current date/time 2025-02-24T08:57:38.000Z must be before the expiration date/time 2025-02-23T13:56:44.000Z'],
  ['token-time', 'gcp-federation', 'ID Token issued at 1740315404 is stale to sign-in.'],
  ['token-time', 'azure-federation', 'AADSTS700024: Client assertion is not within its valid time range. Current time: 2025-02-24T08:57:38.000Z, assertion valid from 1970-01-01T00:00:00.000Z, expiry time of assertion 2025-02-23T13:56:44.000Z.'],
  ['aws-provider', 'aws-oidc', `No OpenIDConnect provider found in your account for ${ISSUER}`],
  ['aws-client-id', 'aws-oidc', 'Incorrect token audience'],
  ['aws-principal', 'aws-oidc', 'Not authorized to perform sts:AssumeRoleWithWebIdentity'],
  ['aws-action', 'aws-google', 'Not authorized to perform sts:AssumeRoleWithWebIdentity'],
  ['aws-condition', 'aws-oidc', 'Not authorized to perform sts:AssumeRoleWithWebIdentity'],
  ['aws-deny', 'aws-oidc', 'Not authorized to perform sts:AssumeRoleWithWebIdentity'],
  ['aws-condition', 'aws-pod-identity', 'Unauthorized Exception! EKS does not have permissions to assume the associated role.'],
  ['aws-association', 'aws-pod-identity', 'ResourceNotFoundException: No association found'],
  ['aws-role-chain', 'aws-role-chain', `User: ${SESSION} is not authorized to perform: sts:AssumeRole on resource: ${ROLE}`],
  ['aws-condition', 'aws-role-chain', `User: ${SESSION} is not authorized to perform: sts:AssumeRole on resource: ${ROLE}`],
  ['gcp-provider', 'gcp-federation', `The issuer in ID Token ${ISSUER} does not match the expected one in config: https://other.example`],
  ['gcp-audience', 'gcp-federation', 'The audience in ID Token [vault] does not match the expected audience.'],
  ['gcp-mapping', 'gcp-federation', 'The mapped attribute \'<\u2026>\' must be of type STRING.'],
  ['gcp-condition', 'gcp-federation', 'The given credential is rejected by the attribute condition.'],
  ['gcp-subject-length', 'gcp-federation', 'The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than 127 bytes.'],
  ['gcp-member', 'gcp-federation', 'Permission \'iam.serviceAccounts.getAccessToken\' denied on resource (or it may not exist).'],
  ['gcp-member', 'gcp-native', 'Unable to generate access token; IAM returned 403 Forbidden: Permission \'iam.serviceAccounts.getAccessToken\' denied on resource (or it may not exist).'],
  ['gcp-token-creator', 'gcp-federation', 'Permission \'iam.serviceAccounts.getAccessToken\' denied on resource (or it may not exist).'],
  ['azure-issuer', 'azure-federation', `AADSTS700211: No matching federated identity record found for presented assertion issuer '${ISSUER}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion.`],
  ['azure-subject', 'azure-federation', `AADSTS700213: No matching federated identity record found for presented assertion subject '${SUBJECT}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion.`],
  ['azure-audience', 'azure-federation', 'AADSTS700212: No matching federated identity record found for presented assertion audience \'vault\'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion.'],
];

describe('messageFor', () => {
  test.each(CASES)('says for %s of %s what the cloud says, and it reads back to that gate', (gate, mechanism, message) => {
    const identity = mechanism.startsWith('aws') ? ROLE : EMAIL;
    const said = messageFor({ gate, have: '', issuer: 'https://other.example' }, { ...context, mechanism, identity });
    expect(said).toBe(message);
    expect(readRefusal(said!).map(({ entry }) => entry.gates.includes(gate))).toEqual([true]);
  });

  test('has a message of every gate', () => {
    const gates: Record<GateName, true> = {
      'pod-service-account': true, 'pod-token': true, 'pod-environment': true, 'token-time': true, 'aws-provider': true, 'aws-client-id': true, 'aws-principal': true,
      'aws-action': true, 'aws-condition': true, 'aws-deny': true, 'aws-association': true, 'aws-role-chain': true, 'gcp-provider': true, 'gcp-audience': true,
      'gcp-mapping': true, 'gcp-condition': true, 'gcp-subject-length': true, 'gcp-member': true, 'gcp-token-creator': true, 'azure-issuer': true, 'azure-subject': true,
      'azure-audience': true,
    };
    expect([...new Set(CASES.map(([gate]) => gate))].sort()).toEqual(Object.keys(gates).sort());
  });

  test('reads values back', () => {
    const said = messageFor({ gate: 'gcp-provider', have: `iss ${ISSUER}`, issuer: 'https://other.example' });
    expect(readRefusal(said!).map(({ claims, expected }) => [claims, expected])).toEqual([[new Map([['iss', ISSUER]]), new Map([['iss', 'https://other.example']])]]);
  });

  test.each<[string, TextValue | undefined, string]>([
    ['ends in a comma', 'https://issuer.example.com/a,', 'https://issuer.example.com/a,'],
    ['is known in part', text('https://', new Unknown('apps/host'), '/a'), 'https://${host}/a'],
    ['is not one', undefined, '<issuer of the provider>'],
  ])('names the issuer of the provider where it %s', (_, issuer, said) => {
    expect(messageFor({ gate: 'gcp-provider', have: `iss ${ISSUER}`, issuer }, { mechanism: 'gcp-federation', claims: CLAIMS }))
      .toBe(`The issuer in ID Token ${ISSUER} does not match the expected one in config: ${said}`);
  });

  test('says that the provider is not to be used where the issuer is right', () => {
    expect(messageFor({ gate: 'gcp-provider', have: `iss ${ISSUER}`, issuer: ISSUER }, { mechanism: 'gcp-federation' }))
      .toContain('because the pool or provider is disabled or deleted');
  });

  test.each<[string, Mechanism, GateName, Fault | undefined, { readonly [claim: string]: number }, string | undefined]>([
    ['lives too long', 'azure-federation', 'token-time', undefined, { iat: 0, exp: 90_001 }, 'AADSTS70023: External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at 0. Token expires on 90001.'],
    ['has no iat, which counts as issued in 1970', 'azure-federation', 'token-time', undefined, { exp: 1_000_100 }, 'AADSTS70023: External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at 0. Token expires on 1000100.'],
    ['lives for 25 hours, and is over', 'azure-federation', 'token-time', undefined, { iat: 0, exp: 90_000 }, 'AADSTS700024: Client assertion is not within its valid time range. Current time: 1970-01-12T13:46:40.000Z, assertion valid from 1970-01-01T00:00:00.000Z, expiry time of assertion 1970-01-02T01:00:00.000Z.'],
    ['was issued too long ago', 'aws-oidc', 'token-time', undefined, { iat: 0, exp: 1_000_001 }, 'Token too old: <\u2026>'],
    ['has no end', 'aws-oidc', 'token-time', undefined, { iat: 999_999 }, 'Missing a required claim: <\u2026>'],
    ['does not say when it was issued', 'aws-oidc', 'token-time', undefined, { exp: 1_000_001 }, 'Missing a required claim: <\u2026>'],
    ['was issued too long ago, and is not valid yet', 'aws-oidc', 'token-time', undefined, { iat: 0, nbf: 1_000_001, exp: 1_000_002 }, undefined],
    ['was issued in the future', 'aws-oidc', 'token-time', undefined, { iat: 1_000_001, exp: 1_000_002 }, undefined],
    ['was issued too long ago, and is over', 'aws-oidc', 'token-time', undefined, { iat: 0, exp: 999_999 }, 'Token expired: current date/time 1000000 must be before the expiration date/time 999999'],
    ['is too large', 'aws-oidc', 'aws-provider', 'size', {}, '1 validation error detected: Value \'<\u2026>\' at \'webIdentityToken\' failed to satisfy constraint: Member must have length less than or equal to 20000'],
    ['is made otherwise than documented', 'aws-oidc', 'aws-provider', 'form', {}, undefined],
    ['is for other roles', 'aws-oidc', 'aws-condition', 'roles', {}, 'The target role ARN is not present in the roles claim of the identity token'],
  ])('says of a token that %s what the cloud says', (_, mechanism, gate, fault, claims, message) => {
    expect(messageFor({ gate, have: '', fault }, { mechanism, claims: new Map(Object.entries(claims)), at: 1_000_000 })).toBe(message);
  });

  test('names what is not known, and does not read it back', () => {
    const said = messageFor({ gate: 'azure-subject', have: '' }, { claims: new Map([['sub', new Unknown('a/b.c')]]) })!;
    expect(said).toContain('subject \'${b.c}\'');
    expect(readRefusal(said).map(({ claims }) => claims)).toEqual([new Map()]);
    expect(messageFor({ gate: 'aws-role-chain', have: '' })).toBe('User: <principal> is not authorized to perform: sts:AssumeRole on resource: <role>');
  });

  test('says nothing where the words are not known', () => {
    expect(messageFor({ gate: 'gcp-member', have: '' }, { mechanism: 'gcp-federation', identity: 'principal://iam.googleapis.com/a' })).toBeUndefined();
    expect(messageFor({ gate: 'gcp-provider', have: '' }, { mechanism: 'gcp-native' })).toBeUndefined();
    expect(messageFor({ gate: 'token-time', have: '' })).toBeUndefined();
  });
});
