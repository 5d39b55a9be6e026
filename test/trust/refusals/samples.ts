import { text, TextValue, Unknown, Value } from '../../../lib/trust/value';

/** What a sample says. */
export interface Said {
  readonly claims?: Readonly<Record<string, Value>>;
  readonly expected?: Readonly<Record<string, Value>>;
  readonly identity?: TextValue;
  readonly registration?: TextValue;
  readonly principal?: TextValue;
  readonly at?: number;
  readonly action?: string;
  readonly resource?: string;
}

const EKS = 'https://oidc.eks.eu-west-1.amazonaws.com/id/B1385EE544E2FDF612BFF447A32B8C5E';
const AKS = 'https://eastus.oic.prod-aks.azure.com/c90ea95b-aead-4931-b72e-f3e703fc342b/85ee619b-d637-4610-bacd-d4c64ff20348/';
const READER = 'arn:aws:iam::111122223333:role/reader';
const SESSION = 'arn:aws:sts::111122223333:assumed-role/first/1699456147945229070';
const FIRST = text('arn:aws:iam::111122223333:role/', new Unknown('refusal.path'), 'first');
const EMAIL = 'reports@acme.iam.gserviceaccount.com';
const PROVIDER = 'projects/388216087510/locations/global/workloadIdentityPools/apps/providers/gke-apps';
const SUBJECT = 'system:serviceaccount:reports:reader';
const TRACE = 'Trace ID: 8eea681d-a1eb-487d-9be7-d61225177f00 Correlation ID: d0f0de73-8a5d-4de0-99b6-83e71da1f7a4 Timestamp: 2025-10-13 14:54:34Z';
const AT = Date.parse('2025-10-13T14:54:34Z') / 1000;
const AADSTS = (code: string, message: string) => [
  `AADSTS${code}: ${message}`,
  `{"error":"invalid_client","error_description":"AADSTS${code}: ${message} ${TRACE}","error_codes":[${code}],"error_uri":"https://login.microsoftonline.com/error?code=${code}"}`,
  `ClientAssertionCredential authentication failed: A configuration issue is preventing authentication. Original exception: AADSTS${code}: ${message} ${TRACE}\n ---> MSAL.NetCore.4.60.3.0.MsalServiceException:\n\tErrorCode: invalid_client`,
  `error=invalid_client&error_description=${encodeURIComponent(`AADSTS${code}: ${message} ${TRACE}`).replace(/%20/g, '+')}`,
] as const;
/** An Azure message bare, in JSON, in an SDK's words, and in a URL. */
const azure = (code: string, message: string, said: Said = {}): readonly (readonly [string, Said?])[] => {
  const [bare, json, sdk, url] = AADSTS(code, message);
  const timed = { at: AT, ...said };
  return [[bare, said], [json, timed], [sdk, timed], [url, timed]];
};
/** A message of Google's STS bare, in Google's action, in Python's repr, and in an error of Go. */
const exchanged = (code: string, message: string, said: Said = {}): readonly (readonly [string, Said?])[] => {
  const json = JSON.stringify({ error: code, error_description: message });
  const provider = { registration: PROVIDER, ...said };
  return [
    [message, said],
    [`Error: google-github-actions/auth failed with: failed to generate Google Cloud federated token for //iam.googleapis.com/${PROVIDER}: ${json}`, provider],
    [`ERROR: (gcloud.storage.ls) There was a problem refreshing your current auth tokens: ('Error code ${code}: ${message.replace(/'/g, '\\\'')}', '${json.replace(/'/g, '\\\'')}')\nPlease run:\n\n  $ gcloud auth login`, said],
    [`level=error msg=${JSON.stringify(`Get "https://storage.googleapis.com/storage/v1/b/reports": oauth2/google: status code 400: ${json}`)}`, said],
  ];
};
/** A message of STS bare, in the CLI's, two SDKs' and XML's words. */
const sts = (code: string, message: string, said: Said = {}): readonly (readonly [string, Said?])[] => [
  [message, said],
  [`An error occurred (${code}) when calling the AssumeRoleWithWebIdentity operation: ${message}`, said],
  [`E0305 09:02:28.252114       1 aws_manager.go:125] WebIdentityErr: failed to retrieve credentials\ncaused by: ${code}: ${message}\n\tstatus code: 400, request id: f6ae9d75-da22-4e7f-bacc-09c6d20ddbff`, said],
  [JSON.stringify({ level: 'error', msg: `operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: 400, RequestID: 15810d8a, ${code}: ${message}` }), said],
  [`<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\n  <Error>\n    <Type>Sender</Type>\n    <Code>${code}</Code>\n    <Message>${message.replace(/'/g, '&apos;').replace(/"/g, '&quot;')}</Message>\n  </Error>\n</ErrorResponse>`, said],
];

