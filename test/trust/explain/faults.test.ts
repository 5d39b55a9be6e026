import { ASKS, Asks, Fault, FAULTS } from './faults';
import { example, modelOf, Stacks } from './world';
import { kubernetesToken } from '../../../lib/trust/explain/candidates';
import { explainRefusals, explainToken, Explanation } from '../../../lib/trust/explain/explain';
import { explanationToJson } from '../../../lib/trust/explain/render';
import { Token } from '../../../lib/trust/model';
import { readRefusal } from '../../../lib/trust/refusals/catalogue';
import { readEvent } from '../../../lib/trust/refusals/events';
import { wrongIn, wrongOf } from '../report/documents';

function brokenBy(fault: Fault) {
  const stacks = fault.asks.world();
  fault.break(stacks);
  return modelOf(stacks);
}

function refusalsOf({ refusal }: Fault) {
  const refusals = typeof refusal === 'string' ? readRefusal(refusal) : readEvent(refusal);
  expect(refusals.length).toBeGreaterThan(0);
  return refusals;
}

function explained(fault: Fault): Explanation {
  const model = brokenBy(fault);
  const explanation = explainRefusals(model, refusalsOf(fault));
  expect([...wrongIn('explain', explanationToJson(explanation)), ...wrongOf(model)]).toEqual([]);
  return explanation;
}

function tokenOf({ namespace, serviceAccount, issuer }: Asks): Token {
  return kubernetesToken({ namespace, serviceAccount, issuer });
}

describe('from the refusal and the synthesized output alone, the first answer names the gate, where it is, and what mends it', () => {
  test.each(FAULTS.map(fault => [fault.name, fault] as const))('%s', (_, fault) => {
    const { outcome, answers } = explained(fault);
    const [first] = answers;
    expect({ gate: first?.first?.gate, at: first?.first?.where.address, outcome }).toEqual({
      gate: fault.gate, at: expect.stringMatching(new RegExp(`^${fault.at.replace(/\./g, '\\.')}(_[0-9A-F]{8}|_aks.*|_eks.*|_gke.*)?$`)), outcome: fault.open ? 'unknown' : 'refused',
    });
    for (const piece of fault.remedy) {
      expect(first!.first!.remedy).toContain(piece);
    }
    expect(answers.filter(answer => answer.outcome === 'accepted')).toEqual([]);
  });
});

test('where Google refuses an issuer, the answer has Google\'s own message, with the issuer of the provider', () => {
  const said = FAULTS.filter(({ gate }) => gate === 'gcp-provider').flatMap(fault => {
    const { first, says, claims } = explained(fault).answers[0]!;
    const wanted = /^a token of (https:.*?)(, and provider and pool enabled)?$/.exec(first!.want)?.[1];
    return wanted === undefined ? [] : [{ says, expected: `The issuer in ID Token ${(claims as { iss: string }).iss} does not match the expected one in config: ${wanted}` }];
  });
  expect(said.map(({ says }) => says)).toEqual(said.map(({ expected }) => expected));
  expect(said).toHaveLength(2);
});

test('the message is the same where the identity has no member of the provider', () => {
  const fault = FAULTS.find(({ name }) => name === 'the EKS cluster was created again, and Google says so')!;
  const stacks = fault.asks.world();
  Object.values(stacks).forEach(({ resource }: any) => delete resource.google_service_account_iam_member);
  const { answers } = explainRefusals(modelOf(stacks), refusalsOf(fault));
  expect(answers.filter(({ first, says }) => first!.gate === 'gcp-provider' && JSON.stringify(fault.refusal).includes(says!))).toHaveLength(1);
});

/** Many workloads that nothing is wrong with, beside the one that something is. */
const BESIDE = ['directions', 'accounts', 'gtoken', 'fleet', 'migration', 'self-hosted', 'article'];

test('of all faults but a few the first answer is the same where all other examples are read beside', () => {
  const all = Object.assign({}, ...BESIDE.map(example)) as Stacks;
  const other = FAULTS.filter(fault => {
    const stacks = fault.asks.world();
    fault.break(stacks);
    const { answers: [first] } = explainRefusals(modelOf({ ...all, ...stacks }), refusalsOf(fault));
    expect(first?.outcome).not.toBe('accepted');
    return first?.first?.gate !== fault.gate || !first.first.where.address.startsWith(fault.at);
  });
  // Where an issuer is not registered, other examples have the same issuer.
  expect(other.map(({ name }) => name).slice(2)).toEqual([]);
});

describe('a question about the token that the workload presents finds the same gate', () => {
  test.each(FAULTS.map(fault => [fault.name, fault] as const))('%s', (_, fault) => {
    const model = brokenBy(fault);
    const gate = fault.token?.gate === undefined ? fault.gate : fault.token.gate;
    const times = fault.token?.expired ? [['iat', 1769817600], ['exp', 1769821200]] as const : [];
    const token = new Map([...tokenOf({ ...fault.asks, ...fault.token?.issuer !== undefined && { issuer: fault.token.issuer } }), ...times]);
    const explanation = explainToken(model, token, { to: fault.asks.to, ...fault.token?.expired && { at: 1769824807 } });
    const { answers } = explanation;
    expect(wrongIn('explain', explanationToJson(explanation))).toEqual([]);
    expect(answers[0]?.first?.gate ?? null).toBe(gate);
  });
});

describe('the same worlds as they were synthesized let the granted tokens in', () => {
  test.each(Object.entries(ASKS).filter(([name]) => name !== 'hub').map(([name, asks]) => [name, asks as Asks] as const))('%s', (_, asks) => {
    const { outcome, answers } = explainToken(modelOf(asks.world()), tokenOf(asks), { to: asks.to });
    expect({ outcome, first: answers[0]?.first ?? null }).toEqual(asks.open ? { outcome: 'unknown', first: expect.objectContaining({ gate: 'aws-association' }) } : { outcome: 'accepted', first: null });
  });
});

test('there are at least thirty faults, of all clouds and of the pods', () => {
  expect(FAULTS.length).toBeGreaterThanOrEqual(30);
  expect([...new Set(FAULTS.map(({ gate }) => gate))].sort()).toEqual([
    'aws-action', 'aws-association', 'aws-client-id', 'aws-condition', 'aws-deny', 'aws-principal', 'aws-provider', 'aws-role-chain', 'azure-audience', 'azure-issuer',
    'azure-subject', 'gcp-audience', 'gcp-condition', 'gcp-mapping', 'gcp-member', 'gcp-provider', 'gcp-subject-length', 'gcp-token-creator', 'pod-environment',
    'pod-service-account', 'pod-token', 'token-time',
  ]);
});
