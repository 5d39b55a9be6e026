import { Sensitive } from './sensitive';
import { TextValue, Value, ValueMap, Verdict } from './value';

/** Where something is said. */
export interface Where {
  /** The address in Terraform, as in `aws_iam_role.Role`. */
  readonly address: string;
  /** The path of the construct that made it, where a cdktf app did. */
  readonly constructPath?: string;
  /** The attribute that is meant. */
  readonly attribute?: string;
  /** The stack, where the input names one. */
  readonly stack?: string;
  /** The file that was read. */
  readonly file: string;
}

/** Something that the reader of a report should know. */
export interface Note {
  readonly message: string;
  readonly where?: Where;
}

/** A resource or data source with what is known of its attributes. */
export interface TerraformResource {
  readonly where: Where;
  readonly mode: 'managed' | 'data';
  /** As in `aws_iam_role`. */
  readonly type: string;
  /** Arguments as written, evaluated, and computed attributes: those that follow from arguments as texts, the others unknown. */
  readonly values: ValueMap;
  /** The configuration of its provider, as in `apps/kubernetes.eks`, where the input says which; two are for two clusters or accounts. */
  readonly provider?: string;
}

/** All that was read, stacks together. */
export interface Terraform {
  readonly resources: readonly TerraformResource[];
  readonly notes: readonly Note[];
  /** The texts that the input says not to print; undefined where there are none. */
  readonly sensitive?: Sensitive;
  /** What providers of Kubernetes are told of their clusters, by the names that resources have; undefined where the input says nothing. */
  readonly clusters?: ReadonlyMap<string, ValueMap>;
  /** The resources of a type; none where there are none. */
  ofType(type: string, mode?: 'managed' | 'data'): readonly TerraformResource[];
}

/** The claims of a token, or of what stands for one. Any of them may be unknown, and then every answer that depends on it is. */
export type Token = ValueMap;

/** How tokens come to an identity. */
export type Mechanism =
  | 'aws-oidc'
  | 'aws-google'
  | 'aws-pod-identity'
  | 'aws-role-chain'
  | 'gcp-federation'
  | 'gcp-native'
  | 'azure-federation';

/** What a token must pass; those of a door come in the order in which the cloud looks at them. */
export interface Gate {
  /** The stable name of the gate, as in `aws-condition`; see docs/explain.md. */
  readonly gate: GateName;
  readonly verdict: Verdict;
  /** What the gate wants, and what the token has: for people, with nothing of the token's signature. */
  readonly want: string;
  readonly have: string;
  /** Where it is said. */
  readonly where: Where;
  /** What would let this token pass, where that is what is wanted. */
  readonly remedy: string;
  /** What of the token the cloud refuses in other words than those of the gate; left out where there is nothing of the kind. */
  readonly fault?: Fault;
  /** What else it hangs on whether the token gets in, where that is unknown and the texts do not say it: a canonical text, which is compared only. */
  readonly beside?: string;
  /** The one issuer whose tokens the cloud takes here, where it names it when it refuses; left out elsewhere. */
  readonly issuer?: TextValue;
}

/** A token that is too large, one that is made otherwise than documented, or one that is for other roles. */
export type Fault = 'size' | 'form' | 'roles';

/** The gates of all clouds. */
export type GateName =
  | 'pod-service-account'
  | 'pod-token'
  | 'pod-environment'
  | 'token-time'
  | 'aws-provider'
  | 'aws-client-id'
  | 'aws-principal'
  | 'aws-action'
  | 'aws-condition'
  | 'aws-deny'
  | 'aws-association'
  | 'aws-role-chain'
  | 'gcp-provider'
  | 'gcp-audience'
  | 'gcp-mapping'
  | 'gcp-condition'
  | 'gcp-subject-length'
  | 'gcp-member'
  | 'gcp-token-creator'
  | 'azure-issuer'
  | 'azure-subject'
  | 'azure-audience';

/** What tells the tokens of a door apart: a claim, and a value or pattern that it is compared with. */
export interface Atom {
  /** The path of the claim, as in `["sub"]` or `["kubernetes.io", "namespace"]`. */
  readonly claim: readonly string[];
  readonly pattern: TextValue;
  /** Whether `*` and `?` of the pattern are wildcards. */
  readonly wildcards: boolean;
  /** Whether upper and lower case are the same to it. */
  readonly ignoreCase?: boolean;
}

/** Whom a door lets in, for people: one row of the report. */
export interface Who {
  /** The issuer; undefined where any of those that the mechanism knows will do. */
  readonly issuer?: TextValue;
  /** The `sub` claim, exact or a pattern; undefined where any will do. */
  readonly subject?: TextValue;
  /** Whether `*` and `?` of the subject are wildcards. */
  readonly wildcards: boolean;
  /** The audiences of which the token must have one; undefined where any will do. */
  readonly audiences?: readonly TextValue[];
  /** What else must hold, in the cloud's own words. */
  readonly conditions: readonly string[];
  readonly where: Where;
}

