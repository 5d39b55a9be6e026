import { textAt } from './bindings';
import { enabled } from './providers';
import { after, splitAt } from './texts';
import { Door, Grant, Identity, Terraform, TerraformResource, Where } from '../model';
import { equal, isText, keyOf, partsOf, text, TextValue, Verdict } from '../value';

/** An identity while its doors and grants are found. */
export interface OpenIdentity extends Identity {
  readonly doors: Door[];
  readonly grants: Grant[];
}

/** A service account of Google Cloud. */
export interface Account {
  readonly identity: OpenIdentity;
  readonly email: TextValue;
  /** The project's id; undefined where the email says none, or it is not known. */
  readonly project?: TextValue;
  /** Whether it is enabled, as far as the input says. */
  readonly enabled: Verdict;
}

const DOMAIN = '.iam.gserviceaccount.com';

/** The service accounts of the input, by their emails and what else names them. */
export class Accounts {
  private readonly byName = new Map<string, Account>();
  private readonly found = new Set<Account>();

  constructor(terraform: Terraform) {
    for (const mode of ['managed', 'data'] as const) {
      for (const resource of terraform.ofType('google_service_account', mode)) {
        const email = emailOf(resource);
        const known = this.byName.get(nameKey(email));
        const project = resource.values.get('project');
        const account = known ?? this.add(email, resource.where, isText(project) ? project : undefined, enabled(resource.values.get('disabled')));
        for (const name of ['unique_id', 'name', 'id']) {
          this.alias(textAt(resource, name), account);
        }
      }
    }
  }

  /** All accounts; those that are found later come after. */
  public get all(): readonly Account[] {
    return [...this.found];
  }

  /** The account of an email. */
  public find(email: TextValue): Account | undefined {
    return this.byName.get(nameKey(email));
  }

  /** The account that something names, `projects/<project>/serviceAccounts/<email>` or an email, be it that nothing else of the input does. */
  public of(name: TextValue, where: Where): Account {
    const [, last] = splitAt(name, '/serviceAccounts/') ?? [];
    return this.byName.get(nameKey(name)) ?? this.byName.get(nameKey(last ?? name)) ?? this.add(last ?? name, where);
  }

  private add(email: TextValue, where: Where, project = projectOf(email), isEnabled: Verdict = 'yes'): Account {
    const identity: OpenIdentity = { cloud: 'gcp', kind: 'service-account', name: email, where, doors: [], grants: [] };
    const account: Account = { identity, email, enabled: isEnabled, ...project !== undefined && { project: projectName(project) } };
    this.found.add(account);
    this.alias(email, account);
    return account;
  }

  private alias(name: TextValue, account: Account): void {
    const key = nameKey(name);
    if (!this.byName.has(key)) {
      this.byName.set(key, account);
    }
  }
}

/** An email as Google compares it: in any case. */
export function lower(name: TextValue): TextValue {
  return text(...partsOf(name).map(part => typeof part === 'string' ? part.toLowerCase() : part));
}

function nameKey(name: TextValue): string {
  return keyOf(lower(name));
}

/** A project as bindings and emails name it alike: without `projects/`, and `domain.com:name` as `name.domain.com`. */
export function projectName(project: TextValue): TextValue {
  const bare = after(project, 'projects/') ?? project;
  const [domain, name] = typeof bare === 'string' ? bare.split(':') : [];
  return domain !== undefined && name !== undefined ? `${name}.${domain}` : bare;
}

/** Whether two names are of one project; which number belongs to which id, only Google knows. */
export function sameProject(a: TextValue, b: TextValue): Verdict {
  return isNumber(a) !== isNumber(b) ? 'unknown' : equal(a, b);
}

function isNumber(project: TextValue): boolean {
  return typeof project === 'string' && /^\d+$/.test(project);
}

function emailOf(resource: TerraformResource): TextValue {
  const { values } = resource;
  const [email, id, project] = ['email', 'account_id', 'project'].map(name => values.get(name));
  if (isText(email)) {
    return email;
  }
  if (typeof id === 'string' && id.includes('@')) {
    return id;
  }
  const name = isText(id) ? after(id, 'projects/') : undefined;
  return splitAt(name ?? '', '/serviceAccounts/')?.[1] ?? text(textAt(resource, 'account_id'), '@', isText(project) ? project : textAt(resource, 'project'), DOMAIN);
}

function projectOf(email: TextValue): TextValue | undefined {
  const [, domain] = splitAt(lower(email), '@') ?? [];
  const last = domain === undefined ? undefined : partsOf(domain).at(-1);
  return domain !== undefined && typeof last === 'string' && last.endsWith(DOMAIN)
    ? text(...partsOf(domain).slice(0, -1), last.slice(0, -DOMAIN.length)) : undefined;
}
