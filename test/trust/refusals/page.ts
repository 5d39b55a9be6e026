import { CATALOGUE, RefusalEntry } from '../../../lib/trust/refusals/catalogue';

const CLOUDS = [
  ['aws', 'AWS', 'What STS, EKS Pod Identity, AWS\'s services and its SDKs say.'],
  ['gcp', 'Google Cloud', 'What the Security Token Service, IAM, GKE\'s metadata server, services and SDKs say.'],
  ['azure', 'Azure', 'What Entra, Azure\'s services and its SDKs say.'],
  ['kubernetes', 'Kubernetes', 'What the API server, the kubelet and SDKs say of the pod\'s own wiring.'],
] as const;

const HEAD = `# What clouds say when they refuse

Find the message that you have, or let \`workload-federation explain --error "<the message>"\` find it and look into your Terraform for what is
behind it. \`<…>\` stands for what differs. The gates are what a token must pass, the most likely first; none means that the identity was
reached, and that something else refuses. A message marked *general* says little alone: the words behind it are what counts.
`;

const SHOWN: ReadonlyMap<string, string> = new Map([
  ['iss', 'issuer'], ['sub', 'subject'], ['aud', 'audience'], ['expectedIss', 'issuer'], ['expectedAud', 'audience'], ['at', 'time'], ['exp', 'time'], ['nbf', 'time'], ['iat', 'time'],
  ['client', 'client id'], ['serviceAccount', 'service account'], ['*', '…'],
]);

/** The page docs/refusals.md, from the catalogue. */
export function refusalsPage(): string {
  const parts = CLOUDS.map(([cloud, title, about]) => [
    `## ${title}`, about, ...CATALOGUE.filter(entry => entry.cloud === cloud && entry.marks.length > 0).map(section),
  ].join('\n\n'));
  return `${HEAD}\n${parts.join('\n\n')}\n`;
}

function section({ id, code, says, gates, means, remedy, sources, general, unconfirmed }: RefusalEntry): string {
  const message = says.replace(/\{([A-Za-z]+|\*)\}/g, (_, name: string) => `<${SHOWN.get(name) ?? name}>`);
  return [
    `### ${id}`,
    `\`\`\`text\n${message}\n\`\`\``,
    [
      `- code: ${code === undefined ? 'none' : `\`${code}\``}${general === true ? ', *general*' : ''}${unconfirmed === true ? ', the wording was not seen in a document or a log' : ''}`,
      `- gates: ${gates.map(gate => `\`${gate}\``).join(', ') || 'none'}`,
      `- it means: ${means}`,
      `- what to do: ${remedy.replace(/<([a-z ]+)>/g, '`<$1>`')}`,
      `- sources: ${sources.map(source => `<${source}>`).join(', ')}`,
    ].join('\n'),
  ].join('\n\n');
}
