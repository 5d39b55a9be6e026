import '../counting';
import { growth } from '../work';
import { ASKS } from './faults';
import { example, modelOf, Stacks } from './world';
import { kubernetesToken } from '../../../lib/trust/explain/candidates';
import { explainRefusals, explainToken } from '../../../lib/trust/explain/explain';
import { explanationToJson, explanationToMarkdown, explanationToText } from '../../../lib/trust/explain/render';
import { readToken } from '../../../lib/trust/explain/token';
import { readRefusal } from '../../../lib/trust/refusals/catalogue';
import { readEvent } from '../../../lib/trust/refusals/events';

const NOT_AUTHORIZED = 'An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity';
const EKS = 'oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204';

function changed(name: string, from: string, to: string): Stacks {
  return JSON.parse(JSON.stringify(example(name)).split(from).join(to)) as Stacks;
}

/** One role of another's Terraform, written by hand. */
function role(statement: Record<string, unknown>, name = 'Reader', more: Record<string, unknown> = {}) {
  return modelOf({
    own: {
      resource: {
        aws_iam_openid_connect_provider: { Eks: { url: `https://${EKS}`, client_id_list: ['sts.amazonaws.com'] } },
        aws_iam_role: {
          [name]: {
            assume_role_policy: JSON.stringify({
              Statement: [{
                Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal: { Federated: '${aws_iam_openid_connect_provider.Eks.arn}' }, ...statement,
              }],
            }),
          },
        },
        ...more,
      },
    },
  });
}

const trusts = (sub: string) => ({ Condition: { StringEquals: { [`${EKS}:sub`]: sub, [`${EKS}:aud`]: 'sts.amazonaws.com' } } });

describe('where everything passes that was read', () => {
  test('a refusal is never answered by accepted, but by the gate that the message speaks of and the real token', () => {
    const { outcome, answers } = explainRefusals(modelOf(example('directions')), readRefusal(NOT_AUTHORIZED));
    expect(outcome).toBe('unknown');
    expect(answers.map(answer => [answer.outcome, answer.first?.gate, answer.first?.remedy])).toEqual(Array(3).fill([
      'unknown', 'aws-condition', 'this passes for the token that the wiring presents: compare with the real token by --token, and see whether what was read has been applied',
    ]));
  });

  test('the workloads of other clouds and mechanisms are not listed', () => {
    const { answers, more } = explainRefusals(modelOf(example('directions')), readRefusal(NOT_AUTHORIZED), { answers: 10 });
    expect(answers.map(({ identity }) => identity.where.address.replace(/_[0-9A-F]{8}$/, '')).sort())
      .toEqual(['aws_iam_role.Archive_Role', 'aws_iam_role.Backup_Role', 'aws_iam_role.Replica_Role']);
    expect(more).toBe(0);
  });
});

