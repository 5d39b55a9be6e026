import { accountOf, arnParts } from './arn';
import { parseOperator } from './conditions';
import { podIdentityContext, podTags, PodTags } from './context';
import { actionVerdict, Condition, lower, policyKey, Principal, Statement } from './policy';
import { Role, Roles } from './roles';
import { agreedGates, showCondition, trustGates } from './statements';
import { audiencesOf, audienceVerdict, podClaimVerdict, podTimeGate, serviceAccountOf, subjectOf } from './token';
import { distinctAtoms, exactAtoms } from './who';
import { Atom, Door, Gate, Note, Terraform, TerraformResource, Token, Where, Who } from '../model';
import { at as valueAt, equal, isText, keyOf, show, some, text, TextValue, Unknown, Value, Verdict } from '../value';

export const SERVICE = 'pods.eks.amazonaws.com';

/** An association of EKS Pod Identity: a service account of a cluster, and what it becomes. */
export interface Association {
  readonly where: Where;
  readonly tags: PodTags;
  /** The issuers of the clusters of that name; none where the input has no such cluster. */
  readonly issuers: readonly TextValue[];
  /** Whether EKS tags the sessions. */
  readonly tagged: Verdict;
  readonly role: TextValue;
  readonly target?: TextValue;
  /** What EKS gives as external id to the target role. */
  readonly externalId?: TextValue;
}

/** Reads the associations. */
export function readAssociations(terraform: Terraform): { readonly associations: readonly Association[]; readonly notes: readonly Note[] } {
  const clusters = new Map<string, TerraformResource[]>();
  for (const cluster of terraform.ofType('aws_eks_cluster')) {
    const name = cluster.values.get('name');
    if (isText(name)) {
      clusters.set(keyOf(name), [...clusters.get(keyOf(name)) ?? [], cluster]);
    }
  }
  const notes: Note[] = [];
  const associations = terraform.ofType('aws_eks_pod_identity_association', 'managed').flatMap(resource => {
    const { values, where } = resource;
    const [clusterName, namespace, serviceAccount, role] = ['cluster_name', 'namespace', 'service_account', 'role_arn'].map(name => values.get(name));
    if (!isText(clusterName) || !isText(namespace) || !isText(serviceAccount) || !isText(role)) {
      notes.push({ message: 'the association has no cluster_name, namespace, service_account or role_arn that can be read', where });
      return [];
    }
    return [associationOf(resource, clusters.get(keyOf(clusterName)) ?? [], { clusterName, namespace, serviceAccount, role })];
  });
  return { associations, notes };
}

function associationOf(
  { values, where }: TerraformResource, named: readonly TerraformResource[],
  { clusterName, namespace, serviceAccount, role }: { clusterName: TextValue; namespace: TextValue; serviceAccount: TextValue; role: TextValue },
): Association {
  const near = named.filter(cluster => cluster.where.stack === where.stack && cluster.where.file === where.file);
  const clusters = near.length > 0 ? near : named;
  const clusterArn = arnOfCluster(clusters, clusterName, role, values.get('region'));
  const [disabled, target, externalId] = ['disable_session_tags', 'target_role_arn', 'external_id'].map(name => values.get(name));
  const parts = arnParts(clusterArn);
  const composed = parts === undefined ? undefined : text(parts[3], '/', parts[4], '/', clusterName, '/', namespace, '/', serviceAccount);
  return {
    where,
    tags: { clusterArn, clusterName, namespace, serviceAccount },
    issuers: clusters.map(cluster => issuerOfCluster(cluster)),
    tagged: disabled === undefined || disabled === null || disabled === false || disabled === 'false' ? 'yes' : disabled === true || disabled === 'true' ? 'no' : 'unknown',
    role,
    target: isText(target) && target !== '' ? target : undefined,
    externalId: typeof composed === 'string' || !isText(externalId) ? composed ?? (isText(externalId) ? externalId : undefined) : externalId,
  };
}

/** The issuer of a cluster of EKS: as the input has it, or what stands for it. */
export function issuerOfCluster({ values, where }: TerraformResource): TextValue {
  const issuer = valueAt(values, 'identity', 0, 'oidc', 0, 'issuer');
  return isText(issuer) ? issuer : new Unknown(`${where.stack ?? ''}/${where.address}.identity.0.oidc.0.issuer`);
}

/** The ARN of the one cluster of that name, or what it must look like: EKS takes roles of the cluster's own account alone. */
function arnOfCluster(clusters: readonly TerraformResource[], name: TextValue, role: TextValue, region: Value | undefined): TextValue {
  const arns = clusters.map(({ values }) => values.get('arn')).filter(isText);
  const [only] = arns;
  if (arns.length === 1 && clusters.length === 1) {
    return only!;
  }
  const parts = arnParts(role);
  return text('arn:', parts?.[1] ?? new Unknown('partition'), ':eks:', isText(region) ? region : new Unknown('region'), ':', parts?.[4] ?? new Unknown('account'), ':cluster/', name);
}

