import { DataGoogleIamWorkloadIdentityPoolProvider } from '@cdktf/provider-google/lib/data-google-iam-workload-identity-pool-provider';
import { IamWorkloadIdentityPool } from '@cdktf/provider-google/lib/iam-workload-identity-pool';
import { IamWorkloadIdentityPoolProvider } from '@cdktf/provider-google/lib/iam-workload-identity-pool-provider';
import { Fn, Lazy, TerraformProvider, TerraformStack } from 'cdktf';
import { Construct, IConstruct } from 'constructs';
import { attributeCondition, attributeConditionLength } from './attribute-condition';
import { NAMESPACE_ATTRIBUTE, NAMESPACE_CLAIM } from './principals';
import { inform, warn, watchProviders } from '../annotations';
import { checkLimit, checkNamespace, checkNotKubernetesAudience, checkPattern, checkProject, pathOf } from '../checks';
import { Cluster, noteCluster, TrustedSubject } from '../cluster';
import { FederationError } from '../errors';
import { RegistrationRegistry } from '../registry';
import { isToken, knownPart, shortHash, textOf } from '../tokens';

/** What every way to a ClusterWorkloadIdentityPool needs. */
export interface ClusterWorkloadIdentityPoolOptions {
  /** The cluster whose tokens the pool takes. */
  readonly cluster: Cluster;
  /**
   * The Google provider that leads to the pool's project.
   * @default - the stack's provider without an alias
   */
  readonly googleProvider?: TerraformProvider;
}

/** Props of a pool that is created. */
export interface ClusterWorkloadIdentityPoolProps extends ClusterWorkloadIdentityPoolOptions {
  /**
   * The pool's id: 4 to 32 lower-case letters, digits and "-". A deleted id stays blocked for 30 days.
   * @default - the cluster's id, with a digest where it had to be changed
   */
  readonly poolId?: string;
  /**
   * The id of the provider in the pool: 4 to 32 lower-case letters, digits and "-".
   * @default - the default pool id
   */
  readonly providerId?: string;
  /**
   * The project of the pool.
   * @default - the project of the Google provider
   */
  readonly project?: string;
  /**
   * The display name of pool and provider, at most 32 characters.
   * @default - none
   */
  readonly displayName?: string;
  /**
   * The description of pool and provider, at most 256 characters.
   * @default - none
   */
  readonly description?: string;
  /**
   * Audiences that tokens may have, at most 10 of 256 characters; workloads ask for the first.
   * @default - the provider's own, `https://iam.googleapis.com/<provider name>`
   */
  readonly allowedAudiences?: readonly string[];
  /**
   * How claims become attributes; `google.subject` is always `assertion.sub`.
   * @default - `google.subject` alone
   */
  readonly attributeMapping?: Record<string, string>;
  /**
   * Which tokens the provider admits at all: of the service accounts that are trusted somewhere in the app, of their namespaces,
   * or of the whole cluster. Who may become whom is said by the members of each identity, exactly, in every mode.
   * @default "subjects"
   */
  readonly admits?: 'subjects' | 'namespaces' | 'cluster';
  /**
   * The namespaces that `admits: "namespaces"` admits, so that no application's change edits the pool.
   * @default - the namespaces of the service accounts that are trusted
   */
  readonly namespaces?: readonly string[];
  /**
   * A CEL condition of one's own in place of the one that `admits` describes, at most 4096 characters.
   * @default - made from `admits`
   */
  readonly attributeCondition?: string;
  /**
   * Whether Terraform refuses to destroy pool and provider, whose ids stay blocked for 30 days after deletion.
   * @default true
   */
  readonly preventDestroy?: boolean;
}

/** Props of a pool and provider that are brought in by name. */
export interface ClusterWorkloadIdentityPoolFromProviderNameProps extends ClusterWorkloadIdentityPoolOptions {
  /** The provider's name, `projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider>`. */
  readonly providerName: string;
  /**
   * The audience that the provider takes.
   * @default - the provider's own, `https://iam.googleapis.com/<provider name>`
   */
  readonly audience?: string;
}

