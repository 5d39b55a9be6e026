import { Variables } from '../../../lib/trust/kubernetes/variables';
import { Text, Unknown } from '../../../lib/trust/value';

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
  const start = Date.now();
  expect(new Variables(growing, false, 'apps/pod').get('A99')).toBeInstanceOf(Unknown);
  expect(new Variables([{ name: 'A', value: '$('.repeat(1_000_000) }], false, 'apps/pod').get('A')).toHaveLength(2_000_000);
  expect(new Variables([{ name: 'A', value: '$(B)'.repeat(500_000) }], false, 'apps/pod').get('A')).toBeInstanceOf(Unknown);
  expect(Date.now() - start).toBeLessThan(5000);
});
