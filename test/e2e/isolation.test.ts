import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ClientName, RunningPod } from './model';
import { testWhere } from '../where';
import { Clients } from './network/clients';
import { PODS, podOf, serveFakes } from './network/fakes';
import { LoopbackInternet } from './network/internet';
import { alone } from './network/namespaces';

/**
 * Nothing leaves the machine: neither a client nor what it could start reaches anything but the stand-ins. What a client's process loads first turns and closes
 * its ways out; where this machine can, the process has besides a network of its own, of which that is no part.
 */

jest.setTimeout(60_000);

const internet = new LoopbackInternet();
const clients = new Clients(internet);
const inThisNetwork = new Clients(internet, { alone: false });
serveFakes(internet);
const served: string[] = [];
internet.serve('here.example.com', request => {
  served.push(`${request.method} ${request.host}${request.path} for ${request.pod?.name}`);
  return { status: 200, body: 'here' };
});
afterAll(async () => {
  await Promise.all([clients, inThisNetwork].map(each => each.close()));
  await internet.close();
});

async function script(body: string, by = clients): Promise<readonly string[]> {
  const outcome = await by.script(podOf('alice'), 'app', body);
  if (!outcome.ok) {
    throw new Error(`${outcome.code}: ${outcome.message}`);
  }
  return outcome.names;
}

/** What comes of a way to connect: its result, or the code of its error. */
const SAID = 'const said = way => new Promise((resolve, reject) => way(resolve, reject)).then(String, error => String(error.code ?? error.message));';
const connection = (options: string) => `resolve => require('net').connect(${options}).on('connect', () => resolve('connected')).on('error', error => resolve(error.code))`;

