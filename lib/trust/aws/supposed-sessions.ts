import { PodTags } from './context';
import { audienceGate, conditionsOn, podAtoms, SERVICE, trustOf, trustsPods } from './pod-identity';
import { Condition, lower, policyKey } from './policy';
import { Role, Roles } from './roles';
import { audiencesOf, subjectOf } from './token';
import { atomOf, comparesOtherwise, distinctAtoms, exactAtoms, once } from './who';
import { Atom, Door, Gate, Supposed, Token } from '../model';
import { at as valueAt, equal, isText, keyOf, partsOf, show, text, TextValue, Unknown, Value, Verdict } from '../value';
import { tokenOf } from '../witness';

/** The tags that name the service account of a session and its cluster, and its external id; what stands for a supposed session has them as claims. */
const [NAMESPACE, NAME, CLUSTER_ARN, EXTERNAL_ID] = ['kubernetes-namespace', 'kubernetes-service-account', 'eks-cluster-arn', 'external-id'] as const;
const NAMES = [NAMESPACE, NAME, CLUSTER_ARN, EXTERNAL_ID] as const;
/** Stands for a name that no condition names. */
const ANY = 'any';

/** Adds to roles that pods may become what others may do who may create associations. */
export function supposeAssociations(roles: Roles): void {
  for (const role of roles.all.filter(one => trustsPods(one) !== 'no')) {
    role.identity.supposed = supposedBy([role], [], (session, token) => supposedGates(role, session, token));
  }
}

/** What becomes of a supposed session: the gates that it passes, with session tags or without them. */
type JudgeSession = (session: SupposedSession, token: Token) => readonly Gate[];

/** A session as EKS makes it of an association that somebody creates. */
export interface SupposedSession {
  readonly tags: PodTags;
  readonly tagged: Verdict;
  /** What EKS gives as external id to a target role. */
  readonly externalId: TextValue;
}

/** What others may do who may create associations, with session tags and without them, by the policies of these roles. */
export function supposedBy(roles: readonly Role[], key: readonly string[], judge: JudgeSession): Supposed {
  const [role] = roles;
  const { trustWhere: where } = role!;
  const policies = roles.map(({ policy }) => policy);
  const opaque = policies.some(({ statements, variables }) =>
    statements.some(({ conditions }) => conditions.some(condition => isOfSession(condition) && comparesOtherwise(condition, variables))));
  const atoms = once(() => distinctAtoms([...exactAtoms('aud', [SERVICE]), ...roles.flatMap(one => [...sessionAtoms(one), ...podAtoms(one)])]));
  return {
    by: 'whoever may create an association of EKS Pod Identity, and pass the role',
    doors: (['yes', 'no'] as const).map((tagged): Door => ({
      mechanism: 'aws-pod-identity',
      where,
      who: [],
      judge: token => {
        const session = sessionOf(token, tagged);
        const association = { gate: 'aws-association' as const, want: 'a service account with which somebody associates the role', have: show(token.get(NAME)), where, remedy: '' };
        return session === undefined ? [{ ...association, verdict: 'no' }] : [{ ...association, verdict: 'yes' }, audienceGate(token, where), ...judge(session, token)];
      },
      get atoms() {
        return atoms();
      },
      opaque,
      fingerprint: JSON.stringify(['supposed association', tagged, ...roles.map(({ account, policy }) => [account, policyKey(policy)]), ...key]),
    })),
    real: token => tokenOf([
      [['iss'], token.get('iss')], [['sub'], subjectOf(nameIn(token, NAMESPACE), nameIn(token, NAME))], [['aud'], token.get('aud')],
      ...['name', 'uid'].map(field => [['kubernetes.io', 'pod', field], valueAt(token, 'kubernetes.io', 'pod', field)] as const).filter(([, value]) => value !== undefined),
    ]),
    show: token => {
      const [namespace, name, arn, externalId] = NAMES.map(claim => show(token.get(claim)));
      const cluster = clusterIn(arn!);
      const pod = valueAt(token, 'kubernetes.io', 'pod', 'name');
      return [
        `${namespace}/${name}`, ...typeof pod === 'string' ? [`in the pod ${pod}`] : [],
        arn!.startsWith('arn:') || arn!.startsWith('${') ? `of cluster ${arn}` : cluster !== undefined ? `of any cluster of the name ${cluster}` : 'of any cluster',
        ...externalId === ANY ? [] : [`with the external id ${externalId}`],
      ].join(' ');
    },
  };
}

