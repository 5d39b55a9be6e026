import { ChildProcess, spawn, spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, ServerResponse } from 'node:http';
import { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { Cluster, GkeToAwsViaGoogleFederation, GoogleIdTokenSource } from 'cdktf-workload-federation';
import { synthStack } from '../synth';
import { testWhere } from '../where';

const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJyZXBvcnRzIn0.c2lnbmF0dXJl-_';
const IDENTITY = '/computeMetadata/v1/instance/service-accounts/default/identity?audience=https%3A%2F%2Fsts.example.com%2Freports%23a%26b%3D%24(HOME)&format=standard';
/** Users of the containers: the helpers' own, those of a workload, and one that nothing runs as. */
const [HELPER, USER, OTHER_USER] = ['65532', '1000', '1001'];

interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
}

/** The helpers of a pod as Terraform creates it. */
function helpersOf(runToCompletion: boolean): { starting: Container; beside: Container } {
  const stack = synthStack(scope => {
    const federation = new GkeToAwsViaGoogleFederation(scope, 'F', {
      cluster: Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' }), namespace: 'reports', serviceAccountName: 'reader', accountId: 'reports-reader',
      audience: 'https://sts.example.com/reports#a&b=$(HOME)', idTokenSource: GoogleIdTokenSource.metadataServer({ image: 'curlimages/curl:8.10.1' }),
    });
    new PodV1(scope, 'Pod', federation.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main', image: 'reader:1' }] } }, { runToCompletion }));
  });
  const { init_container: [starting], container: [, beside] } = stack.resource.kubernetes_pod_v1!.Pod.spec;
  return { starting, beside };
}
const { starting: STARTING, beside: REFRESHING } = helpersOf(false);
const { beside: WATCHING } = helpersOf(true);

/** What Kubernetes makes of a word of a command, or of a variable's value; `references` are the names that it looks up. */
function expanded(word: string, env: Readonly<Record<string, string>>): { text: string; references: string[] } {
  const references: string[] = [];
  let text = '';
  for (let index = 0; index < word.length; index++) {
    const [char, next] = [word[index]!, word[index + 1]];
    const end = next === '(' ? word.indexOf(')', index) : -1;
    if (char !== '$' || next === undefined) {
      text += char;
    } else if (next === '$') {
      text += '$';
      index++;
    } else if (end >= 0) {
      const name = word.slice(index + 2, end);
      references.push(name);
      text += env[name] ?? `$(${name})`;
      index = end;
    } else {
      text += char + next;
      index++;
    }
  }
  return { text, references };
}

describe.each([['first', STARTING], ['refreshing', REFRESHING], ['watching', WATCHING]])('the script of the %s container', (_, { command, env }) => {
  test('is a shell\'s, and the last of its words', () => {
    expect(command).toEqual(['/bin/sh', '-c', expect.stringMatching(/^fetch\(\) \{\n/)]);
  });

  test('holds nothing that Terraform, HCL or Kubernetes would change', () => {
    expect(command.join(' ')).not.toMatch(/[$%]\{|\$\$|\\/);
    const values = Object.fromEntries(env.map(({ name, value }) => [name, value]));
    for (const word of [...command, ...Object.values(values)]) {
      const { text, references } = expanded(word, values);
      expect(text).toBe(word);
      // The variables of services are defined too, whatever they are called.
      expect(references.filter(name => /^[-._a-zA-Z0-9]*$/.test(name))).toEqual([]);
    }
  });
});

test('Kubernetes would change a reference to a variable, and two dollars', () => {
  const changed = (word: string) => expanded(word, { HOME: '/root' }).text;
  expect(['$(HOME)/x', '$$(HOME)', '$(OTHER)', '$((n + 1))', '$HOME $', '$(HOME', '$(cd "$(HOME)")'].map(changed))
    .toEqual(['/root/x', '$(HOME)', '$(OTHER)', '$((n + 1))', '$HOME $', '$(HOME', '$(cd "$(HOME)")']);
});

const cleanups: (() => unknown)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) {
    await cleanup();
  }
});

