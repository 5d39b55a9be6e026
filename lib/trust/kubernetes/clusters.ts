import { issuerOfCluster } from '../aws/pod-identity';
import { push } from '../lists';
import { Door, Gate, Identity, SaidIssuer, Terraform, TerraformResource, Who, WorkloadUse } from '../model';
import { callSymbol, stepSymbol, symbolOf } from '../terraform/symbols';
import { at, blocksOf, distinct, equal, isList, isText, keyOf, like, show, text, TextValue, Unknown, Value, ValueMap } from '../value';

/** A cluster of the input. */
export interface Cluster extends SaidIssuer {
  /** Its name in EKS; undefined for a cluster of another cloud. */
  readonly eksName?: TextValue;
}

/** Kinds of clusters: what leads to one, and its issuer. */
interface Kind {
  readonly type: string;
  readonly hosts: readonly (readonly (string | number)[])[];
  readonly certificates: readonly (readonly (string | number)[])[];
  issuer(resource: TerraformResource): TextValue;
  /** How the cloud's own command names the context of it in a kubeconfig. */
  context(values: ValueMap): TextValue | undefined;
}

const GKE = 'https://container.googleapis.com/v1/projects/';

const KINDS: readonly Kind[] = [
  {
    type: 'aws_eks_cluster', hosts: [['endpoint']], certificates: [['certificate_authority', 0, 'data']], issuer: issuerOfCluster,
    context: values => textAt(values, 'arn'),
  },
  {
    type: 'google_container_cluster', hosts: [['endpoint']], certificates: [['master_auth', 0, 'cluster_ca_certificate']],
    issuer: resource => text(GKE, ofResource(resource, 'project'), '/locations/', ofResource(resource, 'location'), '/clusters/', ofResource(resource, 'name')),
    context: values => {
      const parts = ['project', 'location', 'name'].map(name => textAt(values, name));
      return parts.every(part => part !== undefined) ? text('gke_', ...parts.flatMap((part, index) => index === 0 ? [part] : ['_', part])) : undefined;
    },
  },
  {
    type: 'azurerm_kubernetes_cluster', hosts: [['kube_config', 0, 'host'], ['kube_admin_config', 0, 'host']],
    certificates: [['kube_config', 0, 'cluster_ca_certificate'], ['kube_admin_config', 0, 'cluster_ca_certificate']],
    issuer: resource => ofResource(resource, 'oidc_issuer_url'), context: () => undefined,
  },
];

/**
 * The clusters that providers of Kubernetes lead to, as far as the input has the clusters: by the endpoint or certificate of one, by the name that
 * the provider's command is told, or by the context that the cloud's own command makes for one.
 * @see https://registry.terraform.io/providers/hashicorp/kubernetes/latest/docs
 */
export class Clusters {
  private readonly byValue = new Map<string, Cluster[]>();
  private readonly byEksName = new Map<string, Cluster[]>();
  private readonly tokens = new Map<string, TextValue>();
  private readonly found = new Map<string, readonly Cluster[]>();
  /** The resources of clusters by the key of their issuer. */
  private readonly resources = new Map<string, TerraformResource[]>();

  constructor(terraform: Terraform) {
    for (const kind of KINDS) {
      for (const resource of terraform.clusters === undefined ? [] : terraform.ofType(kind.type)) {
        this.add(kind, resource);
      }
    }
    for (const resource of terraform.clusters === undefined ? [] : terraform.ofType('aws_eks_cluster_auth', 'data')) {
      this.tokens.set(keyOf(ofResource(resource, 'token')), ofResource(resource, 'name'));
    }
    terraform.clusters?.forEach((told, provider) => this.found.set(provider, this.ledTo(told)));
  }

  /** Whether the input has the configuration of a provider, so that all that it makes is in one cluster. */
  public has(provider: string): boolean {
    return this.found.has(provider);
  }

  /** The clusters that a provider leads to: one, or several where what it is told contradicts itself; none where that is not known. */
  public of(provider: string): readonly Cluster[] {
    return this.found.get(provider) ?? [];
  }

  /** Whether two issuers are of two clusters of the input for certain, whatever only Terraform knows of them. */
  public areTwo(one: TextValue, other: TextValue): boolean {
    const [a, b] = [this.resources.get(keyOf(one)), this.resources.get(keyOf(other))];
    return keyOf(one) !== keyOf(other) && a !== undefined && b !== undefined && a.every(first => b.every(second => areTwo(first, second)));
  }

  private add(kind: Kind, resource: TerraformResource): void {
    const { type, values, where } = resource;
    const name = type === 'aws_eks_cluster' ? ofResource(resource, 'name') : undefined;
    const issuer = kind.issuer(resource);
    push(this.resources, keyOf(issuer), resource);
    const cluster: Cluster = { issuer, where, ...name !== undefined && { eksName: name }, isOther: other => this.areTwo(issuer, other) };
    const context = kind.context(values);
    const hosts = kind.hosts.map(path => ofResource(resource, ...path));
    const keys = [
      ...hosts, ...hosts.map(host => text('https://', host)),
      ...kind.certificates.map(path => ofResource(resource, ...path)).flatMap(value => value instanceof Unknown ? [callSymbol('base64decode', [value])] : []),
      ...context === undefined ? [] : [context],
    ];
    distinct(keys).forEach(key => push(this.byValue, keyOf(key), cluster));
    if (name !== undefined) {
      push(this.byEksName, keyOf(name), cluster);
    }
  }

