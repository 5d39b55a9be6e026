import { Matcher, readExpression } from './expression';
import { Note, Terraform, TerraformResource, Where } from '../model';
import { JsonError, parseJson } from '../terraform/json';
import { at, equal, isList, isMap, isText, like, partsOf, some, text, TextValue, Unknown, Value, ValueMap, Verdict } from '../value';

/** A federated credential of an identity. */
export interface Credential {
  /** What names the identity that has it. */
  readonly parent: TextValue;
  readonly kind: 'managed-identity' | 'application';
  readonly issuer: TextValue;
  /** What the `sub` claim must be; undefined where claims are matched. */
  readonly subject?: TextValue;
  /** What claims must match in its place. */
  readonly matcher?: Matcher;
  readonly audiences: readonly TextValue[];
  readonly where: Where;
}

interface Source {
  readonly kind: Credential['kind'];
  /** Arguments that name the identity, the current name first. */
  readonly parents: readonly string[];
}

const SOURCES: ReadonlyMap<string, Source> = new Map([
  ['azurerm_federated_identity_credential', { kind: 'managed-identity', parents: ['user_assigned_identity_id', 'parent_id'] }],
  ['azuread_application_federated_identity_credential', { kind: 'application', parents: ['application_id', 'application_object_id'] }],
  ['azuread_application_flexible_federated_identity_credential', { kind: 'application', parents: ['application_id'] }],
]);
const AZAPI_TYPE = 'microsoft.managedidentity/userassignedidentities/federatedidentitycredentials';
/** What may write credentials too, and is not read. */
const DEPLOYMENTS = new Set(['resource_group', 'subscription', 'management_group', 'tenant'].map(scope => `azurerm_${scope}_template_deployment`));
const AZAPI_NESTED = ['microsoft.resources/deployments', 'microsoft.resources/deploymentstacks', 'microsoft.resources/deploymentscripts'];
const AZAPI_WRITERS = new Set(['azapi_update_resource', 'azapi_resource_action']);

/** Reads the federated credentials of managed identities and applications. */
export function readCredentials(terraform: Terraform, notes: Note[]): readonly Credential[] {
  return terraform.resources.flatMap(resource => {
    if (resource.mode !== 'managed') {
      return [];
    }
    const source = SOURCES.get(resource.type);
    if (source !== undefined) {
      return credentialOf(resource, resource.values, source, notes);
    }
    const isWriter = AZAPI_WRITERS.has(resource.type);
    const type = resource.type === 'azapi_resource' || isWriter ? resource.values.get('type') : undefined;
    const isCredential = isOfType(type, AZAPI_TYPE);
    if (DEPLOYMENTS.has(resource.type) || (isWriter && isCredential !== 'no') || AZAPI_NESTED.some(nested => isOfType(type, nested) === 'yes')) {
      notes.push({ message: 'it is not read, and may make or change federated credentials', where: resource.where });
      return [];
    }
    return isCredential === 'no' ? [] : azapiCredential(resource, isCredential, notes);
  });
}

/** Whether a type of Azure's own API, with or without its version, is one that is named in lower case. */
function isOfType(type: Value | undefined, name: string): Verdict {
  if (!isText(type)) {
    return 'no';
  }
  const lower = text(...partsOf(type).map(part => typeof part === 'string' ? part.toLowerCase() : part));
  return some([equal(lower, name), like(lower, `${name}@*`, '*')]);
}

/** One that is written by the names of Azure's own API; where it may be something else, whom it trusts is not known. */
function azapiCredential(resource: TerraformResource, isCredential: Verdict, notes: Note[]): readonly Credential[] {
  const properties = at(bodyOf(resource.values.get('body')), 'properties');
  const named: [string, Value | undefined][] = isMap(properties) || properties instanceof Unknown ? [
    ['issuer', at(properties, 'issuer')], ['subject', at(properties, 'subject')], ['audiences', at(properties, 'audiences')],
    ['claims_matching_expression', isMap(properties) ? at(properties, 'claimsMatchingExpression', 'value') : undefined],
  ] : [];
  const values = new Map(named.flatMap(([name, value]) => value === undefined ? [] : [[name, value] as const]));
  if (isCredential === 'unknown' && values.has('issuer')) {
    values.set('issuer', new Unknown(`${resource.where.stack ?? ''}/${resource.where.address}.type.issuer`));
  }
  values.set('parent_id', resource.values.get('parent_id') ?? null);
  return credentialOf(resource, values, { kind: 'managed-identity', parents: ['parent_id'] }, notes);
}

function bodyOf(body: Value | undefined): Value | undefined {
  if (body instanceof Unknown || !isText(body)) {
    return body;
  }
  try {
    return parseJson(body);
  } catch (error) {
    if (error instanceof JsonError) {
      return undefined;
    }
    throw error;
  }
}

function credentialOf({ where }: TerraformResource, values: ValueMap, { kind, parents }: Source, notes: Note[]): readonly Credential[] {
  const parent = parents.map(name => values.get(name)).find(isText);
  const issuer = values.get('issuer');
  const expression = values.get('claims_matching_expression');
  const matcher = isText(expression) ? readExpression(expression) : undefined;
  const subject = values.get('subject');
  const audience = values.get('audience') ?? values.get('audiences');
  const audiences: readonly Value[] = isList(audience) ? audience : audience === undefined || audience === null ? [] : [audience];
  if (parent === undefined || !isText(issuer) || (matcher === undefined && !isText(subject))) {
    notes.push({ message: 'the federated credential cannot be read', where });
    return [];
  }
  if (matcher !== undefined && matcher.claims === undefined) {
    notes.push({ message: 'the expression for claims is not understood', where: { ...where, attribute: 'claims_matching_expression' } });
  }
  const says = matcher !== undefined ? { matcher } : isText(subject) ? { subject } : {};
  return [{ parent, kind, issuer, ...says, audiences: audiences.filter(isText), where }];
}
