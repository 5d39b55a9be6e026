import { Credential, readCredentials } from './credentials';
import { matchesClaims } from './expression';
import { isMeantFor } from '../audience';
import { Atom, CloudPart, Door, Gate, Grant, Identity, Note, Terraform, TerraformResource, Token, Where, Who } from '../model';
import { tokenTimeGate } from '../token-time';
import { equal, isList, isText, keyOf, partsOf, show, text, TextValue, Unknown, Value } from '../value';

/** An identity while its doors and grants are found. */
interface OpenIdentity extends Identity {
  readonly doors: Door[];
  readonly grants: Grant[];
}

/**
 * Entra ID does not document what it makes of times. It has been seen to refuse tokens of more than 25 hours, and to read a missing `iat` as 1970.
 * @see https://github.com/MicrosoftDocs/azure-docs/issues/86915
 */
const TIMES = { missing: { exp: 'unknown', iat: 'unknown' }, lifetime: { seconds: 25 * 3600, beyond: 'unknown' } } as const;

/** What gives principals roles: the arguments that name the principal, the role and what it is on. */
const GRANTS: readonly (readonly [type: string, principal: string, permissions: readonly string[], on: string])[] = [
  ['azurerm_role_assignment', 'principal_id', ['role_definition_name', 'role_definition_id'], 'scope'],
  ['azuread_directory_role_assignment', 'principal_object_id', ['role_id'], 'directory_scope_id'],
  ['azuread_directory_role_member', 'member_object_id', ['role_object_id'], ''],
  ['azuread_app_role_assignment', 'principal_object_id', ['app_role_id'], 'resource_object_id'],
  ['azuread_group_member', 'member_object_id', ['group_object_id'], ''],
];

/** Reads who may become whom in Azure: managed identities and application registrations, by their federated credentials. */
export function readAzure(terraform: Terraform): CloudPart {
  const notes: Note[] = [];
  const identities = new Identities(terraform);
  for (const credential of readCredentials(terraform, notes)) {
    identities.of(credential).doors.push(doorOf(credential));
  }
  readGrants(terraform, identities);
  return { registrations: [], identities: identities.all, notes };
}

/** The identities of the input, by all that names them. */
class Identities {
  private readonly byName = new Map<string, OpenIdentity>();
  private readonly byPrincipal = new Map<string, OpenIdentity>();
  private readonly found = new Set<OpenIdentity>();

  constructor(terraform: Terraform) {
    for (const mode of ['managed', 'data'] as const) {
      for (const resource of terraform.ofType('azurerm_user_assigned_identity', mode)) {
        const identity = this.add('managed-identity', resource, ['client_id'], ['id', 'client_id']);
        this.alias(this.byPrincipal, attribute(resource, 'principal_id'), identity);
      }
      for (const type of ['azuread_application', 'azuread_application_registration']) {
        for (const resource of terraform.ofType(type, mode)) {
          const identity = this.add('application', resource, ['client_id', 'application_id'], ['id', 'object_id', 'client_id', 'application_id']);
          this.alias(this.byName, text('/applications/', attribute(resource, 'object_id')), identity);
        }
      }
    }
    for (const mode of ['managed', 'data'] as const) {
      for (const principal of terraform.ofType('azuread_service_principal', mode)) {
        const client = ['client_id', 'application_id'].map(name => principal.values.get(name)).find(isText);
        const identity = client === undefined ? undefined : this.byName.get(keyOfId(client));
        ['object_id', 'id'].forEach(name => this.alias(this.byPrincipal, attribute(principal, name), identity));
      }
    }
  }

  public get all(): readonly Identity[] {
    return [...this.found];
  }

  /** The identity that has a credential, be it that nothing else of the input names it. */
  public of({ parent, kind, where }: Credential): OpenIdentity {
    let identity = this.byName.get(keyOfId(parent));
    if (identity === undefined) {
      identity = { cloud: 'azure', kind, name: parent, where, doors: [], grants: [] };
      this.found.add(identity);
      this.alias(this.byName, parent, identity);
    }
    return identity;
  }

  /** The identity of a principal's object id. */
  public ofPrincipal(id: TextValue): OpenIdentity | undefined {
    return this.byPrincipal.get(keyOfId(id));
  }

  private add(kind: Identity['kind'], resource: TerraformResource, names: readonly string[], keys: readonly string[]): OpenIdentity {
    const known = keys.map(key => this.byName.get(keyOfId(attribute(resource, key)))).find(identity => identity !== undefined);
    const name = names.map(key => resource.values.get(key)).find(isText) ?? attribute(resource, names[0]!);
    const identity = known ?? { cloud: 'azure' as const, kind, name, where: resource.where, doors: [], grants: [] };
    this.found.add(identity);
    keys.forEach(key => this.alias(this.byName, attribute(resource, key), identity));
    return identity;
  }

  private alias(map: Map<string, OpenIdentity>, value: Value | undefined, identity: OpenIdentity | undefined): void {
    if (identity !== undefined && isText(value) && !map.has(keyOfId(value))) {
      map.set(keyOfId(value), identity);
    }
  }
}

