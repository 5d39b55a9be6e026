import { randomUUID } from 'node:crypto';
import { AwsError, iso, xml } from './errors';
import { rejectedClaim } from './sts';
import type { AuthenticationFailure, Session, Sts } from './sts';
import type { HttpRequest, HttpResponse } from '../../model';

const VERSION = '2011-06-15';
const NAMESPACE = `https://sts.amazonaws.com/doc/${VERSION}/`;

/** https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
const FAILURES: Record<AuthenticationFailure, [number, string, string]> = {
  missing: [403, 'MissingAuthenticationToken', 'Request is missing Authentication Token'],
  unreadable: [403, 'IncompleteSignature', 'The request signature does not conform to AWS standards.'],
  unknown: [403, 'InvalidClientTokenId', 'The security token included in the request is invalid.'],
  token: [403, 'InvalidClientTokenId', 'The security token included in the request is invalid.'],
  expired: [403, 'ExpiredToken', 'The security token included in the request is expired'],
  signature: [403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'],
  skewed: [403, 'SignatureDoesNotMatch', 'Signature expired.'],
  scope: [403, 'SignatureDoesNotMatch', 'Credential should be scoped to a valid region and to service: \'sts\'.'],
};

/** AWS STS at its endpoints, by the query protocol: https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html */
export async function stsService(sts: Sts, request: HttpRequest): Promise<HttpResponse> {
  const id = randomUUID();
  try {
    const { action, result } = await answer(sts, request);
    const body = `<${action}Response xmlns="${NAMESPACE}">\n  <${action}Result>\n${result}  </${action}Result>\n`
      + `  <ResponseMetadata>\n    <RequestId>${id}</RequestId>\n  </ResponseMetadata>\n</${action}Response>\n`;
    return { status: 200, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': id }, body };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const body = `<ErrorResponse xmlns="${NAMESPACE}">\n  <Error>\n    <Type>Sender</Type>\n    <Code>${error.code}</Code>\n    <Message>${xml(error.message)}</Message>\n`
      + `  </Error>\n  <RequestId>${id}</RequestId>\n</ErrorResponse>\n`;
    return { status: error.status, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': id }, body };
  }
}

async function answer(sts: Sts, request: HttpRequest): Promise<{ readonly action: string; readonly result: string }> {
  const region = /^sts\.([a-z0-9-]+)\.amazonaws\.com/.exec(request.host)?.[1] ?? 'us-east-1';
  const parameters = parametersOf(request);
  const get = (name: string) => parameters.get(name);
  const need = (name: string) => {
    const value = get(name);
    if (value !== undefined) return value;
    const member = `${name[0]!.toLowerCase()}${name.slice(1)}`;
    throw new AwsError(400, 'ValidationError', `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`);
  };
  const duration = () => {
    const value = get('DurationSeconds');
    if (value !== undefined && !/^\d{1,9}$/.test(value)) throw new AwsError(400, 'MalformedInput', 'DurationSeconds is not a number');
    return value === undefined ? undefined : Number(value);
  };
  const action = get('Action') ?? '';
  if (get('Version') !== VERSION) throw new AwsError(400, 'InvalidAction', `Could not find operation ${action} for version ${get('Version') ?? 'NO_VERSION_SPECIFIED'}`);
  // Session policies and MFA are refused rather than passed over.
  const unknown = [...parameters.keys()].find(name => !KNOWN.test(name));
  if (unknown !== undefined) throw new AwsError(400, 'ValidationError', `${unknown} is not supported here.`);

  if (action === 'AssumeRoleWithWebIdentity') {
    const token = need('WebIdentityToken');
    const [roleArn, roleSessionName, durationSeconds] = [need('RoleArn'), need('RoleSessionName'), duration()];
    if (get('ProviderId') !== undefined) throw rejectedClaim();
    const session = await sts.assumeRoleWithWebIdentity({ roleArn, token, roleSessionName, region, ...defined({ durationSeconds }) });
    const { audience, provider, subject } = session;
    const tokenSays = `    <Provider>${xml(provider)}</Provider>\n    <SubjectFromWebIdentityToken>${xml(subject)}</SubjectFromWebIdentityToken>\n`;
    return { action, result: `    <Audience>${xml(audience)}</Audience>\n${assumed(session)}${tokenSays}` };
  }
  const session = action === 'AssumeRole' || action === 'GetCallerIdentity' ? sts.authenticate(request, 'sts', region) : undefined;
  if (session === undefined) throw new AwsError(400, 'InvalidAction', `Could not find operation ${action} for version ${VERSION}`);
  if (typeof session === 'string') throw new AwsError(...FAILURES[session]);
  if (action === 'GetCallerIdentity') {
    return { action, result: `    <Arn>${xml(session.arn)}</Arn>\n    <UserId>${xml(session.assumedRoleId)}</UserId>\n    <Account>${session.roleArn.split(':')[4]!}</Account>\n` };
  }
  const [durationSeconds, externalId, identity] = [duration(), get('ExternalId'), get('SourceIdentity')];
  const tags = members(parameters, 'Tags').map(name => [need(`${name}.Key`), get(`${name}.Value`) ?? ''] as const);
  const keys = tags.map(([key]) => key.toLowerCase());
  if (new Set(keys).size !== keys.length) throw new AwsError(400, 'InvalidParameterValue', 'Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  const transitiveTagKeys = members(parameters, 'TransitiveTagKeys').map(need);
  const next = sts.assumeRole(session, {
    roleArn: need('RoleArn'),
    roleSessionName: need('RoleSessionName'),
    region,
    tags: new Map(tags),
    ...transitiveTagKeys.length === 0 ? {} : { transitiveTagKeys },
    ...defined({ durationSeconds, externalId, sourceIdentity: identity }),
  });
  return { action, result: assumed(next) };
}

const KNOWN = new RegExp(`^(?:${[
  'Action', 'Version', 'RoleArn', 'RoleSessionName', 'WebIdentityToken', 'ProviderId', 'DurationSeconds', 'ExternalId', 'SourceIdentity',
  'Tags\\.member\\.\\d{1,2}\\.(?:Key|Value)', 'TransitiveTagKeys\\.member\\.\\d{1,2}',
].join('|')})$`);

/** What is there of it. */
function defined<T extends object>(values: { readonly [K in keyof T]: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Each name once: a second value is not said to be ignored. */
function parametersOf({ method, path, body }: HttpRequest): ReadonlyMap<string, string> {
  const [url = '', query = ''] = path.split(/\?(.*)/s, 2);
  if (url !== '/' || !['GET', 'POST'].includes(method)) throw new AwsError(404, 'UnknownOperation', 'The requested operation is not known.');
  const entries = [...new URLSearchParams(query), ...new URLSearchParams(body)];
  const parameters = new Map(entries);
  if (parameters.size !== entries.length) throw new AwsError(400, 'MalformedInput', 'A parameter is there twice.');
  return parameters;
}

/** `Tags.member.1`, `Tags.member.2`, …, as far as they are there. */
function members(parameters: ReadonlyMap<string, string>, list: string): string[] {
  const names = [...parameters.keys()].flatMap(name => /^([A-Za-z]+\.member\.\d+)(?:\.|$)/.exec(name)?.[1] ?? []);
  return [...new Set(names)].filter(name => name.startsWith(`${list}.member.`));
}

function assumed({ arn, assumedRoleId, credentials }: Session): string {
  return `    <AssumedRoleUser>\n      <AssumedRoleId>${xml(assumedRoleId)}</AssumedRoleId>\n      <Arn>${xml(arn)}</Arn>\n    </AssumedRoleUser>\n    <Credentials>\n`
    + `      <AccessKeyId>${credentials.accessKeyId}</AccessKeyId>\n      <SecretAccessKey>${xml(credentials.secretAccessKey)}</SecretAccessKey>\n`
    + `      <SessionToken>${xml(credentials.sessionToken)}</SessionToken>\n      <Expiration>${iso(credentials.expiration)}</Expiration>\n    </Credentials>\n`;
}