describe('what is not known is said to be unknown', () => {
  test('a refusal of an identity that no workload of the input asks for is judged with claims that are unknown', () => {
    const { outcome, answers: [first] } = explainRefusals(role(trusts('system:serviceaccount:reports:reader')), readRefusal(NOT_AUTHORIZED));
    const { claims, presentedBy } = first!;
    expect({ outcome, claims, gate: first?.first?.gate, verdict: first?.first?.verdict, presentedBy }).toEqual({
      outcome: 'unknown', claims: { iss: '${token.iss}', sub: '${token.sub}', aud: '${token.aud}' }, gate: 'aws-condition', verdict: 'unknown', presentedBy: null,
    });
  });

  test('what a record says of the token is put in, and what it lacks stays unknown', () => {
    const events = readEvent({
      eventSource: 'sts.amazonaws.com', eventName: 'AssumeRoleWithWebIdentity', eventTime: '2026-01-31T02:00:07Z', errorCode: 'AccessDenied', errorMessage: 'An unknown error occurred',
      userIdentity: { type: 'WebIdentityUser', userName: 'system:serviceaccount:reports:writer', identityProvider: `arn:aws:iam::111122223333:oidc-provider/${EKS}` },
    });
    const { outcome, answers: [first] } = explainRefusals(role(trusts('system:serviceaccount:reports:reader')), events);
    expect({ outcome, claims: first?.claims, gate: first?.first?.gate, have: first?.first?.have }).toEqual({
      outcome: 'refused', gate: 'aws-condition', have: `${EKS}:sub: system:serviceaccount:reports:writer`,
      claims: { iss: `https://${EKS}`, sub: 'system:serviceaccount:reports:writer', aud: '${event.aud}' },
    });
  });

  test('an audience that nothing says is unknown, and not that of GKE', () => {
    const { outcome, answers } = explainToken(role(trusts('system:serviceaccount:reports:reader')), kubernetesToken({ issuer: `https://${EKS}`, namespace: 'reports', serviceAccount: 'reader' }));
    expect([outcome, answers[0]?.first?.gate, answers[0]?.claims]).toEqual(['unknown', 'aws-client-id', expect.objectContaining({ aud: '${token.aud}' })]);
  });

  test('an expired token of which only the code is known points to the time', () => {
    const { outcome, answers: [first] } = explainRefusals(modelOf(example('directions')), readRefusal('ExpiredTokenException'));
    expect([outcome, first?.first?.gate, first?.first?.verdict]).toEqual(['unknown', 'token-time', 'unknown']);
  });

  test('a record of an expired token without its times leaves the time unknown', () => {
    const events = readEvent({
      eventSource: 'sts.amazonaws.com', eventName: 'AssumeRoleWithWebIdentity', eventTime: '2026-01-31T02:00:07Z', errorCode: 'ExpiredTokenException',
      errorMessage: 'An unknown error occurred', userIdentity: { type: 'WebIdentityUser', userName: 'system:serviceaccount:reports:archive' },
    });
    const { outcome, answers: [first] } = explainRefusals(modelOf(example('directions')), events);
    expect([outcome, first?.first?.gate, first?.first?.verdict, first?.identity.where.address.replace(/_[0-9A-F]{8}$/, '')])
      .toEqual(['unknown', 'token-time', 'unknown', 'aws_iam_role.Archive_Role']);
  });

  test('a message about something else than trust has no answer of trust', () => {
    const reached = 'User: arn:aws:sts::111122223333:assumed-role/Reader/s is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/k" because no identity-based policy allows the s3:GetObject action';
    const explanation = explainRefusals(role(trusts('system:serviceaccount:reports:reader')), readRefusal(reached));
    expect([explanation.outcome, explanation.refusals.map(({ id }) => id), explanation.answers]).toEqual(['unknown', ['aws-service-denied'], []]);
    expect(explanationToText(explanation)).toContain('Not known: nothing of what was read can be behind the message by itself.');
  });
});