/** Texts as they are met, by the entry that each of them is of, with what they say. */
export const SAMPLES: Readonly<Record<string, readonly (readonly [string, Said?])[]>> = {
  'aws-no-provider': [
    ...sts('InvalidIdentityToken', `No OpenIDConnect provider found in your account for ${EKS}`, { claims: { iss: EKS } }),
    [`aws: [ERROR]: No OpenIDConnect provider found in your account for ${AKS}.`, { claims: { iss: AKS } }],
    ['Error: No OpenIDConnect provider found in your account for ***', {}],
  ],
  'aws-wrong-audience': [...sts('InvalidIdentityToken', 'Incorrect token audience'), ['Error: Could not assume role with OIDC: Incorrect token audience']],
  'aws-no-key': sts('InvalidIdentityToken', 'Couldn\'t retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements'),
  'aws-thumbprint': sts('InvalidIdentityToken', 'OpenIDConnect provider\'s HTTPS certificate doesn\'t match configured thumbprint'),
  'aws-token-expired': sts('ExpiredTokenException', 'Token expired: current date/time 1740387458 must be before the expiration date/time 1740319004', { claims: { exp: 1740319004 }, at: 1740387458 }),
  'aws-not-jwt': sts('InvalidIdentityToken', 'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)'),
  'aws-idp-communication': sts('IDPCommunicationError', 'The request could not be fulfilled because the identity provider (IDP) that was asked to verify the incoming identity token could not be reached.'),
  'aws-idp-rejected-claim': sts('IDPRejectedClaim', 'The identity provider (IdP) reported that authentication failed.'),
  'aws-region-disabled': sts('RegionDisabledException', 'STS is not activated in this region for account:111122223333. Your account administrator can activate STS in this region using the IAM Console.'),
  'aws-not-authorized': [
    ...sts('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity'),
    [`User: anonymous is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: ${READER}`, { identity: READER }],
    ['\u001b[31mError: Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity\u001b[0m'],
  ],
  'aws-tag-session': [
    [`User: ${SESSION} is not authorized to perform: sts:TagSession on resource: ${READER}`, { principal: SESSION, identity: READER }],
    [`An error occurred (AccessDenied) when calling the AssumeRole operation: User: ${SESSION} is not authorized to perform: sts:TagSession on resource: ${READER}`, { principal: SESSION, identity: READER }],
  ],
  'aws-assume-role-denied': [
    [`User: ${SESSION} is not authorized to perform: sts:AssumeRole on resource: ${READER}`, { principal: SESSION, identity: READER }],
    [`\u2577\n\u2502 Error: Cannot assume IAM Role\n\u2502 \n\u2502 operation error STS: AssumeRole, https response error StatusCode: 403, RequestID: 1, api error AccessDenied:\n\u2502 User: ${SESSION} is not authorized to perform: sts:AssumeRole on resource: ${READER}\n\u2575`, { principal: SESSION, identity: READER }],
  ],
  'aws-chained-duration': sts('ValidationError', 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining'),
  'aws-duration': sts('ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.'),
  'aws-malformed-policy': [
    ['MalformedPolicyDocument: Invalid principal in policy: "FEDERATED":"arn:aws:iam::111122223333:oidc-provider/oidc.example.com"'],
    ['Error: updating IAM Role (reader) assume role policy: operation error IAM: UpdateAssumeRolePolicy, https response error StatusCode: 400, RequestID: 1, MalformedPolicyDocumentException: AssumeRolepolicy contained an invalid principal'],
  ],
  'aws-packed-policy': [
    ['An error occurred (PackedPolicyTooLarge) when calling the AssumeRole operation: Serialized token too large for session'],
    ['operation error STS: AssumeRole, https response error StatusCode: 400, PackedPolicyTooLargeException: Packed policy consumes 107'],
  ],
  'aws-pod-identity-denied': [
    ['Unauthorized Exception! EKS does not have permissions to assume the associated role.'],
    ['Error when retrieving credentials from container-role: Error retrieving metadata: Received non 200 response 400 from container metadata: [b69b1279-d140-4eee-b7ea-b124286f544c]: (AccessDeniedException): Unauthorized Exception! EKS does not have permissions to assume the associated role., fault: client'],
    ['{"level":"error","msg":"Error fetching credentials: unable to fetch credentials from EKS Auth: operation error EKS Auth: AssumeRoleForPodIdentity, https response error StatusCode: 400, RequestID: a17127a3, AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role."}'],
  ],
  'aws-pod-identity-no-association': [
    ['(ResourceNotFoundException): No association found'],
    ['unable to fetch credentials from EKS Auth: operation error EKS Auth: AssumeRoleForPodIdentity, https response error StatusCode: 404, RequestID: 3c5a77b1, ResourceNotFoundException: not found'],
  ],
  'aws-pod-identity-expired': [
    ['The token included in the request is expired: current date/time 2025-07-06T07:02:09.314833331Z must be before the expiration date/time 2025-07-06T04:16:18Z.', { at: Date.parse('2025-07-06T07:02:09Z') / 1000, claims: { exp: Date.parse('2025-07-06T04:16:18Z') / 1000 } }],
    ['Removing credentials from cache, got non recoverable error: unable to fetch credentials from EKS Auth: operation error EKS Auth: AssumeRoleForPodIdentity, https response error StatusCode: 400, RequestID: 3c5a77b1, ExpiredTokenException: The token included in the request is expired: current date/time 2025-07-06T07:02:09.314833331Z must be before the expiration date/time 2025-07-06T04:16:18Z.', { at: Date.parse('2025-07-06T07:02:09Z') / 1000, claims: { exp: Date.parse('2025-07-06T04:16:18Z') / 1000 } }],
  ],
  'aws-pod-identity-token': [
    ['Service account token cannot be parsed: token is malformed: could not base64 decode header: illegal base64 data at input byte 6'],
    ['Error retrieving credential from ECS (Client error: `GET http://169.254.170.23/v1/credentials` resulted in a `400 Bad Request` response:\nService account token cannot be empty\n)'],
  ],
  'aws-pod-identity-invalid-token': [
    ['operation error EKS Auth: AssumeRoleForPodIdentity, https response error StatusCode: 400, RequestID: 1f, InvalidTokenException: The token is invalid'],
    ['{"level":"error","msg":"Error fetching credentials: error getting credentials to cache: unable to fetch credentials from EKS Auth: operation error EKS Auth: AssumeRoleForPodIdentity, https response error StatusCode: 400, RequestID: 1f, InvalidTokenException: bad"}'],
  ],
  'aws-pod-identity-agent': [
    ['Get "http://169.254.170.23/v1/credentials": dial tcp 169.254.170.23:80: connect: connection refused'],
    ['W0527 16:24:25.831530 1 provider.go:142] IPv4 endpoint attempt failed: HTTP request to pod identity agent failed'],
  ],
  'aws-empty-region': [
    ['Invalid endpoint: https://sts..amazonaws.com'],
    ['WebIdentityErr: failed to retrieve credentials\ncaused by: RequestError: send request failed\ncaused by: Post "https://sts..amazonaws.com/": dial tcp: lookup sts..amazonaws.com: no such host'],
  ],
  'aws-no-region': [
    ['You must specify a region. You can also configure your region by running "aws configure".'],
    ['botocore.exceptions.NoRegionError: You must specify a region.'],
    ['failed to resolve service endpoint, endpoint rule error, Invalid Configuration: Missing Region'],
  ],
  'aws-token-too-old': [['Token too old: 86401'], ['An error occurred (ExpiredTokenException) when calling the AssumeRoleWithWebIdentity operation: Token too old: 100000']],
  'aws-roles-claim': [
    ['The target role ARN is not present in the roles claim of the identity token'],
    ['An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: The target role ARN is not present in the roles claim of the identity token'],
  ],
  'aws-missing-claim': [['Missing a required claim: exp'], ['InvalidIdentityToken: Missing a required claim: sub\n\tstatus code: 400']],
  'aws-token-size': [
    ['1 validation error detected: Value \'short\' at \'webIdentityToken\' failed to satisfy constraint: Member must have length less than or equal to 20000'],
    ['An error occurred (ValidationError) when calling the AssumeRoleWithWebIdentity operation: 1 validation error detected: Value \'\' at \'webIdentityToken\' failed to satisfy constraint: Member must have length greater than or equal to 4'],
  ],
  'aws-session-name': [
    ['1 validation error detected: Value \'a b\' at \'roleSessionName\' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*'],
    ['ValidationError: 1 validation error detected: Value \'a\' at \'roleSessionName\' failed to satisfy constraint: Member must have length greater than or equal to 2'],
  ],
  'aws-role-arn': [
    ['An error occurred (ValidationError) when calling the AssumeRoleWithWebIdentity operation: Request ARN is invalid'],
    ['1 validation error detected: Value \'reader\' at \'roleArn\' failed to satisfy constraint: Member must have length greater than or equal to 20'],
  ],
  'aws-set-source-identity': [
    [`User: ${SESSION} is not authorized to perform: sts:SetSourceIdentity on resource: ${READER}`, { principal: SESSION, identity: READER }],
    ['An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:SetSourceIdentity'],
  ],
  'aws-session-expired': [
    ['An error occurred (ExpiredToken) when calling the ListBuckets operation: The provided token has expired.'],
    ['ExpiredToken: The security token included in the request is expired\n\tstatus code: 403'],
  ],
  'aws-service-explicit-deny': [
    [`User: ${SESSION} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::reports/a" with an explicit deny in a service control policy`, { principal: SESSION, identity: FIRST, action: 's3:GetObject', resource: 'arn:aws:s3:::reports/a' }],
    [`An error occurred (AccessDeniedException) when calling the GetItem operation: User: ${SESSION} is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:eu-west-1:111122223333:table/a with an explicit deny in an identity-based policy`, { principal: SESSION, identity: FIRST, action: 'dynamodb:GetItem', resource: 'arn:aws:dynamodb:eu-west-1:111122223333:table/a' }],
  ],
  'aws-service-denied': [
    [`User: ${SESSION} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::reports/a" because no identity-based policy allows the s3:GetObject action`, { principal: SESSION, identity: FIRST, action: 's3:GetObject', resource: 'arn:aws:s3:::reports/a' }],
    [`AccessDenied: User: ${SESSION} is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:eu-west-1:111122223333:q because no identity-based policy allows the sqs:SendMessage action\n\tstatus code: 403`, { principal: SESSION, identity: FIRST, action: 'sqs:SendMessage', resource: 'arn:aws:sqs:eu-west-1:111122223333:q' }],
    ['An error occurred (AccessDenied) when calling the GetObject operation: Access Denied'],
  ],
  'aws-no-credentials': [
    ['Unable to locate credentials. You can configure credentials by running "aws configure".'],
    ['Error: Credentials could not be loaded, please check your action inputs: Could not load credentials from any providers'],
    ['operation error S3: ListBuckets, get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata'],
  ],
  'aws-invalid-identity-token': [['InvalidIdentityToken: something new'], ['An exception: InvalidIdentityTokenException: something new']],
  'aws-expired': [['ExpiredTokenException'], ['api error ExpiredTokenException: gone']],
  'aws-container-credentials': [
    ['Error when retrieving credentials from container-role: Error retrieving metadata: Received non 200 response 500 from container metadata'],
    ['botocore.exceptions.CredentialRetrievalError: Error when retrieving credentials from container-role: timed out'],
  ],
  'aws-web-identity': [
    ['WebIdentityErr: failed to retrieve credentials\ncaused by: RequestError: send request failed'],
    ['Error: Could not assume role with OIDC: socket hang up'],
  ],
  'gcp-issuer': [
    ...exchanged('invalid_grant', `The issuer in ID Token ${AKS} does not match the expected one in config: ${EKS}.`, { claims: { iss: AKS }, expected: { iss: EKS } }),
    ['The issuer in ID Token https://github.acme.net/_services/token does not match the expected ones: https://token.actions.githubusercontent.com/', { claims: { iss: 'https://github.acme.net/_services/token' }, expected: { iss: 'https://token.actions.githubusercontent.com/' } }],
    ['invalid_grant: The issuer in ID Token null does not match the expected one', { claims: { iss: null } }],
  ],
  'gcp-audience': [
    ...exchanged('invalid_grant', 'The audience in ID Token [sts.amazonaws.com] does not match the expected audience.', { claims: { aud: ['sts.amazonaws.com'] } }),
    ['The audience in ID Token [a, b] does not match the expected audience https://iam.googleapis.com/x.', { claims: { aud: ['a', 'b'] }, expected: { aud: ['https://iam.googleapis.com/x'] } }],
    ['The audience in ID Token [] does not match the expected audience.', { claims: { aud: [] } }],
  ],
  'gcp-condition': exchanged('unauthorized_client', 'The given credential is rejected by the attribute condition.'),
  'gcp-issuer-unreachable': exchanged('invalid_grant', 'Error connecting to the given credential\'s issuer.'),
  'gcp-stale': exchanged('invalid_grant', 'ID Token issued at 1749625771 is stale to sign-in.', { claims: { iat: 1749625771 } }),
  'gcp-signature': exchanged('invalid_grant', 'Unable to verify the ID Token signature.'),
  'gcp-unparsable': exchanged('invalid_grant', 'Unable to parse the ID Token.'),
  'gcp-target': exchanged('invalid_target', 'The target service indicated by the "audience" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn\'t exist.'),
  'gcp-audience-form': exchanged('invalid_request', 'Invalid value for "audience". This value should be the full resource name of the Identity Provider. See https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats.'),
  'gcp-subject-length': exchanged('invalid_request', 'The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than 127 bytes.'),
  'gcp-mapping-type': [
    ...exchanged('unauthorized_client', 'The mapped attribute \'google.subject\' must be of type STRING.'),
    ['The mapped attribute must be of type STRING'],
  ],
  'gcp-pool-missing': [
    ['Identity Pool does not exist (acme.svc.id.goog). Please check that you specified a valid resource name'],
    ['Error: Error setting IAM policy for service account: googleapi: Error 400: Identity namespace does not exist (acme.svc.id.goog)., badRequest'],
  ],
  'gke-access-token': [
    [`HTTP/403: generic::permission_denied: loading: GenerateAccessToken("${EMAIL}", ""): googleapi: Error 403: Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).`, { identity: EMAIL }],
    ['compute: Received 403 `Unable to generate access token; IAM returned 403 Forbidden: Permission \'iam.serviceAccounts.getAccessToken\' denied on resource (or it may not exist).\\nThis error could be caused by a missing IAM policy binding on the target IAM service account.'],
  ],
  'gcp-account-missing': [
    [`Unable to generate access token; IAM returned 404 Not Found: Not found; Gaia id not found for email ${EMAIL}`, { identity: EMAIL }],
    [`google.auth.exceptions.RefreshError: ("Failed to retrieve http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/${EMAIL}/token from the Google Compute Engine metadata service. Status: 404 Response:\\nb'Unable to generate access token; IAM returned 404 Not Found: Not found; Gaia id not found for email ${EMAIL}\\n'", <google.auth.transport.requests._Response object at 0x7f98181fcdc0>)`, { identity: EMAIL }],
  ],
  'gke-metadata-undefined': [
    ['metadata: GCE metadata "instance/service-accounts/default/token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fsqlservice.admin" not defined'],
    ['{"severity":"ERROR","message":"unable to start: Get \\"https://sqladmin.googleapis.com\\": metadata: GCE metadata \\"instance/service-accounts/default/token?scopes=x\\" not defined"}'],
  ],
  'gcp-get-access-token': [
    ['Permission \'iam.serviceAccounts.getAccessToken\' denied on resource (or it may not exist).'],
    ['ERROR: (gcloud.storage.ls) There was a problem refreshing your current auth tokens: (\'Unable to acquire impersonated credentials\', \'{\\n  "error": {\\n    "code": 403,\\n    "message": "Permission \\\'iam.serviceAccounts.getAccessToken\\\' denied on resource (or it may not exist).",\\n    "status": "PERMISSION_DENIED"\\n  }\\n}\\n\')'],
    [`impersonate: unable to generate access token: Post "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${EMAIL}:generateAccessToken": oauth2/google: status code 403: {\n  "error": {\n    "code": 403,\n    "message": "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",\n    "details": [{"metadata": {"permission": "iam.serviceAccounts.getAccessToken"}}]\n  }\n}`, { identity: EMAIL }],
  ],
  'gcp-get-id-token': [
    ['Permission \'iam.serviceAccounts.getOpenIdToken\' denied on resource (or it may not exist).'],
    [`failed to generate Google Cloud ID token for ${EMAIL}: {"error":{"code":403,"message":"Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist).","status":"PERMISSION_DENIED"}}`, { identity: EMAIL }],
  ],
  'gcp-credentials-api': [
    ['IAM Service Account Credentials API has not been used in project 192861381104 before or it is disabled.'],
    ['(\'Unable to acquire impersonated credentials\', \'{"error":{"code":403,"message":"IAM Service Account Credentials API has not been used in project 1 before or it is disabled. Enable it"}}\')'],
  ],
  'gcp-lifetime': [
    ['Service account tokens can not have lifetimes of more than 1 hour.'],
    ['{"error":{"code":400,"message":"The access token can not have lifetimes of more than 1 hour. Use the Org Policy Constraint","status":"INVALID_ARGUMENT"}}'],
  ],
  'gcp-issuer-policy': [
    ['FAILED_PRECONDITION: Precondition check failed. description: "Org Policy violated for value: \'https://issuer.example.com\'."', { claims: { iss: 'https://issuer.example.com' } }],
    ['violations:\n  - description: "Org Policy violated for value: \'https://token.example.com\'."\n    subject: orgpolicy', { claims: { iss: 'https://token.example.com' } }],
  ],
  'gcp-perimeter': [
    ['Request is prohibited by organization\'s policy. vpcServiceControlsUniqueIdentifier: d3KwQ'],
    ['{"error":{"code":403,"message":"Request is prohibited by organization\'s policy. vpcServiceControlsUniqueIdentifier: d3KwQ","status":"PERMISSION_DENIED"}}'],
  ],
  'gcp-token-type': [
    ['{"error":"invalid_request","error_description":"Invalid value for \\"subject_token_type\\"."}'],
    ['Error code invalid_request: Invalid value for "subject_token".'],
  ],
  'gcp-federated-token': [
    ['Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.'],
    ['{"error":{"code":401,"message":"Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity","status":"UNAUTHENTICATED"}}'],
  ],
  'gcp-anonymous': [
    ['Anonymous caller does not have storage.objects.get access to the Google Cloud Storage object.', { action: 'storage.objects.get' }],
    ['ServiceException: 401 Anonymous caller does not have storage.objects.list access to the Google Cloud Storage bucket.', { action: 'storage.objects.list' }],
  ],
  'gcp-storage-denied': [
    [`${EMAIL} does not have storage.objects.list access to the Google Cloud Storage bucket.`, { principal: EMAIL, identity: EMAIL, action: 'storage.objects.list' }],
    [`googleapi: Error 403: ${EMAIL} does not have storage.objects.list access to the Google Cloud Storage bucket. Permission 'storage.objects.list' denied on resource (or it may not exist)., forbidden`, { principal: EMAIL, identity: EMAIL, action: 'storage.objects.list' }],
  ],
  'gcp-service-denied': [
    ['Permission \'secretmanager.versions.access\' denied on resource \'projects/acme/secrets/a/versions/1\' (or it may not exist).', { action: 'secretmanager.versions.access', resource: 'projects/acme/secrets/a/versions/1' }],
    ['rpc error: code = PermissionDenied desc = Permission \'pubsub.topics.publish\' denied on resource (or it may not exist).', { action: 'pubsub.topics.publish' }],
  ],
  'gcp-no-credentials': [
    ['Could not load the default credentials. Browse to https://cloud.google.com/docs/authentication/getting-started for more information.'],
    ['dialing: google: could not find default credentials. See https://cloud.google.com/docs/authentication/external/set-up-adc for more information'],
  ],
  'gcp-subject-token': [
    ['Unable to retrieve Identity Pool subject token'],
    ['ERROR: (gcloud.auth.print-access-token) (\'Unable to retrieve Identity Pool subject token\', \'upstream request timeout\')'],
  ],
  'gcp-impersonation': [
    ['Unable to acquire impersonated credentials'],
    [`failed to generate Google Cloud ID token for ${EMAIL}: {"error":{"code":403,"message":"The caller does not have permission","status":"PERMISSION_DENIED"}}`, { identity: EMAIL }],
  ],
  'gcp-exchange': [
    [`failed to generate Google Cloud federated token for //iam.googleapis.com/${PROVIDER}: 503`, { registration: PROVIDER }],
    ['resolving secrets: failed to exchange sts token: googleapi: got HTTP response code 500'],
  ],
  'azure-issuer': [
    ...azure('700211', `No matching federated identity record found for presented assertion issuer '${AKS}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation`, { claims: { iss: AKS } }),
    ['AADSTS700211'],
  ],
  'azure-audience': azure('700212', 'No matching federated identity record found for presented assertion audience \'https://gitlab.com\'.', { claims: { aud: ['https://gitlab.com'] } }),
  'azure-subject-case': azure('7002138', 'No matching federated identity record found for presented assertion subject \'repo:Acme/App:environment:Prod\'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison.', { claims: { sub: 'repo:Acme/App:environment:Prod' } }),
  'azure-subject': [
    ...azure('700213', `No matching federated identity record found for presented assertion subject '${SUBJECT}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.`, { claims: { sub: SUBJECT } }),
    [`##[error]Script failed with error: ERROR: AADSTS700213: No matching federated identity record found for presented assertion subject '***'. ${TRACE}`, { at: AT }],
  ],
  'azure-no-match': azure('70021', `No matching federated identity record found for presented assertion. Assertion Issuer: '${AKS}'. Assertion Subject: '${SUBJECT}'. Assertion Audience: 'api://AzureADTokenExchange'.`, { claims: { iss: AKS, sub: SUBJECT, aud: ['api://AzureADTokenExchange'] } }),
  'azure-no-credential': azure('70025', 'The client \'reports\'(2bc5202b-ad6a-4458-8821-e104af433bbb) has no configured federated identity credentials.', { identity: '2bc5202b-ad6a-4458-8821-e104af433bbb' }),
  'azure-lifetime': azure('70023', 'External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at 0. Token expires on 1698163200.', { claims: { iat: 0, exp: 1698163200 } }),
  'azure-issuer-unreachable': [
    ...azure('501661', 'Request to External OIDC endpoint failed.'),
    [`ERROR: AADSTS50166: Request to External OIDC endpoint failed. ${TRACE}`, { at: AT }],
  ],
  'azure-several-audiences': azure('5002741', 'Number of audience values in the provided client credential exceed maximum allowed. 2 audience values provided, maximum allowed is 1.'),
  'azure-algorithm': azure('5002738', 'Invalid JWT token. \'ES256\' is not a supported signature algorithm. Supported signing algorithms are: \'RS256, HS256\''),
  'azure-federation-off': [['AADSTS700223'], ['ERROR: AADSTS700238: the tenant does not allow it.']],
  'azure-issuer-claim': azure('7002381', 'Federated identity credentials issued by \'https://issuer.example.com/\' for applications or managed identities registered in this tenant must contain the enterprise claim with value \'acme\' but actual value is \'\'.', { claims: { iss: 'https://issuer.example.com/' } }),
  'azure-time': [
    ['AADSTS700024: Client assertion is not within its valid time range. Current time: 2024-10-02T22:05:03.6755165Z, assertion valid from 1970-01-01T00:00:00.0000000Z, expiry time of assertion 2024-10-02T21:30:53.0000000Z. Review the documentation', { at: Date.parse('2024-10-02T22:05:03Z') / 1000, claims: { exp: Date.parse('2024-10-02T21:30:53Z') / 1000 } }],
    ['DefaultAzureCredential: failed to acquire a token. AADSTS700024: Client assertion is not within its valid time range. Current time: 2024-04-11T09:59:34.9572716Z, assertion valid from 2024-04-09T04:41:30.0000000Z, expiry time of assertion 2024-04-09T05:41:30.0000000Z.', { at: Date.parse('2024-04-11T09:59:34Z') / 1000, claims: { nbf: Date.parse('2024-04-09T04:41:30Z') / 1000, exp: Date.parse('2024-04-09T05:41:30Z') / 1000 } }],
  ],
  'azure-application': azure('700016', 'Application with identifier \'2bc5202b-ad6a-4458-8821-e104af433bbb\' was not found in the directory \'Acme\'. This can happen if the application has not been installed by the administrator of the tenant.', { identity: '2bc5202b-ad6a-4458-8821-e104af433bbb' }),
  'azure-service-principal': azure('7000229', 'The client application 2bc5202b-ad6a-4458-8821-e104af433bbb is missing service principal in the tenant cf61953b-e41a-46b3-b500-663d279ea744.', { identity: '2bc5202b-ad6a-4458-8821-e104af433bbb' }),
  'azure-disabled': azure('7000112', 'Application \'2bc5202b-ad6a-4458-8821-e104af433bbb\'(reports) is disabled.', { identity: '2bc5202b-ad6a-4458-8821-e104af433bbb' }),
  'azure-key': azure('7000272', 'The certificate with identifier DFA184AB5E2B3F6529B8CFCE195305014236E297 used to sign the federated credential could not be found in the metadata of identity provider https://oidc.example.com. Please validate that your Identity Provider\'s metadata exposes the key used to sign the incoming token.', { claims: { iss: 'https://oidc.example.com' } }),
  'azure-signature': azure('700027', 'Client assertion failed signature validation.'),
  'azure-malformed': azure('50027', 'JWT token is invalid or malformed.'),
  'azure-own-token': azure('700222', 'AAD-issued tokens may not be used for federated identity flows.'),
  'azure-own-token-tenant': azure('700236', 'Entra ID tokens issued by issuer \'https://login.microsoftonline.com/a/v2.0\' may not be used for federated identity credential flows for applications or managed identities registered in this tenant.', { claims: { iss: 'https://login.microsoftonline.com/a/v2.0' } }),
  'azure-cloud': [...azure('900382', 'Confidential Client is not supported in Cross Cloud request.'), ['AADSTS90038']],
  'azure-scope': azure('1002012', 'The provided value for scope api://reports is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).', { resource: 'api://reports' }),
  'azure-consent': azure('65001', 'The user or administrator has not consented to use the application with ID \'2bc5202b-ad6a-4458-8821-e104af433bbb\' named \'reports\'. Send an interactive authorization request for this user and resource.', { identity: '2bc5202b-ad6a-4458-8821-e104af433bbb' }),
  'azure-client-secret': azure('7000215', 'Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.'),
  'azure-request': azure('900144', 'The request body must contain the following parameter: \'client_id\'.'),
  'azure-busy': azure('90033', 'A transient error has occurred. Please try again.'),
  'azure-tenant': azure('90002', 'Tenant \'cf61953b-e41a-46b3-b500-663d279ea744\' not found. Check to make sure you have the correct tenant ID.'),
  'azure-resource': azure('500011', 'The resource principal named api://reports was not found in the tenant named Acme.', { resource: 'api://reports' }),
  'azure-conditional-access': azure('53003', 'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.'),
  'azure-not-configured': [
    ['WorkloadIdentityCredential: no client ID specified. Check pod configuration or set ClientID in the options'],
    ['DefaultAzureCredential failed to retrieve a token from the included credentials.\n- WorkloadIdentityCredential authentication unavailable. The workload options are not fully configured. See the troubleshooting guide\n- ManagedIdentityCredential authentication unavailable. No response'],
    ['no token file specified. Check pod configuration or set TokenFilePath in the options'],
  ],
  'azure-no-identity': [
    ['{"error":"invalid_request","error_description":"Identity not found"}'],
    ['ManagedIdentityCredential: IMDS token request failed: {\\"error\\":\\"invalid_request\\",\\"error_description\\":\\"Identity not found\\"}'],
  ],
  'azure-storage-denied': [
    ['AuthorizationPermissionMismatch'],
    ['Operation returned an invalid status code \'Forbidden\'. Message: \'This request is not authorized to perform this operation using this permission.\''],
  ],
  'azure-resource-denied': [
    ['The client \'2bc5202b\' with object id \'7e307b14\' does not have authorization to perform action \'Microsoft.Storage/read\' over scope \'/subscriptions/1\' or the scope is invalid.', { identity: '2bc5202b', principal: '7e307b14', action: 'Microsoft.Storage/read', resource: '/subscriptions/1' }],
    ['{"error":{"code":"AuthorizationFailed","message":"The client \'a\' with object id \'b\' does not have authorization to perform action \'c/read\' over scope \'/d\'"}}', { identity: 'a', principal: 'b', action: 'c/read', resource: '/d' }],
  ],
  'azure-managed-identity': [
    ['ManagedIdentityCredential authentication unavailable. No response received from the managed identity endpoint.'],
    ['azidentity: ManagedIdentityCredential: authentication timed out'],
  ],
  'azure-credential': [
    ['DefaultAzureCredential: failed to acquire a token.'],
    ['WorkloadIdentityCredential authentication failed. retry policy expired and the request will no longer be retried'],
  ],
  'kubernetes-no-service-account': [
    ['error looking up service account reports/reader: serviceaccount "reader" not found', { claims: { sub: SUBJECT } }],
    ['Warning   FailedCreate   replicaset/reports   Error creating: pods "reports-" is forbidden: error looking up service account reports/reader: serviceaccount "reader" not found', { claims: { sub: SUBJECT } }],
  ],
  'kubernetes-token-no-account': [
    ['failed to fetch token: serviceaccounts "reader" not found', { claims: { sub: text('system:serviceaccount:', new Unknown('refusal.namespace'), ':reader') } }],
    ['Warning  FailedMount  8s (x8 over 72s)  kubelet  MountVolume.SetUp failed for volume "aws-iam-token" : failed to fetch token: serviceaccounts "reader" not found', { claims: { sub: text('system:serviceaccount:', new Unknown('refusal.namespace'), ':reader') } }],
  ],
  'kubernetes-token-audience': [
    ['audience "vault" not found in pod spec volume', { claims: { aud: ['vault'] } }],
    ['MountVolume.SetUp failed for volume "token" : failed to fetch token: serviceaccounts "reader" is forbidden: audience "vault" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience', { claims: { sub: text('system:serviceaccount:', new Unknown('refusal.namespace'), ':reader'), aud: ['vault'] } }],
  ],
  'kubernetes-token-forbidden': [
    ['failed to fetch token: serviceaccounts "reader" is forbidden: node requested token bound to a pod scheduled on a different node', { claims: { sub: text('system:serviceaccount:', new Unknown('refusal.namespace'), ':reader') } }],
    ['Error from server (Forbidden): serviceaccounts "reader" is forbidden: User "dev" cannot create resource "serviceaccounts/token" in API group "" in the namespace "reports"'],
  ],
  'kubernetes-token-lifetime': [
    ['spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes'],
    ['The Pod "reports" is invalid: spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 300: may not specify a duration less than 10 minutes'],
  ],
  'kubernetes-token-unsupported': [
    ['failed to fetch token: the server could not find the requested resource'],
    ['MountVolume.SetUp failed for volume "aws-iam-token" : failed to fetch token: the server could not find the requested resource'],
  ],
  'kubernetes-config-map': [
    ['MountVolume.SetUp failed for volume "google-credentials" : configmap "reports-credentials" not found'],
    ['Warning  FailedMount  2m  kubelet  MountVolume.SetUp failed for volume "google-credentials" : configmap "reports-credentials" not found'],
  ],
  'pod-token-permission': [
    ['PermissionError: [Errno 13] Permission denied: \'/var/run/secrets/eks.amazonaws.com/serviceaccount/token\''],
    ['WebIdentityErr: failed fetching WebIdentity token: caused by: WebIdentityErr: unable to read file at /var/run/secrets/eks.amazonaws.com/serviceaccount/token\\ncaused by: open /var/run/secrets/eks.amazonaws.com/serviceaccount/token: permission denied'],
  ],
  'pod-token-file': [
    ['Error: ENOENT: no such file or directory, open \'/var/run/secrets/eks.amazonaws.com/serviceaccount/token\'\n    at Object.openSync (node:fs:603:3)'],
    ['FileNotFoundError: [Errno 2] No such file or directory: \'/var/run/secrets/eks.amazonaws.com/serviceaccount/token\''],
    ['get credentials: failed to refresh cached credentials, failed to retrieve jwt from provide source, unable to read file at /var/run/secrets/aws/token: open /var/run/secrets/aws/token: no such file or directory'],
    ['credentials: failed to open credential file "/var/run/secrets/google/token": no such file'],
  ],
  'kubernetes-webhook': [
    ['failed calling webhook "mutation.azure-workload-identity.io": failed to call webhook'],
    ['Error creating: Internal error occurred: failed calling webhook "iam-for-pods.amazonaws.com": failed to call webhook: Post "https://x": context deadline exceeded'],
  ],
  'kubernetes-mount': [
    ['MountVolume.SetUp failed for volume "aws-iam-token" : timed out'],
    ['Warning  FailedMount  kubelet  MountVolume.SetUp failed for volume "azure-identity-token" : timed out waiting for the condition'],
  ],
};
