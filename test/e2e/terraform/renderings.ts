import { readTerraform } from '../../../lib/trust/terraform/read';
import { shadowApply } from '../shadow';
import { Arguments } from './documents';
import { policyDocument } from '../shadow/policy-document';

/** Arguments of AWS's provider by which it asks nobody: nothing is there to be asked. */
export const ASKS_NOBODY = {
  access_key: 'none', secret_key: 'none', skip_credentials_validation: true, skip_metadata_api_check: true, skip_region_validation: true, skip_requesting_account_id: true,
};

/** Documents by name, as a stack of which the data sources are called as their places. */
export function stackOf(documents: ReadonlyMap<string, Arguments>) {
  return {
    terraform: { required_providers: { aws: { source: 'hashicorp/aws' } } },
    provider: { aws: [{ region: 'eu-west-1', ...ASKS_NOBODY }] },
    data: { aws_iam_policy_document: Object.fromEntries([...documents.values()].map((args, index) => [`d${index}`, args])) },
  };
}

/** Documents that lib/trust does not read as the provider renders them, and says nothing. */
export const READ_OTHERWISE: ReadonlySet<string> = new Set([
  // Terraform composes characters; no name that trust depends on has any to compose.
  'text beyond ASCII',
]);

/** By name, what the data sources of `stackOf` have become; undefined where there is nothing. */
export function byName<T>(documents: ReadonlyMap<string, Arguments>, values: ReadonlyMap<string, T>): ReadonlyMap<string, T | undefined> {
  return new Map([...documents.keys()].map((name, index) => [name, values.get(`data.aws_iam_policy_document.d${index}`)]));
}

/** What the shadow apply renders; undefined for what it says that it does not know. */
export function renderedByShadow(documents: ReadonlyMap<string, Arguments>): ReadonlyMap<string, string | undefined> {
  const known = [...documents].filter(([, args]) => isKnownToShadow(args));
  // Terraform writes its whole state after each resource.
  const parts = Array.from({ length: Math.ceil(known.length / 40) }, (_, index) => new Map(known.slice(40 * index, 40 * index + 40)));
  const rendered = new Map(parts.flatMap(part => {
    const { resources } = shadowApply([{ name: 'documents', json: stackOf(part) }]);
    return [...byName(part, new Map(resources.map(({ address, values }) => [address, values.json as string])))];
  }));
  return new Map([...documents.keys()].map(name => [name, rendered.get(name)]));
}

/** Whether the shadow apply renders a document at all. */
export function isKnownToShadow(args: Arguments): boolean {
  try {
    policyDocument(args);
    return true;
  } catch {
    return false;
  }
}

/** What lib/trust reads; undefined for what it says that it does not know. */
export function renderedByReader(documents: ReadonlyMap<string, Arguments>): ReadonlyMap<string, string | undefined> {
  const { resources } = readTerraform([{ file: 'documents.tf.json', stack: 'documents', json: stackOf(documents) }]);
  const known = resources.flatMap(({ where, values }) => {
    const json = values.get('json');
    return typeof json === 'string' ? [[where.address, json] as const] : [];
  });
  return byName(documents, new Map(known));
}

/** A text of JSON without white space, and with its keys in order. */
export function ordered(text: string): string {
  const sorted = (value: object) => Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
  return JSON.stringify(JSON.parse(text), (_, value) => isObject(value) ? sorted(value) : value);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a document says to IAM, as a text: lists are sets, and one value is a list of one. */
export function meaning(text: string): string {
  const { Statement: statements = [], ...document } = JSON.parse(text);
  const lists = (value: unknown): object => isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, lists(one)]))
    : [...new Set((Array.isArray(value) ? value : [value]).map(String))].sort();
  return ordered(JSON.stringify({ ...document, Statement: statements.map(({ Sid, Effect, ...rest }: any) => ({ Sid, Effect, ...lists(rest) })) }));
}