/** Props of a pool and provider that are looked up by their ids. */
export interface ClusterWorkloadIdentityPoolFromLookupProps extends ClusterWorkloadIdentityPoolOptions {
  /** The pool's id. */
  readonly poolId: string;
  /** The provider's id. */
  readonly providerId: string;
  /**
   * The project of the pool.
   * @default - the project of the Google provider
   */
  readonly project?: string;
  /**
   * The audience that the provider takes.
   * @default - the provider's own, `https://iam.googleapis.com/<provider name>`
   */
  readonly audience?: string;
}

type Source =
  | { readonly providerName: string; readonly audience?: string }
  | { readonly poolId: string; readonly providerId: string; readonly project?: string; readonly audience?: string }
  | 'implicit';

const REGISTRY = new RegistrationRegistry<ClusterWorkloadIdentityPool>('ClusterWorkloadIdentityPool', 'pools');

/** @see https://cloud.google.com/iam/quotas */
const MAX_CONDITION = 4096;
const MAX_AUDIENCES = 10;
const MAX_MAPPING = 2048;
const MAX_ATTRIBUTES = 50;

/**
 * Registers a cluster with Google Cloud: a workload identity pool of its own, and the provider in it.
 *
 * One pool per cluster, as a principal names the pool and not the provider: two clusters in one pool could become each other.
 * The attribute condition admits the service accounts that the app trusts, and grows with them.
 *
 * @see https://cloud.google.com/iam/docs/workload-identity-federation-with-kubernetes
 */
export class ClusterWorkloadIdentityPool extends Construct {
  /** The pool of a cluster in the scope's stack, created at an address made of the cluster's id where there is none. */
  public static of(scope: IConstruct, cluster: Cluster, options: { readonly googleProvider?: TerraformProvider } = {}): ClusterWorkloadIdentityPool {
    const provider = options.googleProvider;
    return REGISTRY.findOrCreate(
      scope,
      { cluster, provider },
      stack => new ClusterWorkloadIdentityPool(stack, `ClusterWorkloadIdentityPool-${cluster.id}`, { cluster, googleProvider: provider }, 'implicit'),
      registration => warn(registration, 'registered-in-two-stacks'),
    );
  }

  /** Brings in a pool and its provider by name; nothing is created, and the condition is whoever wrote it to keep. */
  public static fromProviderName(scope: Construct, id: string, props: ClusterWorkloadIdentityPoolFromProviderNameProps): ClusterWorkloadIdentityPool {
    const { cluster, googleProvider, providerName, audience } = props;
    return new ClusterWorkloadIdentityPool(scope, id, { cluster, googleProvider }, { providerName, audience });
  }

  /** Looks up a pool and its provider by their ids; nothing is created, and the condition is whoever wrote it to keep. */
  public static fromLookup(scope: Construct, id: string, props: ClusterWorkloadIdentityPoolFromLookupProps): ClusterWorkloadIdentityPool {
    const { cluster, googleProvider, poolId, providerId, project, audience } = props;
    return new ClusterWorkloadIdentityPool(scope, id, { cluster, googleProvider }, { poolId, providerId, project, audience });
  }

  /** The registered cluster. */
  public readonly cluster: Cluster;
  /** The name of the provider, with the project's number. */
  public readonly providerName: string;
  /** The name of the pool, with the project's number. */
  public readonly poolName: string;
  /** The audience that workloads ask for. */
  public readonly audience: string;
  /** The pool's resource; none where it is brought in. */
  public readonly resource?: IamWorkloadIdentityPool;
  /** The provider's resource; none where it is brought in. */
  public readonly providerResource?: IamWorkloadIdentityPoolProvider;

