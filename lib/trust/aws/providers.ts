import { hostOfProvider, sameAccount, sameArn } from './arn';
import { hostOf, issuerOf } from '../issuer';
import { Note, Registration, Terraform, TerraformResource } from '../model';
import { equal, isList, isText, keyOf, text, TextValue, Unknown, Verdict } from '../value';

/** An OIDC provider of IAM that the input has. */
export interface Provider extends Registration {
  /** Whether its list of client ids is known. */
  readonly clientIdsKnown: boolean;
}

/** The OIDC providers of the input, found by ARN and by issuer. */
export class Providers {
  private readonly byArn = new Map<string, Provider>();
  private readonly byHost = new Map<string, Provider[]>();
  /** Providers whose issuer is not known well enough to find them by it. */
  private readonly unknownHosts: Provider[] = [];

  constructor(public readonly all: readonly Provider[]) {
    for (const provider of all) {
      this.byArn.set(keyOf(provider.name), this.byArn.get(keyOf(provider.name)) ?? provider);
      const host = hostOf(provider.issuer);
      const key = keyOf(host);
      this.byHost.set(key, [...this.byHost.get(key) ?? [], provider]);
      if (typeof host !== 'string') {
        this.unknownHosts.push(provider);
      }
    }
  }

  /** The provider of an ARN: it must lead to the role's account, so that of two accounts' the one there is meant. */
  public ofArn(arn: TextValue, role: TextValue): Provider | undefined {
    const host = hostOfProvider(arn);
    const named = host === undefined ? [] : this.byHost.get(keyOf(host)) ?? [];
    return this.byArn.get(keyOf(arn)) ?? best(named, provider => sameArn(provider.name, arn), provider => sameAccount(provider.name, role));
  }

  /** The provider of an issuer in the account of a role. */
  public ofIssuer(issuer: TextValue, role: TextValue): Provider | undefined {
    const named = this.byHost.get(keyOf(hostOf(issuer))) ?? [];
    return best(named, provider => equal(provider.issuer, issuer), provider => sameAccount(provider.name, role));
  }

  /** Whether an issuer may turn out to be that of a provider whose own is unknown. */
  public mayBeUnknown(issuer: TextValue): boolean {
    return this.unknownHosts.some(provider => equal(provider.issuer, issuer) !== 'no');
  }
}

/** Reads the OIDC providers, those that are made and those that are looked up. */
export function readProviders(terraform: Terraform): { readonly providers: Providers; readonly notes: readonly Note[] } {
  const notes: Note[] = [];
  const all = (['managed', 'data'] as const)
    .flatMap(mode => terraform.ofType('aws_iam_openid_connect_provider', mode))
    .map(resource => providerOf(resource, notes));
  return { providers: new Providers(all), notes };
}

function providerOf(resource: TerraformResource, notes: Note[]): Provider {
  const { values, where } = resource;
  const [arn, url, clientIds] = ['arn', 'url', 'client_id_list'].map(name => values.get(name));
  const name = isText(arn) ? arn : new Unknown(`${where.stack ?? ''}/${where.address}.arn`);
  const audiences = isList(clientIds) ? clientIds.filter(isText) : isText(clientIds) && !(clientIds instanceof Unknown) ? [clientIds] : [];
  const clientIdsKnown = isList(clientIds) && audiences.length === clientIds.length;
  if (!clientIdsKnown && !(clientIds instanceof Unknown)) {
    notes.push({ message: 'the list of client ids cannot be read', where: { ...where, attribute: 'client_id_list' } });
  }
  const host = hostOfProvider(name);
  const issuer = isText(url) && !(url instanceof Unknown && host !== undefined && resource.mode === 'data') ? withScheme(url)
    : host === undefined ? new Unknown(`${where.stack ?? ''}/${where.address}.url`) : issuerOf(host);
  return { cloud: 'aws', name, issuer, audiences, clientIdsKnown, where };
}

/** The provider's URL as the issuer of its tokens: IAM gives it back without a scheme. */
function withScheme(url: TextValue): TextValue {
  return typeof url === 'string' ? (url.includes('://') ? url : text('https://', url)) : url;
}

function best(providers: readonly Provider[], ...verdicts: ((provider: Provider) => Verdict)[]): Provider | undefined {
  const rank = { yes: 0, unknown: 1, no: NaN };
  const ranked = providers
    .map(provider => [provider, verdicts.reduce((sum, verdict) => sum + rank[verdict(provider)], 0)] as const)
    .filter(([, sum]) => !Number.isNaN(sum));
  return ranked.sort(([, a], [, b]) => a - b)[0]?.[0];
}
