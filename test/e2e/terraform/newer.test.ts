import { isBefore, withoutNewer } from './newer';
import type { Had, ProviderSchema, SchemaBlock } from './providers';

type Attributes = NonNullable<SchemaBlock['attributes']>;

/** A block with arguments, attributes that are only computed, and blocks in it. */
const block = (args: readonly string[], computed: readonly string[] = [], blocks: SchemaBlock['block_types'] = {}): { readonly block: SchemaBlock } => {
  const attributes: Attributes = Object.fromEntries([...args.map(name => [name, { optional: true }]), ...computed.map(name => [name, {}])]);
  return { block: { attributes, block_types: blocks } };
};
/** A provider of AWS that is older than the one that is required. */
const SCHEMA: ProviderSchema = {
  provider: block(['region'], [], { assume_role: block(['role_arn']) }),
  resource_schemas: {
    aws_iam_role: block(['name', 'assume_role_policy'], ['arn', 'unique_id']),
    aws_eks_pod_identity_association: block(['cluster_name', 'namespace', 'role_arn', 'service_account']),
  },
  data_source_schemas: { aws_region: block(['name']) },
};
const had = (version: string): Had => ({ name: 'aws', source: 'aws', version: '6.25.0', had: version });
const reduced = (json: object, version = '5.100.0') => withoutNewer({ name: 'stack', json }, [had(version)], new Map([['aws', SCHEMA]]));

const ASSOCIATION = { cluster_name: 'apps', namespace: 'reports', role_arn: '${aws_iam_role.R.arn}', service_account: 'reader' };
const role = (more: object = {}) => ({ name: 'r', assume_role_policy: '{}', ...more });
const JSON_OF_STACK = {
  provider: { aws: [{ region: 'eu-west-1', assume_role: [{ role_arn: 'r', policy: 'p' }], use_fips_endpoint: true }] },
  data: { aws_region: { R: { provider: 'aws.other' } } },
  resource: {
    aws_iam_role: { R: role({ depends_on: ['a.b'], lifecycle: {} }) },
    aws_eks_pod_identity_association: { A: { ...ASSOCIATION, target_role_arn: 't', region: '${data.aws_region.R.region}' } },
    aws_iam_openid_connect_provider: { P: { client_id_list: ['a'], url: 'https://a.example' } },
    google_storage_bucket: { B: { name: 'b', location: '${data.aws_region.R.name}' } },
  },
  output: { id: { value: '${aws_iam_role.R.unique_id}' } },
};

test('what an older version does not have is taken away and named', () => {
  expect(reduced(JSON_OF_STACK)).toEqual({
    stack: {
      name: 'stack',
      json: {
        ...JSON_OF_STACK,
        provider: { aws: [{ region: 'eu-west-1', assume_role: [{ role_arn: 'r' }] }] },
        resource: { ...JSON_OF_STACK.resource, aws_eks_pod_identity_association: { A: ASSOCIATION } },
      },
    },
    newer: [
      'argument aws_eks_pod_identity_association.region', 'argument aws_eks_pod_identity_association.target_role_arn', 'argument provider.aws.assume_role.policy',
      'argument provider.aws.use_fips_endpoint', 'attribute data.aws_region.region', 'resource aws_iam_openid_connect_provider',
    ],
    beyond: new Set(['aws_iam_openid_connect_provider.P', 'data.aws_region.R']),
  });
});

test.each(['6.25.0', '6.26.0'])('nothing is taken away for version %s', version => {
  expect(reduced(JSON_OF_STACK, version)).toEqual({ stack: { name: 'stack', json: JSON_OF_STACK }, newer: [], beyond: new Set() });
});

test('what no version has stays, so that Terraform refuses it', () => {
  const json = { resource: { aws_iam_role: { R: role({ nonsense: 'n' }), S: role({ arn: 'a' }) } } };
  expect(reduced(json)).toEqual({ stack: { name: 'stack', json }, newer: [], beyond: new Set() });
});

test('an attribute of something else by the same words is none', () => {
  const output = { text: { value: 'see data.aws_region.Other.region, module.data.aws_region.R.region and aws_iam_role.R.arn' } };
  expect(reduced({ data: { aws_region: { R: {} } }, resource: { aws_iam_role: { R: role() } }, output }).newer).toEqual([]);
});

test.each<[string, string, boolean]>([
  ['5.100.0', '6.25.0', true], ['6.9.0', '6.25.0', true], ['6.25.0', '6.25.0', false], ['6.25.1', '6.25.0', false], ['7.0.0', '6.25.0', false],
])('%s before %s: %s', (version, other, before) => {
  expect(isBefore(version, other)).toBe(before);
});