  /**
   * The provider as Google's token service names it, made once for all accounts.
   * @internal
   */
  public get resourceAudience(): string {
    return this._resourceAudience ??= Fn.join('', ['//iam.googleapis.com/', this.providerName]);
  }

  private _resourceAudience?: string;
  private readonly admits: 'subjects' | 'namespaces' | 'cluster' | 'unknown';
  private readonly fixed: boolean;
  private readonly ownMapping: Readonly<Record<string, string>>;
  /** What the condition lists, by the text it resolves to; the one thing here that grows. */
  private readonly admitted = { subjects: new Map<string, string>(), namespaces: new Map<string, string>(), cluster: false };
  /** The known characters in each list. */
  private readonly characters = { subjects: 0, namespaces: 0 };

  /**
   * Creates pool and provider.
   * @throws FederationError for ids Google refuses, a mapping without `assertion.sub`, or a second pool of the cluster in the stack
   */
  constructor(scope: Construct, id: string, props: ClusterWorkloadIdentityPoolProps);
  /** @internal */
  constructor(scope: Construct, id: string, props: ClusterWorkloadIdentityPoolProps, source: Source);
  constructor(scope: Construct, id: string, props: ClusterWorkloadIdentityPoolProps, source?: Source) {
    const where = pathOf(scope, id);
    const { cluster, googleProvider } = props;
    const key = { cluster, provider: googleProvider };
    const stack = TerraformStack.of(scope);
    checkPool(scope, where, props);
    if (typeof source === 'object') {
      checkSource(scope, where, cluster.issuer, source);
    }
    REGISTRY.checkFree(where, stack, key);
    noteCluster(scope, where, cluster);
    const defaultId = derivedId(cluster.id);
    const names = poolNames(scope, props, source, defaultId);
    checkPoolFree(scope, where, cluster, names.clashing);
    super(scope, id);
    notePool(this, cluster, names.own);

    this.cluster = cluster;
    this.ownMapping = props.attributeMapping ?? {};
    if (typeof source === 'object') {
      this.admits = 'unknown';
      this.fixed = true;
      this.providerName = 'providerName' in source ? source.providerName : new DataGoogleIamWorkloadIdentityPoolProvider(this, 'Default', {
        workloadIdentityPoolId: source.poolId,
        workloadIdentityPoolProviderId: source.providerId,
        project: source.project,
        provider: googleProvider,
      }).name;
      this.poolName = isToken(this.providerName)
        ? Fn.element(Fn.split('/providers/', this.providerName), 0)
        : this.providerName.replace(/\/providers\/.*$/, '');
      this.audience = source.audience ?? `https://iam.googleapis.com/${this.providerName}`;
    } else {
      this.admits = props.attributeCondition === undefined ? props.admits ?? 'subjects' : 'unknown';
      this.fixed = this.admits === 'unknown' || this.admits === 'cluster' || props.namespaces !== undefined;
      this.admitted.cluster = this.admits === 'cluster';
      for (const namespace of props.namespaces ?? []) {
        this.list('namespaces', namespace);
      }
      const { project, displayName, description } = props;
      const lifecycle = props.preventDestroy === false ? undefined : { preventDestroy: true };
      this.resource = new IamWorkloadIdentityPool(this, 'Default', {
        workloadIdentityPoolId: props.poolId ?? defaultId, project, displayName, description, lifecycle, provider: googleProvider,
      });
      this.providerResource = new IamWorkloadIdentityPoolProvider(this, 'Provider', {
        workloadIdentityPoolId: this.resource.workloadIdentityPoolId,
        workloadIdentityPoolProviderId: props.providerId ?? defaultId,
        project, displayName, description, lifecycle,
        attributeMapping: { ...this.ownMapping, 'google.subject': 'assertion.sub' },
        attributeCondition: props.attributeCondition === undefined
          ? Lazy.stringValue({ produce: () => this.condition() })
          : givenCondition(props.attributeCondition),
        oidc: { issuerUri: cluster.issuer, allowedAudiences: props.allowedAudiences && [...props.allowedAudiences], jwksJson: cluster.jwks },
        provider: googleProvider,
      });
      this.poolName = this.resource.name;
      this.providerName = this.providerResource.name;
      const idName = idNames(this, props, textOf(this, this.resource.workloadIdentityPoolId));
      notePool(this, cluster, [textOf(this, this.poolName), textOf(this, this.providerName), ...idName.own]);
      this.audience = props.allowedAudiences?.[0] ?? `https://iam.googleapis.com/${this.providerName}`;
      if (cluster.kind === 'gke') {
        inform(this, 'gke-issuer-outlives-cluster');
      }
    }
    watchProviders(this);
    REGISTRY.add(stack, key, this, source === 'implicit');
  }