describe('what the wiring says', () => {
  test('a token without audience and issuer is as the wiring of its workload presents it', () => {
    const { answers: [first] } = explainToken(modelOf(example('directions')), kubernetesToken({ namespace: 'reports', serviceAccount: 'archive' }));
    expect([first?.outcome, first?.claims]).toEqual(['accepted', expect.objectContaining({ iss: `https://${EKS}`, aud: ['sts.amazonaws.com'] })]);
  });

  test('a workload is in one cluster: where its token passes for one of those that a role trusts, the others say nothing', () => {
    const gke = 'container.googleapis.com/v1/projects/acme/locations/europe-west1/clusters/apps';
    const statement = (host: string, provider: string, sub: string) => ({
      Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal: { Federated: `\${aws_iam_openid_connect_provider.${provider}.arn}` },
      Condition: { StringEquals: { [`${host}:sub`]: sub, [`${host}:aud`]: 'sts.amazonaws.com' } },
    });
    const model = modelOf({
      own: {
        resource: {
          aws_iam_openid_connect_provider: {
            Eks: { url: `https://${EKS}`, client_id_list: ['sts.amazonaws.com'] }, Gke: { url: `https://${gke}`, client_id_list: ['sts.amazonaws.com'] },
          },
          aws_iam_role: {
            Reader: {
              assume_role_policy: JSON.stringify({
                Statement: [statement(EKS, 'Eks', 'system:serviceaccount:reports:reader'), statement(gke, 'Gke', 'system:serviceaccount:reports:other')],
              }),
            },
          },
          kubernetes_service_account_v1: {
            Reader: { metadata: { name: 'reader', namespace: 'reports', annotations: { 'eks.amazonaws.com/role-arn': '${aws_iam_role.Reader.arn}' } } },
          },
        },
      },
    });
    const { outcome, answers } = explainRefusals(model, readRefusal(NOT_AUTHORIZED));
    expect([outcome, answers.map(({ claims }) => claims)]).toEqual(['unknown', [expect.objectContaining({ iss: `https://${EKS}` })]]);
  });

  test('a token that was issued is judged by the clouds alone', () => {
    const stacks = changed('directions', '"AWS_ROLE_ARN"', '"ROLE_ARN"');
    const asked = kubernetesToken({ ...ASKS.replica, audience: 'sts.amazonaws.com' });
    expect(explainToken(modelOf(stacks), asked, { to: ASKS.replica.to }).answers[0]?.first?.gate).toBe('pod-environment');
    const issued = new Map([...asked, ['iss', 'https://container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps'] as const, ['iat', 1769821200] as const, ['exp', 1769824800] as const]);
    expect(explainToken(modelOf(stacks), issued, { to: ASKS.replica.to, at: 1769821300 }).outcome).toBe('accepted');
  });

  test('`to` leaves other identities out, by address, name or construct path', () => {
    const model = modelOf(example('all-clouds'));
    const asked = kubernetesToken({ namespace: 'reports', serviceAccount: 'collector' });
    const kinds = (to?: string) => explainToken(model, asked, { to }).answers.map(({ identity: { cloud } }) => cloud).sort();
    expect([kinds(), kinds('aws_iam_role.Role'), kinds('all-clouds/Identity'), kinds('principal://'), kinds('nobody')]).toEqual([['aws', 'azure', 'gcp'], ['aws'], ['azure'], ['gcp'], []]);
    expect(explainRefusals(model, readRefusal(NOT_AUTHORIZED), { to: 'nobody' }).answers).toEqual([]);
  });

  test('several refusals are answered together, the most telling first', () => {
    const stacks = changed('all-clouds', '"system:serviceaccount:reports:collector"],"variable"', '"system:serviceaccount:reports:collect"],"variable"');
    const refusals = readRefusal(`${NOT_AUTHORIZED}\nAADSTS700213: No matching federated identity record found for presented assertion subject 'system:serviceaccount:reports:collector'.`);
    const { outcome, answers } = explainRefusals(modelOf(stacks), refusals);
    expect([refusals.length, outcome, answers[0]?.first?.gate, answers[0]?.first?.where.address]).toEqual([2, 'refused', 'aws-condition', 'aws_iam_role.Role']);
  });
});

