'use strict';
// Loaded into a client's process before anything else: the network is the gateway of the tests, the files are those of the container,
// and nothing else is there.
const { AsyncLocalStorage } = require('node:async_hooks');
const childProcess = require('node:child_process');
const dns = require('node:dns');
const fs = require('node:fs');
const inspector = require('node:inspector');
const Module = require('node:module');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const timers = require('node:timers');
const timersPromises = require('node:timers/promises');
const tls = require('node:tls');
const util = require('node:util');
const workerThreads = require('node:worker_threads');

const errnos = new Map([...util.getSystemErrorMap()].map(([errno, [code]]) => [code, errno]));

/**
 * What the test hands over: { port, ca, code, directory }, without a port where this process has a network of its own; a thread that no test started has
 * nothing, and reaches nothing.
 */
const given = workerThreads.isMainThread && process.env.TEST_GATEWAY
  ? JSON.parse(process.env.TEST_GATEWAY)
  : { port: -1, ca: '', code: [], directory: '/' };
delete process.env.TEST_GATEWAY;
const { port: gatewayPort = listenForTests(), ca, code: codeDirectories, directory: scratch } = given;

/** Listens in this process's own network, and hands the socket to the test: what connects to it here arrives there. */
function listenForTests() {
  const { TCP: Handle, constants } = process.binding('tcp_wrap');
  const [handle, name] = [new Handle(constants.SERVER), {}];
  const failed = handle.bind('127.0.0.1', 0) || handle.listen(511) || handle.getsockname(name);
  if (failed) {
    throw new Error(`no socket for the tests: ${util.getSystemErrorName(failed)}`);
  }
  process.send({ type: 'listening' }, handle, () => handle.close());
  return name.port;
}

const promisified = (owner, value) => Object.defineProperty(owner, util.promisify.custom, { value, configurable: true });
const state = { job: undefined, root: undefined, unreadable: new Set(), sockets: new Set(), active: 0, offset: 0 };
const jobs = new AsyncLocalStorage();

// ---- Network -------------------------------------------------------------------------------------------------------------------------------

const questions = new Map();
let questionCount = 0;
process.on('message', message => {
  if (message.type === 'reached') {
    questions.get(message.id)?.(message.code);
    questions.delete(message.id);
  }
});

function ask(host, port, answer) {
  const job = jobs.getStore();
  // What one job left behind may not speak in the name of the next.
  if (job === undefined || job !== state.job || !process.connected) {
    process.nextTick(answer, 'ENETUNREACH');
    return;
  }
  const id = questionCount++;
  state.active++;
  questions.set(id, code => {
    state.active--;
    // The caller's own context, which a message from the parent does not carry.
    jobs.run(job, answer, code);
  });
  process.send({ type: 'reach', id, job: job.id, host, port });
}

function networkError(code, host, port) {
  if (code === 'ENOTFOUND') {
    return Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { errno: -3008, code, syscall: 'getaddrinfo', hostname: host });
  }
  return Object.assign(new Error(`connect ${code} ${host}:${port}`), { errno: errnos.get(code), code, syscall: 'connect', address: host, port });
}

const realConnect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function connect(...args) {
  const [options, callback] = Array.isArray(args[0]) ? args[0] : net._normalizeArgs(args);
  const host = String(options.host || 'localhost');
  const port = Number(options.port);
  const local = typeof options.path === 'string';
  const job = jobs.getStore();
  this.once('connect', () => {
    if (job === undefined || job !== state.job) {
      this.destroy();
      return;
    }
    process.send({ type: 'connection', job: job.id, localPort: this.localPort, host, port });
  });
  state.sockets.add(this);
  this.once('close', () => state.sockets.delete(this));
  const lookup = (_name, _options, found) => {
    if (local) {
      process.nextTick(found, Object.assign(new Error(`connect ENOENT ${options.path}`), {
        errno: errnos.get('ENOENT'), code: 'ENOENT', syscall: 'connect', address: options.path,
      }));
      return;
    }
    ask(host, port, code => code === undefined ? found(null, '127.0.0.1', 4) : found(networkError(code, host, port)));
  };
  const { path: _path, localAddress: _localAddress, localPort: _localPort, family: _family, hints: _hints, ...rest } = options;
  const turned = { ...rest, host: 'host.of.the.tests', port: gatewayPort > 0 ? gatewayPort : 1, autoSelectFamily: false, lookup };
  return realConnect.call(this, net._normalizeArgs([turned, callback]));
};