  /**
   * Lets the tokens of a service account, or of a set of them, into the pool; what they may become there is said by the members of each identity.
   *
   * Identities call this for whom they trust.
   * @throws FederationError where the condition would be over Google's limit, or does not admit the namespace
   * @internal
   */
  public admit(declaredBy: IConstruct, subject: TrustedSubject): void {
    if (this.fixed) {
      this.checkListed(declaredBy, subject);
    }
    if (subject.name === undefined && subject.namespace !== undefined) {
      this.mapNamespace(declaredBy);
    }
    if (this.fixed) {
      return;
    }
    if (subject.namespace === undefined) {
      this.admitted.cluster = true;
    } else if (subject.name === undefined || this.admits === 'namespaces') {
      this.list('namespaces', subject.namespace, declaredBy);
    } else {
      this.list('subjects', subject.subject, declaredBy);
    }
  }

  /** A namespace is trusted by an attribute, which the provider then maps; one that was brought in has what its owner maps. */
  private mapNamespace(declaredBy: IConstruct): void {
    if (this.providerResource === undefined) {
      return;
    }
    const own = this.ownMapping[NAMESPACE_ATTRIBUTE];
    if (own !== undefined && own !== NAMESPACE_CLAIM) {
      throw new FederationError({
        code: 'InvalidIdentifier', where: declaredBy.node.path, prop: 'trusts',
        rule: `name service accounts where the pool ${this.node.path} maps ${NAMESPACE_ATTRIBUTE} to something of its own`, got: own,
        remedy: `have the pool map ${NAMESPACE_ATTRIBUTE} to ${NAMESPACE_CLAIM}, or leave it out there`,
      });
    }
    if (own === NAMESPACE_CLAIM) {
      return;
    }
    if (this.fixed && TerraformStack.of(declaredBy) !== TerraformStack.of(this)) {
      throw new FederationError({
        code: 'NotTrusted', where: declaredBy.node.path, prop: 'trusts', rule: `name service accounts where the pool ${this.node.path} does not map ${NAMESPACE_ATTRIBUTE}`,
        got: 'a whole namespace', remedy: `have the owner of the pool map ${NAMESPACE_ATTRIBUTE} to ${NAMESPACE_CLAIM} by \`attributeMapping\``,
      });
    }
    checkLimit({ where: declaredBy.node.path, prop: 'trusts' }, Object.keys(this.ownMapping).length + 1, MAX_ATTRIBUTES,
      `leave the pool ${this.node.path} at ${MAX_ATTRIBUTES} attributes`, `${Object.keys(this.ownMapping).length + 1}`, 'remove those that no member names');
    this.providerResource.attributeMapping = { ...this.ownMapping, [NAMESPACE_ATTRIBUTE]: NAMESPACE_CLAIM, 'google.subject': 'assertion.sub' };
  }