/** An attribute, or what stands for it where only Terraform knows it. */
function attribute({ values, where }: TerraformResource, name: string): TextValue {
  const value = values.get(name);
  return isText(value) ? value : new Unknown(`${where.stack ?? ''}/${where.address}.${name}`);
}

/** Azure takes its ids in any case. */
function keyOfId(id: TextValue): string {
  return keyOf(text(...partsOf(id).map(part => typeof part === 'string' ? part.toLowerCase() : part)));
}

function readGrants(terraform: Terraform, identities: Identities): void {
  for (const [type, principal, permissions, on] of GRANTS) {
    for (const { values, where } of terraform.ofType(type, 'managed')) {
      const id = values.get(principal);
      const permission = permissions.map(name => values.get(name)).find(value => isText(value) && value !== '');
      const target = values.get(on);
      const condition = values.get('condition');
      if (isText(id) && isText(permission)) {
        identities.ofPrincipal(id)?.grants.push({
          permission, where, ...isText(target) && { on: target },
          statements: isText(condition) && condition !== '' ? [new Map([['condition', condition]])] : [],
        });
      }
    }
  }
}

/**
 * The door of a credential: Entra ID compares issuer, subject and audience exactly, also their case.
 * @see https://learn.microsoft.com/graph/api/resources/federatedidentitycredentials-overview
 */
function doorOf(credential: Credential): Door {
  const { issuer, subject, matcher, audiences, where } = credential;
  return {
    mechanism: 'azure-federation', where,
    who: [whoOf(credential)],
    judge: (token, now) => [
      ...now === undefined ? [] : [tokenTimeGate(token, now, where, TIMES)],
      issuerGate(token, issuer, where), subjectGate(token, credential), audienceGate(token, audiences, where),
    ],
    atoms: [
      { claim: ['iss'], pattern: issuer, wildcards: false },
      ...subjectAtoms(credential),
      ...audiences.map(pattern => ({ claim: ['aud'], pattern, wildcards: false })),
    ],
    ...matcher !== undefined && matcher.claims === undefined && { opaque: true },
    fingerprint: JSON.stringify([keyOf(issuer), keyOf(subject ?? null), keyOf(matcher?.source ?? null), audiences.map(keyOf)]),
  };
}

function whoOf({ issuer, subject, matcher, audiences, where }: Credential): Who {
  const said = matcher?.claims?.find(({ claim }) => claim === 'sub');
  const pattern = subject ?? said?.pattern;
  const conditions = matcher === undefined || (said !== undefined && matcher.claims?.length === 1) ? [] : [show(matcher.source)];
  return { issuer, ...pattern !== undefined && { subject: pattern }, wildcards: said?.wildcards ?? false, audiences, conditions, where };
}

function subjectAtoms({ subject, matcher }: Credential): readonly Atom[] {
  return subject !== undefined ? [{ claim: ['sub'], pattern: subject, wildcards: false }]
    : (matcher?.claims ?? []).map(({ claim, pattern, wildcards }) => ({ claim: [claim], pattern, wildcards }));
}

function issuerGate(token: Token, issuer: TextValue, where: Where): Gate {
  const iss = token.get('iss');
  const verdict = isText(iss) ? equal(iss, issuer) : 'no';
  return {
    gate: 'azure-issuer', verdict, want: `a token of ${show(issuer)}`, have: `iss ${show(iss)}`, where: { ...where, attribute: 'issuer' },
    remedy: verdict === 'yes' ? '' : `set issuer of ${where.address} to the token's iss, to the letter; a slash at the end counts`,
  };
}

function subjectGate(token: Token, { subject, matcher, where }: Credential): Gate {
  const sub = token.get('sub');
  if (matcher !== undefined) {
    const verdict = matchesClaims(matcher, token);
    return {
      gate: 'azure-subject', verdict, want: show(matcher.source),
      have: [...new Set(['sub', ...(matcher.claims ?? []).map(({ claim }) => claim)])].map(claim => `${claim} ${show(token.get(claim))}`).join(', '),
      where: { ...where, attribute: 'claims_matching_expression' },
      remedy: verdict === 'yes' ? '' : `let claims_matching_expression of ${where.address} match the token`,
    };
  }
  const verdict = isText(sub) && subject !== undefined ? equal(sub, subject) : 'no';
  return {
    gate: 'azure-subject', verdict, want: `sub ${show(subject)}`, have: `sub ${show(sub)}`, where: { ...where, attribute: 'subject' },
    remedy: verdict === 'yes' ? '' : `set subject of ${where.address} to the token's sub, or add a credential for it`,
  };
}

function audienceGate(token: Token, audiences: readonly TextValue[], where: Where): Gate {
  const aud = token.get('aud');
  const meant = isMeantFor(aud, audiences);
  // Of a client's own assertions Entra ID takes none with several audiences (AADSTS5002741); of those of others it does not say.
  const verdict = meant === 'yes' && isList(aud) && aud.length > 1 ? 'unknown' : meant;
  return {
    gate: 'azure-audience', verdict, want: `audience ${audiences.map(show).join(' or ')}`, have: `aud ${show(aud)}`, where: { ...where, attribute: 'audience' },
    remedy: verdict === 'yes' ? '' : `ask for a token with the audience ${show(audiences[0])}, or set audience of ${where.address} to the token's`,
  };
}
