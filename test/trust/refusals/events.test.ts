import { CloudEvent, readEvent } from '../../../lib/trust/refusals/events';
import { text, Unknown, Value } from '../../../lib/trust/value';

const PROVIDER = 'arn:aws:iam::100000000002:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/A8242F25BFBB8F98F5321B2AE63C8B5C';
const ISSUER = 'https://oidc.eks.us-west-2.amazonaws.com/id/A8242F25BFBB8F98F5321B2AE63C8B5C';
const SUBJECT = 'system:serviceaccount:argo:awf-aws-executor-plugin';
const ROLE = 'arn:aws:iam::100000000002:role/executor';
const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';
const seconds = (time: string) => Date.parse(time) / 1000;
const unknown = (name: string) => new Unknown(`event.${name}`);

/** A record of CloudTrail with what is given in place of its parts. */
const trail = (parts: Readonly<Record<string, unknown>> = {}) => ({
  eventVersion: '1.08',
  userIdentity: { type: 'WebIdentityUser', principalId: `${PROVIDER}:sts.amazonaws.com:${SUBJECT}`, userName: SUBJECT, identityProvider: PROVIDER },
  eventTime: '2023-11-08T15:09:08Z', eventSource: 'sts.amazonaws.com', eventName: 'AssumeRoleWithWebIdentity', awsRegion: 'us-west-2',
  errorCode: 'AccessDenied', errorMessage: 'An unknown error occurred',
  requestParameters: { roleArn: ROLE, roleSessionName: '1699456147945229070' }, responseElements: null,
  resources: [{ accountId: '100000000002', type: 'AWS::IAM::Role', ARN: ROLE }], recipientAccountId: '100000000002',
  ...parts,
});

interface Shown extends Omit<CloudEvent, 'entry' | 'claims' | 'expected'> {
  readonly entry: string;
  readonly claims: Readonly<Record<string, Value>>;
}

function shown(json: unknown): readonly Shown[] {
  return readEvent(json).map(({ entry, claims, expected, ...rest }) => {
    expect(expected).toEqual(new Map());
    return { entry: entry.id, claims: Object.fromEntries(claims), ...rest };
  });
}

const DENIED: Shown = {
  entry: 'aws-not-authorized', code: 'AccessDenied', message: 'An unknown error occurred', identity: ROLE, registration: PROVIDER, at: seconds('2023-11-08T15:09:08Z'),
  claims: { iss: ISSUER, sub: SUBJECT, aud: ['sts.amazonaws.com'] },
};