/** Adds the doors of EKS Pod Identity to roles. */
export function addPodIdentityDoors(associations: readonly Association[], roles: Roles): readonly Note[] {
  const notes: Note[] = [];
  const used = new Set<Role>();
  for (const association of associations) {
    const found = roles.ofArn(association.role);
    if (found.length === 0) {
      notes.push({ message: `the role ${show(association.role)} is not in the input`, where: { ...association.where, attribute: 'role_arn' } });
    }
    for (const [role, verdict] of found) {
      used.add(role);
      role.identity.doors.push(doorOf(role, association, verdict));
    }
  }
  for (const role of roles.all) {
    // Any association of the account would do, and the input may not have them all.
    if (!used.has(role) && trustsPods(role) === 'yes') {
      role.identity.doors.push(openDoorOf(role));
    }
  }
  return notes;
}

/** The gates of an association and of the role behind it. */
export function podIdentityGates(role: Role, association: Association, isRole: Verdict, token: Token, at: number | undefined): readonly Gate[] {
  return [
    ...at === undefined ? [] : [podTimeGate(token, at, association.where)],
    ...associationGates(association, isRole, token),
    ...trustOf(role, association.tags, association.tagged, token, at),
  ];
}

function doorOf(role: Role, association: Association, isRole: Verdict): Door {
  const { tags, issuers, where } = association;
  const subject = subjectOf(tags.namespace, tags.serviceAccount);
  const conditions = conditionsOf(role);
  const rows: Who[] = (issuers.length === 0 ? [undefined] : issuers).map(issuer => ({
    issuer, subject, wildcards: false, audiences: [SERVICE],
    conditions: [...issuer === undefined ? [`cluster ${show(tags.clusterName)}`] : [], ...conditions], where,
  }));
  return {
    mechanism: 'aws-pod-identity',
    where,
    who: rows,
    judge: (token, at) => podIdentityGates(role, association, isRole, token, at),
    atoms: distinctAtoms([...exactAtoms('iss', issuers), ...exactAtoms('sub', [subject]), ...exactAtoms('aud', [SERVICE]), ...podAtoms(role)]),
    fingerprint: JSON.stringify([tags, issuers, association.tagged, isRole, role.account, policyKey(role.policy)]),
  };
}

/** The door of a role that pods may become by an association that the input does not have. */
function openDoorOf(role: Role): Door {
  const where = role.trustWhere;
  return {
    mechanism: 'aws-pod-identity',
    where,
    who: [{ wildcards: false, audiences: [SERVICE], conditions: ['an association of EKS Pod Identity, of which the input has none', ...conditionsOf(role)], where }],
    unseen: true,
    judge: (token, at) => {
      const account = serviceAccountOf(token);
      const tags: PodTags = {
        clusterArn: new Unknown('cluster.arn'), clusterName: new Unknown('cluster.name'),
        namespace: account?.[0] ?? new Unknown('namespace'), serviceAccount: account?.[1] ?? new Unknown('service_account'),
      };
      return [
        ...at === undefined ? [] : [podTimeGate(token, at, where)],
        {
          gate: 'aws-association', verdict: account === undefined ? 'no' : 'unknown', want: 'an association of the service account with the role, of which the input has none', have: show(token.get('sub')), where,
          remedy: `add an aws_eks_pod_identity_association with ${role.where.address}, or read the Terraform that has it`,
        },
        audienceGate(token, where),
        ...trustOf(role, tags, 'unknown', token, at),
      ];
    },
    atoms: distinctAtoms([...exactAtoms('aud', [SERVICE]), ...subjectAtoms(role), ...podAtoms(role)]),
    fingerprint: JSON.stringify(['any association', role.account, policyKey(role.policy)]),
  };
}

/** The conditions on a tag of the session, of the request for it or of one that it makes. */
export function conditionsOn({ conditions }: Statement, tag: string): readonly Condition[] {
  return conditions.filter(({ key }) => ['aws:requesttag/', 'aws:principaltag/'].some(prefix => equal(lower(key), `${prefix}${tag}`) !== 'no'));
}

/** What tells the subjects of service accounts apart by the tags of their sessions. */
function subjectAtoms({ policy: { statements } }: Role): readonly Atom[] {
  const [namespaces, names] = ['kubernetes-namespace', 'kubernetes-service-account'].map(tag => [...statements.flatMap(statement => conditionsOn(statement, tag)).flatMap(({ values }) => values), '*']);
  return namespaces!.flatMap(namespace => names!.map(name => ({ claim: ['sub'], pattern: subjectOf(namespace, name), wildcards: true })));
}

