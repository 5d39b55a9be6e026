import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { LoopbackInternet } from './internet';
import { CALLER_HEADER, type ClientName, type Clock, type Outcome, type RunningPod } from '../model';

/** What a client is to do: list what is in a bucket (or container of blobs), or else the buckets that there are. */
export interface Action {
  readonly bucket?: string;
  /** The storage account, for Azure. @default acmedata */
  readonly account?: string;
}

/** How long one call of a client may take before the run is taken for hung. */
const PATIENCE = 60_000;
const REPOSITORY = resolve(__dirname, '../../..');

interface Job {
  readonly id: number;
  readonly client: string;
  readonly action: Action;
  /** The body of an async function that is run in place of a client. */
  readonly script?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly (readonly [string, string])[];
  readonly now?: number;
  readonly callerHeader: string;
}

type FromChild =
  | { type: 'ready' }
  | { type: 'reach'; id: number; job: number; host: string; port: number }
  | { type: 'connection'; job: number; localPort: number; host: string; port: number }
  | { type: 'outcome'; job: number; outcome: Outcome };

export interface ClientsOptions {
  /** With a clock the clients take its time for now. @default the time of this machine */
  readonly clock?: Clock;
  /** How many processes a client may have: so many of its calls are made at the same time. @default 1 */
  readonly processes?: number;
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

  private async perform(pod: RunningPod, container: string, client: string, work: Pick<Job, 'action' | 'script'>): Promise<Outcome> {
    const running = pod.containers.get(container);
    if (running === undefined) {
      throw new Error(`the pod ${pod.namespace}/${pod.name} has no container ${container}`);
    }
    const { clock, processes = 1 } = this.options;
    const queued = (id: string): number => this.queues.get(id) ?? 0;
    const [first, ...others] = Array.from({ length: processes }, (_, index) => `${client} ${index}`);
    const chosen = others.reduce((least, id) => queued(id) < queued(least) ? id : least, first!);
    const started = this.processes.get(chosen) ?? this.start();
    this.processes.set(chosen, started);
    this.queues.set(chosen, queued(chosen) + 1);
    try {
      return await (await started).perform(pod, {
        ...work,
        id: this.jobs++,
        client,
        env: running.env,
        files: [...running.files],
        now: clock === undefined ? undefined : clock() * 1000,
        callerHeader: CALLER_HEADER,
      });
    } finally {
      this.queues.set(chosen, queued(chosen) - 1);
    }
  }

  private async start(): Promise<ClientProcess> {
    const { port } = await this.internet.listen();
    const started = new ClientProcess(this.internet, port, this.directory);
    await started.ready;
    return started;
  }
}

class ClientProcess {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  private last: Promise<unknown> = Promise.resolve();
  private current?: CurrentJob;
  private errors = '';

  constructor(private readonly internet: LoopbackInternet, port: number, directory: string) {
    const code = [...new Set([__dirname, join(REPOSITORY, 'node_modules'), realpathSync(join(REPOSITORY, 'node_modules'))])];
    this.child = fork(join(__dirname, 'client.cjs'), [], {
      cwd: directory,
      execArgv: ['--require', join(__dirname, 'preload.cjs')],
      env: { TEST_GATEWAY: JSON.stringify({ port, ca: internet.authority.pem, code, directory }) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        this.errors = (this.errors + chunk.toString()).slice(-10_000);
      });
    }
    this.ready = new Promise((resolveReady, reject) => {
      this.child.on('message', (message: FromChild) => message.type === 'ready' ? resolveReady() : this.hear(message));
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
    const done = this.last.then(() => this.performNow(pod, job));
    this.last = done.catch(() => undefined);
    return done;
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

  private performNow(pod: RunningPod, job: Job): Promise<Outcome> {
    if (!this.child.connected) {
      return Promise.reject(new Error(`the process of ${job.client} has ended: ${this.errors}`));
    }
    return new Promise<Outcome>((settle, fail) => {
      const patience = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE);
      const ports = new Set<number>();
      const broken: Error[] = [];
      const end = (result: () => Outcome): void => {
        clearTimeout(patience);
        this.current = undefined;
        ports.forEach(port => this.internet.forget(port));
        try {
          if (broken.length > 0) {
            throw broken[0]!;
          }
          settle(result());
        } catch (error) {
          fail(error as Error);
        }
      };
      this.current = { id: job.id, pod, ports, broken, end };
      this.child.send({ type: 'job', job });
    });
  }

  private hear(message: Exclude<FromChild, { type: 'ready' }>): void {
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
        this.internet.announce(message.localPort, {
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

interface CurrentJob {
  readonly id: number;
  readonly pod: RunningPod;
  /** The local ports of its connections. */
  readonly ports: Set<number>;
  /** What stand-ins threw meanwhile. */
  readonly broken: Error[];
  readonly end: (result: () => Outcome) => void;
}

function broke(host: string, error: unknown): Error {
  return new Error(`a stand-in at ${host} failed: ${error instanceof Error ? error.stack : String(error)}`);
}
