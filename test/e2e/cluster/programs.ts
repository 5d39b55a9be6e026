import type { HttpResponse, Internet, RunningPod } from '../model';
import { Container } from './pod';
import { KubernetesError } from './refusal';

const METADATA = 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default';
const HEADERS = { 'metadata-flavor': 'Google' };
/** What gtoken asks for, and nothing else: https://github.com/doitintl/gtoken/blob/master/cmd/gtoken/internal/gcp/token.go. */
const GTOKEN_AUDIENCE = 'gtoken/sts/assume-role-with-web-identity';

/** What a container has written. */
export interface Written {
  readonly file: string;
  readonly content: string;
}

/**
 * What the containers do that bring ID tokens of Google: those of gtoken (a command `/gtoken`), and those that find the metadata server's URL in
 * ID_TOKEN_URL and the file in ID_TOKEN_FILE. Every other container does nothing here.
 * @throws KubernetesError where Google answers with no token
 */
export async function fetchIdToken(
  pod: RunningPod, { name, command, args }: Container, env: Readonly<Record<string, string>>, internet: Internet | undefined, reason: 'Init:Error' | 'Error',
): Promise<Written | undefined> {
  const words = [...command, ...args];
  const gtoken = words[0] === '/gtoken';
  const { ID_TOKEN_URL: url, ID_TOKEN_FILE: file } = env;
  if (!gtoken && (url === undefined || file === undefined)) return undefined;
  if (internet === undefined) throw new Error(`Container ${name} asks Google for an ID token: say \`internet\`.`);
  const fail = (message: string): never => { throw new KubernetesError(reason, `container ${name}: ${message}`); };
  const ask = async (request: Parameters<Internet['fetch']>[0]): Promise<HttpResponse> => {
    const response = await internet.fetch({ ...request, pod }).catch((error: Error) => fail(error.message));
    return response.status === 200 ? response : fail(`${request.url} answered ${response.status}: ${response.body}`);
  };
  if (!gtoken) return { file: file!, content: (await ask({ url: url!, headers: HEADERS })).body.trim() };
  const target = words.map(word => /^--?file=(.*)$/.exec(word)?.[1]).find(path => path !== undefined);
  const { access_token: accessToken } = JSON.parse((await ask({ url: `${METADATA}/token`, headers: HEADERS })).body) as { access_token: string };
  const email = (await ask({ url: `${METADATA}/email`, headers: HEADERS })).body.trim();
  // The account makes the token itself: https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateIdToken.
  const { body } = await ask({
    url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${email}:generateIdToken`,
    method: 'POST',
    headers: { 'authorization': `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ audience: GTOKEN_AUDIENCE, includeEmail: true }),
  });
  const { token } = JSON.parse(body) as { token: string };
  // Without a file it writes to its own output.
  return target === undefined ? undefined : { file: target, content: token };
}