/** A folder that every user may enter. */
function folderFor(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), `id-token-${prefix}-`));
  chmodSync(folder, 0o755);
  cleanups.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Where a program is. */
function found(program: string): string | undefined {
  return (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, program)).find(file => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A PATH with what an image has, and pauses that are written down and shortened, or as long as they are. */
function pathOf(client: string, { busybox = false, pauses }: { busybox?: boolean; pauses?: { log: string; seconds: string } }): string {
  const folder = folderFor('path');
  for (const program of ['chmod', 'mv', 'rm', 'dirname', ...pauses === undefined ? ['sleep'] : [], client]) {
    symlinkSync(busybox && program !== 'curl' ? found('busybox')! : found(program)!, join(folder, program));
  }
  if (pauses !== undefined) {
    writeFileSync(pauses.log, '');
    chmodSync(pauses.log, 0o666);
    writeFileSync(join(folder, 'sleep'), `#!/bin/sh\necho "$1" >> ${pauses.log}\nexec ${found('sleep')} ${pauses.seconds}\n`, { mode: 0o755 });
  }
  return folder;
}

/** The pauses that a command has made so far. */
const pausesIn = (log: string) => readFileSync(log, 'utf8').split('\n').filter(line => line !== '');

/** GKE's metadata server, which answers the n-th question as it is told; as the true one, it answers none without its header. */
async function metadataServer(answer: (response: ServerResponse, count: number) => void, port = 0) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.headers['metadata-flavor'] !== 'Google') {
      response.writeHead(403).end();
    } else {
      answer(response, requests.length);
    }
  });
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { requests, port: (server.address() as AddressInfo).port, close: () => new Promise(resolve => server.close(resolve)) };
}
const token = (response: ServerResponse) => response.end(TOKEN);

/** The environment of a container here: the server and the folder are this machine's, and proxies of the image lead nowhere. */
function envOf({ env }: Container, path: string, port: number, folder: string, more: Record<string, string> = {}): Record<string, string> {
  const moved = env.map(({ name, value }) => [name, value.replace('//metadata.google.internal/', `//127.0.0.1:${port}/`).replace('/var/run/secrets/aws/token/', `${folder}/`)]);
  const proxies = ['http_proxy', 'HTTP_PROXY', 'ALL_PROXY', 'all_proxy'].map(name => [name, 'http://127.0.0.1:9']);
  return { ...Object.fromEntries([...proxies, ...moved]), PATH: path, ...more };
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Starts a process; its output goes to a file, which outlives pauses that are left behind. */
function started(words: readonly string[], env: Record<string, string>): { child: ChildProcess; ended: Promise<Ended> } {
  const file = join(folderFor('output'), 'output');
  const output = openSync(file, 'a');
  const child = spawn(words[0]!, words.slice(1), { env, stdio: ['ignore', output, output], detached: true });
  closeSync(output);
  const ended = new Promise<Ended>((resolve, reject) => child.on('error', reject).on('exit', code => resolve({ code, output: readFileSync(file, 'utf8') })));
  cleanups.push(() => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // It has ended.
    }
    return ended;
  });
  return { child, ended };
}

