import type { LoopbackInternet } from './internet';
import { CALLER_HEADER, type HttpRequest, type HttpResponse, type IssuingCluster, type RunningPod } from '../model';

/** Clouds that believe what they are told: `token-of-<name>` is the token of that name, and nobody's is refused. They try the network, not trust. */

const TENANT = '11111111-2222-3333-4444-555555555555';

const NO_CLUSTER: IssuingCluster = {
  kind: 'oidc',
  name: 'none',
  issuer: 'https://issuer.example.com',
  keys: [],
  issue: () => {
    throw new Error('no tokens here');
  },
};

/** A pod of one container `app`. */
export function podOf(name: string, env: Readonly<Record<string, string>> = {}, files: Readonly<Record<string, string>> = {}): RunningPod {
  return {
    cluster: NO_CLUSTER,
    name,
    namespace: 'apps',
    serviceAccount: name,
    serviceAccountAnnotations: {},
    containers: new Map([['app', { env, files: new Map(Object.entries(files)) }]]),
  };
}

const TOKEN_FILE = '/var/run/secrets/tests/token';
const CREDENTIAL_FILE = '/var/run/secrets/tests/google.json';
const REGION = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' };
const PROJECT = { GOOGLE_CLOUD_PROJECT: 'acme-apps', CLOUDSDK_CORE_PROJECT: 'acme-apps' };

/** A pod of each mechanism, by the name of whom it is; nothing in it is shared with another. */
export const PODS = {
  awsWebIdentity: (name: string): RunningPod => podOf(name, {
    ...REGION,
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/reader',
    AWS_WEB_IDENTITY_TOKEN_FILE: TOKEN_FILE,
  }, { [TOKEN_FILE]: `token-of-${name}` }),
  awsPodIdentity: (name: string): RunningPod => podOf(name, {
    ...REGION,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: TOKEN_FILE,
  }, { [TOKEN_FILE]: `token-of-${name}` }),
  googleFederation: (name: string): RunningPod => podOf(name, {
    ...PROJECT,
    GOOGLE_APPLICATION_CREDENTIALS: CREDENTIAL_FILE,
    CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: CREDENTIAL_FILE,
  }, {
    [TOKEN_FILE]: `token-of-${name}`,
    [CREDENTIAL_FILE]: JSON.stringify({
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/apps/providers/apps',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.googleapis.com/v1/token',
      credential_source: { file: TOKEN_FILE },
    }),
  }),
  googleMetadata: (name: string): RunningPod => podOf(name),
  azureWorkloadIdentity: (name: string): RunningPod => podOf(name, {
    AZURE_TENANT_ID: TENANT,
    AZURE_CLIENT_ID: '99999999-2222-3333-4444-555555555555',
    AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com/',
    AZURE_FEDERATED_TOKEN_FILE: TOKEN_FILE,
  }, { [TOKEN_FILE]: `token-of-${name}` }),
} as const;

