import { byCli } from './by-cli';
import { type CommandResult, runCli } from './cli';
import { PODS, podOf, serveFakes } from './fakes';
import { LoopbackInternet } from './internet';

jest.setTimeout(60_000);

const internet = new LoopbackInternet();
serveFakes(internet);
internet.serve('here.example.com', request => ({ status: 200, body: `${request.method} ${request.path} for ${request.pod?.name}\n` }));
afterAll(() => internet.close());

function shell(name: string, command: string): Promise<CommandResult> {
  return runCli(internet, podOf(name, { GREETING: 'hello' }, { '/var/run/secrets/tests/token': 'abc' }), 'app', ['sh', '-c', command]);
}

byCli('sh', 'a command sees the container\'s environment and files, an empty home and a network of the stand-ins alone', async () => {
  expect(await shell('alice', 'echo "$GREETING"; cat /var/run/secrets/tests/token; echo; ls -A "$HOME" | wc -l; ip -o link | wc -l; exit 3'))
    .toEqual({ status: 3, stdout: 'hello\nabc\n0\n1\n', stderr: '' });
});

byCli('curl', 'a command reaches the stand-ins as its pod, link-local services too, and nothing else', async () => {
  const ask = (url: string): string => `curl --silent --max-time 5 --output /dev/null --write-out '%{http_code} %{exitcode}\\n' ${url}; `;
  const { stdout } = await shell('alice', [
    'https://here.example.com/', 'https://elsewhere.example.com/', 'http://here.example.com/', 'https://192.0.2.1/', 'https://[2001:db8::1]/',
    'http://169.254.170.23/v1/credentials', 'http://169.254.170.2/',
    '--connect-to another.example.com:443:here.example.com:443 https://another.example.com/',
    '--header \'Authorization: token-of-alice\' http://169.254.170.23/v1/credentials', '--header \'Authorization: token-of-bob\' http://169.254.170.23/v1/credentials',
  ].map(ask).join(''));
  // 6: no such name; 7: no connection; 60: a certificate that does not fit; 56 or 52: cut off.
  expect(stdout.split('\n').map(line => line.replace(/ (?:52|56)$/, ' cut'))).toEqual([
    '200 0', '000 6', '000 cut', '000 7', '000 7', '403 0', '000 7', '000 60', '200 0', '403 0', '',
  ]);
});

byCli('aws', 'aws s3 ls works with a web identity, and is refused as the service refuses', async () => {
  expect(await runCli(internet, PODS.awsWebIdentity('alice'), 'app', ['aws', 's3', 'ls'])).toEqual({ status: 0, stdout: '2025-01-01 00:00:00 acme-data\n', stderr: '' });
  expect(await runCli(internet, PODS.awsWebIdentity('nobody'), 'app', ['aws', 's3', 'ls'])).toEqual({
    status: expect.any(Number) as number, stdout: '', stderr: expect.stringContaining('Not authorized to perform sts:AssumeRoleWithWebIdentity') as string,
  });
});

byCli('aws', 'aws s3 ls works with EKS Pod Identity, by the agent of the node', async () => {
  expect(await runCli(internet, PODS.awsPodIdentity('alice'), 'app', ['aws', 's3', 'ls'])).toEqual({ status: 0, stdout: '2025-01-01 00:00:00 acme-data\n', stderr: '' });
});

byCli('gcloud', 'gcloud storage ls works with a credential configuration, and is refused as the service refuses', async () => {
  expect(await runCli(internet, PODS.googleFederation('alice'), 'app', ['gcloud', 'storage', 'ls'])).toEqual({ status: 0, stdout: 'gs://acme-data/\n', stderr: '' });
  expect(await runCli(internet, PODS.googleFederation('nobody'), 'app', ['gcloud', 'storage', 'ls'])).toEqual({
    status: 1, stdout: '', stderr: expect.stringContaining('rejected by the attribute condition') as string,
  });
});

byCli('gcloud', 'gcloud storage ls works with the metadata server of the node', async () => {
  expect(await runCli(internet, PODS.googleMetadata('alice'), 'app', ['gcloud', 'storage', 'ls'])).toEqual({ status: 0, stdout: 'gs://acme-data/\n', stderr: '' });
  expect((await runCli(internet, PODS.googleMetadata('nobody'), 'app', ['gcloud', 'storage', 'ls'])).status).not.toBe(0);
});

byCli('sh', 'refuses a file outside what a container mounts, and a container that is not there', async () => {
  const pod = podOf('alice', {}, { '/etc/shadow': 'x' });
  expect(await runCli(internet, pod, 'app', ['true'])).toMatchObject({ status: 1, stderr: expect.stringContaining('a container\'s file outside /var/run: /etc/shadow') as string });
  await expect(runCli(internet, pod, 'sidecar', ['true'])).rejects.toThrow('the pod alice has no container sidecar');
});

byCli('curl', 'a stand-in that breaks fails the test, and is no refusal', async () => {
  internet.serve('broken.example.com', () => {
    throw new Error('a mistake of the tests');
  });
  await expect(shell('alice', 'curl --silent https://broken.example.com/')).rejects.toThrow('a mistake of the tests');
});
