import { DataKubernetesResource } from '@cdktf/provider-kubernetes/lib/data-kubernetes-resource';
import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { Fn, ITerraformDependable, Token } from 'cdktf';
import { Construct } from 'constructs';
import {
  validityHours, WebhookCertificate, WebhookCertificateFactory, WebhookCertificateRequest, WebhookCertificateValidity,
} from './webhook-certificate';
import { checkObjectName, checkPattern, pathOf } from '../checks';

/** An issuer of cert-manager that exists already. */
export interface CertManagerIssuerRef {
  /** The name of the issuer. */
  readonly name: string;
  /**
   * The kind of the issuer; an `Issuer` is in the webhook's namespace.
   * @default "ClusterIssuer"
   */
  readonly kind?: string;
  /**
   * The API group of the issuer.
   * @default "cert-manager.io"
   */
  readonly group?: string;
}

/** How cert-manager makes the certificate. */
export interface CertManagerCertificateOptions extends WebhookCertificateValidity {
  /**
   * An issuer that exists already. It must fill `ca.crt` of the Secret, as those of type CA and Vault do and ACME does not: from there the API
   * server learns by what to verify the webhook.
   * @default - an authority of the webhook's own, in its namespace
   */
  readonly issuerRef?: CertManagerIssuerRef;
}

/** Props of a certificate that cert-manager makes. */
export interface CertManagerCertificateProps extends CertManagerCertificateOptions, WebhookCertificateRequest {}

const API_VERSION = 'cert-manager.io/v1';
const READY = { condition: [{ type: 'Ready', status: 'True' }] };
/** Ten years; cert-manager renews it after two thirds of them, long before it is older than what it signed. */
const AUTHORITY_DURATION = '87600h0m0s';

/**
 * Defines a webhook's certificate by cert-manager: the keys are made in the cluster and stay there.
 *
 * cert-manager and its CA injector must be installed before the stack is planned, as Terraform asks the cluster for the form of its resources.
 *
 * @see https://cert-manager.io/docs/concepts/ca-injector/
 */
export class CertManagerCertificate extends Construct implements WebhookCertificate {
  /**
   * Has a webhook's certificate made by cert-manager.
   * @throws FederationError for the name of an issuer that Kubernetes refuses, or days that make no certificate
   */
  public static with(options: CertManagerCertificateOptions = {}): WebhookCertificateFactory {
    checkOptions('CertManagerCertificate.with', options);
    return (scope, id, request) => new CertManagerCertificate(scope, id, { ...options, ...request });
  }

  public readonly secretName: string;
  public readonly webhookAnnotations: Readonly<Record<string, string>>;
  public readonly podAnnotations: Readonly<Record<string, string>>;
  public readonly dependsOn: readonly ITerraformDependable[];
  /** The Certificate. */
  public readonly resource: Manifest;

  /**
   * @throws FederationError for the name of an issuer that Kubernetes refuses, or days that make no certificate
   */
  constructor(scope: Construct, id: string, props: CertManagerCertificateProps) {
    const { validity, renewBefore } = checkOptions(pathOf(scope, id), props);
    const { namespace, serviceName, issuerRef, kubernetesProvider: provider } = props;
    super(scope, id);

    this.secretName = `${serviceName}-tls`;
    const authority = issuerRef === undefined ? this.createAuthority(props) : undefined;
    this.resource = new Manifest(this, 'Default', {
      manifest: {
        apiVersion: API_VERSION,
        kind: 'Certificate',
        metadata: { name: serviceName, namespace, labels: props.labels },
        spec: {
          secretName: this.secretName,
          dnsNames: list(`${serviceName}.${namespace}.svc`),
          // In the form that Kubernetes gives back: Terraform compares the text.
          duration: `${validity}h0m0s`,
          renewBefore: `${renewBefore}h0m0s`,
          usages: list('digital signature', 'server auth'),
          privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
          issuerRef: issuerRef === undefined
            ? { group: 'cert-manager.io', kind: 'Issuer', name: authorityName(serviceName) }
            : { group: issuerRef.group ?? 'cert-manager.io', kind: issuerRef.kind ?? 'ClusterIssuer', name: issuerRef.name },
        },
      },
      wait: READY,
      dependsOn: authority && [authority],
      provider,
    });
    this.dependsOn = [this.resource];
    this.webhookAnnotations = { 'cert-manager.io/inject-ca-from': `${namespace}/${serviceName}` };
    // The revision tells one certificate from the next; reading the Secret would put its key into the state.
    const issued = new DataKubernetesResource(this, 'Issued', {
      apiVersion: API_VERSION, kind: 'Certificate', metadata: { name: serviceName, namespace }, dependsOn: [this.resource], provider,
    });
    this.podAnnotations = { 'cert-manager.io/certificate-revision': Token.asString(issued.interpolationForAttribute('object.status.revision')) };
  }

  /** The server goes on with its old certificate until it starts again; with an authority, the new certificate's `ca.crt` still verifies the old. */
  private createAuthority(props: CertManagerCertificateProps): Manifest {
    const { namespace, serviceName, labels, kubernetesProvider: provider } = props;
    const selfSigned = `${serviceName}-self-signed`;
    const name = authorityName(serviceName);
    const create = (childId: string, kind: string, object: string, spec: object, more?: { wait?: typeof READY; dependsOn: Manifest[] }) =>
      new Manifest(this, childId, {
        manifest: { apiVersion: API_VERSION, kind, metadata: { name: object, namespace, labels }, spec }, ...more, provider,
      });
    const root = create('SelfSigned', 'Issuer', selfSigned, { selfSigned: {} });
    const certificate = create('AuthorityCertificate', 'Certificate', name, {
      isCA: true,
      commonName: 'webhook-authority',
      secretName: name,
      duration: AUTHORITY_DURATION,
      usages: list('cert sign', 'crl sign'),
      // With its old key, what it signed before it was renewed stays valid.
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Never' },
      issuerRef: { group: 'cert-manager.io', kind: 'Issuer', name: selfSigned },
    }, { wait: READY, dependsOn: [root] });
    return create('Authority', 'Issuer', name, { ca: { secretName: name } }, { dependsOn: [certificate] });
  }
}

/** A list of a manifest; as HCL, cdktf writes one that is plain as an object. */
function list(...values: string[]): string[] {
  return Fn.tolist(values) as unknown as string[];
}

function authorityName(serviceName: string): string {
  return `${serviceName}-authority`;
}

function checkOptions(where: string, { issuerRef, ...validity }: CertManagerCertificateOptions): ReturnType<typeof validityHours> {
  if (issuerRef !== undefined) {
    checkObjectName({ where, prop: 'issuerRef.name' }, issuerRef.name);
    checkPattern({ where, prop: 'issuerRef.kind' }, issuerRef.kind ?? 'ClusterIssuer', /^[A-Z][A-Za-z0-9]{0,62}$/, 'be the kind of an issuer',
      'leave it out for "ClusterIssuer"', 'InvalidName');
    checkObjectName({ where, prop: 'issuerRef.group' }, issuerRef.group ?? 'cert-manager.io');
  }
  return validityHours(where, validity);
}
