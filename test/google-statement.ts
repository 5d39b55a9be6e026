/** The audience that the gtoken webhook asks for. */
export const AUDIENCE = 'gtoken/sts/assume-role-with-web-identity';

/** The statement that trusts ID tokens of one Google account for one audience, as Terraform's policy document holds it. */
export function googleStatement(uniqueId: string, audience = AUDIENCE) {
  return {
    effect: 'Allow',
    actions: ['sts:AssumeRoleWithWebIdentity'],
    principals: [{ type: 'Federated', identifiers: ['accounts.google.com'] }],
    condition: [
      { test: 'StringEquals', variable: 'accounts.google.com:aud', values: [uniqueId] },
      { test: 'StringEquals', variable: 'accounts.google.com:oaud', values: [audience] },
      { test: 'StringEquals', variable: 'accounts.google.com:sub', values: [uniqueId] },
    ],
  };
}
