import { KeyObject } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Certified, certified, DAY, ecPrivateKey } from './certificates';

/** What is wrong with a certificate that a server presents. */
export type Flaw = 'another host' | 'another authority' | 'expired';

const MONTH = 30 * DAY;

/** A certificate authority that lives as long as a run of the tests, in memory only. */
export class TestAuthority {
  static async create(commonName = 'Authority of the tests'): Promise<TestAuthority> {
    const now = Date.now();
    return new TestAuthority(await certified({ commonName, usages: ['cert_signing'], isAuthority: true, notBefore: now - MONTH, notAfter: now + MONTH }, ecPrivateKey()), ecPrivateKey());
  }

  private readonly contexts = new Map<string, Promise<SecureContext>>();

  private constructor(private readonly own: Certified, private readonly server: KeyObject) {}

  /** The authority's own certificate: what a client is to trust. */
  get pem(): string {
    return this.own.certificate.toString('pem');
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
    const now = Date.now();
    const named = flaw === 'another host' ? `another.${host}` : host;
    const { certificate, key } = await certified({
      // A common name takes 64 characters at most; clients read the alternative name only.
      commonName: named.slice(0, 64), hosts: [named], usages: ['digital_signature', 'server_auth'], notBefore: now - MONTH, notAfter: flaw === 'expired' ? now - DAY : now + MONTH,
    }, this.server, this.own);
    return createSecureContext({ key: key.export({ type: 'pkcs8', format: 'pem' }) as string, cert: certificate.toString('pem') });
  }
}
