import { LITERAL_AND_TOKENS } from '../clusters';
import { Mechanism, MECHANISMS } from '../mechanisms';
import { describeOnTerraform } from '../terraform';
import { Applied, Service } from './model';
import { Clients } from './network/clients';
import { LoopbackInternet } from './network/internet';
import { CLIENT_OF, Stage, START } from './stage';
import { WORLD } from './world';

/** Clients that go on for longer than a token lives, and than the credentials that they got for it: each is one process with one client, and all that it keeps. */

/** When a client calls, in seconds from the start of its pod; when the tokens were issued that it shows to clouds; and how it is refused where nothing refreshes them. */
type Call = readonly [at: number, shows: readonly number[], refused?: string];

/**
 * Tokens of an hour for credentials of an hour, before and after 80 % of their time, after their end, and after that of the next; AWS takes a token for five
 * minutes more. `age` says how old the kubelet's token is then.
 */
const hours = (refused: string, age: (at: number) => number = at => at % 2880): Call[] => [
  [0, [0]], [2870, []], [2900, []], ...[4000, 7600].map((at): Call => [at, [at - age(at)], refused]),
];
/** Containers that keep a token fresh have just fetched it. */
const fetched = () => 0;
/** Credentials of a day: the token counts when they have ended. */
const days = (refused: string): Call[] => [
  [0, [0]], [2870, []], [2900, []], [4000, []], ...[87000, 174000].map((at): Call => [at, [at - at % 2880], refused]),
];

const AWS = 'ExpiredTokenException: ExpiredTokenException';
const GOOGLE = 'invalid_grant: is stale to sign-in';
const AZURE = 'AADSTS700024: AADSTS700024';
/** What a cloud says of a token that has expired. */
const EXPIRED = /ExpiredTokenException|is stale to sign-in|AADSTS700024/;

const LIVES: readonly (readonly [from: Mechanism['from'], to: Mechanism['to'], by: string, calls: readonly Call[]])[] = [
  ['EKS', 'AWS', 'a projected token', hours(AWS)],
  ['EKS', 'AWS', 'EKS\'s webhook (IRSA)', hours(AWS)],
  // Tokens of a day, credentials of six hours.
  ['EKS', 'AWS', 'EKS Pod Identity', [[0, [0]], [21000, []], [22000, [0]], [70000, [69120]], [92000, [69120], 'CredentialsProviderError: ExpiredTokenException']]],
  ['EKS', 'AWS', 'a chain of two roles in a config file', hours(AWS)],
  ['GKE', 'AWS', 'ID tokens of a Google service account, and the gtoken webhook', hours(AWS, fetched)],
  ['GKE', 'AWS', 'ID tokens of a Google service account, and the metadata server', hours(AWS, fetched)],
  ['any OIDC cluster', 'Google Cloud', 'a service account through a pool', hours(GOOGLE)],
  ['any OIDC cluster', 'Google Cloud', 'direct access through a pool', hours(GOOGLE)],
  ['any OIDC cluster', 'Google Cloud', 'a service account through a pool, and the webhook of pfnet', hours(GOOGLE)],
  // The pod holds no token; its metadata server is what may stop.
  ['GKE', 'Google Cloud', 'a service account through Google\'s own pool', [[0, []], [2870, []], [2900, []], [4000, [], 'Error'], [7600, [], 'Error']]],
  ['AKS', 'Azure', 'AKS\'s webhook', days(AZURE)],
  ['any OIDC cluster', 'Azure', 'a projected token', days(AZURE)],
];

/** Hears which tokens clients show to clouds, and what these say of them. */
class WatchedInternet extends LoopbackInternet {
  private readonly shown = new Set<number>();
  private expired?: string;

  public override serve(host: string | RegExp, service: Service): void {
    super.serve(host, async request => {
      for (const [, claims] of `${request.headers.authorization ?? ''} ${request.body}`.matchAll(/eyJ[\w-]+\.(eyJ[\w-]+)\.[\w-]+/g)) {
        const { iss, iat } = JSON.parse(Buffer.from(claims!, 'base64url').toString());
        // Microsoft's access tokens have this form too.
        if (iss !== `https://sts.windows.net/${WORLD.azureTenant}/`) this.shown.add(iat - START);
      }
      const response = await service(request);
      this.expired ??= EXPIRED.exec(response.body)?.[0];
      return response;
    });
  }

  /** What was heard since it was asked last. */
  public heard(): { readonly shown: readonly number[]; readonly expired?: string } {
    const { expired } = this;
    const shown = [...this.shown];
    this.shown.clear();
    this.expired = undefined;
    return { shown, expired };
  }
}

describeOnTerraform('a client that goes on', () => {
  const internet = new WatchedInternet();
  const stage = new Stage(internet);
  const clients = new Clients(internet, { clock: stage.clock });
  const [[, known]] = LITERAL_AND_TOKENS as [(typeof LITERAL_AND_TOKENS)[number]];
  const rows = LIVES.map(([from, to, by, calls]) => {
    const mechanism = MECHANISMS.find(each => each.from === from && each.to === to && each.by === by);
    if (mechanism === undefined) throw new Error(`no mechanism from ${from} to ${to} by ${by}`);
    return { mechanism, from, to, by, calls };
  });
  const applied = new Map<Mechanism, Applied>();

  beforeEach(() => {
    stage.now = START;
  });
  afterAll(async () => {
    await clients.close();
    await internet.close();
  });

  /** What comes of the calls: what was shown, and whom the client was taken for, or how it was refused. */
  async function live(mechanism: Mechanism, calls: readonly Call[], refreshes: boolean) {
    const resources = applied.get(mechanism) ?? stage.apply(stage.synthesize(mechanism, known));
    applied.set(mechanism, resources);
    stage.enforce(resources);
    // A kubelet that stops is one whose clock does.
    const pod = await stage.start(mechanism, resources, refreshes ? {} : { clock: () => START });
    const [name, action] = CLIENT_OF[mechanism.to];
    const client = await clients.live(pod, 'main', name, action);
    const lived: unknown[] = [];
    for (const [at] of calls) {
      stage.now = START + at;
      if (refreshes) await pod.refresh();
      else if (at > 0) ['metadata.google.internal', '169.254.169.254'].forEach(host => internet.serve(host, () => ({ status: 404, body: 'Not Found\n' })));
      internet.heard();
      const outcome = await client.call();
      const { shown, expired } = internet.heard();
      lived.push([at, shown, outcome.ok ? outcome.as : [outcome.code, expired].filter(part => part !== undefined).join(': ')]);
    }
    await client.end();
    return lived;
  }

  test.each(rows)('is allowed with each new token, past the end of tokens and credentials: $from to $to, $by', async ({ mechanism, calls }) => {
    const lived = await live(mechanism, calls, true);
    const [[, , as]] = lived as [[number, number[], string]];
    expect(as).toMatch(/^arn:aws:iam::|^serviceAccount:|^principal:|^[0-9a-f-]{36}$/);
    expect(lived).toEqual(calls.map(([at, shows]) => [at, shows, as]));
  }, 60_000);

  test.each(rows)('is refused when its credentials have ended and nothing refreshes the token: $from to $to, $by', async ({ mechanism, calls }) => {
    const lived = await live(mechanism, calls, false);
    const [[, , as]] = lived as [[number, number[], string]];
    expect(lived).toEqual(calls.map(([at, shows, refused]) => [at, shows.map(() => 0), refused ?? as]));
  }, 60_000);
});