// Beneath every module of Node: whatever forms a connection ends at these handles.
const binding = name => process.binding(name);
const { TCP } = binding('tcp_wrap');
const realTcpConnect = TCP.prototype.connect;
TCP.prototype.connect = function connect(request, address, port) {
  return address === '127.0.0.1' && port === gatewayPort ? realTcpConnect.call(this, request, address, port) : errnos.get('ENETUNREACH');
};
const refuse = (prototype, names, code) => {
  for (const name of names) {
    if (typeof prototype[name] !== 'function') {
      throw new Error(`this version of Node has no handle ${name} to close`);
    }
    prototype[name] = () => errnos.get(code);
  }
};
refuse(TCP.prototype, ['connect6'], 'ENETUNREACH');
refuse(TCP.prototype, ['bind', 'bind6', 'listen'], 'EACCES');
refuse(binding('udp_wrap').UDP.prototype, ['send', 'send6', 'connect', 'connect6'], 'ENETUNREACH');
// To join a group is to bind, and to tell the network.
const MEMBERSHIPS = ['addMembership', 'dropMembership', 'addSourceSpecificMembership', 'dropSourceSpecificMembership'];
refuse(binding('udp_wrap').UDP.prototype, ['bind', 'bind6', ...MEMBERSHIPS], 'EACCES');
refuse(binding('pipe_wrap').Pipe.prototype, ['connect'], 'ENOENT');
refuse(binding('pipe_wrap').Pipe.prototype, ['bind', 'listen'], 'EACCES');
const names = binding('cares_wrap');
refuse(names, ['getaddrinfo', 'getnameinfo'], 'EAI_NONAME');
const { ChannelWrap } = names;
for (const name of Object.getOwnPropertyNames(ChannelWrap.prototype).filter(each => /^(query|getHostByAddr)/.test(each))) {
  ChannelWrap.prototype[name] = request => {
    setImmediate(() => request.oncomplete('ECONNREFUSED'));
    return 0;
  };
}

dns.lookup = function lookup(hostname, options, callback) {
  const done = typeof options === 'function' ? options : callback;
  const all = typeof options === 'object' && options !== null && options.all === true;
  const family = Number(typeof options === 'object' && options !== null ? options.family : options) || 0;
  if (typeof done !== 'function') {
    throw new TypeError('The "callback" argument must be of type function.');
  }
  const answer = (address, version) => all ? done(null, [{ address, family: version }]) : done(null, address, version);
  if (net.isIP(hostname) > 0) {
    process.nextTick(answer, hostname, net.isIP(hostname));
    return;
  }
  // The loopback interface is all that a name can mean; a connection to the address alone is refused.
  ask(String(hostname), 443, code => {
    const found = code !== 'ENOTFOUND' && code !== 'ENETUNREACH' && family !== 6;
    return found ? answer('127.0.0.1', 4) : done(networkError('ENOTFOUND', hostname));
  });
};
dns.promises.lookup = (hostname, options) => new Promise((resolve, reject) => {
  dns.lookup(hostname, options ?? {}, (error, address, family) => {
    if (error) {
      reject(error);
    } else {
      resolve(Array.isArray(address) ? address : { address, family });
    }
  });
});
promisified(dns.lookup, dns.promises.lookup);
dns.lookupService = (address, port, callback) => {
  const error = Object.assign(new Error(`getnameinfo ENOTFOUND ${address}`), { code: 'ENOTFOUND', syscall: 'getnameinfo', hostname: address });
  process.nextTick(callback, error);
};
dns.promises.lookupService = util.promisify(dns.lookupService);

// Trust in the authority of the tests alone, with all checks as they are.
const realCreateSecureContext = tls.createSecureContext;
tls.createSecureContext = options => realCreateSecureContext({ ...options, ca: options?.ca ?? ca });


// ---- Other ways out ------------------------------------------------------------------------------------------------------------------------