describe('CloudTrail', () => {
  test('is read whole', () => {
    expect(shown(trail())).toEqual([DENIED]);
  });

  test.each([
    ['Records', { Records: [trail()] }], ['EventBridge', { 'detail-type': 'AWS API Call via CloudTrail', 'detail': trail() }],
    ['lookup-events', { Events: [{ EventName: 'AssumeRoleWithWebIdentity', CloudTrailEvent: JSON.stringify(trail()) }] }],
    ['a list', [trail()]], ['JSON', JSON.stringify(trail(), null, 2)],
  ])('is read out of %s', (_, json) => {
    expect(shown(json)).toEqual([DENIED]);
  });

  test('is read from JSON lines, each for itself', () => {
    expect(shown(`${JSON.stringify(trail())}\n\n${JSON.stringify(trail({ eventTime: '2023-11-08T15:10:08Z' }))}\n`))
      .toEqual([DENIED, { ...DENIED, at: seconds('2023-11-08T15:10:08Z') }]);
  });

  test('tells an audience with colons from the subject', () => {
    const identity = { type: 'WebIdentityUser', principalId: `${PROVIDER}:https://github.com/acme:repo:acme/app:ref:refs/heads/main`, userName: 'repo:acme/app:ref:refs/heads/main', identityProvider: PROVIDER };
    expect(shown(trail({ userIdentity: identity }))).toEqual([{ ...DENIED, claims: { iss: ISSUER, sub: 'repo:acme/app:ref:refs/heads/main', aud: ['https://github.com/acme'] } }]);
  });

  test('leaves open what cannot be told apart or is not there', () => {
    const identity = { type: 'WebIdentityUser', principalId: `${PROVIDER}:https://github.com/acme:repo:acme/app`, identityProvider: PROVIDER };
    expect(shown(trail({ userIdentity: identity }))).toEqual([{ ...DENIED, claims: { iss: ISSUER, sub: unknown('sub'), aud: unknown('aud') } }]);
    expect(shown({ eventSource: 'sts.amazonaws.com', eventName: 'AssumeRoleWithWebIdentity', errorCode: 'AccessDenied' })).toEqual([{
      entry: 'aws-not-authorized', code: 'AccessDenied', identity: unknown('identity'), claims: { iss: unknown('iss'), sub: unknown('sub'), aud: unknown('aud') },
    }]);
  });

  test('keeps what Google\'s tokens are recorded with as azp', () => {
    const identity = { type: 'WebIdentityUser', principalId: 'accounts.google.com:1047:1047', userName: '1047', identityProvider: 'accounts.google.com' };
    expect(shown(trail({ userIdentity: identity }))).toEqual([
      { ...DENIED, registration: 'accounts.google.com', claims: { iss: 'https://accounts.google.com', sub: '1047', aud: unknown('aud'), azp: '1047' } },
    ]);
  });

  test('reads what the message says of times and issuers', () => {
    expect(shown(trail({ errorCode: 'ExpiredTokenException', errorMessage: 'Token expired: current date/time 1740387458 must be before the expiration date/time 1740319004', eventTime: undefined })))
      .toEqual([expect.objectContaining({ entry: 'aws-token-expired', at: 1740387458, claims: { ...DENIED.claims, exp: 1740319004 } })]);
    expect(shown(trail({ userIdentity: { type: 'Unknown' }, errorCode: 'InvalidIdentityTokenException', errorMessage: 'No OpenIDConnect provider found in your account for https://oidc.example.com' })))
      .toEqual([expect.objectContaining({ entry: 'aws-no-provider', claims: { iss: 'https://oidc.example.com', sub: unknown('sub'), aud: unknown('aud') } })]);
  });

  test('reads a refusal of EKS Pod Identity, whose token is hidden', () => {
    const node = 'arn:aws:sts::100000000002:assumed-role/node/i-02930ce60274d87a7';
    expect(shown(trail({
      eventSource: 'eks-auth.amazonaws.com', eventName: 'AssumeRoleForPodIdentity', userIdentity: { type: 'AssumedRole', arn: node },
      errorMessage: 'Unauthorized Exception! EKS does not have permissions to assume the associated role.', resources: undefined,
      requestParameters: { clusterName: 'apps', token: 'HIDDEN_DUE_TO_SECURITY_REASONS' },
    }))).toEqual([{
      entry: 'aws-pod-identity-denied', code: 'AccessDenied', message: 'Unauthorized Exception! EKS does not have permissions to assume the associated role.',
      identity: unknown('identity'), principal: node, resource: 'apps', at: DENIED.at, claims: { iss: unknown('iss'), sub: unknown('sub'), aud: unknown('aud') },
    }]);
  });

  test('reads a role that EKS Pod Identity assumes, from its tags', () => {
    const tags = [{ key: 'kubernetes-namespace', value: 'reports' }, { key: 'kubernetes-service-account', value: 'reader' }];
    expect(shown(trail({ eventName: 'AssumeRole', userIdentity: { type: 'AWSService', invokedBy: 'pods.eks.amazonaws.com' }, requestParameters: { roleArn: ROLE, tags } }))).toEqual([{
      entry: 'aws-assume-role-denied', code: 'AccessDenied', message: DENIED.message, identity: ROLE, principal: 'pods.eks.amazonaws.com', at: DENIED.at,
      claims: { iss: unknown('iss'), sub: 'system:serviceaccount:reports:reader', aud: ['pods.eks.amazonaws.com'] },
    }]);
  });

  test('reads what a service denies, with the claims that the session came from', () => {
    const host = ISSUER.slice('https://'.length);
    const session = 'arn:aws:sts::100000000002:assumed-role/executor/1699';
    expect(shown(trail({
      eventSource: 's3.amazonaws.com', eventName: 'GetObject', requestParameters: {}, resources: [{ type: 'AWS::S3::Object', ARN: 'arn:aws:s3:::reports/a' }],
      userIdentity: {
        type: 'AssumedRole', arn: session,
        sessionContext: { webIdFederationData: { federatedProvider: PROVIDER, attributes: { [`${host}:aud`]: 'sts.amazonaws.com', [`${host}:sub`]: SUBJECT } } },
      },
    }))).toEqual([{
      ...DENIED, entry: 'aws-service-denied', identity: text('arn:aws:iam::100000000002:role/', new Unknown('refusal.path'), 'executor'), principal: session,
      action: 's3:GetObject', resource: 'arn:aws:s3:::reports/a',
    }]);
  });

  test('leaves out success', () => {
    expect(readEvent([trail({ errorCode: undefined, errorMessage: undefined })])).toEqual([]);
  });
});

