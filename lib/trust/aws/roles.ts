import { accountOf, nameOfRole, sameArn } from './arn';
import { parsePolicy, Policy } from './policy';
import { Door, Grant, Identity, Note, Supposed, Terraform, TerraformResource, Where } from '../model';
import { isText, keyOf, show, TextValue, Unknown, ValueMap, Verdict } from '../value';
import { attributeAt } from '../where';

/** A role while it is read. */
export interface Role {
  readonly arn: TextValue;
  readonly account?: TextValue;
  readonly where: Where;
  readonly mode: TerraformResource['mode'];
  /** Where its trust policy is said. */
  readonly trustWhere: Where;
  readonly values: ValueMap;
  readonly policy: Policy;
  /** What becomes of it: its doors and grants are added as they are found. */
  readonly identity: Identity & { readonly doors: Door[]; readonly grants: Grant[]; supposed?: Supposed };
}

/** The roles of the input, found by ARN and by name. */
export class Roles {
  private readonly byArn = new Map<string, Role>();
  private readonly byName = new Map<string, Role[]>();

  constructor(public readonly all: readonly Role[]) {
    for (const role of all) {
      this.byArn.set(keyOf(role.arn), this.byArn.get(keyOf(role.arn)) ?? role);
      const names = [role.values.get('name'), role.values.get('id'), nameOfRole(role.arn)].filter(isText).map(keyOf);
      for (const key of new Set(names)) {
        const others = this.byName.get(key);
        others === undefined ? this.byName.set(key, [role]) : others.push(role);
      }
    }
  }

  /** The roles that an ARN may be of, and whether it is; none where nothing of the ARN is known. */
  public ofArn(arn: TextValue): readonly (readonly [Role, Verdict])[] {
    const exact = this.byArn.get(keyOf(arn));
    if (exact !== undefined) {
      return [[exact, 'yes']];
    }
    const name = nameOfRole(arn);
    const candidates = name === undefined ? [] : this.byName.get(keyOf(name)) ?? [];
    return candidates.map(role => [role, sameArn(role.arn, arn)] as const).filter(([, verdict]) => verdict !== 'no');
  }

  /** The roles of a name, those of the same stack before others. */
  public ofName(name: TextValue, where: Where): readonly Role[] {
    const named = this.byName.get(keyOf(name)) ?? [];
    const near = named.filter(role => role.where.stack === where.stack && role.where.file === where.file);
    return near.length > 0 ? near : named;
  }
}

/** Reads the roles; one that is made and also looked up counts once. */
export function readRoles(terraform: Terraform): { readonly roles: Roles; readonly notes: readonly Note[] } {
  const notes: Note[] = [];
  const seen = new Set<string>();
  const all: Role[] = [];
  for (const resource of [...terraform.ofType('aws_iam_role', 'managed'), ...terraform.ofType('aws_iam_role', 'data')]) {
    const role = roleOf(resource, notes);
    const key = keyOf(role.arn);
    if (resource.mode === 'managed' || !seen.has(key)) {
      all.push(role);
    }
    seen.add(key);
  }
  return { roles: new Roles(all), notes };
}

function roleOf({ values, where, mode }: TerraformResource, notes: Note[]): Role {
  const arn = values.get('arn');
  const name = isText(arn) ? arn : new Unknown(`${where.stack ?? ''}/${where.address}.arn`);
  const document = values.get('assume_role_policy');
  // Of a role that is looked up, it is known when it is.
  const policy = parsePolicy(document === undefined && mode === 'data' ? new Unknown(`${where.stack ?? ''}/${where.address}.assume_role_policy`) : document);
  const trustWhere = attributeAt(where, where.address.includes('awscc_iam_role.') ? 'assume_role_policy_document' : 'assume_role_policy');
  for (const problem of [...policy.problems, ...policy.statements.flatMap(statement => statement.problems)]) {
    notes.push({ message: `the trust policy cannot be read in full: ${problem}`, where: trustWhere });
  }
  const boundary = values.get('permissions_boundary');
  if (isText(boundary) && boundary !== '') {
    notes.push({
      message: `what this role may do is limited by the permissions boundary ${show(boundary)}`, where: attributeAt(where, 'permissions_boundary'),
    });
  }
  return {
    arn: name,
    account: accountOf(name),
    where,
    mode,
    trustWhere,
    values,
    policy,
    identity: { cloud: 'aws', kind: 'role', name, where, doors: [], grants: [] },
  };
}