/** Ways to somewhere else, and how each fails. The addresses are those kept for documentation (RFC 5737 and 3849). */
const WAYS_OUT: readonly (readonly [string, string, string])[] = [
  ['net.connect to a name', connection('{ host: \'elsewhere.example.com\', port: 443 }'), 'ENOTFOUND'],
  ['net.connect to an address', connection('{ host: \'192.0.2.1\', port: 443 }'), 'ENETUNREACH'],
  ['net.connect to an IPv6 address', connection('{ host: \'2001:db8::1\', port: 443 }'), 'ENETUNREACH'],
  ['net.connect to this machine', connection('{ host: \'127.0.0.1\', port: 22 }'), 'ECONNREFUSED'],
  ['net.connect to this machine by IPv6', connection('{ host: \'::1\', port: 22 }'), 'ECONNREFUSED'],
  ['net.connect to this machine by name', connection('22'), 'ECONNREFUSED'],
  ['net.connect with a lookup of its own', connection('{ host: \'elsewhere.example.com\', port: 443, lookup: (name, options, found) => found(null, \'192.0.2.1\', 4) }'), 'ENOTFOUND'],
  ['net.connect to a socket in the file system', connection('\'/var/run/docker.sock\''), 'ENOENT'],
  ['a new net.Socket', 'resolve => new (require(\'net\').Socket)().on(\'error\', error => resolve(error.code)).connect(443, \'192.0.2.1\')', 'ENETUNREACH'],
  ['tls.connect', 'resolve => require(\'tls\').connect(443, \'192.0.2.1\').on(\'error\', error => resolve(error.code))', 'ENETUNREACH'],
  ['http', '(resolve, reject) => require(\'http\').get(\'http://elsewhere.example.com/\', resolve).on(\'error\', reject)', 'ENOTFOUND'],
  ['http to an address', '(resolve, reject) => require(\'http\').get(\'http://192.0.2.1/\', resolve).on(\'error\', reject)', 'ENETUNREACH'],
  ['http to a link-local address that nothing serves', '(resolve, reject) => require(\'http\').get(\'http://169.254.170.2/\', resolve).on(\'error\', reject)', 'EHOSTUNREACH'],
  ['https', '(resolve, reject) => require(\'https\').get(\'https://elsewhere.example.com/\', resolve).on(\'error\', reject)', 'ENOTFOUND'],
  ['https to an IPv6 address', '(resolve, reject) => require(\'https\').get(\'https://[2001:db8::1]/\', resolve).on(\'error\', reject)', 'ENETUNREACH'],
  ['https at a port that nothing serves', '(resolve, reject) => require(\'https\').get(\'https://here.example.com:8443/\', resolve).on(\'error\', reject)', 'ECONNREFUSED'],
  ['http2', '(resolve, reject) => require(\'http2\').connect(\'https://elsewhere.example.com\').on(\'connect\', resolve).on(\'error\', reject)', 'ENOTFOUND'],
  ['fetch', '(resolve, reject) => fetch(\'https://elsewhere.example.com/\').then(resolve, error => reject(error.cause))', 'ENOTFOUND'],
  ['fetch of an address', '(resolve, reject) => fetch(\'http://192.0.2.1/\').then(resolve, error => reject(error.cause))', 'ENETUNREACH'],
  ['dns.lookup', '(resolve, reject) => require(\'dns\').lookup(\'elsewhere.example.com\', (error, found) => error ? reject(error) : resolve(found))', 'ENOTFOUND'],
  ['dns.promises.lookup', '(resolve, reject) => require(\'dns/promises\').lookup(\'elsewhere.example.com\').then(resolve, reject)', 'ENOTFOUND'],
  ['dns.resolve', '(resolve, reject) => require(\'dns\').resolve(\'here.example.com\', (error, found) => error ? reject(error) : resolve(found))', 'ECONNREFUSED'],
  ['a dns.Resolver', `(resolve, reject) => {
    const resolver = new (require('dns').promises.Resolver)();
    resolver.setServers(['192.0.2.1']);
    resolver.resolveTxt('here.example.com').then(resolve, reject);
  }`, 'ECONNREFUSED'],
  ['dns.reverse', '(resolve, reject) => require(\'dns\').reverse(\'192.0.2.1\', (error, found) => error ? reject(error) : resolve(found))', 'ECONNREFUSED'],
  ['a datagram', '(resolve, reject) => { const socket = require(\'dgram\').createSocket(\'udp4\'); socket.on(\'error\', reject); socket.send(\'x\', 53, \'192.0.2.1\', error => error ? reject(error) : resolve(\'sent\')); }', 'EACCES'],
  ['a datagram by IPv6', '(resolve, reject) => { const socket = require(\'dgram\').createSocket(\'udp6\'); socket.on(\'error\', reject); socket.send(\'x\', 53, \'2001:db8::1\', error => error ? reject(error) : resolve(\'sent\')); }', 'EACCES'],
  ['a connected datagram', '(resolve, reject) => { const socket = require(\'dgram\').createSocket(\'udp4\'); socket.on(\'error\', reject); socket.connect(53, \'192.0.2.1\', error => error ? reject(error) : resolve(\'connected\')); }', 'EACCES'],
  ['a datagram to a name', '(resolve, reject) => { const socket = require(\'dgram\').createSocket(\'udp4\'); socket.on(\'error\', reject); socket.send(\'x\', 53, \'elsewhere.example.com\', error => error ? reject(error) : resolve(\'sent\')); }', 'EACCES'],
  ['a group of receivers', '(resolve, reject) => { const socket = require(\'dgram\').createSocket(\'udp4\'); socket.on(\'error\', reject); socket.addMembership(\'233.252.0.1\'); resolve(\'joined\'); }', 'EACCES'],
  ['dns.lookupService', '(resolve, reject) => require(\'dns\').lookupService(\'192.0.2.1\', 443, (error, found) => error ? reject(error) : resolve(found))', 'ENOTFOUND'],
  ['a server', '(resolve, reject) => require(\'net\').createServer().on(\'error\', reject).listen(0, () => resolve(\'listening\'))', 'EACCES'],
  ['a thread', '(resolve, reject) => { new (require(\'worker_threads\').Worker)(\'0\', { eval: true }).on(\'online\', () => resolve(\'started\')); }', 'no threads here'],
  ['a process', '(resolve, reject) => require(\'child_process\').spawn(process.execPath, [\'--version\']).on(\'error\', reject).on(\'spawn\', () => resolve(\'started\'))', 'ENOENT'],
  ['a process that is waited for', '(resolve, reject) => resolve(require(\'child_process\').execFileSync(process.execPath, [\'--version\']))', 'ENOENT'],
  ['a shell', '(resolve, reject) => require(\'child_process\').exec(\'true\', error => error ? reject(error) : resolve(\'ran\'))', 'ENOENT'],
  ['a fork', '(resolve, reject) => resolve(require(\'child_process\').fork(\'/x.js\'))', 'ENOENT'],
  ['a worker of a cluster', '(resolve, reject) => resolve(require(\'cluster\').fork().process.pid)', 'ENOENT'],
  ['a debugger', '(resolve, reject) => resolve(require(\'inspector\').open(0, \'0.0.0.0\'))', 'EPERM'],
  ['a debugger by its handle', '(resolve, reject) => resolve(process.binding(\'inspector\').open(0, \'0.0.0.0\'))', 'EPERM'],
  ['a debugger by a signal', '(resolve, reject) => resolve(process.kill(process.pid, \'SIGUSR1\'))', 'EPERM'],
  ['a debugger of another process', '(resolve, reject) => resolve(process._debugProcess(process.ppid))', 'EPERM'],
  ['native code', '(resolve, reject) => resolve(process.dlopen({ exports: {} }, \'/x.node\'))', 'no native code here'],
  ['the handles beneath Node\'s modules', `(resolve, reject) => {
    const { TCP, TCPConnectWrap } = process.binding('tcp_wrap');
    resolve(require('util').getSystemErrorName(new TCP(0).connect(new TCPConnectWrap(), '192.0.2.1', 443)));
  }`, 'ENETUNREACH'],
  ...([
    ['a connection to a port of this machine', '{ const { TCP, TCPConnectWrap } = process.binding(\'tcp_wrap\'); return new TCP(0).connect(new TCPConnectWrap(), \'127.0.0.1\', 22); }', 'ENETUNREACH'],
    ['an IPv6 connection', '{ const { TCP, TCPConnectWrap } = process.binding(\'tcp_wrap\'); return new TCP(0).connect6(new TCPConnectWrap(), \'2001:db8::1\', 443); }', 'ENETUNREACH'],
    ['a listening socket', '{ const { TCP } = process.binding(\'tcp_wrap\'); return new TCP(1).listen(1); }', 'EACCES'],
    ['a socket of the file system', '{ const { Pipe, PipeConnectWrap } = process.binding(\'pipe_wrap\'); return new Pipe(0).connect(new PipeConnectWrap(), \'/var/run/docker.sock\'); }', 'ENOENT'],
    ['a datagram', '{ const { UDP, SendWrap } = process.binding(\'udp_wrap\'); return new UDP().send(new SendWrap(), [Buffer.from(\'x\')], 1, 53, \'192.0.2.1\', false); }', 'ENETUNREACH'],
    ['an IPv6 datagram', '{ const { UDP, SendWrap } = process.binding(\'udp_wrap\'); return new UDP().send6(new SendWrap(), [Buffer.from(\'x\')], 1, 53, \'2001:db8::1\', false); }', 'ENETUNREACH'],
    ['the address of a name', '{ const { getaddrinfo, GetAddrInfoReqWrap } = process.binding(\'cares_wrap\'); return getaddrinfo(new GetAddrInfoReqWrap(), \'elsewhere.example.com\', 0, 0, 0); }', 'EAI_NONAME'],
    ['the name of an address', '{ const { getnameinfo, GetNameInfoReqWrap } = process.binding(\'cares_wrap\'); return getnameinfo(new GetNameInfoReqWrap(), \'192.0.2.1\', 443); }', 'EAI_NONAME'],
    ['a program', '{ const { Process } = process.binding(\'process_wrap\'); return new Process().spawn({ file: process.execPath, args: [process.execPath, \'--version\'], stdio: [] }); }', 'ENOENT'],
    ['a program that is waited for', '{ return process.binding(\'spawn_sync\').spawn({ file: process.execPath, args: [process.execPath, \'--version\'], stdio: [{ type: \'ignore\' }] }).error; }', 'ENOENT'],
  ] as const).map(([what, body, code]) => [
    `${what} by its handle`, `resolve => { const code = (() => ${body})(); resolve(code < 0 ? require('util').getSystemErrorName(code) : code); }`, code,
  ] as const),
];