describe('Google\'s audit log', () => {
  const POOL = 'projects/1234567890123/locations/global/workloadIdentityPools/apps';
  const exchange = (payload: Readonly<Record<string, unknown>>) => ({
    protoPayload: {
      '@type': 'type.googleapis.com/google.cloud.audit.AuditLog', 'serviceName': 'sts.googleapis.com', 'methodName': 'google.identity.sts.v1.SecurityTokenService.ExchangeToken',
      'status': { code: 7, message: 'The given credential is rejected by the attribute condition.' }, 'authenticationInfo': { principalSubject: SUBJECT },
      'resourceName': `${POOL}/providers/gke`, 'request': { audience: `//iam.googleapis.com/${POOL}/providers/gke`, subjectToken: TOKEN }, ...payload,
    },
    timestamp: '2025-04-09T18:32:34.208412Z',
  });

  test('is read whole, one or several', () => {
    const event = {
      entry: 'gcp-condition', code: 'PERMISSION_DENIED', message: 'The given credential is rejected by the attribute condition.', identity: unknown('identity'),
      registration: `${POOL}/providers/gke`, at: seconds('2025-04-09T18:32:34Z'), claims: { iss: unknown('iss'), sub: SUBJECT, aud: unknown('aud') },
    };
    expect(shown(exchange({}))).toEqual([event]);
    expect(shown([exchange({}), exchange({ resourceName: undefined, metadata: { mapped_principal: 'principal://iam.googleapis.com/a' } })]))
      .toEqual([event, { ...event, principal: 'principal://iam.googleapis.com/a' }]);
  });

  test('is read with holes', () => {
    expect(shown(exchange({ status: { code: 3 }, authenticationInfo: {}, resourceName: undefined, request: undefined }))).toEqual([{
      entry: 'gcp-other', code: 'INVALID_ARGUMENT', identity: unknown('identity'), at: seconds('2025-04-09T18:32:34Z'),
      claims: { iss: unknown('iss'), sub: unknown('sub'), aud: unknown('aud') },
    }]);
  });

  test('is read for a service account, where the subject of a pool of one\'s own may be mapped from anything', () => {
    const principal = `principal://iam.googleapis.com/${POOL}/subject/${SUBJECT}`;
    const payload = {
      serviceName: 'iamcredentials.googleapis.com', methodName: 'GenerateAccessToken', status: { code: 7, message: 'Permission \'iam.serviceAccounts.getAccessToken\' denied on resource (or it may not exist).' },
      authenticationInfo: { principalSubject: principal }, resourceName: 'projects/-/serviceAccounts/123456789012345678901', request: { name: 'projects/-/serviceAccounts/reports@acme.iam.gserviceaccount.com' },
    };
    const event = {
      entry: 'gcp-get-access-token', code: 'PERMISSION_DENIED', message: payload.status.message, identity: 'reports@acme.iam.gserviceaccount.com', principal,
      at: seconds('2025-04-09T18:32:34Z'), claims: { iss: unknown('iss'), sub: unknown('sub'), aud: unknown('aud') },
    };
    expect(shown(exchange(payload))).toEqual([event]);
    const native = 'principal://iam.googleapis.com/projects/1234567890123/locations/global/workloadIdentityPools/acme.svc.id.goog/subject/ns/reports/sa/reader';
    const { message: _, ...rest } = event;
    expect(shown(exchange({ ...payload, authenticationInfo: { principalSubject: native }, status: { code: 7 } }))).toEqual([
      { ...rest, principal: native, claims: { ...event.claims, sub: 'system:serviceaccount:reports:reader' } },
    ]);
  });
});

