import { TerraformStack, TerraformVariable } from 'cdktf';
import * as fc from 'fast-check';
import { toPolicyDocumentStatements, trustPolicySize, trustPolicySizeBound, TrustStatement, webIdentityStatement } from '../../lib/aws/trust-policy';
import { scratchStack } from '../synth';

const statement = (issuer: string, ...subjects: string[]): TrustStatement => webIdentityStatement(
  `arn:aws:iam::123456789012:oidc-provider/${issuer}`,
  [{ key: `${issuer}:aud`, values: ['sts.amazonaws.com'] }, { key: `${issuer}:sub`, values: subjects }],
);

test('the size is that of the policy as IAM stores it, without white space', () => {
  const policy = {
    Version: '2012-10-17',
    Statement: [{
      Effect: 'Allow',
      Principal: { Federated: 'arn:aws:iam::123456789012:oidc-provider/oidc.acme.example' },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: {
          'oidc.acme.example:aud': 'sts.amazonaws.com',
          'oidc.acme.example:sub': ['system:serviceaccount:reports:reader', 'system:serviceaccount:reports:writer'],
        },
      },
    }],
  };
  expect(trustPolicySize([statement('oidc.acme.example', 'system:serviceaccount:reports:reader', 'system:serviceaccount:reports:writer')]))
    .toBe(JSON.stringify(policy).length);
});

test('what only Terraform knows counts as nothing', () => {
  const token = new TerraformVariable(scratchStack() as TerraformStack, 'issuer', { type: 'string' }).stringValue;
  expect(trustPolicySize([statement(token, 's')])).toBe(trustPolicySize([statement('', 's')]));
});

test('the bound is never below the size', () => {
  const text = fc.string({ maxLength: 60 });
  fc.assert(fc.property(fc.array(fc.tuple(text, fc.array(text, { minLength: 1, maxLength: 5 })), { minLength: 1, maxLength: 4 }), parts => {
    const statements = parts.map(([issuer, subjects]) => statement(issuer, ...subjects));
    expect(trustPolicySizeBound(statements)).toBeGreaterThanOrEqual(trustPolicySize(statements));
  }));
});

test('a statement allows one action, to one principal, under exact conditions', () => {
  expect(toPolicyDocumentStatements([statement('oidc.acme.example', 'system:serviceaccount:reports:reader')])).toEqual([{
    effect: 'Allow',
    actions: ['sts:AssumeRoleWithWebIdentity'],
    principals: [{ type: 'Federated', identifiers: ['arn:aws:iam::123456789012:oidc-provider/oidc.acme.example'] }],
    condition: [
      { test: 'StringEquals', variable: 'oidc.acme.example:aud', values: ['sts.amazonaws.com'] },
      { test: 'StringEquals', variable: 'oidc.acme.example:sub', values: ['system:serviceaccount:reports:reader'] },
    ],
  }]);
});
