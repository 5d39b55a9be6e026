import { Clients } from './clients';
import { PODS, podOf, serveFakes } from './fakes';
import { LoopbackInternet } from './internet';
import type { ClientName, RunningPod } from '../model';

jest.setTimeout(60_000);

const internet = new LoopbackInternet();
const clients = new Clients(internet);
serveFakes(internet);
afterAll(async () => {
  await clients.close();
  await internet.close();
});

const MECHANISMS: readonly (readonly [string, ClientName, (name: string) => RunningPod])[] = [
  ['an AWS web identity', '@aws-sdk/client-s3', PODS.awsWebIdentity],
  ['EKS Pod Identity', '@aws-sdk/client-s3', PODS.awsPodIdentity],
  ['a Google credential configuration', '@google-cloud/storage', PODS.googleFederation],
  ['the Google metadata server', '@google-cloud/storage', PODS.googleMetadata],
  ['an Azure workload identity', '@azure/storage-blob', PODS.azureWorkloadIdentity],
];

describe.each(MECHANISMS)('the client with %s', (_name, client, podFor) => {
  test('lists what is there, by its default chain, and the service says whom it took it for', async () => {
    expect(await clients.run(podFor('alice'), 'app', client)).toEqual({ ok: true, as: 'alice', names: ['acme-data'] });
    expect(await clients.run(podFor('alice'), 'app', client, { bucket: 'acme-data' })).toEqual({ ok: true, as: 'alice', names: ['report.csv'] });
  });

  test('keeps nothing of one pod for the next', async () => {
    const outcomes = [];
    for (const name of ['alice', 'nobody', 'bob', 'nobody']) {
      const outcome = await clients.run(podFor(name), 'app', client);
      outcomes.push(outcome.ok ? outcome.as : 'refused');
    }
    expect(outcomes).toEqual(['alice', 'refused', 'bob', 'refused']);
  });
});

test('refuses as the service refuses: its code and its words', async () => {
  const message = expect.stringContaining;
  expect(await clients.run(PODS.awsWebIdentity('nobody'), 'app', '@aws-sdk/client-s3'))
    .toEqual({ ok: false, code: 'AccessDenied', message: message('Not authorized to perform sts:AssumeRoleWithWebIdentity') });
  expect(await clients.run(PODS.googleFederation('nobody'), 'app', '@google-cloud/storage'))
    .toEqual({ ok: false, code: 'invalid_grant', message: message('rejected by the attribute condition') });
  expect(await clients.run(PODS.azureWorkloadIdentity('nobody'), 'app', '@azure/storage-blob'))
    .toEqual({ ok: false, code: 'AADSTS700213', message: message('No matching federated identity') });
});

test('refuses a pod without anything, at every client', async () => {
  const outcomes = await Promise.all((['@aws-sdk/client-s3', '@google-cloud/storage', '@azure/storage-blob'] as const)
    .map(client => clients.run(podOf('nobody', { AWS_REGION: 'eu-west-1' }), 'app', client)));
  expect(outcomes.map(outcome => outcome.ok || outcome.code)).toEqual(['CredentialsProviderError', 'Error', 'AggregateAuthenticationError']);
});

