import '../counting';
import { Variables } from '../../../lib/trust/kubernetes/variables';
import { Text, Unknown } from '../../../lib/trust/value';
import { growth } from '../work';

const region = new Unknown('apps/var.region');

test('the last of two values counts, and an empty one is none', () => {
  const variables = new Variables([{ name: 'A', value: '1' }, { name: 'A', value: '2' }, { name: 'B', value: '' }], false, 'apps/pod');
  expect([variables.get('A'), variables.has('A'), variables.get('B'), variables.has('B'), variables.has('C')]).toEqual(['2', 'yes', undefined, 'no', 'no']);
});

test('a variable that may come from elsewhere is not known', () => {
  expect(new Variables([{ name: 'A', value: '1' }], true, 'apps/pod').has('B')).toBe('unknown');
  const named = new Variables([{ name: new Text(['AWS_', new Unknown('apps/var.name')]), value: '1' }], false, 'apps/pod');
  expect([named.has('AWS_PROFILE'), named.has('GOOGLE_CLOUD_PROJECT')]).toEqual(['unknown', 'no']);
});

test('references are replaced as Kubernetes does', () => {
  const variables = new Variables([
    { name: 'DIR', value: '/run/tokens' }, { name: 'REGION', value: region },
    { name: 'FILE', value: '$(DIR)/aws' }, { name: 'ESCAPED', value: '$$(DIR) $5 $' }, { name: 'LATER', value: '$(LAST)' },
    { name: 'OPEN', value: '$(DIR' }, { name: 'URL', value: 'https://sts.$(REGION).amazonaws.com' }, { name: 'LAST', value: 'x' },
  ], false, 'apps/pod');
  expect(['FILE', 'ESCAPED', 'LATER', 'OPEN', 'URL'].map(name => variables.get(name))).toEqual([
    '/run/tokens/aws', '$(DIR) $5 $', '$(LAST)', '$(DIR', new Text(['https://sts.', region, '.amazonaws.com']),
  ]);
});

test('a reference to what may come from elsewhere is not known', () => {
  expect(new Variables([{ name: 'FILE', value: '$(DIR)/aws' }], true, 'apps/pod').get('FILE')).toEqual(new Text([new Unknown('apps/pod.env.DIR'), '/aws']));
});

test('references that grow without end are not followed', () => {
  const growing = Array.from({ length: 100 }, (_, index) => ({ name: `A${index}`, value: index === 0 ? 'aaaaaaaaaa' : `$(A${index - 1})`.repeat(10) }));
  const last = (count: number) => new Variables(growing.slice(0, count), false, 'apps/pod').get(`A${count - 1}`);
  expect(last(100)).toBeInstanceOf(Unknown);
  expect(growth(last, [50, 100])).toBeLessThan(2.2);
});

test('twice the references are twice the work', () => {
  const of = (value: string) => new Variables([{ name: 'A', value }], false, 'apps/pod').get('A');
  const [open, unknown] = [(count: number) => of('$('.repeat(count)), (count: number) => of('$(B)'.repeat(count))];
  expect([open(1_000_000), unknown(500_000)]).toEqual(['$('.repeat(1_000_000), expect.any(Unknown)]);
  expect([open, unknown].map(run => growth(run, [500, 1000]) < 2.2)).toEqual([true, true]);
});