describe('Entra\'s sign-in log', () => {
  const MESSAGE = `AADSTS700213: No matching federated identity record found for presented assertion subject '${SUBJECT}'.`;
  const event = {
    entry: 'azure-subject', code: 'AADSTS700213', identity: 'app', principal: 'principal', at: seconds('2025-10-13T14:54:34Z'),
    claims: { iss: unknown('iss'), sub: SUBJECT, aud: unknown('aud') },
  };

  test('is read in the shape of Graph, which has the reason only', () => {
    const signIn = {
      createdDateTime: '2025-10-13T14:54:34Z', appId: 'app', servicePrincipalId: 'principal', signInEventTypes: ['servicePrincipal'], federatedCredentialId: 'credential',
      resourceId: 'resource', status: { errorCode: 700213, failureReason: 'No matching federated identity record found for presented assertion.', additionalDetails: null },
      authenticationProcessingDetails: [],
    };
    expect(shown({ value: [signIn] })).toEqual([{
      ...event, registration: 'credential', resource: 'resource', message: 'No matching federated identity record found for presented assertion.',
      claims: { iss: unknown('iss'), sub: unknown('sub'), aud: unknown('aud') },
    }]);
  });

  test('is read in the shapes of Log Analytics and of a diagnostic setting', () => {
    const row = { TimeGenerated: '2025-10-13T14:54:34Z', ResultType: '700213', ResultDescription: MESSAGE, AppId: 'app', ServicePrincipalId: 'principal', Type: 'AADServicePrincipalSignInLogs' };
    expect(shown([row])).toEqual([{ ...event, message: MESSAGE }]);
    const table = { columns: Object.keys(row).map(name => ({ name })), rows: [Object.values(row)] };
    expect(shown({ tables: [table] })).toEqual([{ ...event, message: MESSAGE }]);
    expect(shown({ records: [{ time: '2025-10-13T14:54:34Z', category: 'ServicePrincipalSignInLogs', resultType: '700213', resultDescription: MESSAGE, properties: { appId: 'app', servicePrincipalId: 'principal' } }] }))
      .toEqual([{ ...event, message: MESSAGE }]);
  });

  test('is read with holes, and leaves out success', () => {
    expect(shown([{ category: 'ManagedIdentitySignInLogs', resultType: '700024' }, { appId: 'app', servicePrincipalId: 'principal', status: { errorCode: 0 } }])).toEqual([
      { entry: 'azure-time', code: 'AADSTS700024', identity: unknown('identity'), claims: { iss: unknown('iss'), sub: unknown('sub'), aud: unknown('aud') } },
    ]);
    expect(shown({ appId: 'app', servicePrincipalId: 'principal', status: { errorCode: 1234567 } })).toEqual([expect.objectContaining({ entry: 'azure-other', code: 'AADSTS1234567' })]);
  });
});

describe('records', () => {
  test('of other kinds are left out', () => {
    expect(readEvent([null, 1, 'text', {}, { Records: 'none' }, { protoPayload: {} }, { eventName: 'x' }, JSON.parse('{"__proto__": {"eventName": "x"}, "constructor": []}')])).toEqual([]);
  });

  test('never keep a token', () => {
    const events = readEvent([trail({ errorMessage: `bad ${TOKEN}`, requestParameters: { roleArn: ROLE, webIdentityToken: TOKEN } })]);
    expect(JSON.stringify(events.map(({ claims, ...rest }) => [[...claims], rest]))).not.toContain('eyJ');
  });

  test('refuses a text that is not JSON, with the line', () => {
    expect(() => readEvent('nonsense')).toThrow('line 1 is neither JSON nor one of JSON lines; pass the record as the cloud\'s tool prints it in JSON');
    expect(() => readEvent(`${JSON.stringify(trail())}\n{`)).toThrow('line 2 is neither JSON');
  });
});
