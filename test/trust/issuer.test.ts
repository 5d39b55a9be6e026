import fc from 'fast-check';
import { hostOf, issuerOf } from '../../lib/trust/issuer';
import { text, TextValue, Unknown } from '../../lib/trust/value';

const u = new Unknown('apps/aws_eks_cluster.x.identity.0.oidc.0.issuer');
const host = new Unknown(`host(${u.symbol})`);

test.each<[string, TextValue, TextValue]>([
  ['a known issuer', 'https://issuer.example/x/', 'issuer.example/x/'], ['an unknown issuer', u, host], ['an issuer known in part', text('https://oidc.eks.', u, '/id'), text('oidc.eks.', u, '/id')],
  ['an unknown issuer with more', text(u, '/'), text(host, '/')],
])('the host of %s, and back', (_, issuer, wanted) => {
  expect([hostOf(issuer), issuerOf(wanted)]).toEqual([wanted, issuer]);
});

test('the host of a host is itself', () => {
  expect([hostOf('issuer.example'), hostOf(host), hostOf(text(host, '/x')), hostOf('')]).toEqual(['issuer.example', host, text(host, '/x'), '']);
});

test('any issuer is found again by its host', () => {
  const issuers = fc.array(fc.oneof(fc.stringMatching(/^[a-z/.:]*$/), fc.constant(u)), { minLength: 1 })
    .map(parts => parts[0] === u ? text(...parts) : text('https://', ...parts));
  fc.assert(fc.property(issuers, issuer => expect(issuerOf(hostOf(issuer))).toEqual(issuer)));
});
