import { Container, File, Found, list, Pod, shown } from './pods';
import { Attempt, Gate, GateName, Where } from '../model';
import { every, known, partsOf, show, some, TextValue, Verdict } from '../value';
import { attributeAt } from '../where';

/** What a gate says. */
interface GateProps {
  readonly gate: GateName;
  readonly verdict: Verdict;
  readonly want: string;
  readonly have: string;
  readonly where: Where;
  readonly remedy: string;
}

/** A gate; one that is passed needs no remedy. */
export function gate({ gate: name, verdict, want, have, where, remedy }: GateProps): Gate {
  return { gate: name, verdict, want, have, where, remedy: verdict === 'yes' ? '' : remedy };
}

/** What a try comes to at the pod's own gates. */
export function outcome({ gates }: Pick<Attempt, 'gates'>): Verdict {
  return every(gates.map(({ verdict }) => verdict));
}

/** The lifetimes of tokens that Kubernetes and all clouds take, in seconds. */
const EXPIRATION = { min: 600, max: 86400 };

/** Whether a pod may ask for tokens of a lifetime. Kubernetes refuses pods that ask for less; some clusters and clouds take no more than a day. */
export function expirationGate(found: Found & { readonly kind: 'token' }): Gate {
  const { expirationSeconds: seconds, where } = found;
  const verdict: Verdict = seconds === undefined ? 'unknown' : seconds < EXPIRATION.min ? 'no' : seconds > EXPIRATION.max ? 'unknown' : 'yes';
  return gate({
    gate: 'pod-token', verdict, want: `a lifetime of ${EXPIRATION.min} to ${EXPIRATION.max} seconds`, have: seconds === undefined ? 'one that only Terraform knows' : String(seconds), where,
    remedy: 'set the expiration of the projected token to 3600 seconds',
  });
}

/** Whether a file with a token is where a variable or document says. */
export function tokenGate(pod: Pod, container: Container, path: TextValue, said: string, found: Found, isOurs: (audience: string) => boolean): Gate {
  const where = attributeAt(container.where, `${container.where.attribute}.${pod.spelled('volumeMounts')}`);
  const want = `a projected token at ${show(path)}, as ${said} says`;
  const common = { gate: 'pod-token' as const, want, where };
  switch (found.kind) {
    case 'token':
      return gate({ ...common, verdict: 'yes', have: `a token for ${show(found.audience)}`, remedy: '' });
    case 'content':
      return gate({ ...common, verdict: 'no', have: 'a file of a ConfigMap or Secret', remedy: `let ${said} name the path of the projected token` });
    case 'written':
      return gate({
        ...common, verdict: 'unknown', have: `volume ${show(found.volume)}, which is empty until something writes into it`,
        remedy: `project a serviceAccountToken to ${show(path)}, or look at what writes there`,
      });
    default:
      return gate({ ...common, verdict: found.kind === 'missing' ? 'no' : 'unknown', have: found.have, remedy: tokenRemedy(pod, container, path, said, isOurs) });
  }
}

/** What to do where a token is not found: name the one that is there, or mount the one that the pod has. */
function tokenRemedy(pod: Pod, container: Container, path: TextValue, said: string, isOurs: (audience: string) => boolean): string {
  const there = tokensOf(pod.filesOf(container), isOurs);
  if (there.length > 0) {
    return `set ${said} of container ${shown(container)} to ${list(there)}`;
  }
  for (const other of pod.containers) {
    if (tokensOf(pod.filesOf(other), isOurs).length > 0) {
      const mount = other.mounts.find(({ path: folder }) => typeof path === 'string' && typeof folder === 'string' && path.startsWith(`${folder}/`));
      if (mount !== undefined) {
        return `mount volume ${show(mount.name)} at ${show(mount.path)} in container ${shown(container)}, as container ${shown(other)} does`;
      }
    }
  }
  return `mount a volume with a projected serviceAccountToken in container ${shown(container)} so that the token is at ${show(path)}`;
}