test.each([['', clients], [', also where a client has the network of this machine', inThisNetwork]])('every way to somewhere else fails%s', async (_, by) => {
  const said = await script(`${SAID} return Promise.all([${WAYS_OUT.map(([, way]) => `said(${way})`).join(', ')}]);`, by);
  expect(said.map((what, index) => [WAYS_OUT[index]![0], what])).toEqual(WAYS_OUT.map(([name, , expected]) => [name, expected]));
});

test('every way to a host that is served ends at its stand-in, by the real name and as the pod', async () => {
  served.length = 0;
  const said = await script(`${SAID} const results = [];
    results.push(await said((resolve, reject) => require('https').get('https://here.example.com/https', response => resolve(response.statusCode)).on('error', reject)));
    results.push(await said((resolve, reject) => fetch('https://HERE.example.com./fetch').then(response => resolve(response.status), error => reject(error.cause))));
    const raw = host => said((resolve, reject) => {
      const socket = require('tls').connect({ host: 'here.example.com', port: 443, servername: 'here.example.com' }, () => {
        socket.write('GET /tls HTTP/1.1\\r\\nHost: ' + host + '\\r\\nConnection: close\\r\\n\\r\\n');
      });
      socket.once('data', data => resolve(String(data).slice(9, 12))).on('error', reject);
    });
    results.push(await raw('here.example.com'), await raw('sts.eu-west-1.amazonaws.com'));
    results.push(await said((resolve, reject) => require('https').get('https://here.example.com/', { headers: { host: 'sts.eu-west-1.amazonaws.com' } }, response => resolve(response.statusCode)).on('error', reject)));
    results.push(await said((resolve, reject) => require('dns').lookup('here.example.com', (error, address) => error ? reject(error) : resolve(address))));
    return results;`);
  expect(said).toEqual(['200', '200', '200', '421', 'ERR_TLS_CERT_ALTNAME_INVALID', '127.0.0.1']);
  expect(served).toEqual(['https', 'fetch', 'tls'].map(path => `GET here.example.com/${path} for alice`));
});

