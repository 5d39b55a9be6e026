import { awsFirst, isSkipped, webhookOf } from './aws';
import { Cluster } from './clusters';
import { Account } from './objects';
import { accountWhere, best, Use, workers } from './use';
import { Association } from '../aws/pod-identity';
import { push } from '../lists';
import { Attempt, Door, Gate, Where } from '../model';
import { PODS_AUDIENCE } from '../pods';
import { equal, keyOf, TextValue } from '../value';

/** A ServiceAccount with what runs as it, as associations see it. */
interface Associated {
  readonly namespace: TextValue;
  readonly name: TextValue;
  readonly account: Account | undefined;
  readonly where: Where;
}

/** What pods become in AWS by associations of EKS Pod Identity. */
export class Associations {
  private readonly byAccount = new Map<string, Association[]>();

  constructor(associations: readonly Association[]) {
    for (const association of associations) {
      push(this.byAccount, keyOf([association.tags.namespace, association.tags.serviceAccount]), association);
    }
  }

  /**
   * What the pods of a ServiceAccount become: the role of its association, and the target behind it. SDKs take what IRSA brings first.
   * @param clusters The clusters that its provider leads to; without any, it is taken to be in that of the association
   * @see https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
   */
  public attempts({ namespace, name, account, where }: Associated, uses: readonly Use[], clusters: readonly Cluster[]): readonly Attempt[] {
    return (this.byAccount.get(keyOf([namespace, name])) ?? []).filter(association => isOf(association, clusters)).flatMap(association => {
      const tries = (gates: readonly Gate[], at: Where) => triesOf(association, gates, at);
      return uses.length > 0 ? uses.flatMap(use => wired(use).flatMap(({ gates }) => tries(gates, accountWhere(use.pod))))
        : webhookOf(account) === undefined ? tries([], where) : [];
    });
  }
}

/** Whether a door can be come through by the association of a try: the association's own, or those behind its role. */
export function isThrough(door: Door, { association, mechanism }: Pick<Attempt, 'association' | 'mechanism'>): boolean {
  const { where, through } = door;
  return association === undefined || (mechanism === 'aws-role-chain' ? through !== undefined
    : door.mechanism === mechanism && where.address === association.address && where.stack === association.stack && where.file === association.file);
}

/** Whether an association is or may be of the cluster that a workload is in. */
function isOf({ tags: { clusterName } }: Association, clusters: readonly Cluster[]): boolean {
  return clusters.length !== 1 || clusters.every(({ eksName }) => eksName !== undefined && equal(eksName, clusterName) !== 'no');
}

function triesOf({ where: association, role, target }: Association, gates: readonly Gate[], where: Where): readonly Attempt[] {
  const attempt = { audience: PODS_AUDIENCE, association, gates, where };
  return [
    { ...attempt, mechanism: 'aws-pod-identity', identity: role },
    ...target === undefined ? [] : [{ ...attempt, mechanism: 'aws-role-chain' as const, identity: target }],
  ];
}

/** The gates of the containers that reach the agent, those that get farthest. */
function wired({ pod, account, gates }: Use): readonly Pick<Attempt, 'gates'>[] {
  if (webhookOf(account) !== undefined && !isSkipped(pod)) {
    return [];
  }
  const containers = workers(pod).filter(({ variables }) => IRSA.some(name => variables.has(name) !== 'yes'));
  return best(containers.map(container => ({ gates: [...gates, awsFirst(container, pod, IRSA, 'EKS Pod Identity')] }))).slice(0, 1);
}

/** The variables that bring IRSA's token. */
const IRSA = ['AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE'];