  private ledTo(told: ValueMap): readonly Cluster[] {
    const direct = ['host', 'cluster_ca_certificate', 'config_context'].flatMap(name => this.one(this.byValue, told.get(name)));
    const names = [nameInArguments(told.get('exec')), this.tokens.get(keyOf(told.get('token') ?? null))];
    const all = [...direct, ...names.flatMap(name => this.one(this.byEksName, name))];
    return [...new Map(all.map(cluster => [keyOf(cluster.issuer), cluster])).values()]
      // A cluster that is made and one that is looked up may be the same.
      .filter((cluster, index, others) => index === 0 || equal(cluster.issuer, others[0]!.issuer) === 'no' || this.areTwo(cluster.issuer, others[0]!.issuer));
  }

  private one(clusters: ReadonlyMap<string, readonly Cluster[]>, value: Value | undefined): readonly Cluster[] {
    const found = isText(value) && value !== '' ? clusters.get(keyOf(value)) ?? [] : [];
    const [first] = found;
    // Of several of one name, it is not known which is meant.
    return first !== undefined && found.every(({ issuer }) => keyOf(issuer) === keyOf(first.issuer)) ? [first] : [];
  }
}

/** Whether two resources are of two clusters for certain: by their names, or as one stack makes both. */
function areTwo(one: TerraformResource, other: TerraformResource): boolean {
  const [a, b] = [one.where, other.where];
  return one.type !== other.type || equal(ofResource(one, 'name'), ofResource(other, 'name')) === 'no'
    || (one.mode === 'managed' && other.mode === 'managed' && a.stack === b.stack && a.file === b.file && a.address !== b.address);
}

/** The cluster that `aws eks get-token` is told. */
function nameInArguments(exec: Value | undefined): TextValue | undefined {
  const [block] = blocksOf(exec);
  const args = block?.get('args');
  const place = isList(args) ? args.indexOf('--cluster-name') : -1;
  const name = isList(args) && place >= 0 ? args[place + 1] : undefined;
  return isText(name) ? name : undefined;
}

function textAt(values: ValueMap, ...path: readonly (string | number)[]): TextValue | undefined {
  const value = at(values, ...path);
  return isText(value) && value !== '' ? value : undefined;
}

/** An attribute of a resource: as the input has it, or what stands for it in whatever refers to it. */
function ofResource({ values, where: { stack, address } }: TerraformResource, ...path: readonly (string | number)[]): TextValue {
  const plain = address.replace(/\[(?:"([\w-]+)"|(\d+))\]/g, '.$1$2');
  return textAt(values, ...path) ?? stepSymbol(symbolOf(`${stack ?? ''}/${plain}`), ...path);
}

/** The issuer of a workload's tokens, where the input says one. */
export function issuerOfWorkload({ issuers = [] }: Pick<WorkloadUse, 'issuers'>): TextValue | undefined {
  return issuers.length === 1 ? issuers[0]!.issuer : undefined;
}

/**
 * Of the issuers of which a token of a workload may be, those that it can be of: its own, or those of which it is not known that they are another one;
 * where all are another one, the token is of its own.
 */
export function issuersAmong(workload: Pick<WorkloadUse, 'issuers'>, issuers: readonly TextValue[]): readonly TextValue[] {
  const own = issuerOfWorkload(workload);
  if (own === undefined) {
    return issuers;
  }
  const verdicts = issuers.map(issuer => [issuer, isAnother(workload, issuer) ? 'no' : like(own, issuer, '*')] as const);
  const possible = verdicts.filter(([, verdict]) => verdict === 'unknown').map(([issuer]) => issuer);
  return verdicts.some(([, verdict]) => verdict === 'yes') || possible.length === 0 ? [own] : possible;
}

function isAnother({ issuers = [] }: Pick<WorkloadUse, 'issuers'>, issuer: TextValue): boolean {
  return issuers.length === 1 && issuers[0]!.isOther?.(issuer) === true;
}

/** That all doors to an identity are for other clusters of the stack, by what Terraform calls them; undefined where they are not. */
export function otherClusterGate(workload: WorkloadUse, { cloud, where }: Identity, doors: readonly Door[]): Gate | undefined {
  const own = issuerOfWorkload(workload);
  const [first] = doors;
  const isOther = ({ issuer }: Who) => issuer !== undefined && isAnother(workload, issuer);
  if (own === undefined || first === undefined || !doors.every(({ who, through }) => through === undefined && who.length > 0 && who.every(isOther))) {
    return undefined;
  }
  const others = distinct(doors.flatMap(({ who }) => who).flatMap(({ issuer }) => issuer ?? []));
  const place = cloud === 'aws' ? where : first.registration?.where ?? first.where;
  return {
    gate: cloud === 'aws' ? 'aws-principal' : cloud === 'gcp' ? 'gcp-provider' : 'azure-issuer', verdict: 'no', want: `a token of ${others.map(show).join(' or ')}`,
    have: `iss ${show(own)}, of another cluster`, where: place,
    remedy: `let ${place.address} trust ${show(own)}, which ${workload.issuers![0]!.where.address} says is the workload's cluster`,
    ...cloud === 'gcp' && others.length === 1 && { issuer: others[0]! },
  };
}
