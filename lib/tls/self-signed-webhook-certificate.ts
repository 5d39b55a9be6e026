import { SecretV1 } from '@cdktf/provider-kubernetes/lib/secret-v1';
import { CertRequest } from '@cdktf/provider-tls/lib/cert-request';
import { LocallySignedCert } from '@cdktf/provider-tls/lib/locally-signed-cert';
import { PrivateKey } from '@cdktf/provider-tls/lib/private-key';
import { SelfSignedCert } from '@cdktf/provider-tls/lib/self-signed-cert';
import { Fn, ITerraformDependable, TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { pathOf } from '../checks';
import {
  validityHours, WebhookCertificate, WebhookCertificateFactory, WebhookCertificateRequest, WebhookCertificateValidity,
} from '../gtoken/webhook-certificate';

/** How Terraform makes the certificate. */
export interface SelfSignedWebhookCertificateOptions extends WebhookCertificateValidity {
  /**
   * The TLS provider.
   * @default - the stack's provider without an alias
   */
  readonly tlsProvider?: TerraformProvider;
}

/** Props of a certificate that Terraform makes. */
export interface SelfSignedWebhookCertificateProps extends SelfSignedWebhookCertificateOptions, WebhookCertificateRequest {}

/** Ten years. */
const AUTHORITY_HOURS = 87600;
const ECDSA = { algorithm: 'ECDSA', ecdsaCurve: 'P256' } as const;

/**
 * Defines a webhook's certificate, and the authority that signs it, by Terraform.
 *
 * The private keys of both are in Terraform's state, in the clear: whoever reads the state can answer the API server as the webhook, and so put
 * containers into pods. Where cert-manager runs, take `CertManagerCertificate`.
 *
 * @see https://registry.terraform.io/providers/hashicorp/tls/latest/docs#secrets-and-terraform-state
 */
export class SelfSignedWebhookCertificate extends Construct implements WebhookCertificate {
  /**
   * Has a webhook's certificate made by Terraform, with its private keys in Terraform's state.
   * @throws FederationError for days that make no certificate
   */
  public static with(options: SelfSignedWebhookCertificateOptions = {}): WebhookCertificateFactory {
    validityHours('SelfSignedWebhookCertificate.with', options);
    return (scope, id, request) => new SelfSignedWebhookCertificate(scope, id, { ...options, ...request });
  }

  public readonly secretName: string;
  public readonly caBundle: string;
  public readonly webhookAnnotations: Readonly<Record<string, string>> = {};
  public readonly podAnnotations: Readonly<Record<string, string>>;
  public readonly dependsOn: readonly ITerraformDependable[];
  /** The Secret. */
  public readonly secret: SecretV1;

  /**
   * @throws FederationError for days that make no certificate
   */
  constructor(scope: Construct, id: string, props: SelfSignedWebhookCertificateProps) {
    const { validity, renewBefore } = validityHours(pathOf(scope, id), props);
    const { namespace, serviceName, tlsProvider: provider } = props;
    super(scope, id);

    const authorityKey = new PrivateKey(this, 'AuthorityKey', { ...ECDSA, provider }).privateKeyPem;
    this.caBundle = new SelfSignedCert(this, 'Authority', {
      privateKeyPem: authorityKey,
      subject: [{ commonName: 'webhook-authority' }],
      isCaCertificate: true,
      setSubjectKeyId: true,
      allowedUses: ['cert_signing', 'crl_signing'],
      validityPeriodHours: AUTHORITY_HOURS,
      // Nothing that it signs shall outlive it.
      earlyRenewalHours: validity,
      provider,
    }).certPem;
    const key = new PrivateKey(this, 'Key', { ...ECDSA, provider }).privateKeyPem;
    const request = new CertRequest(this, 'Request', {
      privateKeyPem: key, subject: [{ commonName: 'webhook' }], dnsNames: [`${serviceName}.${namespace}.svc`], provider,
    });
    const certificate = new LocallySignedCert(this, 'Certificate', {
      certRequestPem: request.certRequestPem,
      caPrivateKeyPem: authorityKey,
      caCertPem: this.caBundle,
      allowedUses: ['digital_signature', 'server_auth'],
      validityPeriodHours: validity,
      earlyRenewalHours: renewBefore,
      provider,
    }).certPem;
    this.secret = new SecretV1(this, 'Default', {
      metadata: { name: `${serviceName}-tls`, namespace, labels: props.labels },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': certificate, 'tls.key': key },
      provider: props.kubernetesProvider,
    });
    this.secretName = this.secret.metadata.name;
    this.dependsOn = [this.secret];
    this.podAnnotations = { 'checksum/webhook-certificate': Fn.sha256(certificate) };
  }
}
