import { below, joined, normal, within, withoutPrefix, withoutSuffix } from '../../../lib/trust/kubernetes/paths';
import { Text, Unknown } from '../../../lib/trust/value';

const folder = new Unknown('apps/var.folder');

test.each([
  ['/var//run/./x/', '/var/run/x'], ['/', '/'], ['a/../b', 'b'], ['', '.'], ['C:/var//run', '/var/run'], ['c:\\var\\run\\', '/var/run'], ['D:/x', 'D:/x'], ['C:x', 'C:x'],
])('%s is %s', (path, expected) => expect(normal(path)).toBe(expected));

test('paths are put together', () => {
  expect([below('/a', 'b'), below('/', 'b'), below('', 'b'), below('/a', ''), below(folder, 'b')]).toEqual(['/a/b', '/b', 'b', '/a', new Text([folder, '/b'])]);
});

test.each([
  ['/a/b', '/a', { rest: 'b' }], ['/a', '/a', { rest: '' }], ['/ab', '/a', 'no'], ['/b', '/', { rest: 'b' }],
  [new Text([folder, '/aws/token']), folder, { rest: 'aws/token' }],
  [new Text([folder, 's/aws/token']), folder, 'no'],
  [new Text(['/run/', folder, '/x']), '/run', { rest: new Text([folder, '/x']) }],
  [new Text(['/var/', folder]), '/run', 'no'],
  ['/var/x', folder, 'unknown'],
  [folder, '/run', 'unknown'],
] as const)('%p within %p is %p', (path, of, expected) => expect(within(path, of)).toEqual(expected));

test('what a text begins and ends with is taken off, where it is certain', () => {
  expect([withoutPrefix('//x/y', '//x/'), withoutPrefix('x', 'y'), withoutPrefix(new Text(['//x/', folder]), '//x/'), withoutPrefix(folder, '//x/')])
    .toEqual(['y', undefined, folder, undefined]);
  expect([withoutSuffix('a:b', ':b'), withoutSuffix(new Text([folder, ':b']), ':b'), withoutSuffix(folder, ':b')]).toEqual(['a', folder, undefined]);
});

test('a text of very many pieces is one that is not known', () => {
  const pieces = Array.from({ length: 200_000 }, (_, index) => index % 2 === 0 ? folder : 'x');
  expect(joined(pieces)).toBeInstanceOf(Unknown);
  expect(joined([...pieces, 'y'])).not.toEqual(joined([...pieces, 'z']));
});
