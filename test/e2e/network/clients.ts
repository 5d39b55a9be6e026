import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Door, LoopbackInternet } from './internet';
import { alone } from './namespaces';
import { CALLER_HEADER, type ClientName, type Clock, type Outcome, type RunningContainer, type RunningPod } from '../model';

/** What a client is to do: list what is in a bucket (or container of blobs), or else the buckets that there are. */
export interface Action {
  readonly bucket?: string;
  /** The storage account, for Azure. @default acmedata */
  readonly account?: string;
  /** The domain of storage accounts. @default blob.core.windows.net */
  readonly blobs?: string;
}

/** How long one call of a client may take before the run is taken for hung. */
const PATIENCE = 60_000;
const REPOSITORY = resolve(__dirname, '../../..');

/** What a container finds at a time. */
interface Found {
  readonly files: readonly (readonly [string, string])[];
  readonly unreadable: readonly string[];
  readonly now?: number;
}

interface Job extends Found {
  readonly id: number;
  readonly client: string;
  readonly action: Action;
  /** The body of an async function that is run in place of a client. */
  readonly script?: string;
  /** Whether the client goes on after its first call. */
  readonly live?: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly callerHeader: string;
}

/** A client that goes on, with all that it keeps: credentials, tokens and connections. */
export interface LiveClient {
  /** Lets it make its call once more, with the files that the container has then. */
  call(): Promise<Outcome>;
  end(): Promise<void>;
}

type FromChild =
  | { type: 'ready' }
  | { type: 'listening' }
  | { type: 'reach'; id: number; job: number; host: string; port: number }
  | { type: 'connection'; job: number; localPort: number; host: string; port: number }
  | { type: 'outcome'; job: number; outcome: Outcome };

export interface ClientsOptions {
  /** With a clock the clients take its time for now. @default the time of this machine */
  readonly clock?: Clock;
  /** How many processes a client may have: so many of its calls are made at the same time. @default 1 */
  readonly processes?: number;
  /** Whether a client's process has a network of its own, in which there is nothing but what this process stands for. @default - where this machine can */
  readonly alone?: boolean;
}

/** The vendors' clients, each in processes of its own that live until `close`; every call is made as a container of a pod. */
export class Clients {
  private readonly processes = new Map<string, Promise<ClientProcess>>();
  /** The calls that each process has before it. */
  private readonly queues = new Map<string, number>();
  private readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'clients-')));
  private jobs = 0;

  constructor(private readonly internet: LoopbackInternet, private readonly options: ClientsOptions = {}) {}

  /** Lets a client work as the container does, with its default credential chain. Fails where a stand-in or the client's process broke. */
  run(pod: RunningPod, container: string, client: ClientName, action: Action = {}): Promise<Outcome> {
    return this.perform(pod, container, client, { action });
  }

  /** Runs the body of an async function where a client would run: what it returns is `names`. */
  script(pod: RunningPod, container: string, body: string): Promise<Outcome> {
    return this.perform(pod, container, 'script', { action: {}, script: body });
  }

  /** The processes of the clients that have been started. */
  async pids(): Promise<readonly number[]> {
    return (await Promise.all(this.processes.values())).map(each => each.child.pid!);
  }

  async close(): Promise<void> {
    const started = await Promise.allSettled(this.processes.values());
    this.processes.clear();
    await Promise.all(started.map(each => each.status === 'fulfilled' ? each.value.close() : undefined));
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Starts a client that goes on, in a process of its own. */
  async live(pod: RunningPod, container: string, client: ClientName, action: Action = {}): Promise<LiveClient> {
    const started = this.start();
    this.processes.set(`live ${this.jobs}`, started);
    const [living, running] = [await started, containerOf(pod, container)];
    const call = await living.live(pod, this.jobOf(running, client, { action, live: true }));
    return { call: () => call(this.foundBy(running)), end: () => living.close() };
  }

  private async perform(pod: RunningPod, container: string, client: string, work: Pick<Job, 'action' | 'script'>): Promise<Outcome> {
    const running = containerOf(pod, container);
    const { processes = 1 } = this.options;
    const queued = (id: string): number => this.queues.get(id) ?? 0;
    const [first, ...others] = Array.from({ length: processes }, (_, index) => `${client} ${index}`);
    const chosen = others.reduce((least, id) => queued(id) < queued(least) ? id : least, first!);
    const started = this.processes.get(chosen) ?? this.start();
    this.processes.set(chosen, started);
    this.queues.set(chosen, queued(chosen) + 1);
    try {
      return await (await started).perform(pod, this.jobOf(running, client, work));
    } finally {
      this.queues.set(chosen, queued(chosen) - 1);
    }
  }

  private jobOf(running: RunningContainer, client: string, work: Pick<Job, 'action' | 'script' | 'live'>): Job {
    return { ...work, ...this.foundBy(running), id: this.jobs++, client, env: running.env, callerHeader: CALLER_HEADER };
  }

  private foundBy({ files, unreadable = new Set() }: RunningContainer): Found {
    const { clock } = this.options;
    return { files: [...files], unreadable: [...unreadable], now: clock === undefined ? undefined : clock() * 1000 };
  }

  private async start(): Promise<ClientProcess> {
    const { port, door } = await this.internet.listen();
    const before = this.options.alone === false ? undefined : alone();
    if (before === undefined && this.options.alone === true) {
      throw new Error('no network of its own for a client here (unshare)');
    }
    const started = new ClientProcess(this.internet, before === undefined ? { port, door } : { before }, this.directory);
    await started.ready;
    return started;
  }
}