test('refuses a certificate for another host, of another authority, or past its time, and a name that the certificate does not bear', async () => {
  for (const flaw of ['another host', 'another authority', 'expired'] as const) {
    const host = `${flaw.replace(' ', '-')}.example.com`;
    internet.serve(host, () => ({ status: 200, body: 'never' }));
    internet.misissue(host, flaw);
  }
  const ask = (options: string) => `said((resolve, reject) => require('https').get({ ${options} }, response => resolve(response.statusCode)).on('error', reject))`;
  expect(await script(`${SAID} return Promise.all([
    ${ask('host: \'another-host.example.com\'')}, ${ask('host: \'another-authority.example.com\'')}, ${ask('host: \'expired.example.com\'')},
    ${ask('host: \'here.example.com\', servername: \'sts.eu-west-1.amazonaws.com\'')}, ${ask('host: \'here.example.com\'')},
  ]);`)).toEqual([
    'ERR_TLS_CERT_ALTNAME_INVALID', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID', '200',
  ]);
});

test('refuses what stands on the network itself the same way, without a socket', async () => {
  const said = async (url: string): Promise<unknown> => internet.fetch({ url }).then(({ status }) => status, (error: Error) => error.message);
  expect(await Promise.all([
    'https://here.example.com/', 'https://elsewhere.example.com/', 'http://here.example.com/', 'https://here.example.com:8443/', 'https://192.0.2.1/', 'https://localhost/',
    'http://169.254.170.2/',
  ].map(said))).toEqual([
    200, 'getaddrinfo ENOTFOUND elsewhere.example.com', 'connect ECONNREFUSED here.example.com:80', 'connect ECONNREFUSED here.example.com', 'connect ENETUNREACH 192.0.2.1',
    'connect ECONNREFUSED localhost', 'connect EHOSTUNREACH 169.254.170.2',
  ]);
});

