import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { App } from 'cdktf';
import { Construct } from 'constructs';
import { parse, stringify } from 'yaml';
import { addresses, EXAMPLES, inFolder, scratchStack, StackJson, stackIn, synthApp } from './synth';
import { quotas } from '../examples/quotas';

const FLEET = parse(readFileSync(join(EXAMPLES, 'fleet', 'fleet.yaml'), 'utf8'));

let defineFleet: (scope: Construct, yaml: string) => void;

beforeAll(() => inFolder(folder => {
  process.env.CDKTF_OUTDIR = folder;
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  ({ defineFleet } = require('../examples/fleet/main'));
  delete process.env.CDKTF_OUTDIR;
}));

const synthFleet = (fleet: object) => synthApp(app => defineFleet(app, stringify(fleet)));

/** The lines of a stack as Terraform reads it, each as often as it stands there; the comma that the next line makes is no part of one. */
const lines = (stack: StackJson): string[] => JSON.stringify(stack, undefined, 1).split('\n').map(line => line.trim().replace(/,$/, ''));

/** The lines that only one of two stacks has. */
function difference(before: StackJson, after: StackJson) {
  const missing = (from: string[], others: string[]) => {
    const left = [...others];
    return from.filter(line => {
      const index = left.indexOf(line);
      if (index >= 0) {
        left.splice(index, 1);
      }
      return index < 0;
    });
  };
  return { added: missing(lines(after), lines(before)), removed: missing(lines(before), lines(after)) };
}

const added = (before: StackJson, after: StackJson) => Object.keys(addresses(after)).filter(address => !(address in addresses(before)));

test('there is a stack for each cluster, and a workload in it for each service account', () => {
  const stacks = synthFleet(FLEET);
  expect(Object.keys(stacks)).toEqual(['fleet-aks-back-office', 'fleet-eks-shop-eu', 'fleet-eks-shop-us', 'fleet-gke-search-eu']);
  for (const stack of Object.values(stacks)) {
    expect(Object.values<any>(stack.resource.kubernetes_service_account_v1!).map(({ metadata }) => metadata.name).sort())
      .toEqual(FLEET.serviceAccounts.map(({ name }: { name: string }) => name).sort());
  }
});

test('adding a service account changes the lines that are about it, in every stack', () => {
  const before = synthFleet(FLEET);
  const everywhere = { s3: 'acme-refunds', gcs: 'acme-refunds', blob: 'refunds' };
  const after = synthFleet({ ...FLEET, serviceAccounts: [{ namespace: 'catalog', name: 'a-refunder', reads: everywhere }, ...FLEET.serviceAccounts] });
  for (const [name, stack] of Object.entries(before)) {
    expect(added(stack, after[name]!).length).toBeGreaterThan(7);
    expect(added(stack, after[name]!).filter(address => !/[._]catalog-a-refunder_/.test(address))).toEqual([]);
    expect(difference(stack, after[name]!).removed).toEqual([]);
    // What was there is there, to the letter.
    expect(addresses(after[name]!)).toMatchObject(addresses(stack) as object);
  }
});

test('a service account in a new namespace adds the namespace too, and the one line of the pool that admits it', () => {
  const before = synthFleet(FLEET);
  const after = synthFleet({ ...FLEET, serviceAccounts: [...FLEET.serviceAccounts, { namespace: 'refunds', name: 'worker', reads: { gcs: 'acme-refunds' } }] });
  const shop = difference(before['fleet-eks-shop-eu']!, after['fleet-eks-shop-eu']!);
  expect(shop.removed).toEqual(['"attribute_condition": "assertion[\'kubernetes.io\'][\'namespace\'] in [\'catalog\', \'observability\']"']);
  expect(shop.added).toContain('"attribute_condition": "assertion[\'kubernetes.io\'][\'namespace\'] in [\'catalog\', \'observability\', \'refunds\']"');
  expect(added(before['fleet-eks-shop-eu']!, after['fleet-eks-shop-eu']!).filter(address => !/[._]refunds-worker_|Namespace-eks-shop-eu_refunds$/.test(address))).toEqual([]);
  // Google's own pool has no condition.
  expect(difference(before['fleet-gke-search-eu']!, after['fleet-gke-search-eu']!).removed).toEqual([]);
});

test('adding a cluster adds its stack, and leaves every byte of the others', () => {
  const before = synthFleet(FLEET);
  const { 'fleet-gke-ads': ads, ...after } = synthFleet({
    ...FLEET, clusters: [{ kind: 'gke', name: 'ads', project: 'acme-ads', location: 'europe-west4' }, ...FLEET.clusters],
  });
  expect(ads!.resource.kubernetes_service_account_v1).toBeDefined();
  expect(JSON.stringify(after)).toBe(JSON.stringify(before));
});

test('removing a service account or a cluster takes away what was about it', () => {
  const before = synthFleet(FLEET);
  const { 'fleet-eks-shop-us': gone, ...others } = before;
  expect(gone).toBeDefined();
  expect(synthFleet({ ...FLEET, clusters: FLEET.clusters.filter(({ name }: { name: string }) => name !== 'shop-us') })).toEqual(others);
  const without = synthFleet({ ...FLEET, serviceAccounts: FLEET.serviceAccounts.filter(({ name }: { name: string }) => name !== 'exporter') });
  for (const [name, stack] of Object.entries(without)) {
    expect(added(stack, before[name]!).filter(address => !/[._]billing-exporter_/.test(address))).toEqual([]);
    expect(difference(stack, before[name]!).removed).toEqual([]);
  }
});

test('the example stays within the quotas that the clouds begin with, and a larger one says which it needs raised', () => {
  const app = inFolder(folder => new App({ outdir: folder }));
  defineFleet(app, stringify(FLEET));
  expect(quotas(app)).toEqual(['Quota: 20 of the default 1000 IAM roles per account', 'Quota: 4 of the default 100 OIDC providers per account']);

  const stack = scratchStack();
  for (let index = 0; index < 1001; index++) {
    new IamRole(stack, `Role${index}`, { assumeRolePolicy: '{}' });
  }
  expect(quotas(stack)).toEqual(['Quota: 1001 of the default 1000 IAM roles per account; have it raised, or split the app over several']);
  expect(quotas(inFolder(folder => stackIn(new App({ outdir: folder }))))).toEqual([]);
});
