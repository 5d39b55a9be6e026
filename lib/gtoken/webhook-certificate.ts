import { ITerraformDependable, TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { checkRange } from '../checks';
import { FederationError } from '../errors';
import { isToken } from '../tokens';

/** What a webhook serves TLS with, and by what the API server verifies it. */
export interface WebhookCertificate {
  /** The name of the Secret of type kubernetes.io/tls, in the webhook's namespace, with `tls.crt` and `tls.key`. */
  readonly secretName: string;
  /**
   * The certificates in PEM by which the API server verifies the webhook.
   * @default - none: somebody else writes them into the webhook's configuration, and Terraform leaves them alone
   */
  readonly caBundle?: string;
  /** Annotations of the MutatingWebhookConfiguration. */
  readonly webhookAnnotations: Readonly<Record<string, string>>;
  /** Annotations of the webhook's pods that differ from one certificate to the next: the server reads its files once, when it starts. */
  readonly podAnnotations: Readonly<Record<string, string>>;
  /** What must exist before the Secret does. */
  readonly dependsOn: readonly ITerraformDependable[];
}

/** What a webhook needs a certificate for. */
export interface WebhookCertificateRequest {
  /** The namespace of the webhook, where the Secret is wanted. */
  readonly namespace: string;
  /** The name of the webhook's Service; the API server calls it `<name>.<namespace>.svc`, and what is defined is named after it. */
  readonly serviceName: string;
  /** Labels of what is defined in Kubernetes. */
  readonly labels: Readonly<Record<string, string>>;
  /**
   * The Kubernetes provider that leads to the cluster.
   * @default - the stack's provider without an alias
   */
  readonly kubernetesProvider?: TerraformProvider;
}

/** Defines the certificate of a webhook as a child of it. */
export type WebhookCertificateFactory = (scope: Construct, id: string, request: WebhookCertificateRequest) => WebhookCertificate;

/** How long a webhook's certificate is valid. */
export interface WebhookCertificateValidity {
  /**
   * The days that a certificate is valid, 2 to 1825.
   * @default 365
   */
  readonly validityDays?: number;
  /**
   * The days before its end at which a certificate is renewed. Apply at least once in them: only then do the pods start with the new one.
   * @default - a third of `validityDays`
   */
  readonly renewBeforeDays?: number;
}

/** The validity of a certificate in hours. */
export interface ValidityHours {
  readonly validity: number;
  readonly renewBefore: number;
}

/** Refuses days that make no certificate, and gives them as hours. */
export function validityHours(where: string, props: WebhookCertificateValidity): ValidityHours {
  const { validityDays = 365 } = props;
  checkDays({ where, prop: 'validityDays' }, validityDays, 1825);
  const renewBeforeDays = props.renewBeforeDays ?? Math.max(1, Math.floor(validityDays / 3));
  checkDays({ where, prop: 'renewBeforeDays' }, renewBeforeDays, validityDays - 1);
  return { validity: validityDays * 24, renewBefore: renewBeforeDays * 24 };
}

function checkDays(place: { where: string; prop: 'validityDays' | 'renewBeforeDays' }, days: number, max: number): void {
  if (isToken(days)) {
    throw new FederationError({
      code: 'UnresolvedValue', ...place, rule: 'be literal', got: 'a value that only Terraform knows', remedy: 'write it out: hours are computed from it',
    });
  }
  checkRange(place, days, place.prop === 'validityDays' ? 2 : 1, max, place.prop === 'validityDays'
    ? 'leave it out for a year' : 'renew after the certificate began and before it ends, or leave it out for a third of `validityDays`');
}