/** The gates by which a supposed session becomes the role of its association. */
export function supposedGates(role: Role, { tags, tagged }: SupposedSession, token: Token): readonly Gate[] {
  return trustOf(role, tags, tagged, token, undefined);
}

function nameIn(token: Token, claim: string): TextValue {
  const value = token.get(claim);
  return isText(value) ? value : new Unknown(claim);
}

/** What a token says of a supposed session: one as EKS makes it, of names that Kubernetes has, and no other. */
function sessionOf(token: Token, tagged: Verdict): SupposedSession | undefined {
  const [issuer, subject, namespace, serviceAccount, clusterArn, externalId] = ['iss', 'sub', ...NAMES].map(claim => token.get(claim));
  return isFilled(issuer) && isFilled(subject) && isFilled(namespace) && isFilled(serviceAccount) && isFilled(clusterArn) && isFilled(externalId)
    && audiencesOf(token).length === 1 && ![namespace, serviceAccount].some(name => partsOf(name).some(part => typeof part === 'string' && /[A-Z:]/.test(part)))
    ? { tags: { namespace, serviceAccount, clusterArn, clusterName: clusterOf(clusterArn) }, tagged, externalId } : undefined;
}

/** The name in what is the end of a cluster's ARN. */
function clusterIn(arn: string): string | undefined {
  return /:cluster\/([^/]+)$/.exec(arn)?.[1];
}

/** The name of the cluster of an ARN. */
function clusterOf(arn: TextValue): TextValue {
  return typeof arn === 'string' ? clusterIn(arn) ?? ANY : new Unknown(`name of ${keyOf(arn)}`);
}

function isFilled(value: Value | undefined): value is TextValue {
  return isText(value) && value !== '';
}

/** What else names the cluster of a session, or its service account. */
const OTHER_KEYS = new Map<string, string>([['aws:sourcearn', CLUSTER_ARN], ['sts:externalid', EXTERNAL_ID]]);

/** Whether a condition may look at what the service account, its cluster or its pod make of the session. */
function isOfSession({ key }: Condition): boolean {
  const name = lower(key);
  return typeof name !== 'string' || name.startsWith('aws:requesttag/') || name.startsWith('aws:principaltag/') || OTHER_KEYS.has(name) || name === 'aws:tagkeys';
}

/** What tells supposed sessions apart, by the claims that stand for their tags. */
function sessionAtoms({ policy: { statements, variables } }: Role): readonly Atom[] {
  const all = statements.flatMap(({ conditions }) => conditions);
  const others = (tag: string) => all.filter(({ key }) => [...OTHER_KEYS].some(([name, of]) => of === tag && equal(lower(key), name) !== 'no'));
  return NAMES.flatMap(tag => [
    { claim: [tag], pattern: '?*', wildcards: true },
    ...[...statements.flatMap(statement => conditionsOn(statement, tag)), ...others(tag)]
      .flatMap(condition => condition.values.map(value => atomOf(tag, condition, value, variables))),
    // The name of a cluster is the end of its ARN.
    ...tag === CLUSTER_ARN ? statements.flatMap(statement => conditionsOn(statement, 'eks-cluster-name')).flatMap(condition => condition.values.map((value): Atom => (
      { ...atomOf(tag, condition, text('*:cluster/', value), variables), wildcards: true }))) : [],
  ]);
}
