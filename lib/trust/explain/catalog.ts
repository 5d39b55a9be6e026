import { subjectOf } from '../aws/token';
import { push } from '../lists';
import { Door, Identity, Registration, TerraformResource, Where, WorkloadUse } from '../model';
import { Model } from '../read';
import { equal, isText, keyOf, like, partsOf, text, TextValue, Unknown } from '../value';

/** Most members of a pool that are no single subject, of which each may be what a workload becomes. */
const MAX_OPEN = 200;

/** What a model holds, by what an explanation looks it up by. */
export class Catalog {
  /** The workloads of a ServiceAccount, by the key of their `sub`. */
  private readonly workloads = new Map<string, WorkloadUse[]>();
  private readonly vagueWorkloads: WorkloadUse[] = [];
  private readonly byName = new Map<string, Identity[]>();
  private readonly bySubject = new Map<string, Identity[]>();
  /** Members of pools that are no single subject. */
  private readonly openPrincipals: Identity[] = [];
  private readonly registrations = new Map<string, Registration>();
  private readonly doors = new Map<string, Door>();
  private readonly uniqueIds = new Map<string, TextValue>();
  /** Issuers that are known beside something: in its stack. */
  private readonly issuers = new Map<string, Map<string, TextValue>>();
  /** The projects of GKE that a stack speaks of, and by how many of its identities. */
  private readonly projects = new Map<string, Map<string, Project>>();

  private byAddress?: ReadonlyMap<string, TerraformResource>;

  constructor(public readonly model: Model) {
    for (const workload of model.workloads) {
      const subject = subjectOf(workload.namespace, workload.serviceAccount);
      push(this.workloads, keyOf(subject), workload);
      if (typeof subject !== 'string') {
        this.vagueWorkloads.push(workload);
      }
    }
    for (const identity of model.identities) {
      push(this.byName, keyOf(identity.name), identity);
      this.addSubjects(identity);
    }
    for (const registration of model.registrations) {
      const beside = this.issuers.get(stackKey(registration.where)) ?? new Map<string, TextValue>();
      this.issuers.set(stackKey(registration.where), beside.set(keyOf(registration.issuer), registration.issuer));
      this.registrations.set(keyOf(registration.name), registration);
    }
    for (const mode of ['managed', 'data'] as const) {
      for (const { values } of model.terraform.ofType('google_service_account', mode)) {
        const [email, id] = [values.get('email'), values.get('unique_id')];
        if (isText(email) && isText(id)) {
          this.uniqueIds.set(keyOf(email), id);
        }
      }
    }
  }

  private addSubjects(identity: Identity): void {
    const subjects = new Map<string, TextValue>();
    let open = false;
    for (const door of identity.doors) {
      if (door.registration !== undefined && !this.doors.has(keyOf(door.registration.name))) {
        this.doors.set(keyOf(door.registration.name), door);
      }
      for (const { subject, wildcards, issuer } of door.who) {
        this.addProject(identity, issuer);
        if (subject === undefined || wildcards) {
          open = true;
        } else {
          subjects.set(keyOf(subject), subject);
        }
      }
    }
    subjects.forEach((_, key) => push(this.bySubject, key, identity));
    if (open && identity.kind === 'principal') {
      this.openPrincipals.push(identity);
    }
  }

  private addProject(identity: Identity, issuer: TextValue | undefined): void {
    const name = typeof issuer === 'string' ? GKE.exec(issuer)?.[1] : undefined;
    if (name === undefined) {
      return;
    }
    const key = stackKey(identity.where);
    const projects = this.projects.get(key) ?? new Map<string, Project>();
    this.projects.set(key, projects);
    const project = projects.get(name) ?? { identities: new Set() };
    project.identities.add(identity);
    if (!(issuer as string).includes('*')) {
      project.issuer ??= issuer as string;
    }
    projects.set(name, project);
  }

  /** The issuers that are registered in the stack of something. */
  public issuersBeside(where: Where, most: number): readonly TextValue[] {
    return [...this.issuers.get(stackKey(where))?.values() ?? []].slice(0, most);
  }

