'use strict';
// The first process in the namespaces of a container: it gives the program that it starts a network of nothing but the gateway, by a
// resolver of its own, and the files of the container. Its configuration comes as JSON by standard input:
// { gateway, pass, files, unreadable, env, argv, linkLocal }.
const { execFileSync, spawn } = require('node:child_process');
const dgram = require('node:dgram');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');

const config = JSON.parse(fs.readFileSync(0, 'utf8'));
const quote = text => `'${text.replaceAll('\'', '\'\\\'\'')}'`;

// Nothing of the machine's own is to be seen at the places of a container: /var/run is /run on most systems.
const run = fs.realpathSync('/var/run');
const configuration = {
  '/etc/resolv.conf': 'nameserver 127.0.0.1\noptions timeout:2 attempts:1\n',
  '/etc/hosts': '127.0.0.1 localhost\n',
  '/etc/nsswitch.conf': 'hosts: files dns\npasswd: files\ngroup: files\n',
};
const targets = Object.keys(configuration).filter(file => fs.existsSync(file)).map(file => [file, fs.realpathSync(file)]);
const lines = [
  'set -e',
  'ip link set lo up',
  ...config.linkLocal.map(address => `ip addr add ${quote(`${address}/32`)} dev lo`),
  'mount --make-rprivate /',
  `mount -t tmpfs -o mode=755 tmpfs ${quote(run)}`,
];
execFileSync('/bin/sh', ['-c', lines.join('\n')], { stdio: ['ignore', 'ignore', 'inherit'] });
const binds = [];
for (const [name, target] of targets) {
  const inside = target.startsWith(`${run}/`);
  const file = inside ? target : path.join(run, `etc-${path.basename(name)}`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, configuration[name]);
  if (!inside) {
    binds.push(`mount --bind ${quote(file)} ${quote(target)}`);
  }
}
if (binds.length > 0) {
  execFileSync('/bin/sh', ['-c', ['set -e', ...binds].join('\n')], { stdio: ['ignore', 'ignore', 'inherit'] });
}
for (const [file, content] of [...config.files, ...config.unreadable.map(each => [each])]) {
  const place = file.startsWith('/var/run/') ? path.join(run, file.slice('/var/run/'.length)) : file;
  if (!place.startsWith(`${run}/`)) {
    throw new Error(`a container's file outside /var/run: ${file}`);
  }
  fs.mkdirSync(path.dirname(place), { recursive: true });
  fs.writeFileSync(place, content ?? '', { mode: content === undefined ? 0 : 0o644 });
}
// Who made them all may read them all, unless the program gives that up.
const argv = config.unreadable.length === 0 ? config.argv
  : ['setpriv', '--inh-caps=-all', '--bounding-set=-dac_override,-dac_read_search', '--', ...config.argv];

// ---- Names: each has an address of its own on the loopback interface, by which the connection is known.
const names = new Map(config.linkLocal.map(address => [address, address]));
const addresses = new Map();
const exists = name => new Promise(resolve => {
  const socket = net.connect(config.gateway);
  let answer = '';
  socket.setEncoding('utf8').on('data', text => {
    answer += text;
  });
  socket.once('error', () => resolve(false)).once('end', () => resolve(answer === 'true'));
  socket.write(`${JSON.stringify({ pass: config.pass, host: name, port: 443, ask: true })}\n`);
});
/** A client asks for several types at once: the name must have one address then, too. */
function addressOf(name) {
  if (!addresses.has(name)) {
    const count = addresses.size;
    addresses.set(name, exists(name).then(found => {
      const address = found ? `127.1.${count >> 8}.${(count & 0xff) + 1}` : undefined;
      if (address !== undefined) {
        names.set(address, name);
      }
      return address;
    }));
  }
  return addresses.get(name);
}

/** Answers one question of RFC 1035: an address where the name exists, no data for other types, else that there is no such name. */
async function answer(query) {
  const labels = [];
  let at = 12;
  for (let size = query[at]; size > 0; size = query[at]) {
    labels.push(query.toString('latin1', at + 1, at + 1 + size));
    at += size + 1;
  }
  const question = query.subarray(12, at + 5);
  const address = await addressOf(labels.join('.').toLowerCase());
  const found = address !== undefined && query.readUInt16BE(at + 1) === 1;
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8180 | (address === undefined ? 3 : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(found ? 1 : 0, 6);
  const record = found ? [Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)])] : [];
  return Buffer.concat([header, question, ...record]);
}

function forward(port) {
  return net.createServer(socket => {
    const host = names.get(socket.localAddress);
    const onward = net.connect(config.gateway);
    for (const [one, other] of [[socket, onward], [onward, socket]]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    if (host === undefined) {
      socket.destroy();
      return;
    }
    onward.write(`${JSON.stringify({ pass: config.pass, host, port })}\n`);
    socket.pipe(onward).pipe(socket);
  }).listen(port, '0.0.0.0');
}

const resolver = dgram.createSocket('udp4');
resolver.on('message', (query, from) => void answer(query).then(reply => resolver.send(reply, from.port, from.address)));
const listening = [443, 80].map(forward).map(server => new Promise(resolve => server.once('listening', resolve)));
listening.push(new Promise(resolve => resolver.bind(53, '127.0.0.1', resolve)));
void Promise.all(listening).then(() => {
  const home = path.join(run, 'home');
  fs.mkdirSync(home);
  const program = spawn(argv[0], argv.slice(1), {
    cwd: home, env: { ...config.env, HOME: home }, stdio: ['ignore', 'inherit', 'inherit'],
  });
  program.once('error', error => {
    console.error(String(error));
    process.exit(127);
  });
  program.once('exit', (status, signal) => process.exit(status ?? (signal === null ? 1 : 128)));
});