  private list(kind: 'subjects' | 'namespaces', value: string, declaredBy: IConstruct = this): void {
    if (isToken(value) && TerraformStack.of(declaredBy) !== TerraformStack.of(this)) {
      throw new FederationError({
        code: 'UnresolvedValue', where: declaredBy.node.path, prop: 'trusts',
        rule: `hold literal names where the pool is in another stack (${this.node.path})`, got: textOf(declaredBy, value),
        remedy: 'write the names literally, or give the pool `admits: "cluster"` or `namespaces`: each stack would need the other first',
      });
    }
    const text = textOf(declaredBy, value);
    const { subjects, namespaces } = this.admitted;
    if (this.admitted[kind].has(text)) {
      return;
    }
    const characters = { ...this.characters, [kind]: this.characters[kind] + knownPart(value).length };
    const length = attributeConditionLength(
      { count: subjects.size + Number(kind === 'subjects'), characters: characters.subjects },
      { count: namespaces.size + Number(kind === 'namespaces'), characters: characters.namespaces },
    );
    checkLimit({ where: declaredBy.node.path, prop: this.fixed || this.admits === 'namespaces' ? 'namespaces' : 'trusts' }, length, MAX_CONDITION,
      `fit the ${MAX_CONDITION} characters of the attribute condition of ${this.node.path}`,
      `${length} characters for ${subjects.size + namespaces.size + 1} ${this.admits}`,
      this.admits === 'subjects'
        ? 'give the pool `admits: "namespaces"` or `admits: "cluster"`, or an `attributeCondition` of your own; the members stay exact'
        : 'give the pool `admits: "cluster"`, or an `attributeCondition` of your own; the members stay exact');
    Object.assign(this.characters, characters);
    this.admitted[kind].set(text, value);
  }

  private condition(): string {
    const sorted = (values: ReadonlyMap<string, string>) => [...values.keys()].sort().map(text => values.get(text)!);
    const { subjects, namespaces, cluster } = this.admitted;
    return attributeCondition({ subjects: sorted(subjects), namespaces: sorted(namespaces), cluster }, this.admits === 'namespaces');
  }

  private checkListed(declaredBy: IConstruct, { cluster, namespace }: TrustedSubject): void {
    const { namespaces } = this.admitted;
    if (this.admits === 'namespaces' && (namespace === undefined || !namespaces.has(textOf(declaredBy, namespace)))) {
      throw new FederationError({
        code: 'NotTrusted', where: declaredBy.node.path, prop: 'trusts', rule: `be in a namespace that the pool ${this.node.path} admits (${[...namespaces.keys()].join(', ')})`,
        got: namespace === undefined ? `every service account of cluster ${cluster.id}` : textOf(declaredBy, namespace),
        remedy: 'have the owner of the pool add the namespace to `namespaces`',
      });
    }
  }
}

/** A condition that only Terraform knows could turn out empty, and admit everybody; in parentheses Google refuses it then. */
function givenCondition(condition: string): string {
  return isToken(condition) ? Fn.join('', ['(', condition, ')']) : condition;
}

/** The pools of each app by what names them, and the cluster each is for. */
const POOLS = new WeakMap<IConstruct, Map<string, { readonly cluster: string; readonly where: string }>>();

/** The names under which a pool is noted, and those that another cluster's pool must not have. */
interface PoolNames {
  readonly own: readonly string[];
  readonly clashing: readonly string[];
}

/** What names a pool as far as it is known here: its name, or the project and its id. */
function poolNames(scope: IConstruct, props: ClusterWorkloadIdentityPoolProps, source: Source | undefined, defaultId: string): PoolNames {
  if (typeof source === 'object' && 'providerName' in source) {
    const providerName = textOf(scope, source.providerName);
    const names = [providerName, providerName.replace(/\/providers\/.*$/s, '')];
    return { own: names, clashing: names };
  }
  return typeof source === 'object'
    ? idNames(scope, { ...props, project: source.project }, textOf(scope, source.poolId))
    : idNames(scope, props, textOf(scope, props.poolId ?? defaultId));
}

