import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension,
  PemConverter, SubjectAlternativeNameExtension, SubjectKeyIdentifierExtension, X509Certificate, X509CertificateGenerator,
} from '@peculiar/x509';

/** What is wrong with a certificate that a server presents. */
export type Flaw = 'another host' | 'another authority' | 'expired';

const DAY = 86_400_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

type KeyPair = webcrypto.CryptoKeyPair;

const keyPair = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<KeyPair>;
const serialNumber = () => `01${randomBytes(15).toString('hex')}`;

/** A certificate authority that lives as long as a run of the tests, in memory only. */
export class TestAuthority {
  static async create(name = 'Authority of the tests'): Promise<TestAuthority> {
    const [keys, server] = await Promise.all([keyPair(), keyPair()]);
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`, serialNumber: serialNumber(), notBefore: new Date(Date.now() - 30 * DAY), notAfter: new Date(Date.now() + 30 * DAY), keys, signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new TestAuthority(certificate, keys, server);
  }

  private readonly contexts = new Map<string, Promise<SecureContext>>();

  private constructor(private readonly certificate: X509Certificate, private readonly keys: KeyPair, private readonly server: KeyPair) {}

  /** The authority's own certificate: what a client is to trust. */
  get pem(): string {
    return this.certificate.toString('pem');
  }

  /** What a TLS server at the host presents. */
  contextFor(host: string, flaw?: Flaw): Promise<SecureContext> {
    const id = JSON.stringify([host, flaw]);
    const known = this.contexts.get(id)
      ?? (flaw === 'another authority' ? TestAuthority.create('Authority of nobody').then(other => other.contextFor(host)) : this.issue(host, flaw));
    this.contexts.set(id, known);
    return known;
  }

  private async issue(host: string, flaw?: Flaw): Promise<SecureContext> {
    const certified = flaw === 'another host' ? `another.${host}` : host;
    const certificate = await X509CertificateGenerator.create({
      // A common name takes 64 characters at most; clients read the alternative name only.
      subject: `CN=${certified.slice(0, 64)}`, issuer: this.certificate.subject, serialNumber: serialNumber(),
      notBefore: new Date(Date.now() - 30 * DAY), notAfter: new Date(flaw === 'expired' ? Date.now() - DAY : Date.now() + 30 * DAY),
      publicKey: this.server.publicKey, signingKey: this.keys.privateKey, signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension([{ type: isIP(certified) ? 'ip' : 'dns', value: certified }]),
        await SubjectKeyIdentifierExtension.create(this.server.publicKey),
        await AuthorityKeyIdentifierExtension.create(this.keys.publicKey),
      ],
    });
    return createSecureContext({
      key: PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', this.server.privateKey), 'PRIVATE KEY'), cert: certificate.toString('pem'),
    });
  }
}
