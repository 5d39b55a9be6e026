import { nameOfRole } from './arn';
import { meets, RequestContext } from './conditions';
import { actionVerdict, parsePolicy, Policy, Statement } from './policy';
import { Role, Roles } from './roles';
import { Grant, Note, Terraform, TerraformResource } from '../model';
import { parseJson } from '../terraform/json';
import { blocksOf, equal, every, isList, isMap, isText, keyOf, like, not, partsOf, show, some, TextValue, Unknown, Value, Verdict } from '../value';
import { attributeAt } from '../where';

/** Most names, known only in part, that are compared with those of all roles. */
const MAX_UNSURE = 20;

/** What roles may do, as policies that are compared with requests. */
export interface Permissions {
  /** The policies of each role, where they can be read. */
  readonly policies: ReadonlyMap<Role, readonly Policy[]>;
  /** The roles of which not all policies are in the input. */
  readonly incomplete: ReadonlySet<Role>;
}

/** Reads what roles are granted, and adds it to them. */
export function readGrants(terraform: Terraform, roles: Roles): { readonly permissions: Permissions; readonly notes: readonly Note[] } {
  const reader = new GrantReader(terraform, roles);
  reader.read();
  return { permissions: reader, notes: reader.notes };
}

/** What a role's own policies say of an action. */
export interface Permission {
  readonly allowed: Verdict;
  readonly denied: Verdict;
}