/** A provider's project is not known here: without one, a pool may be that of any project in its stack, and none of another stack's. */
function idNames(scope: IConstruct, { project, googleProvider }: ClusterWorkloadIdentityPoolProps, poolId: string): PoolNames {
  const here = `${TerraformStack.of(scope).node.path} ${googleProvider?.alias ?? ''}`;
  const [unsaid, said] = [`${here} without project ${poolId}`, `${here} with project ${poolId}`];
  if (project === undefined) {
    return { own: [unsaid], clashing: [unsaid, said] };
  }
  const named = `${textOf(scope, project)} ${poolId}`;
  return { own: [named, said], clashing: [named, unsaid] };
}

/**
 * Refuses a pool that another cluster has: a member names the pool and not the provider, so that each could become the other.
 */
function checkPoolFree(scope: IConstruct, where: string, cluster: Cluster, names: readonly string[]): void {
  const pools = POOLS.get(scope.node.root);
  const known = names.map(name => pools?.get(name)).find(pool => pool !== undefined && pool.cluster !== cluster.id);
  if (known !== undefined) {
    throw new FederationError({
      code: 'DuplicateRegistration', where, prop: 'cluster', rule: `have a pool of its own (${known.where} has this one for cluster ${known.cluster})`, got: cluster.id,
      remedy: 'give each cluster a pool, and say `project` of both where they are in two: a member names the pool and not the provider, so that service accounts of the same name could become each other',
    });
  }
}

/** Notes whose pool it is. */
function notePool(pool: IConstruct, cluster: Cluster, names: readonly string[]): void {
  const pools = POOLS.get(pool.node.root) ?? new Map<string, { readonly cluster: string; readonly where: string }>();
  POOLS.set(pool.node.root, pools);
  names.forEach(name => pools.set(name, { cluster: cluster.id, where: pool.node.path }));
}

/** A pool id made of a cluster's id: different ids stay different, as a digest marks what had to be changed. */
function derivedId(clusterId: string): string {
  const slug = clusterId.toLowerCase().replace(/[^0-9a-z-]/g, '-');
  const id = slug.length < 4 || slug.startsWith('gcp-') ? `k8s-${slug}` : slug;
  return id === clusterId && id.length <= 32 ? id : `${id.slice(0, 23)}-${shortHash(clusterId)}`;
}

function checkId(where: string, prop: string, id: string): void {
  checkPattern({ where, prop }, id, /^(?!gcp-)[0-9a-z-]{4,32}$/,
    'be 4 to 32 lower-case letters, digits and "-", not starting with "gcp-"', 'choose an id that will never change: a deleted one stays blocked for 30 days',
    'InvalidName');
}

function checkPool(scope: IConstruct, where: string, props: ClusterWorkloadIdentityPoolProps): void {
  if (props.poolId !== undefined) {
    checkId(where, 'poolId', props.poolId);
  }
  if (props.providerId !== undefined) {
    checkId(where, 'providerId', props.providerId);
  }
  if (props.displayName !== undefined) {
    checkPattern({ where, prop: 'displayName' }, props.displayName, /^.{0,32}$/su, 'be at most 32 characters', 'shorten it', 'InvalidName');
  }
  if (props.description !== undefined) {
    checkPattern({ where, prop: 'description' }, props.description, /^.{0,256}$/su, 'be at most 256 characters', 'shorten it', 'InvalidName');
  }
  if (props.project !== undefined) {
    checkProject({ where, prop: 'project' }, props.project);
  }
  checkAudiences(scope, where, props.cluster.issuer, props.allowedAudiences);
  checkMapping(where, props.attributeMapping);
  if (props.namespaces !== undefined && props.admits !== 'namespaces') {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'namespaces', rule: 'be given together with `admits: "namespaces"`', got: props.namespaces.join(', '),
      remedy: 'set `admits: "namespaces"`, or leave `namespaces` out',
    });
  }
  if (props.admits !== undefined && !['subjects', 'namespaces', 'cluster'].includes(props.admits)) {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'admits', rule: 'be "subjects", "namespaces" or "cluster"', got: props.admits, remedy: 'leave it out for "subjects"',
    });
  }
  for (const namespace of props.namespaces ?? []) {
    checkNamespace({ where, prop: 'namespaces' }, namespace);
  }
  if (props.attributeCondition !== undefined) {
    const length = knownPart(props.attributeCondition).length;
    checkPattern({ where, prop: 'attributeCondition' }, props.attributeCondition, /\S/, 'not be empty',
      'leave it out: the condition is then made from the service accounts that are trusted');
    checkLimit({ where, prop: 'attributeCondition' }, length, MAX_CONDITION, `be at most ${MAX_CONDITION} characters`, `${length} characters`, 'shorten it');
  }
}

