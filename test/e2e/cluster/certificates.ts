import { KeyObject } from 'node:crypto';
import { Applied, AppliedResource, ofType } from '../model';
import { CertificateContent, Certified, certified, DAY, ecPrivateKey, Usage } from '../network/certificates';

/** TLS is the machine's, and so is its time. */
const validFor = (hours: number) => ({ notBefore: Date.now(), notAfter: Date.now() + hours * DAY / 24 });
const pkcs8 = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string;

/**
 * What was applied, with the certificates of Terraform's provider `tls`, in the places to which Terraform brought the texts that stand for them, and with what
 * cert-manager, where Terraform told it of a Certificate, writes into the cluster.
 */
export async function withCertificates(applied: Applied): Promise<Applied> {
  return withCertManager(await withProviderTls(applied));
}

/** https://registry.terraform.io/providers/hashicorp/tls/latest/docs */
async function withProviderTls(applied: Applied): Promise<Applied> {
  const made = new Map<string, string>();
  const keys = new Map<string, KeyObject>();
  for (const { address, values } of ofType(applied, 'tls_private_key')) {
    if (values.algorithm !== 'ECDSA' || values.ecdsa_curve !== 'P256') throw new Error(`${address}: only ECDSA keys on P256 are known here`);
    const key = ecPrivateKey();
    keys.set(values.private_key_pem, key);
    made.set(values.private_key_pem, key.export({ type: 'sec1', format: 'pem' }) as string);
  }
  if (made.size === 0) return applied;
  const keyOf = (pem: string) => found(keys, pem, 'a private key');
  const requests = new Map(ofType(applied, 'tls_cert_request').map(({ values }) => [values.cert_request_pem as string, values]));
  const content = ({ subject: [{ common_name: commonName }], dns_names: hosts }: any, { allowed_uses: usages, ...values }: any): CertificateContent =>
    ({ commonName, hosts, usages, isAuthority: values.is_ca_certificate === true, ...validFor(values.validity_period_hours) });
  const certificates = new Map<string, Certified>();
  const issue = (pem: string, own: Certified) => {
    certificates.set(pem, own);
    made.set(pem, own.certificate.toString('pem'));
  };
  for (const { values } of ofType(applied, 'tls_self_signed_cert')) {
    issue(values.cert_pem, await certified(content(values, values), keyOf(values.private_key_pem)));
  }
  for (const { values } of ofType(applied, 'tls_locally_signed_cert')) {
    const request = found(requests, values.cert_request_pem, 'a request');
    const { certificate } = found(certificates, values.ca_cert_pem, 'a certificate');
    const authority = { certificate, key: keyOf(values.ca_private_key_pem) };
    issue(values.cert_pem, await certified(content(request, values), keyOf(request.private_key_pem), authority));
  }
  const inside = (text: string) => JSON.stringify(text).slice(1, -1);
  return JSON.parse([...made].reduce((text, [from, to]) => text.replaceAll(inside(from), inside(to)), JSON.stringify(applied)));
}

function found<T>(map: ReadonlyMap<string, T>, pem: string, what: string): T {
  const value = map.get(pem);
  if (value === undefined) throw new Error(`not ${what} of this apply: ${pem}`);
  return value;
}

const HOURS = /^(\d+)h0m0s$/;

/**
 * cert-manager and its CA injector: https://cert-manager.io/docs/usage/certificate/, https://cert-manager.io/docs/concepts/ca-injector/. A Certificate whose
 * issuer is not there, or has nothing to sign with, gets no Secret.
 */
async function withCertManager(applied: Applied): Promise<Applied> {
  const manifests = ofType(applied, 'kubernetes_manifest').filter(({ values }) => values.manifest.apiVersion === 'cert-manager.io/v1');
  if (manifests.length === 0) return applied;
  const named = (kind: string, namespace: string, name: string) => manifests.find(({ values: { manifest } }) =>
    manifest.kind === kind && manifest.metadata.namespace === namespace && manifest.metadata.name === name);
  const issued = new Map<string, Promise<Secret | undefined>>();
  const secretOf = ({ values: { manifest: { metadata, spec } } }: AppliedResource): Promise<Secret | undefined> => {
    const id = `${metadata.namespace}/${metadata.name}`;
    const known = issued.get(id);
    if (known !== undefined) return known;
    // What waits for itself is never issued.
    issued.set(id, Promise.resolve(undefined));
    const made = issue(metadata.namespace, spec);
    issued.set(id, made);
    return made;
  };
  const issue = async (namespace: string, { issuerRef, ...spec }: any): Promise<Secret | undefined> => {
    if (issuerRef.group !== 'cert-manager.io' || issuerRef.kind !== 'Issuer') throw new Error(`issuers of kind ${issuerRef.kind} are not known here`);
    const issuer = named('Issuer', namespace, issuerRef.name)?.values.manifest.spec;
    const content = {
      commonName: (spec.commonName ?? '') as string, hosts: spec.dnsNames as string[] | undefined, isAuthority: spec.isCA === true, ...validFor(Number(HOURS.exec(spec.duration)![1])),
      usages: (spec.usages as string[]).map(usage => usage.replace(/sign$/, 'signing').replace(' ', '_') as Usage),
    };
    if (issuer?.selfSigned !== undefined) {
      const own = await certified(content, ecPrivateKey());
      return { own, authority: own };
    }
    const signing = manifests.find(({ values: { manifest } }) =>
      manifest.kind === 'Certificate' && manifest.metadata.namespace === namespace && manifest.spec.secretName === issuer?.ca?.secretName);
    const authority = signing === undefined ? undefined : await secretOf(signing);
    return authority === undefined ? undefined : { own: await certified(content, ecPrivateKey(), authority.own), authority: authority.own };
  };
  const secrets: AppliedResource[] = [];
  for (const certificate of manifests.filter(({ values }) => values.manifest.kind === 'Certificate')) {
    const secret = await secretOf(certificate);
    const { metadata: { namespace }, spec: { secretName: name } } = certificate.values.manifest;
    if (secret !== undefined) {
      secrets.push({
        ...certificate, address: `kubernetes_secret_v1.${name}`, type: 'kubernetes_secret_v1',
        values: { metadata: [{ namespace, name }], data: { 'tls.crt': pemOf(secret.own), 'tls.key': pkcs8(secret.own.key), 'ca.crt': pemOf(secret.authority) } },
      });
    }
  }
  const injected = async (resource: AppliedResource): Promise<AppliedResource> => {
    const from: string | undefined = resource.type === 'kubernetes_mutating_webhook_configuration_v1' ? resource.values.metadata[0].annotations?.['cert-manager.io/inject-ca-from'] : undefined;
    const [namespace, name] = from?.split('/') ?? [];
    const certificate = name === undefined ? undefined : named('Certificate', namespace!, name);
    const secret = certificate === undefined ? undefined : await secretOf(certificate);
    if (secret === undefined) return resource;
    const ca = { ca_bundle: pemOf(secret.authority) };
    const webhook = resource.values.webhook.map((each: any) => ({ ...each, client_config: [{ ...each.client_config[0], ...ca }] }));
    return { ...resource, values: { ...resource.values, webhook } };
  };
  return { ...applied, resources: [...await Promise.all(applied.resources.map(injected)), ...secrets] };
}

interface Secret {
  readonly own: Certified;
  readonly authority: Certified;
}

const pemOf = ({ certificate }: Certified) => certificate.toString('pem');
