import { X509Certificate } from 'node:crypto';
import { TestAuthority } from './authority';
import { podOf } from './fakes';
import { isLinkLocal, LoopbackInternet } from './internet';
import type { HttpResponse, Service } from '../model';

const saying = (body: string): Service => () => ({ status: 200, body });

test('a request comes to the service with its host, its path with the query, its headers in lower case and the pod that asks', async () => {
  const internet = new LoopbackInternet();
  internet.serve('here.example.com', request => ({ status: 200, body: JSON.stringify({ ...request, pod: request.pod?.name }) }));
  const { body } = await internet.fetch({ url: 'https://HERE.example.com/a/b?c=d', method: 'POST', headers: { 'X-Test': 'Yes' }, body: 'text', pod: podOf('alice') });
  expect(JSON.parse(body)).toEqual({
    method: 'POST', host: 'here.example.com', path: '/a/b?c=d', headers: { 'host': 'here.example.com', 'x-test': 'Yes' }, body: 'text', pod: 'alice',
  });
});

test('a name goes before a pattern, what was served last before what was served first, and a pattern takes whole names only', async () => {
  const internet = new LoopbackInternet();
  internet.serve(/[a-z]+\.example\.com|[a-z]+\.example\.org/, saying('first pattern'));
  internet.serve('one.example.com', saying('first name'));
  internet.serve(/two\.example\.com/, saying('last pattern'));
  internet.serve('one.example.com', saying('last name'));
  internet.serve('port.example.net:8443', saying('port'));
  const said = (url: string): Promise<string> => internet.fetch({ url }).then(({ body }) => body, (error: Error) => error.message);
  expect(await Promise.all([
    'https://one.example.com', 'https://two.example.com', 'https://three.example.org', 'https://four.example.com.evil.example.net', 'https://evil-four.example.com',
    'https://port.example.net:8443', 'https://port.example.net', 'https://one.example.com:8443',
  ].map(said))).toEqual([
    'last name', 'last pattern', 'first pattern', 'getaddrinfo ENOTFOUND four.example.com.evil.example.net', 'getaddrinfo ENOTFOUND evil-four.example.com',
    'port', 'connect ECONNREFUSED port.example.net', 'connect ECONNREFUSED one.example.com',
  ]);
});

test('refuses an answer that is none', async () => {
  const internet = new LoopbackInternet();
  internet.serve('here.example.com', () => ({ status: 200 }) as HttpResponse);
  await expect(internet.fetch({ url: 'https://here.example.com/' })).rejects.toThrow('the stand-in of here.example.com gave no answer to GET /');
});

test('the link-local hosts are those of the clouds\' nodes', () => {
  expect(['169.254.169.254', '169.254.170.23', 'metadata.google.internal', 'fd00:ec2::23', '169.254.example.com', 'metadata.google.internal.example.com', '10.0.0.1'].map(isLinkLocal))
    .toEqual([true, true, true, true, false, false, false]);
});

test('the authority signs itself, and a certificate of another authority is not its own', async () => {
  const [one, other] = (await Promise.all([TestAuthority.create(), TestAuthority.create()])).map(({ pem }) => new X509Certificate(pem));
  expect([one!.ca, one!.verify(one!.publicKey), one!.verify(other!.publicKey), one!.subject, one!.publicKey.asymmetricKeyDetails?.namedCurve])
    .toEqual([true, true, false, 'CN=Authority of the tests', 'prime256v1']);
});