  /**
   * The one project of GKE clusters that everything else in the stack of a workload speaks of. What the members of the identity itself say
   * may be what is wrong.
   */
  public gkeProject(where: Where, identity: Identity): { readonly issuer: TextValue; readonly audience: TextValue } | undefined {
    const all = [...this.projects.get(stackKey(where)) ?? []];
    const others = all.filter(([, { identities }]) => identities.size > (identities.has(identity) ? 1 : 0));
    const [only] = others;
    return others.length !== 1 ? undefined
      : { issuer: only![1].issuer ?? text(`https://container.googleapis.com/v1/projects/${only![0]}/locations/`, new Unknown('token.location'), '/clusters/', new Unknown('token.cluster')), audience: `${only![0]}.svc.id.goog` };
  }

  /** The identities that a name in a pod's wiring can mean, those of exactly that name alone where there are such. */
  public named(name: TextValue, cloud: Identity['cloud'], subject: TextValue): readonly Identity[] {
    const exact = (this.byName.get(keyOf(name)) ?? []).filter(identity => identity.cloud === cloud);
    if (exact.length > 0) {
      return exact;
    }
    // Of names that are not known, any may be meant: those count that trust the subject.
    return this.trusting(subject).filter(identity => identity.cloud === cloud && equal(identity.name, name) === 'unknown');
  }

  /** The identities that name a subject exactly. */
  public trusting(subject: TextValue): readonly Identity[] {
    return this.bySubject.get(keyOf(subject)) ?? [];
  }

  /** The principals that tokens of a subject can become by a pool's provider, as far as it is said which. */
  public principals(subject: TextValue, registration: TextValue | undefined): readonly Identity[] {
    const opens = ({ registration: own }: Door) => registration === undefined || (own !== undefined && equal(own.name, registration) !== 'no');
    return [...this.trusting(subject).filter(({ kind }) => kind === 'principal'), ...this.openPrincipals.slice(0, MAX_OPEN)]
      .filter(({ doors }) => doors.some(opens));
  }

  /** The workloads that run as a subject, for certain or perhaps. */
  public of(subject: TextValue): readonly WorkloadUse[] {
    return typeof subject !== 'string' ? this.workloads.get(keyOf(subject)) ?? [] : [
      ...this.workloads.get(keyOf(subject)) ?? [],
      ...this.vagueWorkloads.filter(({ namespace, serviceAccount }) => equal(subjectOf(namespace, serviceAccount), subject) === 'unknown'),
    ];
  }

  /** The registration of a name. */
  public registration(name: TextValue): Registration | undefined {
    return this.registrations.get(keyOf(name));
  }

  /** Some door behind a registration. */
  public doorOf(name: TextValue): Door | undefined {
    return this.doors.get(keyOf(name));
  }

  /** Whether a door is or may be behind a provider. */
  public isBehind({ registration, mechanism, where }: Door, wanted: TextValue): boolean {
    if (registration !== undefined || mechanism !== 'gcp-federation') {
      return registration !== undefined && equal(registration.name, wanted) !== 'no';
    }
    const parts = partsOf(wanted);
    const last = parts.at(-1)!;
    const end = typeof last === 'string' ? last.indexOf('/providers/') : -1;
    const member = end >= 0 ? this.memberAt(where) : undefined;
    // The provider of a member's pool may be in another configuration.
    return member === undefined || like(member, text('*//iam.googleapis.com/', ...parts.slice(0, -1), (last as string).slice(0, end), '/*'), '*') !== 'no';
  }

  /** The one member that a resource names. */
  public memberAt(where: Where): TextValue | undefined {
    const member = this.resources().get(addressKey(where))?.values.get('member');
    return isText(member) ? member : undefined;
  }

  private resources(): ReadonlyMap<string, TerraformResource> {
    return this.byAddress ??= new Map(this.model.terraform.resources.map(resource => [addressKey(resource.where), resource]));
  }

  /** The unique id of a Google service account. */
  public uniqueId(email: TextValue): TextValue | undefined {
    return this.uniqueIds.get(keyOf(email));
  }
}

interface Project {
  readonly identities: Set<Identity>;
  issuer?: string;
}

const GKE = /^https:\/\/container\.googleapis\.com\/v1\/projects\/([^/*]{1,300})\/locations\/[^/]{1,300}\/clusters\/[^/]{1,300}$/;

const CATALOGS = new WeakMap<Model, Catalog>();

/** The catalog of a model, made once. */
export function catalogOf(model: Model): Catalog {
  const catalog = CATALOGS.get(model) ?? new Catalog(model);
  CATALOGS.set(model, catalog);
  return catalog;
}


function addressKey({ file, stack, address }: Where): string {
  return JSON.stringify([file, stack, address]);
}

function stackKey({ stack, file }: Where): string {
  return stack ?? file;
}