describe('what is printed', () => {
  test('the text says each place once, and all gates', () => {
    const explanation = explainRefusals(modelOf(changed('directions', 'system:serviceaccount:reports:archive', 'system:serviceaccount:reports:archiver')), readRefusal(NOT_AUTHORIZED));
    const text = explanationToText(explanation).replace(/_[0-9A-F]{8}/g, '');
    expect(text.slice(text.indexOf('Refused'))).toBe(`Refused: arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Archive_Role.name} by OIDC provider, at the gate aws-condition
  AWS role at aws_iam_role.Archive_Role · directions-eks/Archive/Role/Default · stack directions-eks · cdktf.out/stacks/directions-eks/cdk.tf.json
  presented by kubernetes_deployment_v1.ArchiveDeployment (spec.template.spec.service_account_name) · directions-eks/ArchiveDeployment
  token  iss https://${EKS}
         sub system:serviceaccount:reports:archive
         aud ["sts.amazonaws.com"]

  ✓ pod-service-account, pod-environment (2), aws-provider, aws-client-id, aws-principal, aws-action, aws-condition
  ✗ aws-condition, at aws_iam_role.Archive_Role (assume_role_policy)
      wants   StringEquals ${EKS}:sub system:serviceaccount:reports:archiver
      has     ${EKS}:sub: system:serviceaccount:reports:archive
      says    Not authorized to perform sts:AssumeRoleWithWebIdentity
      remedy  add "system:serviceaccount:reports:archive" to the values of StringEquals ${EKS}:sub of aws_iam_role.Archive_Role
`);
  });

  const signature = 'c2lnbmF0dXJlLXRoYXQtaXMtc2VjcmV0';
  const hostile = 'x\u001b[31m\u202e<script>alert(1)</script>|`\n# x';
  const token = readToken('t', `${Buffer.from('{}').toString('base64url')}.${Buffer.from(JSON.stringify({ iss: hostile, sub: hostile, aud: hostile, [hostile]: hostile })).toString('base64url')}.${signature}`);
  const explanation = explainToken(role(trusts(hostile), 'Reader', { aws_s3_bucket: {} }), token);

  test.each([['text', explanationToText], ['Markdown', explanationToMarkdown], ['JSON', explanationToJson]] as const)('hostile claims and names are escaped in %s, and no signature is there', (name, render) => {
    const printed = render(explanation);
    expect(printed).not.toMatch(/[\u001b\u202e]/);
    expect(printed).not.toContain(signature);
    expect(printed).not.toMatch(/^# x/m);
    if (name === 'Markdown') {
      expect(printed).not.toContain('<script>');
    }
    if (name === 'JSON') {
      expect(JSON.parse(printed)).toEqual(JSON.parse(JSON.stringify(explanation)));
    }
  });
});

test('of many claims only so many are printed', () => {
  const claims = { iss: `https://${EKS}`, sub: 'system:serviceaccount:reports:other', aud: 'sts.amazonaws.com', ...Object.fromEntries(Array.from({ length: 9000 }, (_, index) => [`c${index}`, 'x'])) };
  const told = explainToken(role(trusts('system:serviceaccount:reports:reader')), new Map(Object.entries(claims)));
  const lines = explanationToText(told).split('\n').filter(line => /^ {2}token {2}|^ {9}\S/.test(line));
  expect([told.answers.map(({ claims: all }) => Object.keys(all as object).length), lines.length, lines.at(-1)]).toEqual([[9003], 50, '         8,954 more claims']);
  expect(explanationToMarkdown(told)).not.toContain('c9');
});

test('a message of twice the workloads is answered with twice the work', () => {
  const entries = <T>(count: number, make: (index: number) => T) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`N${index}`, make(index)]));
  const many = (count: number) => modelOf({
    own: {
      resource: {
        aws_iam_openid_connect_provider: { Eks: { url: `https://${EKS}`, client_id_list: ['sts.amazonaws.com'] } },
        aws_iam_role: entries(count, index => ({
          name: `role-${index}`,
          assume_role_policy: JSON.stringify({
            Statement: [{
              Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal: { Federated: '${aws_iam_openid_connect_provider.Eks.arn}' },
              ...trusts(`system:serviceaccount:reports:${index === 47 ? 'other' : `account-${index}`}`),
            }],
          }),
        })),
        kubernetes_service_account_v1: entries(count, index => ({
          metadata: { name: `account-${index}`, namespace: 'reports', annotations: { 'eks.amazonaws.com/role-arn': `\${aws_iam_role.N${index}.arn}` } },
        })),
      },
    },
  });
  const explained = (model: ReturnType<typeof modelOf>) => {
    const { answers, more } = explainRefusals(model, readRefusal(NOT_AUTHORIZED));
    expect([answers.map(({ identity }) => identity.where.address), more]).toEqual([['aws_iam_role.N47'], 0]);
  };
  const models = [many(500), many(1000)] as const;
  expect(growth(explained, models)).toBeLessThan(2.5);
});
