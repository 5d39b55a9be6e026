import 'reflect-metadata';
import { createPublicKey, generateKeyPairSync, KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension,
  SubjectAlternativeNameExtension, SubjectKeyIdentifierExtension, X509Certificate, X509CertificateGenerator,
} from '@peculiar/x509';

export const DAY = 86_400_000;
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' };
const ALGORITHM = { ...CURVE, hash: 'SHA-256' };

/** What a key may be used for, as Terraform's provider `tls` names it; cert-manager has spaces, and `cert sign` and `crl sign`. */
export type Usage = 'digital_signature' | 'cert_signing' | 'crl_signing' | 'server_auth' | 'client_auth';
const KEY_USAGES: Partial<Record<Usage, KeyUsageFlags>> = {
  digital_signature: KeyUsageFlags.digitalSignature, cert_signing: KeyUsageFlags.keyCertSign, crl_signing: KeyUsageFlags.cRLSign,
};
const EXTENDED_USAGES: Partial<Record<Usage, ExtendedKeyUsage>> = {
  server_auth: ExtendedKeyUsage.serverAuth, client_auth: ExtendedKeyUsage.clientAuth,
};

/** What stands in a certificate. */
export interface CertificateContent {
  readonly commonName: string;
  /** Names and addresses. @default - none */
  readonly hosts?: readonly string[];
  readonly usages: readonly Usage[];
  readonly isAuthority?: boolean;
  /** In milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A certificate and its private key. */
export interface Certified {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

/** A private key on the curve P-256. */
export const ecPrivateKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: CURVE.namedCurve }).privateKey;

/** A certificate for a key, signed by an authority, or by the key itself where there is none. */
export async function certified(
  { commonName, hosts = [], usages, isAuthority = false, notBefore, notAfter }: CertificateContent, key: KeyObject, authority?: Certified,
): Promise<Certified> {
  const publicKey = await publicKeyOf(key);
  const flags = usages.reduce((all, usage) => all + (KEY_USAGES[usage] ?? 0), 0);
  const extended = usages.flatMap(usage => EXTENDED_USAGES[usage] ?? []);
  const subject = `CN=${commonName}`;
  const certificate = await X509CertificateGenerator.create({
    subject, issuer: authority?.certificate.subject ?? subject, serialNumber: `01${randomBytes(15).toString('hex')}`,
    notBefore: new Date(notBefore), notAfter: new Date(notAfter),
    publicKey, signingKey: await privateKeyOf(authority?.key ?? key), signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(isAuthority, undefined, true),
      ...flags === 0 ? [] : [new KeyUsagesExtension(flags, true)],
      ...extended.length === 0 ? [] : [new ExtendedKeyUsageExtension(extended)],
      ...hosts.length === 0 ? [] : [new SubjectAlternativeNameExtension(hosts.map(host => ({ type: isIP(host) ? 'ip' as const : 'dns' as const, value: host })))],
      await SubjectKeyIdentifierExtension.create(publicKey),
      ...authority === undefined ? [] : [await AuthorityKeyIdentifierExtension.create(await publicKeyOf(authority.key))],
    ],
  });
  return { certificate, key };
}

const publicKeyOf = (key: KeyObject): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('spki', createPublicKey(key).export({ type: 'spki', format: 'der' }), CURVE, true, ['verify']);
const privateKeyOf = (key: KeyObject): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), CURVE, true, ['sign']);
