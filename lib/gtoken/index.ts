export * from './cert-manager-certificate';
export * from './gtoken-webhook';
export type { WebhookCertificate, WebhookCertificateFactory, WebhookCertificateRequest, WebhookCertificateValidity } from './webhook-certificate';