// Fails as a program that is not there, by the real way, which also opens the pipes that Node reads.
const { Process } = binding('process_wrap');
const { ChildProcess } = childProcess;
const spawnOfHandle = Process.prototype.spawn;
const spawnOfNode = ChildProcess.prototype.spawn;
let missing = false;
Process.prototype.spawn = function spawn(...args) {
  return missing ? spawnOfHandle.apply(this, args) : errnos.get('ENOENT');
};
ChildProcess.prototype.spawn = function spawn(options) {
  missing = true;
  try {
    return spawnOfNode.call(this, { ...options, file: path.join(scratch, 'no-program-is-here'), cwd: undefined, envPairs: [] });
  } finally {
    missing = false;
  }
};
binding('spawn_sync').spawn = () => ({ error: errnos.get('ENOENT'), status: null, signal: null, output: null, pid: 0 });
childProcess.fork = () => {
  throw Object.assign(new Error('spawn ENOENT'), { code: 'ENOENT', errno: errnos.get('ENOENT'), syscall: 'spawn' });
};
workerThreads.Worker = class Worker {
  constructor() {
    throw new Error('no threads here');
  }
};
process.dlopen = () => {
  throw new Error('no native code here');
};
// A debugger listens, and a signal starts it too; what is signalled may be another program.
const inspectorBinding = binding('inspector');
const forbidden = syscall => () => {
  throw Object.assign(new Error(`${syscall} EPERM`), { code: 'EPERM', errno: errnos.get('EPERM'), syscall });
};
for (const [owner, name] of [
  [inspector, 'open'], [inspectorBinding, 'open'], [process, 'kill'], [process, '_kill'], [process, '_debugProcess'], [process, 'execve'],
].filter(([object, each]) => typeof object[each] === 'function')) {
  owner[name] = forbidden(name.replace('_', ''));
}

// ---- Files ---------------------------------------------------------------------------------------------------------------------------------

const real = {
  mkdirSync: fs.mkdirSync, mkdtempSync: fs.mkdtempSync, rmSync: fs.rmSync, writeFileSync: fs.writeFileSync, realpathSync: fs.realpathSync,
};
const within = (file, directory) => file === directory || file.startsWith(directory + path.sep);

/** Where a path of the container is on this machine: the client's own code is where it is, all else is in the container's root. */
function located(file) {
  if (typeof file === 'number' || file === undefined || file === null) {
    return file;
  }
  const text = file instanceof URL ? require('node:url').fileURLToPath(file) : Buffer.isBuffer(file) ? file.toString() : file;
  if (typeof text !== 'string') {
    return file;
  }
  const absolute = path.resolve('/', text);
  if (state.root === undefined) {
    return codeDirectories.some(directory => within(absolute, directory)) ? absolute : path.join(scratch, 'nothing-is-here', absolute);
  }
  return within(absolute, state.root) || codeDirectories.some(directory => within(absolute, directory)) ? absolute : path.join(state.root, absolute);
}

function asInContainer(value) {
  if (value instanceof Error) {
    for (const key of ['path', 'dest', 'message', 'stack']) {
      if (typeof value[key] === 'string' && state.root !== undefined) {
        value[key] = value[key].replaceAll(state.root, '');
      }
    }
    return value;
  }
  return typeof value === 'string' && state.root !== undefined && within(value, state.root) ? value.slice(state.root.length) || '/' : value;
}

const ONE_PATH = [
  'access', 'appendFile', 'chmod', 'chown', 'createReadStream', 'createWriteStream', 'exists', 'lchmod', 'lchown', 'lstat', 'lutimes', 'mkdir', 'mkdtemp',
  'mkdtempDisposable', 'open', 'openAsBlob', 'opendir', 'readFile', 'readdir', 'readlink', 'realpath', 'rm', 'rmdir', 'stat', 'statfs', 'truncate', 'unlink',
  'unwatchFile', 'utimes', 'watch', 'watchFile', 'writeFile',
];
const TWO_PATHS = ['copyFile', 'cp', 'link', 'rename', 'symlink'];
/** These open a file; what asks about one only is answered. */
const OPENS = new Set(['access', 'appendFile', 'copyFile', 'cp', 'open', 'openAsBlob', 'readFile', 'truncate', 'writeFile']);
/** These give back a path; content is never changed. */
const GIVES_PATH = new Set(['mkdtemp', 'readlink', 'realpath']);

