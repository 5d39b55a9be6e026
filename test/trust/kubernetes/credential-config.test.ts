import { CONFIG, PROVIDER } from './resources';
import { readCredentialConfig } from '../../../lib/trust/kubernetes/credential-config';
import { text, Text, TextValue, Unknown } from '../../../lib/trust/value';

const read = (change: object) => readCredentialConfig(JSON.stringify({ ...CONFIG, ...change }))!;
const wrong = (config: ReturnType<typeof readCredentialConfig>) => config!.findings.filter(({ verdict }) => verdict !== 'yes').map(({ field, verdict, have }) => [field, verdict, have]);

test('a document says provider, account and token', () => {
  const config = read({});
  expect([config.registration, config.identity, config.file, wrong(config)])
    .toEqual([PROVIDER, 'reader@acme.iam.gserviceaccount.com', '/var/run/secrets/workload-federation/gcp/token', []]);
});

test('without impersonation the pods are a principal', () => {
  expect(read({ service_account_impersonation_url: undefined }).identity).toBeUndefined();
});

test('parts may be unknown', () => {
  const [provider, email] = [new Unknown('apps/pool_provider.name'), new Unknown('apps/account.email')];
  const [before, after] = JSON.stringify(CONFIG).split(PROVIDER);
  const [middle, end] = after!.split('reader@acme.iam.gserviceaccount.com');
  const config = readCredentialConfig(text(before!, provider, middle!, email, end!))!;
  expect([config.registration, config.identity, wrong(config)]).toEqual([provider, email, [['audience', 'unknown', '//iam.googleapis.com/${pool_provider.name}']]]);
});

test.each([
  [{ type: 'service_account' }, [['type', 'no', 'service_account']]],
  [{ audience: `https://iam.googleapis.com/${PROVIDER}` }, [['audience', 'no', `https://iam.googleapis.com/${PROVIDER}`]]],
  [{ audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p' }, [['audience', 'no', '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p']]],
  [{ audience: undefined }, [['audience', 'no', 'nothing']]],
  [{ subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request' }, [['subject_token_type', 'no', 'urn:ietf:params:aws:token-type:aws4_request']]],
  [{ token_url: 'https://sts.googleapis.com/v1/tokens' }, [['token_url', 'no', 'https://sts.googleapis.com/v1/tokens']]],
  [{ token_url: 'https://sts.example.com/v1/token', universe_domain: 'example.com' }, [['token_url', 'unknown', 'https://sts.example.com/v1/token']]],
  [{ credential_source: { file: '/t', format: { type: 'json' } } }, [['credential_source.format.type', 'no', 'json']]],
  [{ service_account_impersonation_url: 'reader@acme' }, [['service_account_impersonation_url', 'no', 'reader@acme']]],
])('refuses %j', (change, expected) => expect(wrong(read(change))).toEqual(expected));

test.each<[string, TextValue]>([
  ['a key', '{"type": "service_account", "private_key": "x"}'],
  ['a broken document', '{"type": "external_account"'],
  ['a list', '["external_account"]'],
  ['something unknown', new Unknown('apps/secret')],
  ['something of unknown structure', new Text(['{"type": "external_account"', new Unknown('apps/rest')])],
  ['deep nesting', `{"type": "external_account", "x": ${'['.repeat(100_000)}`],
])('refuses to read %s as one', (_, content) => expect(readCredentialConfig(content)).toBeUndefined());
