import { Note, TerraformResource } from '../model';
import { Value, ValueMap } from '../value';

/** A file that was read. */
export interface Document {
  /** As people name it: for messages. */
  readonly file: string;
  /** The name of the stack; all files of one name are read as one. */
  readonly stack: string;
  /** What the file holds. */
  readonly json: unknown;
}

/** A stack of any format, as far as others look at it. */
export interface Stack {
  readonly name: string;
  /** The type of its backend and its configuration; undefined where none is written. */
  readonly backend: { readonly type: string; readonly config: unknown } | undefined;
  readonly notes: readonly Note[];
  /** The value of an output; undefined where there is none of that name. */
  output(name: string): Value | undefined;
  /** All its resources. */
  resources(): readonly TerraformResource[];
  /** What its providers of Kubernetes are told of their clusters, by the names that resources have. */
  clusters(): ReadonlyMap<string, ValueMap>;
}

/** Finds the stack whose outputs a remote state has. */
export type FindStack = (remoteState: { readonly name: string; readonly backend: unknown; readonly config: unknown }) => Stack | undefined;

/** An object of JSON; undefined for anything else. */
export function objectOf(json: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? json as Record<string, unknown> : undefined;
}

/** A list of JSON; empty for anything else. */
export function listOf(json: unknown): readonly unknown[] {
  return Array.isArray(json) ? json : [];
}

/** The member of an object itself, not of its prototype. */
export function own(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null && Object.hasOwn(json, name) ? (json as Record<string, unknown>)[name] : undefined;
}

/** A text of JSON; undefined for anything else. */
export function stringOf(json: unknown): string | undefined {
  return typeof json === 'string' ? json : undefined;
}

/** Blocks: one object, or a list of them, as both are written. */
export function bodiesOf(json: unknown): readonly Readonly<Record<string, unknown>>[] {
  return (Array.isArray(json) ? json as unknown[] : [json]).map(objectOf).filter(body => body !== undefined);
}

/** The entries of blocks of one name put together, as Terraform does. */
export function entriesOf(json: unknown): readonly (readonly [string, unknown])[] {
  return bodiesOf(json).flatMap(body => Object.entries(body).filter(([key]) => key !== '//'));
}

/** Whether a block of a variable or output says that its value is not to be printed. */
export function isSensitive(body: unknown): boolean {
  return ['sensitive', 'ephemeral'].some(name => own(body, name) === true || own(body, name) === 'true');
}

/** Whether an output is not to be printed; cdktf marks all by which its stacks refer to each other, and says nothing by that. */
export function isSensitiveOutput(name: string, body: unknown): boolean {
  return isSensitive(body) && !name.startsWith('cross-stack-output-');
}

/** Arguments of a provider of Kubernetes that may lead to a cluster. */
const LEADING = ['host', 'cluster_ca_certificate', 'config_context', 'token', 'exec'] as const;

/** What providers of Kubernetes are told of their clusters. */
export function clustersOf(
  providers: Iterable<readonly [string, { readonly name: string; argument(name: string): Value | undefined }]>,
): ReadonlyMap<string, ValueMap> {
  const clusters = new Map<string, ValueMap>();
  for (const [key, provider] of providers) {
    if (/(?:^|:)kubernetes(?:\.|$)/.test(key)) {
      const values = LEADING.map(name => [name, provider.argument(name)] as const);
      // A token that is written out is nobody's business.
      clusters.set(provider.name, new Map(values.filter((entry): entry is [typeof entry[0], Value] =>
        entry[1] !== undefined && !(entry[0] === 'token' && typeof entry[1] === 'string'))));
    }
  }
  return clusters;
}
