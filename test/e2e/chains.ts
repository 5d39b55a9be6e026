import { Aws, AwsError } from './clouds/aws';
import { Applied, ofType } from './model';
import { payrollRole } from './strangers';

/** The roles of AWS that a workload goes through, in their order, and what it says to the last one. */
export interface Chain {
  readonly roleArns: readonly [first: string, ...others: string[]];
  readonly externalId?: string;
  /** Session tags, by which EKS goes on. */
  readonly tags?: ReadonlyMap<string, string>;
}

const PLACES = ['Role', 'Middle', 'Target'];

/** The chain of a mechanism; of one role where it has no other. */
export function chainOf(applied: Applied, said: Pick<Chain, 'externalId' | 'tags'> = {}): Chain {
  const roles = ofType(applied, 'aws_iam_role').filter(({ stack }) => stack !== 'strangers')
    .map(({ address, values }) => ({ place: PLACES.indexOf(address.replace(/^aws_iam_role\.(?:Via_)?/, '')), arn: values.arn as string })).sort((a, b) => a.place - b.place);
  const [first, ...others] = roles.map(({ arn }) => arn);
  return { roleArns: [first!, ...others], ...said };
}

type Session = Parameters<Aws['sts']['assumeRole']>[0];
type Request = Parameters<Aws['sts']['assumeRole']>[1];

/** Goes from the first role of a chain to the last one, without a client. */
export function goesOn({ sts }: Aws, session: Session, { roleArns: [, ...others], externalId, tags }: Chain): void {
  let caller = session;
  others.forEach((roleArn, index) => {
    caller = sts.assumeRole(caller, { roleArn, roleSessionName: 'chain', tags, ...index === others.length - 1 && { externalId } });
  });
}

/** What whoever has a session of the first role of a chain tries on the way: to go elsewhere, to leave out a role, or to say something else to the last one. */
export function detoursOf({ sts }: Aws, session: Session, { roleArns, externalId, tags }: Chain): Readonly<Record<string, string>> {
  const request = { roleArn: roleArns.at(-1)!, roleSessionName: 'detour', externalId, tags };
  const tries: Readonly<Record<string, Request>> = {
    elsewhere: { ...request, roleArn: payrollRole(roleArns[0].split(':')[4]!) },
    ...roleArns.length > 2 && { 'at once to the last': request },
    ...externalId !== undefined && { 'without the external id': { ...request, externalId: undefined }, 'with another external id': { ...request, externalId: `${externalId}0` } },
    ...tags !== undefined && { 'without tags': { ...request, tags: undefined } },
    ...Object.fromEntries([...tags ?? []].map(([key, value]) => [`with another ${key}`, { ...request, tags: new Map([...tags!, [key, `${value}0`]]) }])),
  };
  return Object.fromEntries(Object.entries(tries).map(([what, asked]) => {
    try {
      sts.assumeRole(session, asked);
      return [what, 'done'];
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return [what, error.code];
    }
  }));
}