function checkAudiences(scope: IConstruct, where: string, issuer: string, audiences: readonly string[] | undefined): void {
  if (audiences === undefined) {
    return;
  }
  const place = { where, prop: 'allowedAudiences' };
  if (isToken(audiences)) {
    throw new FederationError({
      code: 'UnresolvedValue', ...place, rule: 'be a list that is known when the stack is synthesized', got: 'a value that only Terraform knows', remedy: 'write the list out',
    });
  }
  for (const audience of audiences) {
    checkPattern(place, audience, /^\S{1,256}$/, 'hold audiences of 1 to 256 characters without white space', 'leave it out for the provider\'s own audience');
    checkNotKubernetesAudience(scope, place, audience, issuer);
  }
  if (audiences.length === 0 || audiences.length > MAX_AUDIENCES) {
    throw new FederationError({
      code: 'LimitExceeded', ...place, rule: `hold 1 to ${MAX_AUDIENCES} audiences`, got: audiences.length, remedy: 'leave it out for the provider\'s own audience',
    });
  }
}

function checkMapping(where: string, mapping: Readonly<Record<string, string>> | undefined): void {
  const place = { where, prop: 'attributeMapping' };
  const entries = Object.entries(mapping ?? {});
  for (const [attribute, expression] of entries) {
    checkPattern(place, attribute, /^(?:google\.(?:subject|groups)|attribute\.[a-z0-9_]{1,100})$/,
      'map to google.groups or attribute.<lower-case name>', 'rename the attribute');
    if (attribute === 'google.subject' && expression !== 'assertion.sub') {
      throw new FederationError({
        code: 'InvalidIdentifier', ...place, rule: 'leave google.subject at assertion.sub, which the members name', got: expression, remedy: 'leave google.subject out',
      });
    }
    checkPattern(place, expression, /\S/, 'hold CEL expressions', 'leave the attribute out');
    checkLimit(place, knownPart(expression).length, MAX_MAPPING, `hold expressions of at most ${MAX_MAPPING} characters`,
      `${knownPart(expression).length} characters for ${attribute}`, 'shorten it');
  }
  checkLimit(place, entries.length, MAX_ATTRIBUTES, `hold at most ${MAX_ATTRIBUTES} attributes`, `${entries.length}`, 'remove those that no member names');
}

function checkSource(scope: IConstruct, where: string, issuer: string, source: Exclude<Source, 'implicit'>): void {
  if ('providerName' in source) {
    checkPattern({ where, prop: 'providerName' }, source.providerName,
      /^projects\/\d+\/locations\/global\/workloadIdentityPools\/(?!gcp-)[0-9a-z-]{4,32}\/providers\/(?!gcp-)[0-9a-z-]{4,32}$/,
      'be projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider>',
      'copy it from `gcloud iam workload-identity-pools providers describe`; members want the project\'s number, not its id');
  } else {
    checkId(where, 'poolId', source.poolId);
    checkId(where, 'providerId', source.providerId);
    if (source.project !== undefined) {
      checkProject({ where, prop: 'project' }, source.project);
    }
  }
  checkAudiences(scope, where, issuer, source.audience === undefined ? undefined : [source.audience]);
}
