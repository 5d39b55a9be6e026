import { credentialConfig } from '../../lib/gcp/credential-config';
import { textOf } from '../../lib/tokens';
import { scratchStack } from '../synth';

const PROVIDER = 'projects/123/locations/global/workloadIdentityPools/apps/providers/apps';

test('the document is the one that gcloud prints (create-cred-config), but for the default universe_domain', () => {
  const document = credentialConfig({
    audience: `//iam.googleapis.com/${PROVIDER}`, tokenFile: '/var/run/secrets/workload-federation/gcp/token', serviceAccountEmail: 'reader@acme-apps.iam.gserviceaccount.com',
  });
  const { service_account_impersonation_url: url, ...rest } = document;
  expect(rest).toEqual({
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/apps/providers/apps',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
    credential_source: { file: '/var/run/secrets/workload-federation/gcp/token', format: { type: 'text' } },
  });
  const stack = scratchStack();
  expect(textOf(stack, url as string)).toBe('${join("", ["https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/", '
    + '"reader@acme-apps.iam.gserviceaccount.com", ":generateAccessToken"])}');
});

test('the lifetime of access tokens stands in it only where it is asked for', () => {
  const props = { audience: `//iam.googleapis.com/${PROVIDER}`, tokenFile: '/t', serviceAccountEmail: 'reader@acme-apps.iam.gserviceaccount.com' };
  expect(credentialConfig(props)).not.toHaveProperty('service_account_impersonation');
  expect(credentialConfig({ ...props, tokenLifetimeSeconds: 600 })).toMatchObject({ service_account_impersonation: { token_lifetime_seconds: 600 } });
});