test('a container sees its own environment and its own files, and nothing of this machine', async () => {
  const pod = podOf('alice', { GREETING: 'hello' }, { '/var/run/secrets/tests/token': 'abc' });
  const body = `
    const fs = require('fs'), os = require('os'), path = require('path');
    const seen = file => { try { return fs.readFileSync(file, 'utf8'); } catch (error) { return error.message; } };
    return [
      JSON.stringify(process.env), seen('/var/run/secrets/tests/token'), await fs.promises.readFile('/var/run/secrets/tests/token', 'utf8'),
      await new Promise(resolve => fs.createReadStream('/var/run/secrets/tests/token').on('data', chunk => resolve(String(chunk)))),
      fs.realpathSync('/var/run/secrets/tests/token'), await require('util').promisify(fs.realpath)('/var/run/secrets/../secrets/tests/token'), fs.readdirSync('/var/run/secrets'), seen('/etc/passwd'), seen(path.join(os.homedir(), '.aws/config')),
      fs.existsSync('/proc/self/environ'), fs.existsSync('/sys'), fs.readdirSync(os.homedir()).length, seen('relative.txt'),
      await fs.promises.stat('/root').catch(error => error.message),
    ];`;
  expect(await clients.script(pod, 'app', body)).toEqual({
    ok: true, as: '', names: [
      '{"PATH":"/usr/local/bin:/usr/bin:/bin","HOME":"/home/nonroot","GREETING":"hello"}', 'abc', 'abc', 'abc',
      '/var/run/secrets/tests/token', '/var/run/secrets/tests/token', 'tests', 'ENOENT: no such file or directory, open \'/etc/passwd\'',
      'ENOENT: no such file or directory, open \'/home/nonroot/.aws/config\'', 'false', 'false', '0', 'ENOENT: no such file or directory, open \'/relative.txt\'',
      'ENOENT: no such file or directory, stat \'/root\'',
    ],
  });
  const next = await clients.script(podOf('bob'), 'app', 'return require("fs").existsSync("/var/run/secrets/tests/token") || "GREETING" in process.env');
  expect(next).toEqual({ ok: true, as: '', names: ['false'] });
});

test('refuses a file that the container\'s user may not read, which is there', async () => {
  const [token, map] = ['/var/run/secrets/tests/token', '/var/run/secrets/tests/map'];
  const pod = podOf('alice', {}, { [map]: 'abc' });
  const locked = { ...pod, containers: new Map([['app', { ...pod.containers.get('app')!, unreadable: new Set([token]) }]]) };
  const body = `
    const fs = require('fs'), token = '${token}';
    const said = way => new Promise((resolve, reject) => way((error, found) => error ? reject(error) : resolve(found))).catch(error => error.message);
    return [
      fs.existsSync(token), fs.statSync(token).isFile(), fs.readdirSync('/var/run/secrets/tests').join(), fs.accessSync(token), fs.realpathSync(token),
      await said(done => done(null, fs.readFileSync(token))), await said(done => fs.readFile(token, 'utf8', done)), await fs.promises.readFile(token).catch(error => error.message),
      await said(done => fs.createReadStream(token).on('error', done).on('data', data => done(null, data))), await fs.promises.open(token).catch(error => [error.code, error.errno, error.path].join()),
      await said(done => fs.access(token, fs.constants.R_OK, done)), fs.readFileSync('${map}', 'utf8'),
    ];`;
  const denied = `EACCES: permission denied, open '${token}'`;
  expect(await clients.script(locked, 'app', body)).toEqual({
    ok: true, as: '', names: [
      'true', 'true', 'map,token', 'undefined', token, denied, denied, denied, denied, `EACCES,-13,${token}`, `EACCES: permission denied, access '${token}'`, 'abc',
    ],
  });
  expect(await clients.script(podOf('alice', {}, { [token]: 'abc' }), 'app', `return require('fs').readFileSync('${token}', 'utf8')`)).toEqual({ ok: true, as: '', names: ['abc'] });
});

test('one that goes on keeps what it has, and finds the files and the time of each call', async () => {
  let now = 1_800_000_000;
  const timed = new Clients(internet, { clock: () => now });
  const files = new Map([...PODS.awsWebIdentity('alice').containers.get('app')!.files]);
  const pod = { ...PODS.awsWebIdentity('alice'), containers: new Map([['app', { ...PODS.awsWebIdentity('alice').containers.get('app')!, files }]]) };
  try {
    const client = await timed.live(pod, 'app', '@aws-sdk/client-s3');
    const taken: unknown[] = [];
    for (const [name, later] of [['alice', 0], ['bob', 60], ['bob', 100_000_000_000], ['nobody', 200_000_000_000]] as const) {
      files.set([...files.keys()][0]!, `token-of-${name}`);
      now = 1_800_000_000 + later;
      const outcome = await client.call();
      taken.push(outcome.ok ? outcome.as : outcome.code);
    }
    expect(taken).toEqual(['alice', 'alice', 'bob', 'AccessDenied']);
    await client.end();
    await expect(client.call()).rejects.toThrow('the process of @aws-sdk/client-s3 has ended');
  } finally {
    await timed.close();
  }
});