/** How to name the token that a container has, for remedies. */
export function toToken(pod: Pod, container: Container, isOurs: (audience: string) => boolean): string {
  const there = tokensOf(pod.filesOf(container), isOurs);
  return `to ${there.length === 0 ? 'the path of a projected token' : list(there)}`;
}

function tokensOf(files: readonly File[], isOurs: (audience: string) => boolean): readonly string[] {
  const tokens = files.flatMap(({ path, source }) => source.kind === 'token' ? [{ path: show(path), audience: source.audience }] : []);
  const ours = tokens.filter(({ audience }) => isOurs(partsOf(audience).map(part => typeof part === 'string' ? part : '').join('')));
  return (ours.length > 0 ? ours : tokens).map(({ path }) => path);
}

/** Whether all, one or none of two variables are set, of which some clients read the one and some the other. */
export function bothGate(
  container: Container, pod: Pod, [first, second]: readonly [string, string], readers: string, value: string, none: Verdict = 'no',
): Gate {
  const { variables } = container;
  const [a, b] = [variables.has(first), variables.has(second)];
  const missing = [first, second].filter(name => variables.has(name) !== 'yes');
  const set = [first, second].filter(name => variables.has(name) === 'yes');
  return gate({
    gate: 'pod-environment', verdict: a === 'no' && b === 'no' ? none : a === 'yes' && b === 'yes' ? 'yes' : 'unknown',
    want: `${first} and ${second}: ${readers}`,
    have: missing.length === 0 ? 'both' : set.length === 0 ? some([a, b]) === 'unknown' ? 'variables that are not known' : 'neither' : `${set.join(', ')} alone`,
    where: envWhere(container, pod),
    remedy: `set ${missing.join(' and ')} of container ${shown(container)} to ${value}`,
  });
}

/** Whether variables are set. */
export function setGate(container: Container, pod: Pod, names: readonly string[], remedy: string): Gate {
  const { variables } = container;
  const missing = names.filter(name => variables.has(name) !== 'yes');
  return gate({
    gate: 'pod-environment', verdict: every(names.map(name => variables.has(name))), want: names.join(', '),
    have: missing.length === 0 ? 'all of them' : missing.map(name => `${name} ${variables.has(name) === 'no' ? 'is not set' : 'may not be set'}`).join(', '), where: envWhere(container, pod),
    remedy: `set ${missing.join(' and ')} of container ${shown(container)} ${remedy}`,
  });
}

/** Whether nothing is set that clients take before the federated identity; of some it depends on the client. */
export function nothingBefore(container: Container, pod: Pod, certain: readonly string[], possible: readonly string[], wins: string): Gate {
  const { variables } = container;
  const surely = certain.filter(name => variables.has(name) === 'yes');
  const maybe = possible.filter(name => variables.has(name) === 'yes');
  const hidden = [...certain, ...possible].some(name => variables.has(name) === 'unknown');
  const set = [...surely, ...maybe];
  return gate({
    gate: 'pod-environment', verdict: surely.length > 0 ? 'no' : maybe.length > 0 || hidden ? 'unknown' : 'yes',
    want: `nothing that ${wins}`, have: set.length > 0 ? set.join(', ') : hidden ? 'variables that are not known, as those of a Secret' : 'nothing', where: envWhere(container, pod),
    remedy: set.length > 0 ? `remove ${set.join(' and ')} from container ${shown(container)}` : `write the variables of container ${shown(container)} out one by one`,
  });
}

/** Where the variables of a container are. */
export function envWhere(container: Container, pod: Pod): Where {
  return attributeAt(container.where, `${container.where.attribute}.${pod.spelled('env')}`);
}

/** A gate about a document or variable that is compared with what it must be. */
export function documentGate(holds: boolean | Verdict, want: string, have: string, where: Where, remedy: string): Gate {
  return gate({ gate: 'pod-environment', verdict: typeof holds === 'boolean' ? known(holds) : holds, want, have, where, remedy });
}
