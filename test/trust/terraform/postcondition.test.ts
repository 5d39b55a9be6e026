import { readTerraform } from '../../../lib/trust/terraform/read';
import { Unknown, Value } from '../../../lib/trust/value';

const ISSUER = 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204';
const SELF = 'self.identity[0].oidc[0].issuer';
const identity = (issuer: Value) => [new Map([['oidc', [new Map([['issuer', issuer]])]]])];
const UNKNOWN = new Unknown('s/data.aws_eks_cluster.c.identity');

/** What is read of a cluster that is looked up with such conditions, and what refers to its issuer. */
function read(lifecycle: unknown, rest: object = {}) {
  const { resources, notes } = readTerraform([{
    file: 's.tf.json', stack: 's', json: {
      data: { aws_eks_cluster: { c: { name: 'apps', lifecycle, ...rest } } }, locals: { issuer: ISSUER },
      resource: { x_y: { r: { v: '${data.aws_eks_cluster.c.identity[0].oidc[0].issuer}' } } },
    },
  }]);
  return { identity: resources.find(({ mode }) => mode === 'data')!.values.get('identity'), reference: resources.find(({ mode }) => mode === 'managed')!.values.get('v'), notes };
}

const postcondition = (...conditions: readonly unknown[]) => ({ postcondition: conditions.map(condition => ({ condition, error_message: 'no' })) });

test.each<[string, unknown]>([
  ['as cdktf writes it', [postcondition(`\${(self.identity.0.oidc.0.issuer == "${ISSUER}")}`)]],
  ['as people write it', postcondition(`\${${SELF} == "${ISSUER}"}`)],
  ['the other way round', postcondition(`\${"${ISSUER}" == ${SELF}}`)],
  ['beside other conditions', postcondition('${self.status == "ACTIVE"}', `\${self.name == "apps" && (${SELF} == "${ISSUER}" && self.status == "ACTIVE")}`)],
  ['by a local value', postcondition(`\${${SELF} == local.issuer}`)],
])('a cluster that is looked up has the issuer that its postcondition says, %s', (_, lifecycle) => {
  expect(read(lifecycle)).toEqual({ identity: identity(ISSUER), reference: ISSUER, notes: [] });
});

test('a cluster has the issuer that only Terraform knows, where its postcondition says that', () => {
  const issuer = new Unknown('s/var.issuer');
  expect(read(postcondition(`\${${SELF} == var.issuer}`))).toEqual({ identity: identity(issuer), reference: issuer, notes: [] });
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['what may be otherwise', postcondition(`\${${SELF} == "${ISSUER}" || true}`)],
  ['what is not', postcondition(`\${${SELF} != "${ISSUER}"}`)],
  ['the opposite', postcondition(`\${!(${SELF} == "${ISSUER}")}`)],
  ['a pattern', postcondition(`\${startswith(${SELF}, "https://")}`)],
  ['another attribute', postcondition(`\${self.identity[0].oidc[1].issuer == "${ISSUER}"}`)],
  ['another cluster', postcondition(`\${data.aws_eks_cluster.other.identity[0].oidc[0].issuer == "${ISSUER}"}`)],
  ['a precondition', { precondition: [{ condition: `\${${SELF} == "${ISSUER}"}` }] }],
  ['an empty text', postcondition(`\${${SELF} == ""}`)],
  ['no text', postcondition(`\${${SELF} == 1}`)],
  ['what cannot be read', postcondition(`\${${SELF} == `, 1, null, [`\${${SELF} == "${ISSUER}"}`])],
  ['no conditions', 'x'],
])('refuses to take the issuer from %s', (_, lifecycle) => {
  expect(read(lifecycle)).toEqual({ identity: UNKNOWN, reference: new Unknown('s/data.aws_eks_cluster.c.identity.0.oidc.0.issuer'), notes: [] });
});

test('a condition that refers to itself ends', () => {
  expect(read(postcondition(`\${${SELF} == ${SELF}}`)).identity).toEqual(identity(new Unknown('s/data.aws_eks_cluster.c.identity.0.oidc.0.issuer')));
});

test('each of several clusters has its own', () => {
  const { resources } = readTerraform([{
    file: 's.tf.json', stack: 's', json: {
      data: { aws_eks_cluster: { c: { for_each: { a: 'https://a', b: 'https://b' }, name: '${each.key}', lifecycle: postcondition(`\${${SELF} == each.value}`) } } },
    },
  }]);
  expect(resources.map(({ values }) => values.get('identity'))).toEqual([identity('https://a'), identity('https://b')]);
});