/** What the tags of a session are compared with, as the claims that they are made of. */
export function podAtoms(role: Role): readonly Atom[] {
  const claims = new Map<TextValue, readonly string[]>([
    ['aws:requesttag/kubernetes-pod-name', ['kubernetes.io', 'pod', 'name']],
    ['aws:requesttag/kubernetes-pod-uid', ['kubernetes.io', 'pod', 'uid']],
  ]);
  return role.policy.statements.flatMap(({ conditions }) => conditions).flatMap(({ operator, key, values }) => {
    const claim = claims.get(lower(key));
    const wildcards = parseOperator(operator).base?.wildcards ?? false;
    return claim === undefined ? [] : values.map(pattern => ({ claim, pattern, wildcards }));
  });
}

/** Whether a role lets in the service of EKS Pod Identity. */
export function trustsPods({ policy: { statements } }: Role): Verdict {
  return some(statements.map(statement => statement.effect === 'Deny' || actionVerdict(statement, 'sts:AssumeRole') === 'no' || statement.principals.negated
    ? 'no' : some(statement.principals.list.map(isPods))));
}

function conditionsOf(role: Role): readonly string[] {
  return role.policy.statements
    .filter(({ effect, principals }) => effect !== 'Deny' && principals.list.some(principal => isPods(principal) === 'yes'))
    .flatMap(({ conditions }) => conditions.map(showCondition));
}

/** Whether a principal is the service of EKS Pod Identity; a wildcard for AWS's principals is not for its services. */
function isPods({ type, identifier }: Principal): Verdict {
  return type === 'unknown' ? 'unknown' : type === 'Service' ? equal(identifier, SERVICE) : 'no';
}

/** What the role's trust policy says of a session with these tags. */
export function trustOf(role: Role, tags: PodTags, tagged: Verdict, token: Token, at: number | undefined): readonly Gate[] {
  const gates = (withTags: boolean) => trustGates({ policy: role.policy, where: role.trustWhere }, {
    principal: isPods,
    // Whether everyone is the services of AWS too is documented of other policies than this one.
    deniedPrincipal: principal => principal.identifier === '*' ? 'unknown' : isPods(principal),
    who: SERVICE,
    actions: ['sts:AssumeRole', ...withTags ? ['sts:TagSession'] : []],
    context: podIdentityContext(withTags ? podTags(tags, token) : new Map(), { account: accountOf(role.arn), arn: tags.clusterArn }, at),
  });
  // Where it is not known whether EKS sends tags, both must come to the same.
  const both = gates(tagged !== 'no');
  return tagged !== 'unknown' ? both : agreedGates(both, gates(false));
}

function associationGates({ issuers, tags, where }: Association, isRole: Verdict, token: Token): readonly Gate[] {
  const iss = token.get('iss');
  const sub = token.get('sub');
  const subject = subjectOf(tags.namespace, tags.serviceAccount);
  // Of several clusters of one name, it is not known which is meant.
  const matching = isText(iss) ? issuers.map(issuer => equal(issuer, iss)) : [];
  const issuer: Verdict = !isText(iss) ? 'no' : matching.length === 0 ? 'unknown' : matching.length === 1 ? matching[0]! : some(matching) === 'no' ? 'no' : 'unknown';
  const account: Verdict = isText(sub) ? equal(subject, sub) : 'no';
  // What the claim of Kubernetes says besides is of interest only where the subject is the right one.
  const claim = account === 'yes' ? podClaimVerdict(token) : 'yes';
  return [
    {
      gate: 'aws-association', verdict: isRole === 'yes' ? issuer : issuer === 'no' ? 'no' : 'unknown',
      want: issuers.length === 0 ? `the issuer of cluster ${show(tags.clusterName)}, which the input does not have` : `a token of cluster ${show(tags.clusterName)}: ${issuers.map(show).join(' or ')}`,
      have: show(iss), where: { ...where, attribute: 'cluster_name' },
      remedy: issuer === 'yes' ? '' : issuer === 'no' ? `associate the service account of the token's own cluster, or change cluster_name of ${where.address}` : `read the Terraform that has cluster ${show(tags.clusterName)} together with this`,
    },
    audienceGate(token, where),
    claim === 'yes' ? {
      gate: 'aws-association', verdict: account, want: show(subject), have: show(sub), where,
      remedy: account === 'yes' ? '' : `change namespace and service_account of ${where.address}, or add an aws_eks_pod_identity_association for ${show(sub)}`,
    } : {
      gate: 'aws-association', verdict: claim, want: `a token of a pod, whose claim kubernetes.io says the same as sub ${show(subject)}`,
      have: `kubernetes.io ${show(token.get('kubernetes.io'))}`, where, remedy: 'use a token that the kubelet asked for: AWS does not say which of the two EKS reads',
    },
  ];
}

/** That the token is the one that EKS's agent asks for. */
export function audienceGate(token: Token, where: Where): Gate {
  const audiences = audiencesOf(token);
  const verdict = audienceVerdict({ values: audiences, certain: audiences.length === 1 }, [SERVICE]);
  return {
    gate: 'aws-association', verdict, want: `a token for ${SERVICE}`, have: show(token.get('aud')), where,
    remedy: verdict === 'yes' ? '' : `ask for a token for "${SERVICE}", as EKS Pod Identity does`,
  };
}