test('what one job leaves behind cannot speak in the next', async () => {
  await clients.script(podOf('alice'), 'app', `
    const https = require('https');
    const send = () => https.get('https://late.example.com/').on('error', () => {});
    setTimeout(send, 15);
    process.late = () => new Promise((resolve, reject) => https.get('https://late.example.com/', resolve).on('error', reject));
    process.bound = require('async_hooks').AsyncLocalStorage.bind(process.late);
    globalThis.left = true;
    return 'left';`);
  const asked: unknown[] = [];
  internet.serve('late.example.com', request => {
    asked.push(request.pod?.name);
    return { status: 200, body: 'late' };
  });
  const outcome = await clients.script(podOf('bob'), 'app', `
    const said = await process.bound().then(() => 'reached', error => error.code);
    await new Promise(resolve => setTimeout(resolve, 18));
    return [said, (await process.late()).statusCode, typeof left];`);
  expect(outcome).toEqual({ ok: true, as: '', names: ['ENETUNREACH', '200', 'undefined'] });
  expect(asked).toEqual(['bob']);
});

test('waits between attempts are skipped, and no patience ends early while an answer is under way', async () => {
  let attempts = 0;
  internet.serve('slow.example.com', async () => {
    attempts++;
    await new Promise(resolve => setTimeout(resolve, 120));
    return { status: attempts < 3 ? 503 : 200, body: 'done' };
  });
  const started = Date.now();
  const outcome = await clients.script(podOf('alice'), 'app', `
    const https = require('https');
    const ask = () => new Promise((resolve, reject) => {
      const request = https.get('https://slow.example.com/', response => { clearTimeout(patience); response.resume().on('end', () => resolve(response.statusCode)); });
      const patience = setTimeout(() => reject(new Error('impatient')), 1000);
    });
    const said = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      said.push(await ask());
      await require('timers/promises').setTimeout(20_000);
    }
    return said;`);
  expect(outcome).toEqual({ ok: true, as: '', names: ['503', '503', '200'] });
  expect(Date.now() - started).toBeLessThan(5_000);
});

test('a stand-in that breaks fails the test, and is no refusal', async () => {
  internet.serve('broken.example.com', () => {
    throw new Error('a mistake of the tests');
  });
  await expect(clients.script(podOf('alice'), 'app', 'return new Promise(resolve => require("https").get("https://broken.example.com/", resolve))'))
    .rejects.toThrow('a stand-in at broken.example.com failed: Error: a mistake of the tests');
});

test('refuses to run a container that the pod does not have', async () => {
  await expect(clients.run(podOf('alice'), 'sidecar', '@aws-sdk/client-s3')).rejects.toThrow('the pod apps/alice has no container sidecar');
});

test('with a clock, its time is the time of the clients', async () => {
  const later = new Clients(internet, { clock: () => 4_000_000_000 });
  try {
    const body = 'return [Date.now() - 4e12 < 5000, new Date().getFullYear(), new Date(0).getTime(), new Date() instanceof Date]';
    expect(await later.script(podOf('alice'), 'app', body)).toEqual({ ok: true, as: '', names: ['true', '2096', '0', 'true'] });
  } finally {
    await later.close();
  }
});

test('with more processes, calls of one client are made at the same time, each as its own pod', async () => {
  const several = new Clients(internet, { processes: 2 });
  const here: unknown[] = [];
  let both: () => void;
  const together = new Promise<void>(resolve => {
    both = resolve;
  });
  internet.serve('together.example.com', async request => {
    here.push(request.pod?.name);
    if (here.length === 2) {
      both();
    }
    await together;
    return { status: 200, body: String(request.pod?.name) };
  });
  try {
    const body = `return new Promise((resolve, reject) => require('https').get('https://together.example.com/', response => {
      response.on('data', data => resolve(String(data)));
    }).on('error', reject))`;
    const outcomes = await Promise.all(['alice', 'bob'].map(name => several.script(podOf(name), 'app', body)));
    expect(outcomes.map(outcome => outcome.ok && outcome.names)).toEqual([['alice'], ['bob']]);
    expect(await several.pids()).toHaveLength(2);
  } finally {
    await several.close();
  }
});