/** Lets the clouds answer: Amazon, Google with its metadata server for every pod that has no environment, and Microsoft. */
export function serveFakes(internet: LoopbackInternet): void {
  internet.serve('sts.eu-west-1.amazonaws.com', request => {
    const name = nameIn(new URLSearchParams(request.body).get('WebIdentityToken'));
    return name === undefined
      ? xml(403, '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>')
      : xml(200, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>
          <AccessKeyId>ASIA${name}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>
        </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`);
  });
  internet.serve('169.254.170.23', request => {
    const name = nameIn(request.headers.authorization);
    return request.path !== '/v1/credentials' || name === undefined || name !== request.pod?.name
      ? json(403, { message: 'no association' })
      : json(200, { AccessKeyId: `ASIA${name}`, SecretAccessKey: 'secret', Token: 'session', Expiration: '2099-01-01T00:00:00Z', AccountId: '123456789012' });
  });
  internet.serve(/(?:[a-z0-9-]+\.)?s3\.eu-west-1\.amazonaws\.com/, request => {
    const name = /Credential=ASIA([A-Za-z]+)\//.exec(request.headers.authorization ?? '')?.[1];
    if (name === undefined) {
      return xml(403, '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>');
    }
    const body = request.host.startsWith('s3.')
      ? '<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Buckets><Bucket><Name>acme-data</Name><CreationDate>2025-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>'
      : '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Contents><Key>report.csv</Key></Contents></ListBucketResult>';
    return xml(200, body, { [CALLER_HEADER]: name });
  });

  internet.serve('sts.googleapis.com', request => {
    const form = new URLSearchParams(request.body);
    if (request.path === '/v1/introspect') {
      // What gcloud calls an account of a federated caller (https://datatracker.ietf.org/doc/html/rfc7662).
      return json(200, { active: true, username: form.get('token') });
    }
    const name = nameIn(form.get('subject_token'));
    return name === undefined
      ? json(400, { error: 'invalid_grant', error_description: 'The given credential is rejected by the attribute condition.' })
      : json(200, { access_token: `access-of-${name}`, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token', token_type: 'Bearer', expires_in: 3600 });
  });
  internet.serve(/169\.254\.169\.254|metadata\.google\.internal/, request => metadata(request));
  internet.serve('storage.googleapis.com', request => bearer(request, caller => {
    const kind = request.path.startsWith('/storage/v1/b?') ? 'bucket' : 'object';
    const name = kind === 'bucket' ? 'acme-data' : 'report.csv';
    const item = { kind: `storage#${kind}`, id: name, name, bucket: 'acme-data', location: 'EU' };
    return json(200, { kind: `storage#${kind}s`, items: [item] }, { [CALLER_HEADER]: caller });
  }, () => json(401, { error: { code: 401, message: 'Invalid Credentials', errors: [{ reason: 'authError', message: 'Invalid Credentials' }] } })));

  internet.serve('login.microsoftonline.com', request => {
    const authority = `https://login.microsoftonline.com/${TENANT}`;
    if (request.path.startsWith('/common/discovery/instance')) {
      return json(200, {
        tenant_discovery_endpoint: `${authority}/v2.0/.well-known/openid-configuration`,
        metadata: [{ preferred_network: 'login.microsoftonline.com', preferred_cache: 'login.windows.net', aliases: ['login.microsoftonline.com'] }],
      });
    }
    if (request.path.endsWith('/v2.0/.well-known/openid-configuration')) {
      return json(200, {
        issuer: `${authority}/v2.0`, token_endpoint: `${authority}/oauth2/v2.0/token`, authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
        jwks_uri: `${authority}/discovery/v2.0/keys`,
      });
    }
    const name = nameIn(new URLSearchParams(request.body).get('client_assertion'));
    return name === undefined
      ? json(401, { error: 'invalid_client', error_description: 'AADSTS700213: No matching federated identity record found.', error_codes: [700213] })
      : json(200, { token_type: 'Bearer', expires_in: 3600, ext_expires_in: 3600, access_token: `access-of-${name}` });
  });
  internet.serve(/[a-z0-9]+\.blob\.core\.windows\.net/, request => bearer(request, name => {
    const service = request.path.startsWith('/?');
    return xml(200, service
      ? '<EnumerationResults><Containers><Container><Name>acme-data</Name><Properties/></Container></Containers><NextMarker/></EnumerationResults>'
      : '<EnumerationResults><Blobs><Blob><Name>report.csv</Name><Properties/></Blob></Blobs><NextMarker/></EnumerationResults>', { [CALLER_HEADER]: name });
  }, () => xml(401, '<Error><Code>InvalidAuthenticationInfo</Code><Message>Server failed to authenticate the request.</Message></Error>')));
}

/** Google's metadata server: it knows the pod, not by what the pod says. */
function metadata(request: HttpRequest): HttpResponse {
  const pod = request.pod;
  const [path = ''] = request.path.split('?');
  if (request.headers['metadata-flavor'] !== 'Google' || pod === undefined || Object.keys(pod.containers.get('app')?.env ?? {}).length > 0 || pod.name === 'nobody') {
    return { status: 404, body: 'not here' };
  }
  const email = `${pod.name}@acme-apps.iam.gserviceaccount.com`;
  const account = { aliases: ['default'], email, scopes: ['https://www.googleapis.com/auth/cloud-platform'] };
  const answers: Readonly<Record<string, HttpResponse>> = {
    '/': text('computeMetadata/\n'),
    '/computeMetadata/v1/instance': text('service-accounts/\n'),
    '/computeMetadata/v1/universe/universe-domain': text('googleapis.com'),
    '/computeMetadata/v1/universe/universe_domain': text('googleapis.com'),
    '/computeMetadata/v1/project/project-id': text('acme-apps'),
    '/computeMetadata/v1/project/numeric-project-id': text('123456789'),
    '/computeMetadata/v1/instance/service-accounts/': request.path.includes('recursive') ? json(200, { default: account, [email]: account }, FLAVOR) : text(`${email}/\ndefault/\n`),
    '/computeMetadata/v1/instance/service-accounts/default/': json(200, account, FLAVOR),
    '/computeMetadata/v1/instance/service-accounts/default/email': text(email),
    '/computeMetadata/v1/instance/service-accounts/default/scopes': text('https://www.googleapis.com/auth/cloud-platform\n'),
  };
  const token = /^\/computeMetadata\/v1\/instance\/service-accounts\/[^/]+\/token$/.test(path);
  return token
    ? json(200, { access_token: `access-of-${pod.name}`, expires_in: 3600, token_type: 'Bearer' }, FLAVOR)
    : answers[path] ?? answers[path.replace(/service-accounts\/[^/]+@[^/]+\//, 'service-accounts/default/')] ?? { status: 404, body: 'not here' };
}

const FLAVOR = { 'metadata-flavor': 'Google' };

function text(body: string): HttpResponse {
  return { status: 200, headers: { 'content-type': 'application/text', ...FLAVOR }, body };
}

function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

function xml(status: number, body: string, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body };
}

function nameIn(token: string | null | undefined): string | undefined {
  const name = /^token-of-([A-Za-z]+)$/.exec(token ?? '')?.[1];
  return name === 'nobody' ? undefined : name;
}

function bearer(request: HttpRequest, allowed: (name: string) => HttpResponse, refused: () => HttpResponse): HttpResponse {
  const name = /^Bearer access-of-([A-Za-z]+)$/.exec(request.headers.authorization ?? '')?.[1];
  return name === undefined ? refused() : allowed(name);
}