/** Fails as a file does whose mode is against it: this process may be root. */
function denied(args, syscall, promises) {
  const file = asInContainer(args.find(each => state.unreadable.has(each)));
  const error = Object.assign(new Error(`EACCES: permission denied, ${syscall} '${file}'`), { errno: errnos.get('EACCES'), code: 'EACCES', syscall, path: file });
  const callback = args.at(-1);
  if (promises) {
    return Promise.reject(error);
  }
  if (typeof callback !== 'function') {
    throw error;
  }
  process.nextTick(callback, error);
  return undefined;
}

function wrap(owner, name, paths, givesPath) {
  const original = owner[name];
  if (typeof original !== 'function') {
    return;
  }
  const bare = name.replace(/Sync$/, '');
  const backed = value => value instanceof Error || givesPath ? asInContainer(value) : value;
  const wrapped = function (...args) {
    for (let index = 0; index < paths; index++) {
      args[index] = located(args[index]);
    }
    const last = args.length - 1;
    // Whether it is there is no question of the mode.
    const asks = bare === 'access' && !(typeof args[1] === 'number' && args[1] !== fs.constants.F_OK);
    if (OPENS.has(bare) && !asks && args.slice(0, paths).some(file => state.unreadable.has(file))) {
      return denied(args, bare === 'access' ? bare : 'open', owner === fs.promises);
    }
    if (last >= paths && typeof args[last] === 'function') {
      const callback = args[last];
      args[last] = (...results) => callback(...results.map(backed));
    }
    try {
      const result = original.apply(this, args);
      return result instanceof Promise ? result.then(backed, error => { throw backed(error); }) : backed(result);
    } catch (error) {
      throw backed(error);
    }
  };
  Object.defineProperty(wrapped, 'name', { value: name });
  if (name.startsWith('realpath')) {
    wrapped.native = wrapped;
  }
  owner[name] = wrapped;
}
const { exists } = fs;
// The one beneath: the other asks for each folder on the way, and these are not the container's.
fs.realpath = fs.realpath.native;
fs.realpathSync = fs.realpathSync.native;
for (const [names, paths] of [[ONE_PATH, 1], [TWO_PATHS, 2]]) {
  for (const name of names) {
    wrap(fs, name, paths, GIVES_PATH.has(name));
    wrap(fs, `${name}Sync`, paths, GIVES_PATH.has(name));
    wrap(fs.promises, name, paths, GIVES_PATH.has(name));
  }
}
promisified(fs.exists, file => exists[util.promisify.custom](located(file)));
fs.glob = fs.globSync = fs.promises.glob = () => {
  throw Object.assign(new Error('ENOENT: no such file or directory'), { code: 'ENOENT' });
};

const HOME = '/home/nonroot';
os.homedir = () => process.env.HOME ?? HOME;
os.tmpdir = () => '/tmp';
os.userInfo = () => ({ uid: 65532, gid: 65532, username: 'nonroot', homedir: HOME, shell: null });
os.networkInterfaces = () => ({
  lo: [{ address: '127.0.0.1', netmask: '255.0.0.0', family: 'IPv4', mac: '00:00:00:00:00:00', internal: true, cidr: '127.0.0.1/8' }],
});
process.cwd = () => '/';

// ---- Time ----------------------------------------------------------------------------------------------------------------------------------

const realSetTimeout = timers.setTimeout;
const realSetInterval = timers.setInterval;
const realClearTimeout = timers.clearTimeout;
/** A wait between these is skipped as soon as nothing is under way: what a client waits for then is the time alone. */
const SHORTEST = 20;
const LONGEST = 120_000;
const waiting = new Set();

function setTimeoutOfTests(callback, delay, ...args) {
  if (typeof callback !== 'function' || !(delay > SHORTEST && delay <= LONGEST) || state.job === undefined) {
    return realSetTimeout(callback, delay, ...args);
  }
  const run = jobs.getStore();
  const entry = {
    due: performance.now() + delay,
    fire: () => {
      waiting.delete(entry);
      if (!entry.timer._destroyed) {
        realClearTimeout(entry.timer);
        jobs.run(run, callback, ...args);
      }
    },
  };
  entry.timer = realSetTimeout(() => {
    waiting.delete(entry);
    callback(...args);
  }, delay);
  waiting.add(entry);
  startPump();
  return entry.timer;
}
timersPromises.setTimeout = (delay, value, options) => new Promise((resolve, reject) => {
  const abort = () => reject(options.signal.reason);
  if (options?.signal?.aborted) {
    abort();
    return;
  }
  options?.signal?.addEventListener('abort', abort, { once: true });
  setTimeoutOfTests(resolve, delay, value);
});
promisified(setTimeoutOfTests, timersPromises.setTimeout);
globalThis.setTimeout = timers.setTimeout = setTimeoutOfTests;

