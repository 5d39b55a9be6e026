import { tokensAround, Case, NOW, keyOfCase } from './lattice';
import { Expected, expected, Grant, issuersOf, Known, OTHER_ISSUERS, World, WORLDS } from './worlds';
import { accepts } from '../../lib/trust/judge';
import { Identity } from '../../lib/trust/model';
import { Model, readModel } from '../../lib/trust/read';
import { TextValue, Verdict } from '../../lib/trust/value';
import { Clusters, LITERAL_AND_TOKENS } from '../clusters';
import { synthStack } from '../synth';

const MOST_SHOWN = 12;

function modelOf(world: World, clusters: Clusters): Model {
  return readModel([{ file: 'cdk.tf.json', stack: 'stack', json: synthStack(stack => world.build(stack, clusters)) }]);
}

/** The one identity that a world is about. */
function identityOf({ identities }: Model, [kind, address]: World['identity']): Identity {
  const found = identities.filter(identity => identity.kind === kind && address.test(identity.where.address));
  expect(found.map(({ where }) => where.address)).toHaveLength(1);
  return found[0]!;
}

function isOneOf(values: readonly TextValue[], value: TextValue): boolean {
  return values.some(one => keyOfCase(one) === keyOfCase(value));
}

function casesOf({ azps }: World, known: Known, grants: readonly Grant[]): readonly Case[] {
  const unique = (values: readonly TextValue[]) => [...new Map(values.map(value => [keyOfCase(value), value])).values()];
  const named = unique(grants.flatMap(grant => grant.issuers));
  const issuers = named.length > 0 ? named : [known.issuers.eks];
  const audiences = unique(grants.flatMap(grant => grant.audiences));
  const uniqueIds = grants.flatMap(({ uniqueId }) => uniqueId === undefined ? [] : [uniqueId, '117000000000000000001']);
  return tokensAround({
    issuers,
    otherIssuers: unique([...Object.values(known.issuers), ...OTHER_ISSUERS]).filter(other => !isOneOf(issuers, other)),
    accounts: [['reports', 'reader'], ['billing', 'writer']], audiences, azps: azps?.(known), otherSubjects: uniqueIds,
    otherAudiences: [
      'https://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/eks-apps/providers/eks-apps',
      'https://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/eks-apps/providers/other',
    ],
  });
}

function show(token: Case, verdict: Verdict, want: Expected): string {
  return `${verdict} for ${keyOfCase([...token.token].filter(([claim]) => claim !== 'kubernetes.io'))} (${token.times}), expected ${want.verdict}${'reason' in want ? `: ${want.reason}` : ''}`;
}

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  test.each(WORLDS.map(world => [world.name, world] as const))('%s accepts whom it was made for, and nobody else', (__, world) => {
    const model = modelOf(world, clusters);
    const identity = identityOf(model, world.identity);
    const known: Known = { clusters, issuers: issuersOf(clusters), terraform: model.terraform };
    const grants = world.grants(known);
    const cases = casesOf(world, known, grants);
    const wrong: string[] = [];
    const counts = { yes: 0, no: 0, unknown: 0 };
    for (const token of cases) {
      const want = expected(grants, token);
      const verdict = accepts(identity, token.token, NOW);
      counts[verdict]++;
      if (verdict !== want.verdict && wrong.push(show(token, verdict, want)) === MOST_SHOWN) {
        break;
      }
    }
    expect(wrong).toEqual([]);
    expect(cases.length).toBeGreaterThanOrEqual(1000);
    // Where nothing is in doubt, some token is let in.
    expect(counts.yes > 0).toBe(grants.some(({ doubt, issuers }) => doubt === undefined && issuers.length > 0));
  });
});
