import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, type Server as HttpServer, type ServerResponse, createServer as createHttpServer } from 'node:http';
import { type AddressInfo, type Server, type Socket, createServer, isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { type Flaw, TestAuthority } from './authority';
import type { HttpRequest, HttpResponse, Internet, RunningPod, Service } from '../model';

/** Where a connection was meant to go, and who made it. */
export interface Origin {
  readonly host: string;
  readonly port: number;
  readonly pod?: RunningPod;
  /** Hears of a stand-in that threw: a mistake of the tests, which no client may take for a refusal. */
  readonly broken?: (error: unknown) => void;
}

/** Why a host cannot be reached, as the operating system says it. */
export type Unreachable = 'ENOTFOUND' | 'ECONNREFUSED' | 'EHOSTUNREACH' | 'ENETUNREACH';

/** Where the stand-ins listen. */
export interface Gateway {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Whom the connections to the port are announced to. */
  readonly door: Door;
  /** A socket in the file system, for programs in a network of their own: the first line says the pass and the destination. */
  readonly socketPath: string;
}

const GREATEST_BODY = 16 * 1024 * 1024;
const PATIENCE = 10_000;
const REASONS: Readonly<Record<number, string>> = {
  421: 'The host of the request is not the host of the connection.',
  413: 'The request is too large.',
  500: 'A stand-in failed.',
};

/** Where connections arrive: each waits until its local port is announced. */
export class Door {
  private readonly arrived = new Map<number, Socket>();
  private readonly announced = new Map<number, Origin>();

  constructor(private readonly admit: (socket: Socket, origin: Origin) => void) {}

  /** Says where the connection from a local port goes; the connection waits for it. */
  announce(localPort: number, origin: Origin): void {
    const socket = this.arrived.get(localPort);
    if (socket === undefined) {
      this.announced.set(localPort, origin);
      return;
    }
    this.arrived.delete(localPort);
    this.admit(socket, origin);
  }

  /** Takes back an announcement whose connection never came, or the port's next connection would be taken for it. */
  forget(localPort: number): void {
    this.announced.delete(localPort);
  }

  arrive(socket: Socket): void {
    const port = socket.remotePort!;
    const origin = this.announced.get(port);
    if (origin !== undefined) {
      this.announced.delete(port);
      this.admit(socket, origin);
      return;
    }
    this.arrived.set(port, socket);
    const patience = setTimeout(() => socket.destroy(), PATIENCE);
    patience.unref();
    socket.once('close', () => {
      clearTimeout(patience);
      if (this.arrived.get(port) === socket) {
        this.arrived.delete(port);
      }
    });
  }
}

/** A network whose every host stands in this process; what it listens on is on the loopback interface. */
export class LoopbackInternet implements Internet {
  /** Signs what the servers present; there is one as soon as something listens. */
  authority!: TestAuthority;

  private readonly hosts = new Map<string, Service>();
  private readonly patterns: { readonly pattern: RegExp; readonly service: Service }[] = [];
  private readonly flaws = new Map<string, Flaw>();
  private readonly sockets = new Set<Socket>();
  private readonly passes = new Map<string, Omit<Origin, 'host' | 'port'>>();
  private readonly origins = new WeakMap<Socket, Origin>();
  private readonly servers: (Server | HttpServer)[] = [];
  private http?: HttpServer;
  private gateway?: Promise<Gateway>;
  private directory?: string;

  /** A host is a name in lower case, with `:port` where the port is not that of its scheme. What was served last answers; a name goes before a pattern. */
  serve(host: string | RegExp, service: Service): void {
    if (typeof host === 'string') {
      this.hosts.set(host, service);
    } else {
      // What is said last holds, as it does for a name.
      this.patterns.unshift({ pattern: new RegExp(`^(?:${host.source})$`, host.flags.replace(/[gy]/g, '')), service });
    }
  }

  /** Lets the server at a host present a certificate that no client may accept. */
  misissue(host: string, flaw: Flaw): void {
    this.flaws.set(host, flaw);
  }

  async fetch(request: Parameters<Internet['fetch']>[0]): Promise<HttpResponse> {
    const url = new URL(request.url);
    const host = bareHost(url.hostname);
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    if (url.protocol !== (isLinkLocal(host) ? 'http:' : 'https:')) {
      throw new Error(`connect ECONNREFUSED ${host}:${port}`);
    }
    const unreachable = this.unreachable(host, port);
    if (unreachable !== undefined) {
      throw new Error(`${unreachable === 'ENOTFOUND' ? 'getaddrinfo' : 'connect'} ${unreachable} ${host}`);
    }
    const headers = Object.fromEntries(Object.entries(request.headers ?? {}).map(([key, value]) => [key.toLowerCase(), value]));
    return this.answer(this.service(host, port)!, {
      method: request.method ?? 'GET',
      host,
      path: `${url.pathname}${url.search}`,
      headers: { host: url.host, ...headers },
      body: request.body ?? '',
      pod: request.pod,
    });
  }

  /** Why nothing answers there; undefined where a service does. */
  unreachable(host: string, port: number): Unreachable | undefined {
    const named = bareHost(host);
    if (isLinkLocal(named)) {
      if (this.service(named, 80) === undefined) {
        return isIP(named) ? 'EHOSTUNREACH' : 'ENOTFOUND';
      }
      return port === 80 ? undefined : 'ECONNREFUSED';
    }
    if (isIP(named)) {
      return named.startsWith('127.') || named === '::1' ? 'ECONNREFUSED' : 'ENETUNREACH';
    }
    if (named === 'localhost') {
      return 'ECONNREFUSED';
    }
    if (this.service(named, port) !== undefined) {
      // Plain HTTP is for link-local services.
      return port === 80 ? 'ECONNREFUSED' : undefined;
    }
    return this.exists(named) ? 'ECONNREFUSED' : 'ENOTFOUND';
  }

  /** Whether a name or a link-local address is there at all, whatever its ports. */
  exists(host: string): boolean {
    const named = bareHost(host);
    return this.service(named, 443) !== undefined || [...this.hosts.keys()].some(known => known.startsWith(`${named}:`));
  }

  /** Starts to listen, once. */
  listen(): Promise<Gateway> {
    return this.gateway ??= this.start();
  }

  /** Lets in what comes to a socket that a program listens on in a network of its own, and that it has handed over. */
  async openDoor(listening: object): Promise<Door> {
    await this.listen();
    const { door, server } = this.door();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(listening, resolve));
    return door;
  }

  /** Lets connections with the pass speak for the pod, until it is taken back. */
  admitPass(pass: string, pod: RunningPod, broken: (error: unknown) => void): () => void {
    this.passes.set(pass, { pod, broken });
    return () => this.passes.delete(pass);
  }

  async close(): Promise<void> {
    await this.gateway;
    for (const socket of this.sockets) {
      socket.destroy();
    }
    this.http?.closeAllConnections();
    await Promise.all(this.servers.map(server => new Promise(resolve => server.close(resolve))));
    if (this.directory !== undefined) {
      rmSync(this.directory, { recursive: true, force: true });
    }
  }

  private service(host: string, port: number): Service | undefined {
    const name = port === 443 || (port === 80 && isLinkLocal(host)) ? host : `${host}:${port}`;
    return this.hosts.get(name) ?? this.patterns.find(({ pattern }) => pattern.test(name))?.service
      // Where a host serves at 443 its port 80 is there too, and refuses.
      ?? (port === 80 ? this.service(host, 443) : undefined);
  }

  private async answer(service: Service, request: HttpRequest): Promise<HttpResponse> {
    const response = await service(request);
    if (!Number.isInteger(response?.status) || typeof response.body !== 'string') {
      throw new Error(`the stand-in of ${request.host} gave no answer to ${request.method} ${request.path}`);
    }
    return response;
  }

  private async start(): Promise<Gateway> {
    this.authority = await TestAuthority.create();
    this.http = createHttpServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => void this.respond(request, response));
    this.directory = mkdtempSync(join(tmpdir(), 'internet-'));
    const socketPath = join(this.directory, 'gateway');
    const { door, server: tcp } = this.door();
    const local = createServer({ pauseOnConnect: true }, socket => this.introduce(socket));
    this.servers.push(local);
    await Promise.all([
      new Promise<void>((resolve, reject) => tcp.once('error', reject).listen(0, '127.0.0.1', resolve)),
      new Promise<void>((resolve, reject) => local.once('error', reject).listen(socketPath, resolve)),
    ]);
    return { port: (tcp.address() as AddressInfo).port, door, socketPath };
  }

  private door(): { readonly door: Door; readonly server: Server } {
    const door = new Door((socket, origin) => this.admit(socket, origin));
    const server = createServer({ pauseOnConnect: true, noDelay: true }, socket => {
      this.track(socket);
      door.arrive(socket);
    });
    this.servers.push(server);
    return { door, server };
  }

  private track(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.sockets.delete(socket));
  }

  /** Reads the first line of a connection that carries a pass, and nothing behind it. */
  private introduce(socket: Socket): void {
    this.track(socket);
    let line = '';
    const read = (): void => {
      for (let byte = socket.read(1) as Buffer | null; byte !== null; byte = socket.read(1) as Buffer | null) {
        if (byte[0] === 0x0a) {
          socket.off('readable', read);
          this.introduced(socket, line);
          return;
        }
        line += byte.toString('latin1');
        if (line.length > 4096) {
          socket.destroy();
          return;
        }
      }
    };
    socket.on('readable', read);
    socket.resume();
    socket.pause();
  }

  private introduced(socket: Socket, line: string): void {
    const { pass, host, port, ask } = JSON.parse(line) as { pass: string; host: string; port: number; ask?: boolean };
    const holder = this.passes.get(pass);
    if (holder === undefined) {
      socket.destroy();
    } else if (ask === true) {
      socket.end(JSON.stringify(this.exists(host)));
    } else {
      this.admit(socket, { ...holder, host, port });
    }
  }

  private admit(socket: Socket, origin: Origin): void {
    const host = bareHost(origin.host);
    if (this.unreachable(host, origin.port) !== undefined) {
      socket.destroy();
      return;
    }
    if (isLinkLocal(host)) {
      this.origins.set(socket, { ...origin, host });
      this.http!.emit('connection', socket);
      socket.resume();
      return;
    }
    void this.secure(socket, { ...origin, host });
  }

  private async secure(socket: Socket, origin: Origin): Promise<void> {
    const secureContext = await this.authority.contextFor(origin.host, this.flaws.get(origin.host));
    const secure = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
    this.origins.set(secure, origin);
    secure.on('error', () => secure.destroy());
    secure.once('secure', () => this.http!.emit('connection', secure));
  }

  private async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const origin = this.origins.get(request.socket)!;
    request.on('error', () => response.destroy());
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size <= GREATEST_BODY) {
        chunks.push(chunk);
      }
    }
    if (size > GREATEST_BODY) {
      refuse(response, 413);
      return;
    }
    const { hostname, port } = hostOf(request.headers.host);
    if (hostname !== origin.host || (port !== undefined && port !== origin.port)) {
      refuse(response, 421);
      return;
    }
    try {
      const answer = await this.answer(this.service(origin.host, origin.port)!, {
        method: request.method!,
        host: origin.host,
        path: request.url!,
        headers: Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, Array.isArray(value) ? value.join(', ') : value ?? ''])),
        body: Buffer.concat(chunks).toString('utf8'),
        pod: origin.pod,
      });
      const body = Buffer.from(answer.body, 'utf8');
      const empty = answer.status === 204 || answer.status === 304;
      // The time of this machine is not that of the test's clock, and clients that are told of another time by a refusal sign with that one.
      response.sendDate = false;
      response.writeHead(answer.status, { ...answer.headers, ...(empty ? {} : { 'content-length': String(body.length) }) });
      response.end(request.method === 'HEAD' || empty ? undefined : body);
    } catch (error) {
      origin.broken?.(error);
      if (response.headersSent) {
        response.destroy();
      } else {
        refuse(response, 500);
      }
    }
  }
}

/** Whether a host is one that a pod reaches on its own node only, over plain HTTP. */
export function isLinkLocal(host: string): boolean {
  return /^169\.254\.\d{1,3}\.\d{1,3}$/.test(host) || host === 'fd00:ec2::23' || host === 'fd00:ec2::254' || host === 'metadata.google.internal';
}

/** A host as services are kept by: in lower case, without brackets and without the dot that ends a full name. */
function bareHost(host: string): string {
  return host.toLowerCase().replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

function hostOf(header: string | undefined): { hostname?: string; port?: number } {
  const found = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(header ?? '');
  return found === null ? {} : { hostname: bareHost(found[1]!), port: found[2] === undefined ? undefined : Number(found[2]) };
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/plain' });
  response.end(REASONS[status]);
}
