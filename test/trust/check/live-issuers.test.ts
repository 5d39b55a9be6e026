import { AKS, EKS } from './foreign';
import { InputError, parseLiveIssuers } from '../../../lib/trust';

test.each([
  ['a list', JSON.stringify([EKS, AKS])], ['lines', `# apps\n${EKS}\r\n\n  ${AKS}  \n`], ['a list after a mark of its encoding', `\uFEFF[${JSON.stringify(EKS)}, ${JSON.stringify(AKS)}]`],
])('issuers are read from %s', (_, contents) => {
  expect(parseLiveIssuers(contents, 'live.txt')).toEqual({ file: 'live.txt', issuers: new Set([EKS, AKS]) });
});

test.each([
  ['is empty', '\n', 'live.txt: it names no issuer;'], ['has something else', `${EKS}\nnone\n`, 'live.txt: "none" is no URL;'], ['lists something else', '[{}]', 'live.txt: {} is no URL;'],
  ['is no JSON', '[', 'live.txt: it is not JSON;'], ['is too long', 'https://x\n'.repeat(100_001), 'live.txt: it names more than 100000 issuers;'],
])('refuses a file that %s', (_, contents, message) => {
  expect(() => parseLiveIssuers(contents, 'live.txt')).toThrow(InputError);
  expect(() => parseLiveIssuers(contents, 'live.txt')).toThrow(message);
});