/** The addresses of the Internet sockets of a process, as Linux lists them: local and remote. */
function socketsOf(pid: number | 'self'): readonly { readonly local: string; readonly remote: string; readonly listens: boolean }[] {
  const inodes = new Set(readdirSync(`/proc/${pid}/fd`).map(fd => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
    } catch {
      return undefined;
    }
  }));
  return ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6'].flatMap(kind => {
    let table;
    try {
      table = readFileSync(`/proc/${pid}/net/${kind}`, 'utf8');
    } catch {
      return [];
    }
    return table.trim().split('\n').slice(1).map(line => line.trim().split(/\s+/)).filter(fields => inodes.has(fields[9]))
      .map(fields => ({ local: fields[1]!.split(':')[0]!, remote: fields[2]!.split(':')[0]!, listens: fields[3] === '0A' }));
  });
}

const LOOPBACK = '0100007F';
const onLinux = (name: string, check: () => Promise<void>) => testWhere(process.platform === 'linux' ? undefined : 'sockets are read from Linux\'s /proc', name, check);
const separate = alone();
const apart = (name: string, check: () => Promise<void>) => testWhere(separate === undefined ? 'no unshare here' : undefined, name, check);

const OF_EACH_CLIENT: readonly (readonly [ClientName, RunningPod])[] = [
  ['@aws-sdk/client-s3', PODS.awsWebIdentity('alice')], ['@google-cloud/storage', PODS.googleFederation('alice')], ['@azure/storage-blob', PODS.azureWorkloadIdentity('alice')],
];

onLinux('the clients have sockets to the loopback interface only while they work, and this process listens there only', async () => {
  const held = new LoopbackInternet();
  const watched = new Clients(held);
  let pids: readonly number[] = [];
  let asked = 0;
  const seen: ReturnType<typeof socketsOf>[number][] = [];
  const own: ReturnType<typeof socketsOf>[number][] = [];
  const serve = held.serve.bind(held);
  held.serve = (host, service) => serve(host, request => {
    asked += 1;
    seen.push(...pids.flatMap(socketsOf));
    own.push(...socketsOf('self'));
    return service(request);
  });
  serveFakes(held);
  try {
    for (const [client, pod] of OF_EACH_CLIENT) {
      await watched.run(pod, 'app', client);
      pids = [(await watched.pids()).at(-1)!];
      seen.length = asked = 0;
      expect(await watched.run(pod, 'app', client)).toMatchObject({ ok: true });
      // Who asks has a connection.
      expect(seen.length).toBeGreaterThanOrEqual(asked);
      expect(seen).toEqual(seen.map(() => ({ local: LOOPBACK, remote: LOOPBACK, listens: false })));
    }
    expect(own.filter(({ listens }) => listens).map(({ local }) => local)).toContain(LOOPBACK);
    expect(own.filter(({ local }) => local !== LOOPBACK)).toEqual([]);
  } finally {
    await watched.close();
    await held.close();
  }
});

apart('each client has a network of its own with the loopback interface alone', async () => {
  await Promise.all(OF_EACH_CLIENT.map(([client, pod]) => clients.run(pod, 'app', client)));
  const networks = (await clients.pids()).map(pid => ({
    network: readlinkSync(`/proc/${pid}/ns/net`),
    interfaces: readFileSync(`/proc/${pid}/net/dev`, 'utf8').split('\n').flatMap(line => /^ *([^ ]+):/.exec(line)?.[1] ?? []),
    routes: readFileSync(`/proc/${pid}/net/route`, 'utf8').trim().split('\n').slice(1),
  }));
  expect(networks.length).toBeGreaterThanOrEqual(OF_EACH_CLIENT.length);
  expect(networks.map(({ interfaces, routes }) => ({ interfaces, routes }))).toEqual(networks.map(() => ({ interfaces: ['lo'], routes: [] })));
  expect(new Set([readlinkSync('/proc/self/ns/net'), ...networks.map(({ network }) => network)]).size).toBe(networks.length + 1);
});