function containerOf(pod: RunningPod, container: string): RunningContainer {
  const running = pod.containers.get(container);
  if (running === undefined) {
    throw new Error(`the pod ${pod.namespace}/${pod.name} has no container ${container}`);
  }
  return running;
}

/** Where a client's process is: at the door of this machine, or behind the words that give it a network of its own. */
interface Place {
  readonly port?: number;
  readonly door?: Door;
  readonly before?: readonly string[];
}

class ClientProcess {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  private last: Promise<unknown> = Promise.resolve();
  private current?: CurrentJob;
  private errors = '';
  private door?: Door;
  private opened: Promise<void> = Promise.resolve();

  constructor(private readonly internet: LoopbackInternet, { port, door, before = [] }: Place, directory: string) {
    this.door = door;
    const code = [...new Set([__dirname, join(REPOSITORY, 'node_modules'), realpathSync(join(REPOSITORY, 'node_modules'))])];
    const [program, ...words] = [...before, process.execPath, '--require', join(__dirname, 'preload.cjs'), join(__dirname, 'client.cjs')];
    this.child = spawn(program!, words, {
      cwd: directory,
      env: {
        // What comes before the client looks for its programs there; the client has a PATH of its own.
        PATH: process.env.PATH,
        TEST_GATEWAY: JSON.stringify({ port, ca: internet.authority.pem, code, directory }),
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        this.errors = (this.errors + chunk.toString()).slice(-10_000);
      });
    }
    this.ready = new Promise((resolveReady, reject) => {
      this.child.on('message', (message: FromChild, handle?: unknown) => {
        if (message.type === 'listening') {
          this.opened = internet.openDoor(handle as object).then(opened => {
            this.door = opened;
          });
        } else if (message.type === 'ready') {
          void this.opened.then(resolveReady, reject);
        } else {
          this.hear(message);
        }
      });
      const ended = (error: Error): void => {
        reject(error);
        this.current?.end(() => {
          throw error;
        });
      };
      this.child.once('error', ended);
      // Its last words come before this event.
      this.child.once('close', (status, signal) => ended(new Error(`the process of a client ended (${status ?? signal}): ${this.errors}`)));
    });
  }

  perform(pod: RunningPod, job: Job): Promise<Outcome> {
    const done = this.last.then(() => this.exchange(sessionOf(pod, job), { type: 'job', job }));
    this.last = done.catch(() => undefined);
    return done;
  }

  /** Starts a job that goes on; what comes back calls its client. */
  async live(pod: RunningPod, job: Job): Promise<(found: Found) => Promise<Outcome>> {
    const session = sessionOf(pod, job);
    const started = await this.exchange(session, { type: 'job', job });
    if (!started.ok) {
      throw new Error(`${job.client} did not start: ${started.message}`);
    }
    return found => this.exchange(session, { type: 'call', ...found });
  }

  close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) {
      return Promise.resolve();
    }
    return new Promise(resolveClosed => {
      // `close` does not come to the side that disconnects.
      this.child.once('exit', () => resolveClosed());
      this.child.disconnect();
    });
  }

  /** Says something to the child that it answers with an outcome. */
  private exchange(session: Session, message: { readonly type: 'job'; readonly job: Job } | ({ readonly type: 'call' } & Found)): Promise<Outcome> {
    if (!this.child.connected) {
      return Promise.reject(new Error(`the process of ${session.client} has ended: ${this.errors}`));
    }
    return new Promise<Outcome>((settle, fail) => {
      const patience = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE);
      const { ports, broken } = session;
      const end = (result: () => Outcome): void => {
        clearTimeout(patience);
        this.current = undefined;
        ports.forEach(port => this.door!.forget(port));
        try {
          if (broken.length > 0) {
            throw broken[0]!;
          }
          settle(result());
        } catch (error) {
          fail(error as Error);
        }
      };
      this.current = { ...session, end };
      this.child.send(message);
    });
  }

  private hear(message: Exclude<FromChild, { type: 'ready' | 'listening' }>): void {
    const current = this.current;
    // What is left of an earlier job reaches nothing.
    if (current === undefined || message.job !== current.id) {
      if (message.type === 'reach') {
        this.child.send({ type: 'reached', id: message.id, code: 'ENETUNREACH' });
      }
      return;
    }
    switch (message.type) {
      case 'reach':
        this.child.send({ type: 'reached', id: message.id, code: this.internet.unreachable(message.host, message.port) });
        return;
      case 'connection':
        current.ports.add(message.localPort);
        this.door!.announce(message.localPort, {
          host: message.host,
          port: message.port,
          pod: current.pod,
          // The client has its answer first: the next job may not start before this one has ended.
          broken: error => current.broken.push(broke(message.host, error)),
        });
        return;
      case 'outcome':
        current.end(() => message.outcome);
        return;
    }
  }
}

interface Session {
  readonly id: number;
  readonly client: string;
  readonly pod: RunningPod;
  /** The local ports of its connections. */
  readonly ports: Set<number>;
  /** What stand-ins threw meanwhile. */
  readonly broken: Error[];
}

function sessionOf(pod: RunningPod, { id, client }: Job): Session {
  return { id, client, pod, ports: new Set(), broken: [] };
}

/** A job that is to be answered. */
interface CurrentJob extends Session {
  readonly end: (result: () => Outcome) => void;
}

function broke(host: string, error: unknown): Error {
  return new Error(`a stand-in at ${host} failed: ${error instanceof Error ? error.stack : String(error)}`);
}