/** Waits for something to come true. */
async function until(what: () => boolean): Promise<void> {
  for (const end = Date.now() + 15_000; !what();) {
    if (Date.now() > end) {
      throw new Error(`this never came true: ${what}`);
    }
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

interface Tools {
  readonly shell: readonly string[];
  readonly client: string;
}

/** A container that runs on this machine, with a folder for its token. */
function launched({ shell, client }: Tools, container: Container, port: number, options: { seconds?: string; token?: string } = {}) {
  const work = folderFor('work');
  const folder = join(work, 'token');
  mkdirSync(folder);
  const file = join(folder, 'gtoken');
  if (options.token !== undefined) {
    writeFileSync(file, options.token, { mode: 0o444 });
  }
  const log = join(work, 'pauses');
  const path = pathOf(client, { busybox: shell[0] === 'busybox', pauses: { log, seconds: options.seconds ?? '0.02' } });
  const [program, ...words] = [...shell, ...container.command.slice(1)];
  return { ...started([found(program!)!, ...words], envOf(container, path, port, folder)), folder, file, pauses: () => pausesIn(log) };
}

/** Answers that hold no ID token. */
const BAD: [string, (response: ServerResponse) => void][] = [
  ['a page with status 200', response => response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>captive.portal.page</body></html>\n')],
  ['nothing', response => response.end()],
  ['a token with status 500', response => response.writeHead(500).end('new.token.text')],
  ['a token with status 404', response => response.writeHead(404).end('new.token.text')],
  ['half of a token', response => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('new.token.te', () => response.destroy());
  }],
  ['JSON', response => response.end('{"access_token":"new.token.text"}')],
  ['a word', response => response.end('token')],
  ['two of three parts', response => response.end('new.token.')],
];

const ROWS: [string, Tools][] = [
  ['dash with curl', { shell: ['dash'], client: 'curl' }],
  ['dash with wget', { shell: ['dash'], client: 'wget' }],
  ['bash with curl', { shell: ['bash', '--posix'], client: 'curl' }],
  ['busybox sh with curl', { shell: ['busybox', 'sh'], client: 'curl' }],
  ['busybox sh with its own wget', { shell: ['busybox', 'sh'], client: 'wget' }],
];
const OWN_WGET = 'busybox wget -T';
/** Some builds of busybox prefer their own programs to those on the PATH, and the wget of Debian 12's dies of -T. */
function has(program: string): boolean {
  const file = found(program === OWN_WGET ? 'busybox' : program);
  if (file === undefined) {
    return false;
  }
  return program === OWN_WGET ? spawnSync(file, ['wget', '-q', '-T', '5', '-O', '/dev/null', 'http://127.0.0.1:1/']).status === 1
    : program !== 'busybox' || spawnSync(file, ['sh', '-c', 'sleep 0'], { env: { PATH: '/nowhere' } }).status === 127;
}
const missingOf = ({ shell, client }: Tools) => [shell[0]!, shell[0] === 'busybox' && client === 'wget' ? OWN_WGET : client].filter(program => !has(program));
const TIMEOUT = 40_000;

/** A test that runs beside others where its programs are; skipped, by a name that says why, elsewhere. */
const running = (tools: Tools) => (name: string, check: () => Promise<void>) => {
  const missing = missingOf(tools);
  missing.length === 0 ? test.concurrent(name, check, TIMEOUT) : test.skip(`${name} (no ${missing.join(' and no ')} here)`, check);
};

describe.each(ROWS)('%s', (_, tools) => {
  const on = running(tools);

  on('brings the first token, whole and for everyone to read', async () => {
    const server = await metadataServer(token);
    const { ended, folder, file } = launched(tools, STARTING, server.port);
    expect(await ended).toEqual({ code: 0, output: '' });
    expect(readFileSync(file, 'utf8')).toBe(TOKEN);
    expect(statSync(file).mode.toString(8)).toBe('100444');
    expect(readdirSync(folder)).toEqual(['gtoken']);
    expect(server.requests).toEqual([`GET ${IDENTITY}`]);
  });

  on('waits for a server that is not there yet, or does not know the pod yet', async () => {
    const { port, close } = await metadataServer(token);
    await close();
    const { ended, file, pauses } = launched(tools, STARTING, port);
    await until(() => pauses().length >= 2);
    expect(existsSync(file)).toBe(false);
    const server = await metadataServer((response, count) => count < 3 ? response.writeHead(404).end('no.service.account') : token(response), port);
    expect((await ended).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(TOKEN);
    expect(server.requests).toEqual(Array(3).fill(`GET ${IDENTITY}`));
    expect(new Set(pauses())).toEqual(new Set(['2']));
  });

  on('keeps the token that it has, whatever else the server answers', async () => {
    const seen: string[] = [];
    const server = await metadataServer((response, count) => {
      seen.push(readFileSync(refreshing.file, 'utf8'));
      (BAD[count - 1]?.[1] ?? token)(response);
    });
    const refreshing = launched(tools, REFRESHING, server.port, { token: 'old.old.old' });
    await until(() => readFileSync(refreshing.file, 'utf8') !== 'old.old.old');
    expect(readFileSync(refreshing.file, 'utf8')).toBe(TOKEN);
    expect(seen.slice(0, BAD.length + 1)).toEqual(Array(BAD.length + 1).fill('old.old.old'));
    expect(refreshing.pauses().slice(0, BAD.length + 1)).toEqual(['240', ...BAD.map(() => '10')]);
    refreshing.child.kill();
    const { code, output } = await refreshing.ended;
    expect(code).toBe(0);
    expect(output.match(/The token of before stays; the next try is in 10 seconds\./g)).toHaveLength(BAD.length);
  });

  on('ends at once, and with 0, when the pod is stopped', async () => {
    const server = await metadataServer(response => response.writeHead(404).end());
    for (const [container, seconds] of [[STARTING, '30'], [REFRESHING, '240']] as const) {
      const { child, ended, pauses } = launched(tools, container, server.port, { seconds });
      await until(() => pauses().length === 1);
      const from = Date.now();
      child.kill('SIGTERM');
      expect((await ended).code).toBe(0);
      expect(Date.now() - from).toBeLessThan(2000);
    }
  });

  on('tries each time once where the server says nothing', async () => {
    const server = await metadataServer(response => response.destroy());
    const { pauses } = launched(tools, REFRESHING, server.port);
    await until(() => pauses().length >= 4);
    expect(server.requests.length).toBeGreaterThanOrEqual(3);
    expect(server.requests.length).toBeLessThanOrEqual(pauses().length);
  });
});

const TOOLS: Tools = { shell: [found('dash') === undefined ? 'sh' : 'dash'], client: 'curl' };
const on = running(TOOLS);

on('the first container gives up after 30 tries, and says what to look at', async () => {
  const server = await metadataServer(response => response.writeHead(404).end('none.of.this'));
  const { ended, folder, file, pauses } = launched(TOOLS, STARTING, server.port);
  const { code, output } = await ended;
  expect(code).toBe(1);
  expect(output.trim().split('\n').at(-1)).toBe('No ID token after 30 tries: is the service account annotated with iam.gke.io/gcp-service-account, and may it become that account?');
  expect(server.requests).toHaveLength(30);
  expect(pauses()).toEqual(Array(29).fill('2'));
  expect(existsSync(file)).toBe(false);
  expect(readdirSync(folder).filter(name => name !== 'gtoken.new')).toEqual([]);
});

describe.each(BAD)('where the server answers the first container with %s', (_, answer) => {
  on('it goes on to ask, and writes no token', async () => {
    const server = await metadataServer((response, count) => {
      if (count === 3) {
        expect(existsSync(starting.file)).toBe(false);
      }
      count < 3 ? answer(response) : token(response);
    });
    const starting = launched(TOOLS, STARTING, server.port);
    expect((await starting.ended).code).toBe(0);
    expect(readFileSync(starting.file, 'utf8')).toBe(TOKEN);
    expect(server.requests).toHaveLength(3);
  });
});

on('a reader never sees part of a token, or none, while it is refreshed', async () => {
  const tokens = ['a', 'b'].map(letter => Array(3).fill(letter.repeat(20_000)).join('.'));
  // The answer comes in two halves, so that a file that is written to directly would be seen with one.
  const server = await metadataServer((response, count) => {
    const text = tokens[count % 2]!;
    response.writeHead(200, { 'content-length': text.length });
    response.write(text.slice(0, 30_000), () => setTimeout(() => response.end(text.slice(30_000)), 10));
  });
  const { file } = launched(TOOLS, REFRESHING, server.port, { token: tokens[0], seconds: '0' });
  const reader = started([process.execPath, '-e', `
    const { createHash } = require('node:crypto');
    const { readFileSync } = require('node:fs');
    const seen = new Set();
    let changes = 0, last, reads = 0;
    for (const end = Date.now() + 20000; changes < 12 && Date.now() < end; reads++) {
      const text = readFileSync(${JSON.stringify(file)}, 'latin1');
      const now = text.length + ' ' + text[0] + ' ' + text.at(-1);
      changes += now === last ? 0 : 1;
      last = now;
      seen.add(now);
    }
    console.log(JSON.stringify({ changes, seen: [...seen].sort(), busy: reads > 100 }));
  `], {});
  const { output } = await reader.ended;
  expect(JSON.parse(output)).toEqual({ changes: 12, seen: ['60002 a a', '60002 b b'], busy: true });
});

on('what a container left behind when it was killed does not keep the next from its work', async () => {
  const server = await metadataServer(token);
  const work = folderFor('left');
  const log = join(work, 'pauses');
  const folder = join(work, 'token');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  const asHelper = process.getuid?.() === 0 && found('setpriv') !== undefined ? [found('setpriv')!, '--reuid', HELPER!, '--regid', HELPER!, '--clear-groups'] : [];
  // A file that its owner may not write to.
  const left = [...asHelper, found('sh')!, '-c', 'printf half > "$0"; chmod 0444 "$0"', join(folder, 'gtoken.new')];
  expect(spawnSync(left[0]!, left.slice(1)).status).toBe(0);
  const [program, ...words] = [...asHelper, found(TOOLS.shell[0]!)!, ...STARTING.command.slice(1)];
  const { ended } = started([program!, ...words], envOf(STARTING, pathOf('curl', { pauses: { log, seconds: '0' } }), server.port, folder));
  expect(await ended).toEqual({ code: 0, output: '' });
  expect(readFileSync(join(folder, 'gtoken'), 'utf8')).toBe(TOKEN);
  expect(readdirSync(folder)).toEqual(['gtoken']);
});

const onMounts = existsSync('/proc/self/mountinfo') ? on : (name: string, check: () => Promise<void>) => testWhere('no /proc/self/mountinfo here', name, check);

onMounts('a watching container that finds no volume says so and ends, as it would wait for nobody or for ever', async () => {
  const server = await metadataServer(token);
  const { ended } = launched(TOOLS, WATCHING, server.port);
  const { code, output } = await ended;
  expect(code).toBe(0);
  expect(output.trim().split('\n').at(-1)).toBe('The volume of the token is not among the mounts; the token is not refreshed.');
  expect(server.requests).toEqual([]);
});

/** Whether the current user may lay out a pod: namespaces of processes and mounts, and other users. */
const PODS = [TOOLS.shell[0]!, 'curl', 'setpriv'].every(program => found(program) !== undefined) && spawnSync('unshare', [
  '-mpf', '--mount-proc', '--kill-child', 'sh', '-c',
  `mount -t tmpfs tmpfs "$0" && unshare -m setpriv --reuid ${HELPER} --regid ${HELPER} --clear-groups true`, tmpdir(),
]).status === 0;

const quoted = (words: readonly string[]) => words.map(word => `'${word.replace(/'/g, '\'\\\'\'')}'`).join(' ');

/**
 * Runs containers as Kubernetes does in a pod whose containers share their processes: each has mounts of its own and runs as a user of its own, and the
 * volume is one file system in memory. The shell that starts them is the first process of the pod, and has no volume, as the pause container has none.
 */
async function pod(script: string, { shell, pauses }: { shell: readonly string[]; pauses?: string }, more: Record<string, string> = {}) {
  const server = await metadataServer((response, count) => response.end(`header.payload.${count}`));
  const work = folderFor('pod');
  const folder = join(work, 'token');
  mkdirSync(folder);
  const log = join(work, 'pauses');
  const busybox = shell[0] === 'busybox';
  const path = pathOf('curl', { busybox, pauses: pauses === undefined ? undefined : { log, seconds: pauses } });
  const helper = (container: Container) => quoted(['env', '-i',
    ...Object.entries(envOf(container, path, server.port, folder, container === STARTING ? {} : more)).map(([name, value]) => `${name}=${value}`),
    found(shell[0]!)!, ...shell.slice(1), ...container.command.slice(1)]);
  writeFileSync(join(work, 'pod.sh'), `
set -eu
folder=${quoted([folder])}
log=${quoted([log])}
say() { echo "pod: $*"; }
looks() { wc -l < "$log"; }
runs() {
  read -r _ _ state _ < "/proc/$1/stat"
  [ "$state" != Z ]
}
ends() {
  status=0
  wait "$2" || status=$?
  say "$1 ended with $status"
}
# container USER COMMAND…: a container with the volume.
container() {
  user=$1
  shift
  unshare -m setpriv --reuid "$user" --regid "$user" --clear-groups "$@" &
  pid=$!
  while [ "$(readlink "/proc/$pid/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ]; do sleep 0.01; done
}
foreign() {
  unshare -m sh -c 'umount "$0"; exec sleep 60' "$folder" &
  pid=$!
  while [ "$(readlink "/proc/$pid/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ] || grep -q " $folder " "/proc/$pid/mountinfo"; do sleep 0.01; done
}
start() { container ${HELPER} ${helper(STARTING)}; ends 'the first container' "$pid"; }
# The last container begins its work when the pod's own shell has let go of the volume.
last() {
  container ${HELPER} sh -c 'while [ ! -e "$0" ]; do sleep 0.01; done; exec "$@"' "$log.go" "$@"
  umount "$folder"
  : > "$log.go"
}
watch() { last ${helper(WATCHING)}; watching=$pid; }
refresh() { last ${helper(REFRESHING)}; refreshing=$pid; }
mount -t tmpfs -o size=1m tmpfs "$folder"
chmod 777 "$folder"
${script}`);
  const { code, output } = await started([found('unshare')!, '-mpf', '--mount-proc', '--kill-child', found('sh')!, join(work, 'pod.sh')], { PATH: process.env.PATH! }).ended;
  return {
    code, output, said: output.split('\n').filter(line => line.startsWith('pod: ')).map(line => line.slice(5)), requests: server.requests, pauses: () => pausesIn(log),
  };
}

/** A test in a pod; skipped, by a name that says why, where there can be none. */
const onPod = (name: string, check: () => Promise<void>) => PODS
  ? test.concurrent(name, check, TIMEOUT)
  : test.skip(`${name} (the current user may not unshare processes and mounts)`, check);

describe('in a pod that runs to completion', () => {
  for (const shell of [['dash'], ['bash', '--posix'], ['busybox', 'sh']]) {
    const onShell = has(shell[0]!) ? onPod : (name: string, check: () => Promise<void>) => testWhere(`no ${shell[0]} here`, name, check);

    onShell(`${shell[0]}: the watching container refreshes while one of the others runs, and ends soon after the last, though a mesh's runs on`, async () => {
      const { code, output, said, requests, pauses } = await pod(`
start
foreign; mesh=$pid
container ${USER} sh -c 'sleep 0.3; exit 3'; one=$pid
container ${OTHER_USER} sh -c 'echo "pod: $(cat "$0")"
  while [ "$(wc -l < "$1")" -lt 40 ]; do sleep 0.05; done
  echo "pod: newer $(($(cut -d. -f3 "$0") > 4))"' "$folder/gtoken" "$log"; two=$pid
watch
ends one "$one"
runs "$watching" && say 'the watching container runs'
ends two "$two"
runs "$watching" && say 'the watching container runs'
before=$(looks)
ends 'the watching container' "$watching"
say "soon: $(($(looks) - before <= 7))"
runs "$mesh" && say 'the mesh runs'
`, { shell, pauses: '0.05' }, { ID_TOKEN_REFRESH_SECONDS: '5' });
      expect({ code, said, output: code === 0 ? '' : output }).toEqual({
        code: 0,
        said: [
          'the first container ended with 0', 'header.payload.1', 'one ended with 3', 'the watching container runs', 'newer 1', 'two ended with 0',
          'the watching container runs', 'the watching container ended with 0', 'soon: 1', 'the mesh runs',
        ],
        output: '',
      });
      expect(output).toContain('The other containers have ended.\n');
      expect(requests.length).toBeGreaterThan(5);
      expect(new Set(requests)).toEqual(new Set([`GET ${IDENTITY}`]));
      expect(new Set(pauses())).toEqual(new Set(['1']));
    });
  }

  onPod('the watching container ends within seconds, with pauses as long as they are', async () => {
    const { code, said } = await pod(`
start
foreign
container ${USER} sleep 1.5; one=$pid
watch
ends one "$one"
from=$(date +%s)
ends 'the watching container' "$watching"
say "seconds: $(($(date +%s) - from))"
`, TOOLS);
    expect({ code, said: said.slice(0, 3) }).toEqual({ code: 0, said: ['the first container ended with 0', 'one ended with 0', 'the watching container ended with 0'] });
    expect(Number(said[3]!.replace('seconds: ', ''))).toBeGreaterThanOrEqual(4);
    expect(Number(said[3]!.replace('seconds: ', ''))).toBeLessThanOrEqual(9);
  });

  onPod('the watching container has patience of 30 looks where the others had ended before the first', async () => {
    const { code, said, pauses, requests } = await pod(`
start
foreign
container ${USER} true; ends one "$pid"
watch
ends 'the watching container' "$watching"
`, { ...TOOLS, pauses: '0.02' });
    expect({ code, said }).toEqual({ code: 0, said: ['the first container ended with 0', 'one ended with 0', 'the watching container ended with 0'] });
    expect(pauses()).toEqual(Array(30).fill('1'));
    expect(requests).toHaveLength(1);
  });

  onPod('the watching container waits for one that starts late as long as for the others', async () => {
    const { code, said } = await pod(`
start
watch
while [ "$(looks)" -lt 10 ]; do sleep 0.02; done
nsenter -t "$watching" -m unshare -m setpriv --reuid ${USER} --regid ${USER} --clear-groups \\
  sh -c 'while [ "$(wc -l < "$0")" -lt 50 ]; do sleep 0.02; done' "$log" &
late=$!
ends late "$late"
runs "$watching" && say 'the watching container runs'
ends 'the watching container' "$watching"
`, { ...TOOLS, pauses: '0.05' });
    expect({ code, said }).toEqual({
      code: 0, said: ['the first container ended with 0', 'late ended with 0', 'the watching container runs', 'the watching container ended with 0'],
    });
  });

  onPod('the watching container ends at once, and with 0, when the pod is stopped', async () => {
    const { code, said } = await pod(`
start
container ${USER} sleep 60; one=$pid
watch
sleep 0.5
from=$(date +%s)
kill -TERM "$watching"
ends 'the watching container' "$watching"
say "at once: $(($(date +%s) - from <= 1))"
runs "$one" && say 'one runs'
`, TOOLS);
    expect({ code, said }).toEqual({ code: 0, said: ['the first container ended with 0', 'the watching container ended with 0', 'at once: 1', 'one runs'] });
  });

  onPod('the container that refreshes without watching would never end', async () => {
    const { code, said, requests } = await pod(`
start
container ${USER} true; one=$pid
refresh
ends one "$one"
while [ "$(looks)" -lt 60 ]; do sleep 0.05; done
runs "$refreshing" && say 'the refreshing container runs'
`, { ...TOOLS, pauses: '0.02' });
    expect({ code, said }).toEqual({ code: 0, said: ['the first container ended with 0', 'one ended with 0', 'the refreshing container runs'] });
    expect(requests.length).toBeGreaterThan(30);
  });
});