/** One way into an identity. A token is accepted where it passes all gates of one door. */
export interface Door {
  readonly mechanism: Mechanism;
  /** Where the door is: the trust policy's role, the member, the credential. */
  readonly where: Where;
  /** What makes the issuer known to the cloud, where something must; undefined where the input does not have it. */
  readonly registration?: Registration;
  /** The identity that is become first, where the door is behind another identity. */
  readonly through?: Identity;
  readonly who: readonly Who[];
  /** What tells its tokens apart, for finding all that differ. */
  readonly atoms: readonly Atom[];
  /** Whether it is one of those that others may add, and may be there unseen: `supposed` says what a change does to it. */
  readonly unseen?: boolean;
  /** Whether it looks at claims in ways that its atoms do not show, so that nothing follows from them alone. */
  readonly opaque?: boolean;
  /**
   * All that it compares in one canonical text, but no address and nothing of `through`: two doors with the same one accept the same
   * tokens. Without it doors are compared by what they accept.
   */
  readonly fingerprint?: string;
  /** Whether a token passes each gate, in the cloud's order; `at` is the time in seconds since 1970, where it is to be compared. */
  judge(token: Token, at?: number): readonly Gate[];
}

/** What a token becomes. */
export interface Identity {
  readonly cloud: 'aws' | 'gcp' | 'azure';
  readonly kind: 'role' | 'service-account' | 'principal' | 'managed-identity' | 'application';
  /** How the cloud names it: an ARN, an email, a principal, a client id; as far as it is known. */
  readonly name: TextValue;
  readonly where: Where;
  readonly doors: readonly Door[];
  /** What others may add, as an association of EKS Pod Identity; undefined where there is nothing of the kind. */
  readonly supposed?: Supposed;
  readonly grants: readonly Grant[];
  /** What of the input that it is from must not be printed; undefined where nothing is marked so. */
  readonly sensitive?: Sensitive;
}

/** Doors that somebody may add who may not change the identity. Nobody comes in by them yet, but a change that opens them is one of trust. */
export interface Supposed {
  /** Who may add them, as in `whoever may create an association of EKS Pod Identity`. */
  readonly by: string;
  /** The doors, which judge as though they were there; what they let in is named by claims of their own. */
  readonly doors: readonly Door[];
  /** What stands for whom they let in, as the other doors of the identity see it. */
  real(token: Token): Token;
  /** Whom they let in, for people. */
  show(token: Token): string;
}

/** What makes an issuer known to a cloud account. */
export interface Registration {
  readonly cloud: 'aws' | 'gcp';
  readonly name: TextValue;
  readonly issuer: TextValue;
  /** The audiences that it takes. */
  readonly audiences: readonly TextValue[];
  /** The keys that are uploaded for it, in one canonical text: tokens are checked with them, and not with those that the issuer publishes. */
  readonly keys?: string;
  readonly where: Where;
}

/** What an identity may do: a policy or a role, and on what. */
export interface Grant {
  /** The policy's ARN or name, or the role's name. */
  readonly permission: TextValue;
  /** The resource on which it is granted; undefined where the permission says it. */
  readonly on?: TextValue;
  /** The actions and resources of the permission, where the input has them. */
  readonly statements: readonly Value[];
  readonly where: Where;
}

/** A Kubernetes ServiceAccount with what runs as it. */
export interface WorkloadUse {
  readonly namespace: TextValue;
  readonly serviceAccount: TextValue;
  readonly where: Where;
  /** The pods and owners of pods that run as it. */
  readonly users: readonly Where[];
  /** What its wiring tries to become. */
  readonly attempts: readonly Attempt[];
  /** The issuers that its cluster is said to have: one where it is known, several where they contradict each other; undefined where nothing says one. */
  readonly issuers?: readonly SaidIssuer[];
  /** The pods that have nothing by which clients of some clouds would become anything; undefined where there are none, as far as is known. */
  readonly unwired?: readonly UnwiredPods[];
}

/** Pods in which clients of some clouds find nothing. */
export interface UnwiredPods {
  /** Where they say as what they run. */
  readonly where: Where;
  readonly clouds: readonly Identity['cloud'][];
}

/** What the input says of the issuer of a cluster. */
export interface SaidIssuer {
  readonly issuer: TextValue;
  /** Where it is said: the cluster that a provider leads to, or the wiring of a pod. */
  readonly where: Where;
  /** Whether an issuer is that of another cluster for certain, although only Terraform knows one of them. */
  isOther?(issuer: TextValue): boolean;
}

/** A try to become an identity that the wiring of a workload makes: what its pods present, to whom, and as what. */
export interface Attempt {
  readonly mechanism: Mechanism;
  /** How the wiring names the identity: an ARN, an email, a client id; undefined where the pods become a principal of a pool. */
  readonly identity?: TextValue;
  /** The name of the registration that the wiring names, as that of a provider in Google's credential configuration; undefined where it names none. */
  readonly registration?: TextValue;
  /** The audience of the token that is presented; undefined where the platform presents its own. */
  readonly audience?: TextValue;
  /** The lifetime of the token in seconds, where the wiring says it. */
  readonly expirationSeconds?: number;
  /** The association of EKS Pod Identity by which they try, where it is one. */
  readonly association?: Where;
  /** What stands in the pod's own way, such as a token that is not mounted where a variable says, in the order in which a client meets it. */
  readonly gates: readonly Gate[];
  readonly where: Where;
}

/** What a cloud's reader finds. */
export interface CloudPart {
  readonly registrations: readonly Registration[];
  readonly identities: readonly Identity[];
  readonly notes: readonly Note[];
}