/**
 * Whether a role's own policies allow and deny it an action on a resource; unknown where not all of them can be read, or something limits them.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function permissionOf(
  role: Role, { policies, incomplete }: Permissions, action: string, resource: TextValue, context: RequestContext,
): Permission {
  const all = policies.get(role) ?? [];
  const applies = (effect: Statement['effect']) => some(all.flatMap(policy => policy.statements
    .filter(statement => statement.effect === effect || statement.effect === 'unknown')
    .map(statement => statementVerdict(policy, statement, action, resource, context))));
  const allowed = applies('Allow');
  const boundary = role.values.get('permissions_boundary');
  // A boundary may leave out what the policies allow.
  const bounded = allowed === 'yes' && isText(boundary) && boundary !== '';
  return { allowed: bounded || (allowed === 'no' && incomplete.has(role)) ? 'unknown' : allowed, denied: applies('Deny') };
}

function statementVerdict(
  { variables, problems }: Policy, statement: Statement, action: string, resource: TextValue, context: RequestContext,
): Verdict {
  if (problems.length > 0 || statement.problems.length > 0) {
    return 'unknown';
  }
  const { negated, list } = statement.resources;
  const listed = some(list.map(pattern => like(resource, pattern)));
  const conditions = statement.conditions.map(condition => meets(condition, context, variables));
  return every([actionVerdict(statement, action), negated ? not(listed) : listed, ...conditions]);
}

class GrantReader implements Permissions {
  public readonly policies = new Map<Role, Policy[]>();
  public readonly incomplete = new Set<Role>();
  public readonly notes: Note[] = [];
  private readonly managed = new Map<string, TerraformResource>();
  private readonly documents = new Map<string, Parsed>();
  private readonly seen = new Set<string>();
  /** Names of roles that have policies, where it is not known which roles they are. */
  private readonly unsure = new Map<string, TextValue>();

  constructor(private readonly terraform: Terraform, private readonly roles: Roles) {
    for (const resource of [...terraform.ofType('aws_iam_policy', 'managed'), ...terraform.ofType('aws_iam_policy', 'data')]) {
      const arn = resource.values.get('arn');
      if (isText(arn) && !this.managed.has(keyOf(arn))) {
        this.managed.set(keyOf(arn), resource);
      }
    }
  }

  public read(): void {
    for (const role of this.roles.all) {
      for (const block of blocksOf(role.values.get('inline_policy'))) {
        this.inline([role], block.get('name'), block.get('policy'), attributeAt(role.where, 'inline_policy'));
      }
      this.attachAll([role], role.values.get('managed_policy_arns'), attributeAt(role.where, 'managed_policy_arns'));
      // The policies of a role that is looked up are those of whoever made it.
      if (role.mode === 'data') {
        this.incomplete.add(role);
      }
    }
    for (const { values, where } of this.terraform.ofType('aws_iam_role_policy', 'managed')) {
      this.inline(this.rolesOf(values.get('role'), where), values.get('name'), values.get('policy'), where);
    }
    for (const { values, where } of this.terraform.ofType('aws_iam_role_policy_attachment', 'managed')) {
      this.attachAll(this.rolesOf(values.get('role'), where), values.get('policy_arn'), where);
    }
    for (const { values, where } of this.terraform.ofType('aws_iam_policy_attachment', 'managed')) {
      const roles = values.get('roles');
      this.attachAll((isList(roles) ? roles : [roles]).flatMap(role => role === undefined ? [] : this.rolesOf(role, where)), values.get('policy_arn'), where);
    }
    for (const { values, where } of this.terraform.ofType('aws_iam_role_policy_attachments_exclusive', 'managed')) {
      this.attachAll(this.rolesOf(values.get('role_name'), where), values.get('policy_arns'), where);
    }
    for (const { values, where } of this.terraform.ofType('aws_iam_role_policies_exclusive', 'managed')) {
      this.exclusive(this.rolesOf(values.get('role_name'), where), values.get('policy_names'), where);
    }
    this.markUnsure();
  }

  /** Marks the roles that may have a policy of which it is not known whose it is. */
  private markUnsure(): void {
    const names = [...this.unsure.values()];
    const any = names.length > MAX_UNSURE || names.some(name => name instanceof Unknown);
    for (const role of names.length === 0 ? [] : this.roles.all) {
      const own = [role.values.get('name'), nameOfRole(role.arn)].find(isText);
      if (any || own === undefined || names.some(name => equal(name, own) !== 'no')) {
        this.incomplete.add(role);
      }
    }
  }

  private rolesOf(name: Value | undefined, where: TerraformResource['where']): readonly Role[] {
    const found = isText(name) ? this.roles.ofName(name, where) : [];
    if (isText(name) && found.length === 0 && partsOf(name).some(part => part instanceof Unknown)) {
      this.notes.push({ message: `which role has this policy is not known: ${show(name)}`, where });
      this.unsure.set(keyOf(name), name);
    }
    if (found.length > 1) {
      this.notes.push({ message: 'several roles have this name, and the policy is shown for each of them', where });
      found.forEach(role => this.incomplete.add(role));
    }
    return found;
  }

  private inline(roles: readonly Role[], name: Value | undefined, document: Value | undefined, where: TerraformResource['where']): void {
    if (document !== undefined) {
      this.add(roles, isText(name) ? name : new Unknown(`${where.stack ?? ''}/${where.address}.name`), document, where);
    }
  }

  private attachAll(roles: readonly Role[], arns: Value | undefined, where: TerraformResource['where']): void {
    if (roles.length === 0 || arns === undefined || arns === null) {
      return;
    }
    for (const arn of isList(arns) ? arns : [arns]) {
      if (!isText(arn)) {
        this.notes.push({ message: 'the ARN of a policy cannot be read', where });
        continue;
      }
      this.add(roles, arn, this.managed.get(keyOf(arn))?.values.get('policy'), where);
    }
  }

  /** Names that must be inline policies of the roles; those that are not in the input are made elsewhere. */
  private exclusive(roles: readonly Role[], names: Value | undefined, where: TerraformResource['where']): void {
    for (const role of roles) {
      const known = new Set(role.identity.grants.map(({ permission }) => keyOf(permission)));
      for (const name of isList(names) ? names.filter(isText) : []) {
        if (!known.has(keyOf(name))) {
          this.add([role], name, undefined, where);
        }
      }
    }
  }

  /** A policy that many roles have is read once. */
  private parsed(document: Value | undefined): Parsed {
    if (document === undefined) {
      return { statements: [] };
    }
    const key = keyOf(document);
    const parsed = this.documents.get(key) ?? { policy: parsePolicy(document), statements: statementValues(document) };
    this.documents.set(key, parsed);
    return parsed;
  }

  /** Adds a policy to roles, once for each; of one that is not in the input, nothing but the name is known. */
  private add(roles: readonly Role[], permission: TextValue, document: Value | undefined, where: TerraformResource['where']): void {
    const { policy, statements } = this.parsed(document);
    for (const problem of policy?.problems ?? []) {
      this.notes.push({ message: `a policy cannot be read in full: ${problem}`, where });
    }
    const grant: Grant = { permission, statements, where };
    for (const role of roles) {
      const key = `${keyOf(role.arn)} ${keyOf(permission)}`;
      if (this.seen.has(key)) {
        continue;
      }
      this.seen.add(key);
      role.identity.grants.push(grant);
      if (policy === undefined || policy.problems.length > 0) {
        this.incomplete.add(role);
      }
      if (policy !== undefined) {
        this.policies.set(role, [...this.policies.get(role) ?? [], policy]);
      }
    }
  }
}

/** A policy as it is compared, and as it is shown. */
interface Parsed {
  readonly policy?: Policy;
  readonly statements: readonly Value[];
}

/** The statements of a policy as they are written. */
function statementValues(document: Value): readonly Value[] {
  let policy: Value;
  try {
    policy = isText(document) ? parseJson(document) : document;
  } catch {
    return [];
  }
  const statement = isMap(policy) ? policy.get('Statement') : undefined;
  return statement === undefined ? [] : isList(statement) ? statement : [statement];
}