let idle = 0;
let pump;
/** Looks every two milliseconds, as long as anybody waits, whether it is for the time alone. */
function startPump() {
  pump ??= realSetInterval(() => {
    for (const entry of waiting) {
      if (entry.timer._destroyed) {
        waiting.delete(entry);
      }
    }
    if (waiting.size === 0) {
      clearInterval(pump);
      pump = undefined;
      return;
    }
    idle = state.active === 0 ? idle + 1 : 0;
    if (idle >= 3) {
      idle = 0;
      [...waiting].reduce((first, entry) => entry.due < first.due ? entry : first).fire();
    }
  }, 2);
}

const RealDate = Date;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, self) =>
    Reflect.construct(target, args.length === 0 ? [RealDate.now() + state.offset] : args, self === globalThis.Date ? target : self),
  apply: () => new RealDate(RealDate.now() + state.offset).toString(),
  get: (target, key, self) => key === 'now' ? () => RealDate.now() + state.offset : Reflect.get(target, key, self),
});

// ---- Under way -----------------------------------------------------------------------------------------------------------------------------

const diagnostics = require('node:diagnostics_channel');
/** The requests under way: no wait is skipped meanwhile, or a client would find that its patience is over. */
const requests = new Set();
let heard = () => {};
diagnostics.subscribe('http.client.request.start', ({ request }) => {
  requests.add(request);
  state.active++;
  request.once('close', () => {
    if (requests.delete(request)) {
      state.active--;
    }
  });
});
diagnostics.subscribe('http.client.response.finish', ({ response }) => heard(response.headers));
diagnostics.subscribe('undici:request:create', () => state.active++);
diagnostics.subscribe('undici:request:trailers', () => state.active--);
diagnostics.subscribe('undici:request:error', () => state.active--);
diagnostics.subscribe('undici:request:headers', ({ response }) => {
  const headers = {};
  for (let index = 0; index + 1 < response.headers.length; index += 2) {
    headers[response.headers[index].toString().toLowerCase()] = response.headers[index + 1].toString();
  }
  heard(headers);
});

Module.syncBuiltinESMExports();

// ---- Jobs ----------------------------------------------------------------------------------------------------------------------------------

function layOut(root, { files, unreadable }) {
  for (const [file, content] of [...files, ...unreadable.map(each => [each, ''])]) {
    real.mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
    real.writeFileSync(path.join(root, file), content);
  }
  state.unreadable = new Set(unreadable.map(file => path.join(root, file)));
}

const offsetAt = now => now === undefined ? 0 : now - RealDate.now();

/** Runs an action as the process of a container: { id, env, files, unreadable, now }. */
async function runJob(job, action, hear) {
  const root = real.mkdtempSync(path.join(scratch, 'container-'));
  try {
    for (const directory of ['/tmp', HOME]) {
      real.mkdirSync(path.join(root, directory), { recursive: true });
    }
    layOut(root, job);
    for (const key of Object.keys(process.env)) {
      delete process.env[key];
    }
    Object.assign(process.env, { PATH: '/usr/local/bin:/usr/bin:/bin', HOME }, job.env);
    Object.assign(state, { job, root, active: 0, offset: offsetAt(job.now) });
    heard = hear;
    return await jobs.run(job, action);
  } finally {
    state.job = undefined;
    heard = () => {};
    questions.clear();
    requests.clear();
    for (const entry of waiting) {
      realClearTimeout(entry.timer);
    }
    waiting.clear();
    for (const socket of state.sockets) {
      socket.destroy();
    }
    state.sockets.clear();
    // Node's own removal goes through the functions above.
    real.rmSync(root, { recursive: true, force: true });
    state.root = undefined;
    state.unreadable = new Set();
  }
}

/** Lets the job that runs find other files, at another time: { files, unreadable, now }. */
function goOn(found) {
  layOut(state.root, found);
  state.offset = offsetAt(found.now);
}

module.exports = { goOn, runJob };
