import { ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Readable, Writable } from 'node:stream';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The browser of this machine: the one that CHROME_PATH names, or one of the path; none where there is none. */
export function findBrowser(): string | undefined {
  const named = process.env.CHROME_PATH;
  const places = (process.env.PATH ?? '').split(delimiter).flatMap(folder => NAMES.map(name => join(folder, name)));
  return [...named ? [named] : [], ...places].find(path => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: any;
  readonly result?: any;
  readonly error?: { readonly message: string };
}

/** A headless browser with one page, spoken to by the DevTools protocol over a pipe. */
export class Browser {
  /** What the page complained of: errors, warnings, and what its policy refused. */
  public readonly complaints: string[] = [];
  private readonly profile = mkdtempSync(join(tmpdir(), 'report-browser-'));
  private readonly waiting = new Map<number, (message: Message) => void>();
  private readonly events: { readonly method: string; readonly done: () => void }[] = [];
  private readonly process: ChildProcess;
  private readonly ended: Promise<void>;
  private session?: string;
  private last = 0;
  private rest = '';

  constructor(path: string) {
    this.process = spawn(path, [
      '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--remote-debugging-pipe', `--user-data-dir=${this.profile}`, 'about:blank',
    ], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    this.ended = new Promise(resolve => this.process.once('exit', () => resolve()));
    (this.process.stdio[4] as Readable).setEncoding('utf8').on('data', (data: string) => this.read(data));
  }

  public async start(): Promise<void> {
    const { targetInfos } = await this.send('Target.getTargets');
    const { targetId } = targetInfos.find(({ type }: { type: string }) => type === 'page');
    this.session = (await this.send('Target.attachToTarget', { targetId, flatten: true })).sessionId;
    await Promise.all(['Page', 'Runtime', 'Log'].map(domain => this.send(`${domain}.enable`)));
  }

  public async open(url: string): Promise<void> {
    const loaded = new Promise<void>(done => this.events.push({ method: 'Page.loadEventFired', done }));
    await this.send('Page.navigate', { url });
    await loaded;
  }

  public async size(width: number, height = 900): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 500 });
  }

  public async scheme(value: 'light' | 'dark'): Promise<void> {
    await this.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
  }

  /** The value of an expression in the page. */
  public async value<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    }
    return result.value;
  }

  public async press(key: string): Promise<void> {
    const shape = key.length === 1 ? { key, text: key } : { key, code: key, ...key === 'Enter' && { text: '\r', windowsVirtualKeyCode: 13 } };
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', ...shape });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...shape });
  }

  public async write(text: string): Promise<void> {
    await this.send('Input.insertText', { text });
  }

  public async close(): Promise<void> {
    this.process.kill();
    await this.ended;
    // Chromium's other processes may write for a moment after the first has ended.
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  private async send(method: string, params: object = {}): Promise<any> {
    const id = ++this.last;
    const answer = new Promise<Message>(resolve => this.waiting.set(id, resolve));
    (this.process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...this.session && { sessionId: this.session } })}\0`);
    const { result, error } = await answer;
    if (error) {
      throw new Error(`${method}: ${error.message}`);
    }
    return result;
  }

  private read(data: string): void {
    const messages = `${this.rest}${data}`.split('\0');
    this.rest = messages.pop()!;
    for (const message of messages.map((text): Message => JSON.parse(text))) {
      if (message.id !== undefined) {
        this.waiting.get(message.id)?.(message);
        this.waiting.delete(message.id);
        continue;
      }
      this.events.filter(({ method }) => method === message.method).forEach(event => {
        this.events.splice(this.events.indexOf(event), 1);
        event.done();
      });
      if (message.method === 'Log.entryAdded' && message.params.entry.level !== 'verbose' && message.params.entry.level !== 'info') {
        this.complaints.push(message.params.entry.text);
      } else if (message.method === 'Runtime.exceptionThrown') {
        this.complaints.push(message.params.exceptionDetails.exception?.description ?? message.params.exceptionDetails.text);
      } else if (message.method === 'Runtime.consoleAPICalled' || message.method === 'Page.javascriptDialogOpening') {
        this.complaints.push(`${message.method} ${JSON.stringify(message.params)}`);
      }
    }
  }
}
