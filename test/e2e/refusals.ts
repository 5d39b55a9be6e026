import type { HttpResponse, Internet, RunningPod } from './model';

/** What the clouds refused each pod with. */
export type Refusals = WeakMap<RunningPod, Set<string>>;

const SERVICES: readonly (readonly [host: RegExp, name: string])[] = [
  [/^sts\.(?:.*\.)?amazonaws\.com$/, 'AWS STS'],
  [/(?:^|\.)s3\..*amazonaws\.com$/, 'Amazon S3'],
  [/^169\.254\.170\.23$/, 'the agent of EKS'],
  [/^sts\.googleapis\.com$/, 'Google\'s STS'],
  [/^iamcredentials\.googleapis\.com$/, 'IAM Credentials'],
  [/^storage\.googleapis\.com$/, 'Cloud Storage'],
  [/^(?:metadata\.google\.internal|169\.254\.169\.254)$/, 'GKE\'s metadata server'],
  [/^login\.microsoftonline\.com$/, 'Entra ID'],
  [/\.blob\.core\.windows\.net$/, 'Blob Storage'],
];

/** How each service writes the code of a refusal. */
const CODES: readonly RegExp[] = [
  /<Code>([^<]*)<\/Code>/,
  // EKS's agent.
  /^\[[^\]]*\]: \((\w+)\): /,
  // GKE's metadata server, of what IAM answered to it.
  /; IAM returned \d+ [A-Za-z ]+: (?:Permission '([\w.]+)' denied)?/,
  /"error_description":"(AADSTS\d+)/,
  /"error":"([^"]*)"/,
  /"status":"([A-Z_]+)"/,
  /"reason":"([^"]*)"/,
];

function codeIn(body: string): string {
  return CODES.flatMap(code => code.exec(body)?.[1] ?? [])[0] ?? body.trim();
}

/** The network, where every refusal of what stands on it is noted with the pod that it met. */
export function noted(internet: Internet, refusals: Refusals): Internet {
  const note = (pod: RunningPod, host: string, { status, body }: HttpResponse) => {
    const name = SERVICES.find(([hosts]) => hosts.test(host))?.[1] ?? host;
    refusals.set(pod, (refusals.get(pod) ?? new Set()).add(`${name}: ${status} ${codeIn(body)}`));
  };
  return {
    fetch: request => internet.fetch(request),
    serve: (host, service) => internet.serve(host, async request => {
      const response = await service(request);
      if (request.pod !== undefined && response.status >= 400) {
        note(request.pod, request.host, response);
      }
      return response;
    }),
  };
}
