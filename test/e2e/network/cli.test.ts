import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { byCli, EKS_POD_IDENTITY, isOlder, type RunCommand } from './by-cli';
import { type CommandResult, installed, runCli } from './cli';
import { PODS, podOf, serveFakes } from './fakes';
import { LoopbackInternet } from './internet';

jest.setTimeout(60_000);

const internet = new LoopbackInternet();
serveFakes(internet);
internet.serve('here.example.com', request => ({ status: 200, body: `${request.method} ${request.path} for ${request.pod?.name}\n` }));
afterAll(() => internet.close());

function shell(run: RunCommand, name: string, command: string): Promise<CommandResult> {
  return run(internet, podOf(name, { GREETING: 'hello' }, { '/var/run/secrets/tests/token': 'abc' }), 'app', ['sh', '-c', command]);
}

byCli('sh', 'a command sees the container\'s environment and files, an empty home and a network of the stand-ins alone', async run => {
  expect(await shell(run, 'alice', 'echo "$GREETING"; cat /var/run/secrets/tests/token; echo; ls -A "$HOME" | wc -l; ip -o link | wc -l; exit 3'))
    .toEqual({ status: 3, stdout: 'hello\nabc\n0\n1\n', stderr: '' });
});

byCli('curl', 'a command reaches the stand-ins as its pod, link-local services too, and nothing else', async run => {
  const ask = (url: string): string => `curl --silent --max-time 5 --output /dev/null --write-out '%{http_code} %{exitcode}\\n' ${url}; `;
  const { stdout } = await shell(run, 'alice', [
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

byCli('aws', 'aws s3 ls works with a web identity, and is refused as the service refuses', async run => {
  expect(await run(internet, PODS.awsWebIdentity('alice'), 'app', ['aws', 's3', 'ls'])).toEqual({ status: 0, stdout: '2025-01-01 00:00:00 acme-data\n', stderr: '' });
  expect(await run(internet, PODS.awsWebIdentity('nobody'), 'app', ['aws', 's3', 'ls'])).toEqual({
    status: expect.any(Number) as number, stdout: '', stderr: expect.stringContaining('Not authorized to perform sts:AssumeRoleWithWebIdentity') as string,
  });
});

byCli('aws', 'aws s3 ls works with EKS Pod Identity, by the agent of the node', async run => {
  expect(await run(internet, PODS.awsPodIdentity('alice'), 'app', ['aws', 's3', 'ls'])).toEqual({ status: 0, stdout: '2025-01-01 00:00:00 acme-data\n', stderr: '' });
}, EKS_POD_IDENTITY);

byCli('gcloud', 'gcloud storage ls works with a credential configuration, and is refused as the service refuses', async run => {
  expect(await run(internet, PODS.googleFederation('alice'), 'app', ['gcloud', 'storage', 'ls'])).toEqual({ status: 0, stdout: 'gs://acme-data/\n', stderr: '' });
  expect(await run(internet, PODS.googleFederation('nobody'), 'app', ['gcloud', 'storage', 'ls'])).toEqual({
    status: 1, stdout: '', stderr: expect.stringContaining('rejected by the attribute condition') as string,
  });
});

byCli('gcloud', 'gcloud storage ls works with the metadata server of the node', async run => {
  expect(await run(internet, PODS.googleMetadata('alice'), 'app', ['gcloud', 'storage', 'ls'])).toEqual({ status: 0, stdout: 'gs://acme-data/\n', stderr: '' });
  expect((await run(internet, PODS.googleMetadata('nobody'), 'app', ['gcloud', 'storage', 'ls'])).status).not.toBe(0);
});

byCli('setpriv', 'a command may not read a file that the container\'s user may not, which is there', async run => {
  const [token, map] = ['/var/run/secrets/tests/token', '/var/run/secrets/tests/map'];
  const pod = podOf('alice', {}, { [map]: 'abc' });
  const locked = { ...pod, containers: new Map([['app', { ...pod.containers.get('app')!, unreadable: new Set([token]) }]]) };
  expect(await run(internet, locked, 'app', ['sh', '-c', `ls $(dirname ${token}); cat ${map} ${token}`]))
    .toEqual({ status: 1, stdout: 'map\ntoken\nabc', stderr: `cat: ${token}: Permission denied\n` });
});

byCli('sh', 'refuses a file outside what a container mounts, and a container that is not there', async run => {
  const pod = podOf('alice', {}, { '/etc/shadow': 'x' });
  expect(await run(internet, pod, 'app', ['true'])).toMatchObject({ status: 1, stderr: expect.stringContaining('a container\'s file outside /var/run: /etc/shadow') as string });
  await expect(run(internet, pod, 'sidecar', ['true'])).rejects.toThrow('the pod alice has no container sidecar');
});

byCli('curl', 'a stand-in that breaks fails the test, and is no refusal', async run => {
  internet.serve('broken.example.com', () => {
    throw new Error('a mistake of the tests');
  });
  await expect(shell(run, 'alice', 'curl --silent https://broken.example.com/')).rejects.toThrow('a mistake of the tests');
});

describe('the installations of a tool', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tools-'));
  const at = (name: string, program?: string) => {
    const place = join(directory, name);
    mkdirSync(place);
    if (program !== undefined) {
      writeFileSync(join(place, 'aws'), `#!/bin/sh\n${program}\n`);
      chmodSync(join(place, 'aws'), 0o755);
    }
    return place;
  };
  const [first, again, second, broken, empty] = [
    at('first', 'echo aws-cli/1.30.0 Python/3'), at('again', 'echo aws-cli/1.30.0 Python/3'), at('second', 'echo aws-cli/2.9.19 Python/3'), at('broken', 'exit 127'), at('empty'),
  ];
  symlinkSync(second, join(directory, 'link'));
  mkdirSync(join(empty, 'aws'));
  afterAll(() => rmSync(directory, { recursive: true }));

  test('are those of each version, the first on the PATH each, of what runs', () => {
    const path = [empty, broken, '', first, second, again, join(directory, 'link'), join(directory, 'nowhere')].join(delimiter);
    expect(installed('aws', path)).toEqual([{ directory: first, version: '1.30.0' }, { directory: second, version: '2.9.19' }]);
    expect(installed('gcloud', path)).toEqual([]);
  });

  byCli('sh', 'run before others of their name', async () => {
    const run = (tool: string) => runCli({ directory: tool }, internet, podOf('alice'), 'app', ['sh', '-c', 'aws --version']);
    expect([(await run(first)).stdout, (await run(second)).stdout]).toEqual(['aws-cli/1.30.0 Python/3\n', 'aws-cli/2.9.19 Python/3\n']);
  });

  test.each([['1.29.9', true], ['1.30.0', false], ['1.45.11', false], ['2.9.19', true], ['2.14.99', true], ['2.15.0', false], ['3.0.0', false]])('%s is older than EKS Pod Identity: %p', (version, older) => {
    expect(isOlder({ directory, version }, EKS_POD_IDENTITY)).toBe(older);
  });
});