/** What the kernel answers there to a program that nothing was loaded into; a name may be asked for in two ways. */
const BY_THE_KERNEL: readonly (readonly [string, string, string])[] = [
  ['net.connect to a name', connection('{ host: \'elsewhere.example.com\', port: 443 }'), 'no such name'],
  ['net.connect to an address', connection('{ host: \'192.0.2.1\', port: 443 }'), 'ENETUNREACH'],
  ['net.connect to an IPv6 address', connection('{ host: \'2001:db8::1\', port: 443 }'), 'ENETUNREACH'],
  ['net.connect to a socket in the file system', connection('\'/var/run/docker.sock\''), 'ENOENT'],
  ['fetch of an address', '(resolve, reject) => fetch(\'http://192.0.2.1/\').then(resolve, error => reject(error.cause))', 'ENETUNREACH'],
  ['the address of a name by its handle', `resolve => {
    const { getaddrinfo, GetAddrInfoReqWrap } = process.binding('cares_wrap');
    const request = Object.assign(new GetAddrInfoReqWrap(), { oncomplete: code => resolve(typeof code === 'number' ? require('util').getSystemErrorName(code) : String(code)) });
    getaddrinfo(request, 'elsewhere.example.com', 0, 0, 0);
  }`, 'no such name'],
  ['a datagram', '(resolve, reject) => { const socket = require(\'dgram\').createSocket(\'udp4\'); socket.send(\'x\', 53, \'192.0.2.1\', error => { socket.close(); error ? reject(error) : resolve(\'sent\'); }); }', 'ENETUNREACH'],
  ['a group of receivers', '(resolve, reject) => { const socket = require(\'dgram\').createSocket(\'udp4\'); try { socket.addMembership(\'233.252.0.1\'); resolve(\'joined\'); } finally { socket.close(); } }', 'ENODEV'],
  ['a program that it starts', `(resolve, reject) => resolve(require('child_process').execFileSync(process.execPath, ['-e', ${JSON.stringify(`
    require('net').connect(443, '192.0.2.1').on('connect', () => console.log('connected')).on('error', error => console.log(error.code))`)}], { encoding: 'utf8' }).trim())`, 'ENETUNREACH'],
  ['a thread', `(resolve, reject) => new (require('worker_threads').Worker)(${JSON.stringify(`
    require('net').connect(443, '192.0.2.1').on('connect', () => require('worker_threads').parentPort.postMessage('connected'))
      .on('error', error => require('worker_threads').parentPort.postMessage(error.code))`)}, { eval: true }).on('message', resolve).on('error', reject)`, 'ENETUNREACH'],
];

/** Runs a program as a client's process runs, but for what that loads first. */
function runAlone(words: readonly string[]): Promise<{ readonly status: unknown; readonly output: string }> {
  const [program, ...more] = [...separate!, ...words];
  const child = spawn(program!, more, { cwd: resolve(__dirname, '../..'), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return new Promise(settled => child.once('close', status => settled({ status, output })));
}

apart('nothing leaves that network, whatever a program there does', async () => {
  const ways = BY_THE_KERNEL.map(([, way]) => `said(${way})`).join(', ');
  const { output } = await runAlone([process.execPath, '--no-deprecation', '-e', `${SAID} Promise.all([${ways}]).then(all => console.log(JSON.stringify(all)))`]);
  const said = (JSON.parse(output) as string[]).map(code => /^(?:EAI_AGAIN|EAI_NONAME|ENOTFOUND)$/.test(code) ? 'no such name' : code);
  expect(said.map((what, index) => [BY_THE_KERNEL[index]![0], what])).toEqual(BY_THE_KERNEL.map(([name, , expected]) => [name, expected]));
});

apart('the clients work as well on a machine whose only network is the loopback interface', async () => {
  const { status, output } = await runAlone([process.execPath, 'node_modules/jest/bin/jest.js', '--silent', '--testNamePattern', 'lists what is there', 'test/e2e/network/clients.test.ts']);
  expect({ status, tests: /^Tests: .*$/m.exec(output)?.[0] }).toEqual({
    status: 0, tests: expect.stringMatching(/^Tests: +\d+ skipped, 5 passed, \d+ total$/) as unknown,
  });
});
